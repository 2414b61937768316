"""What was kept back of bills and is taken off them: by the money that came short, or by a person's decision."""

from __future__ import annotations

from typing import Any

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, need_payables, of_business, one_of, period
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.documents import Deductions
from ledger.views.documents import DeductionView
from ledger.views.money_rows import RowPage

_SIDES = {
    "receivable": ("invoices", "receipts", "received_on"),
    "payable": ("payables", "payouts", "paid_on"),
}
_FIELDS = tuple(DeductionView.__dataclass_fields__)
# What came with money stands among its allocations; what a person accepted or wrote off, only among the postings.
_TOLD = """(
  SELECT a.business_id, d.party_id, a.document_id, d.number, greatest(m.{day}, d.issued_on) AS on_day, a.kind,
         a.amount, d.currency, a.why, a.receipt_id AS money_id,
         a.document_id::text || '/' || a.kind || '/' || a.receipt_id::text AS mark
  FROM allocations a
  JOIN {documents} d ON d.business_id = a.business_id AND d.id = a.document_id
  JOIN {money} m ON m.business_id = a.business_id AND m.id = a.receipt_id
  WHERE a.business_id = $1 AND a.kind <> 'receipt'
  UNION ALL
  SELECT s.business_id, d.party_id, s.document_id, d.number, s.effective_on,
         coalesce(i.state -> 'data' ->> 'kind', s.kind), -sum(s.amount)::bigint, d.currency, 'decided', NULL,
         s.document_id::text || '/' || s.kind || '/' || s.cause::text
  FROM postings s
  JOIN identities i ON i.business_id = s.business_id AND i.subject = s.cause AND i.kind = 'decision'
  JOIN {documents} d ON d.business_id = s.business_id AND d.id = s.document_id
  WHERE s.business_id = $1 AND s.side = '{side}' AND s.kind IN ('deduction', 'write_off') AND s.known_to IS NULL
  GROUP BY s.business_id, d.party_id, s.document_id, d.number, s.effective_on, i.state, s.kind, d.currency, s.cause
  HAVING sum(s.amount) < 0
)"""


def _deduction(row: Any) -> DeductionView:
    return DeductionView(**{name: row[name] for name in _FIELDS if name != "on"}, on=row["on_day"])


def _listing(side: str) -> Listing[DeductionView]:
    documents, money, day = _SIDES[side]
    told = _TOLD.format(documents=documents, money=money, day=day, side=side)
    return Listing(
        f"""
        '{side}' AS side, x.party_id, p.name AS party_name, x.document_id, x.number, x.on_day, x.kind, x.amount,
        x.currency, x.why, x.money_id, x.mark
        """,
        f"{told} x LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id",
        Order(f"deductions:{side}", ("x.on_day", "x.mark"), ("date", "text"), descending=True),
        lambda row: (row["on_day"], row["mark"]),
        _deduction,
    )


_LISTS = {side: _listing(side) for side in _SIDES}


@handles(Deductions, permission=Permission.SEE_RECEIVABLES)
async def deductions(question: Deductions, ctx: Context) -> RowPage[DeductionView]:
    """Answer with a page of deductions; a sales rep's own customers' alone."""
    listing = _of(question.side, ctx)
    return await listing.page(ctx, _wanted(question, ctx), first=question.first, after=question.after)


@counts(Deductions)
async def count_deductions(question: Deductions, ctx: Context) -> int:
    """Count the deductions of all pages."""
    return await _of(question.side, ctx).count(ctx, _wanted(question, ctx))


def _of(side: str, ctx: Context) -> Listing[DeductionView]:
    if side not in _LISTS:
        raise Rejected("side.unknown", "A side is receivable or payable.")
    if side == "payable":
        need_payables(ctx)
    return _LISTS[side]


def _wanted(question: Deductions, ctx: Context) -> Conditions:
    where = of_business(ctx)
    if question.party_id is not None:
        where.add("x.party_id = {}", question.party_id)
    period(where, "x.on_day", question.since, question.until)
    one_of(where, "x.kind", question.kinds)
    return where
