"""Credit notes of both sides, used or not, and the bills that took them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, need_payables, of_business, period
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import sees_payables
from ledger.queries.documents import CreditNotes, CreditNotesByIds, CreditNoteUses
from ledger.views.documents import CreditNoteUse, CreditNoteView
from ledger.views.money_rows import RowPage

_TABLES = {"receivable": "invoices", "payable": "payables"}
_FIELDS = tuple(CreditNoteView.__dataclass_fields__)
# A bill's entry names the note by its anchor. Their ledgers are the same, which is the way to the entries.
_USES = """
SELECT x.id AS note_id, s.document_id, d.number, s.effective_on, -sum(s.amount)::bigint AS amount
FROM {table} x
LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id
JOIN postings s ON s.business_id = $1 AND s.party_id = x.party_id AND s.side = '{side}' AND s.kind = 'credit_note'
  AND s.cause = x.anchor AND s.document_id <> x.id AND s.known_to IS NULL
JOIN {table} d ON d.business_id = $1 AND d.id = s.document_id
WHERE {where} AND x.kind = 'credit_note' AND x.id = ANY({ids})
GROUP BY x.id, s.document_id, d.number, s.effective_on HAVING sum(s.amount) <> 0
ORDER BY x.id, s.effective_on, d.number, s.document_id
"""


def _note(row: Any) -> CreditNoteView:
    return CreditNoteView(**{name: row[name] for name in _FIELDS})


def _listing(side: str) -> Listing[CreditNoteView]:
    url = "x.url" if side == "receivable" else "NULL::text"
    return Listing(
        f"""
        x.id, '{side}' AS side, x.party_id, p.name AS party_name, x.number, x.status, x.issued_on,
        -x.amount AS amount, -x.outstanding AS unused, x.currency, {url} AS url, x.description
        """,
        f"{_TABLES[side]} x LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id",
        Order(f"credit_notes:{side}", ("x.issued_on", "x.id"), ("date", "uuid"), descending=True),
        lambda row: (row["issued_on"], row["id"]),
        _note,
    )


_LISTS = {side: _listing(side) for side in _TABLES}


def _of(side: str, ctx: Context) -> Listing[CreditNoteView]:
    if side not in _LISTS:
        raise Rejected("side.unknown", "A side is receivable or payable.")
    if side == "payable":
        need_payables(ctx)
    return _LISTS[side]


@handles(CreditNotes, permission=Permission.SEE_RECEIVABLES)
async def credit_notes(question: CreditNotes, ctx: Context) -> RowPage[CreditNoteView]:
    """Answer with a page of credit notes; a sales rep's own customers' alone."""
    listing = _of(question.side, ctx)
    return await listing.page(ctx, _wanted(question, ctx), first=question.first, after=question.after)


@counts(CreditNotes)
async def count_credit_notes(question: CreditNotes, ctx: Context) -> int:
    """Count the credit notes of all pages."""
    return await _of(question.side, ctx).count(ctx, _wanted(question, ctx))


@handles(CreditNotesByIds, permission=Permission.SEE_RECEIVABLES)
async def credit_notes_by_ids(question: CreditNotesByIds, ctx: Context) -> dict[UUID, CreditNoteView]:
    """Answer with those of the credit notes that the actor may see."""
    found: dict[UUID, CreditNoteView] = {}
    for side, listing in _LISTS.items():
        if side == "receivable" or sees_payables(ctx):
            found |= await listing.by_ids(ctx, question.ids, _notes(ctx))
    return found


@handles(CreditNoteUses, permission=Permission.SEE_RECEIVABLES)
async def credit_note_uses(question: CreditNoteUses, ctx: Context) -> dict[UUID, tuple[CreditNoteUse, ...]]:
    """Answer with the bills that took credit notes that the actor may see."""
    _of(question.side, ctx)
    where = of_business(ctx)
    ids = where.value(list(question.ids))
    sql = _USES.format(table=_TABLES[question.side], side=question.side, where=where.sql, ids=ids)
    found: dict[UUID, list[CreditNoteUse]] = defaultdict(list)
    for row in await ctx.tx.fetch(sql, *where.values):
        use = CreditNoteUse(row["document_id"], row["number"], row["effective_on"], row["amount"])
        found[row["note_id"]].append(use)
    return {key: tuple(uses) for key, uses in found.items()}


def _notes(ctx: Context) -> Conditions:
    where = of_business(ctx)
    where.add("x.kind = 'credit_note'")
    return where


def _wanted(question: CreditNotes, ctx: Context) -> Conditions:
    where = _notes(ctx)
    if question.party_id is not None:
        where.add("x.party_id = {}", question.party_id)
    period(where, "x.issued_on", question.since, question.until)
    if question.unused_only:
        where.add("x.outstanding < 0")
    if question.number is not None:
        where.add("lower(x.number) = lower({})", storable(question.number).strip()[:60])
    return where
