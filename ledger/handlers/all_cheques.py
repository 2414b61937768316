"""Cheques in every state: pages, several by their ids, and those that brought receipts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.domain.keys import utr_key
from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, of_business, one_of, period
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.money_rows import Cheques, ChequesByIds, ChequesOfReceipts
from ledger.views.money_rows import ChequeDetail, RowPage

_DAY = "coalesce(x.dated_on, '0001-01-01'::date)"
_COLUMNS = f"""
  x.id, x.party_id, p.name AS party_name, x.number, x.bank, x.dated_on, x.amount, x.currency, x.status,
  x.receipt_id, {_DAY} AS day
"""
_SOURCE = "cheques x LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id"
_FIELDS = tuple(ChequeDetail.__dataclass_fields__)
_BROUGHT = """
SELECT DISTINCT c.row_id, x.id FROM claims c
JOIN cheques x ON x.business_id = $1 AND x.anchor = c.subject
LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id
WHERE {where} AND c.business_id = $1 AND c.row_kind = 'receipt' AND c.row_id = ANY({ids})
ORDER BY c.row_id, x.id
"""


def _cheque(row: Any) -> ChequeDetail:
    return ChequeDetail(**{name: row[name] for name in _FIELDS})


_LIST = Listing(
    _COLUMNS,
    _SOURCE,
    Order("cheques:newest", (_DAY, "x.id"), ("date", "uuid"), descending=True),
    lambda row: (row["day"], row["id"]),
    _cheque,
)


@handles(Cheques, permission=Permission.SEE_RECEIVABLES)
async def cheques(question: Cheques, ctx: Context) -> RowPage[ChequeDetail]:
    """Answer with a page of cheques; a sales rep's own customers' alone."""
    return await _LIST.page(ctx, _wanted(question, ctx), first=question.first, after=question.after)


@counts(Cheques)
async def count_cheques(question: Cheques, ctx: Context) -> int:
    """Count the cheques of all pages."""
    return await _LIST.count(ctx, _wanted(question, ctx))


@handles(ChequesByIds, permission=Permission.SEE_RECEIVABLES)
async def cheques_by_ids(question: ChequesByIds, ctx: Context) -> dict[UUID, ChequeDetail]:
    """Answer with those of the cheques that the actor may see."""
    return await _LIST.by_ids(ctx, question.ids, of_business(ctx))


@handles(ChequesOfReceipts, permission=Permission.SEE_RECEIVABLES)
async def cheques_of_receipts(question: ChequesOfReceipts, ctx: Context) -> dict[UUID, tuple[UUID, ...]]:
    """Answer with the cheques that brought receipts."""
    where = of_business(ctx)
    ids = where.value(list(question.ids))
    found: dict[UUID, tuple[UUID, ...]] = {}
    for row in await ctx.tx.fetch(_BROUGHT.format(where=where.sql, ids=ids), *where.values):
        found[row["row_id"]] = (*found.get(row["row_id"], ()), row["id"])
    return found


def _wanted(question: Cheques, ctx: Context) -> Conditions:
    where = of_business(ctx)
    if question.party_id is not None:
        where.add("x.party_id = {}", question.party_id)
    one_of(where, "x.status", question.statuses)
    period(where, "x.dated_on", question.since, question.until)
    if question.number is not None:
        where.add("upper(ltrim(x.number, '0')) = {}", utr_key(storable(question.number))[:60])
    return where
