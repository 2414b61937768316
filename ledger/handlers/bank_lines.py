"""Lines of our bank statements and what explains each. Not for sales."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, containing, of_business, period
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.money_rows import BankAccounts, BankLines, BankLinesByIds, LinesOfReceipts
from ledger.views.money_rows import BankAccountView, BankLineView, RowPage

_COLUMNS = """
  x.id, x.source, x.account, x.posted_on, x.value_on, x.amount, x.currency, x.narration, x.channel, x.reference,
  x.payer, x.balance, x.explained_by, x.explained_id
"""
_FIELDS = tuple(BankLineView.__dataclass_fields__)
_DIRECTIONS = {"credit": "x.amount > 0", "debit": "x.amount < 0"}
_ACCOUNTS = """
SELECT source, account, currency, count(*) AS lines, count(*) FILTER (WHERE explained_by IS NULL) AS unexplained,
       min(posted_on) AS since, max(posted_on) AS until
FROM bank_lines WHERE business_id = $1 GROUP BY source, account, currency ORDER BY source, account, currency
"""
_BROUGHT = f"""
SELECT DISTINCT c.row_id, {_COLUMNS} FROM claims c
JOIN receipts r ON r.business_id = $1 AND r.id = c.row_id
LEFT JOIN parties p ON p.business_id = $1 AND p.id = r.party_id
JOIN bank_lines x ON x.business_id = $1 AND x.anchor = c.subject
WHERE {{where}} AND c.business_id = $1 AND c.row_kind = 'receipt' AND c.row_id = ANY({{ids}})
ORDER BY c.row_id, x.posted_on, x.id
"""


def _line(row: Any) -> BankLineView:
    return BankLineView(**{name: row[name] for name in _FIELDS})


_LIST = Listing(
    _COLUMNS,
    "bank_lines x",
    Order("bank_lines:newest", ("x.posted_on", "x.id"), ("date", "uuid"), descending=True),
    lambda row: (row["posted_on"], row["id"]),
    _line,
)


@handles(BankLines, permission=Permission.SEE_PAYABLES)
async def bank_lines(question: BankLines, ctx: Context) -> RowPage[BankLineView]:
    """Answer with a page of lines."""
    return await _LIST.page(ctx, _wanted(question, ctx), first=question.first, after=question.after)


@counts(BankLines)
async def count_bank_lines(question: BankLines, ctx: Context) -> int:
    """Count the lines of all pages."""
    return await _LIST.count(ctx, _wanted(question, ctx))


@handles(BankLinesByIds, permission=Permission.SEE_PAYABLES)
async def bank_lines_by_ids(question: BankLinesByIds, ctx: Context) -> dict[UUID, BankLineView]:
    """Answer with those of the lines that there are."""
    return await _LIST.by_ids(ctx, question.ids, _all(ctx))


@handles(BankAccounts, permission=Permission.SEE_PAYABLES)
async def bank_accounts(_: BankAccounts, ctx: Context) -> tuple[BankAccountView, ...]:
    """Answer with our accounts, and how much of each is explained."""
    rows = await ctx.tx.fetch(_ACCOUNTS, ctx.actor.business_id)
    return tuple(BankAccountView(**row) for row in rows)


@handles(LinesOfReceipts, permission=Permission.SEE_PAYABLES)
async def lines_of_receipts(question: LinesOfReceipts, ctx: Context) -> dict[UUID, tuple[BankLineView, ...]]:
    """Answer with the lines that brought receipts."""
    where = of_business(ctx)
    ids = where.value(list(question.ids))
    found: dict[UUID, tuple[BankLineView, ...]] = {}
    for row in await ctx.tx.fetch(_BROUGHT.format(where=where.sql, ids=ids), *where.values):
        found[row["row_id"]] = (*found.get(row["row_id"], ()), _line(row))
    return found


def _all(ctx: Context) -> Conditions:
    where = Conditions([ctx.actor.business_id])
    where.add("x.business_id = $1")
    return where


def _wanted(question: BankLines, ctx: Context) -> Conditions:
    where = _all(ctx)
    if question.source is not None:
        where.add("x.source = {}", question.source)
    if question.account is not None:
        where.add("x.account = {}", question.account)
    period(where, "x.posted_on", question.since, question.until)
    if question.unexplained_only:
        where.add("x.explained_by IS NULL")
    if question.direction is not None:
        if question.direction not in _DIRECTIONS:
            raise Rejected("bank_lines.direction", "A direction is credit or debit.")
        where.add(_DIRECTIONS[question.direction])
    if question.amount is not None:
        where.add("abs(x.amount) = {}", abs(question.amount))
    if question.search is not None and question.search.strip():
        pattern = where.value(containing(question.search))
        where.add(f"(x.narration ILIKE {pattern} OR x.reference ILIKE {pattern} OR x.payer ILIKE {pattern})")
    return where
