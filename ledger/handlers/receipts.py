"""Money received, or claimed to be: pages, and several by their ids."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.domain.keys import utr_key
from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, of_business, one_of, period, search_in
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.money_rows import Receipts, ReceiptsByIds
from ledger.views.money_rows import ReceiptDetail, RowPage

MATCHING = """
CASE WHEN x.classified IS NOT NULL THEN 'no_sale'
     WHEN x.status IN ('payment.failed', 'payment.refunded', 'payment.reversed') THEN 'gone'
     WHEN x.party_id IS NULL THEN 'not_matched'
     WHEN x.amount - x.refunded > x.allocated THEN 'on_account' ELSE 'settled' END
"""
"""What became of money `x`."""
RECEIPT = f"""
  x.id, x.party_id, p.name AS party_name, x.received_on, x.amount, x.refunded, x.allocated, x.currency, x.status,
  x.arrived, x.method, x.reference, x.payer, x.classified, x.why, x.evidence, {MATCHING} AS matching
"""
SOURCE = "receipts x LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id"


def receipt(row: Any) -> ReceiptDetail:
    """Read a row of RECEIPT."""
    return ReceiptDetail(**{name: row[name] for name in _FIELDS})


_FIELDS = tuple(ReceiptDetail.__dataclass_fields__)
_LIST = Listing(
    RECEIPT,
    SOURCE,
    Order("receipts:newest", ("x.received_on", "x.id"), ("date", "uuid"), descending=True),
    lambda row: (row["received_on"], row["id"]),
    receipt,
)


@handles(Receipts, permission=Permission.SEE_RECEIVABLES)
async def receipts(question: Receipts, ctx: Context) -> RowPage[ReceiptDetail]:
    """Answer with a page of receipts; a sales rep's own customers' alone."""
    return await _LIST.page(ctx, await _wanted(question, ctx), first=question.first, after=question.after)


@counts(Receipts)
async def count_receipts(question: Receipts, ctx: Context) -> int:
    """Count the receipts of all pages."""
    return await _LIST.count(ctx, await _wanted(question, ctx))


@handles(ReceiptsByIds, permission=Permission.SEE_RECEIVABLES)
async def receipts_by_ids(question: ReceiptsByIds, ctx: Context) -> dict[UUID, ReceiptDetail]:
    """Answer with those of the receipts that the actor may see."""
    return await _LIST.by_ids(ctx, question.ids, of_business(ctx))


async def _wanted(question: Receipts, ctx: Context) -> Conditions:
    where = of_business(ctx)
    if question.party_id is not None:
        where.add("x.party_id = {}", question.party_id)
    period(where, "x.received_on", question.since, question.until)
    one_of(where, "x.status", question.statuses)
    one_of(where, f"({MATCHING})", question.matching)
    one_of(where, "x.method", question.methods)
    if question.arrived is not None:
        where.add("x.arrived = {}", question.arrived)
    if question.reference is not None:
        where.add("upper(x.reference) = {}", utr_key(storable(question.reference))[:60])
    if question.amount is not None:
        where.add("x.amount = {}", question.amount)
    if question.min_amount is not None:
        where.add("x.amount >= {}", question.min_amount)
    if question.max_amount is not None:
        where.add("x.amount <= {}", question.max_amount)
    await search_in(ctx, where, question.search, ("x.payer", "x.reference"))
    return where
