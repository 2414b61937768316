"""Money of ours that went out, or is to go: pages, and several by their ids. Not for sales."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, of_business, one_of, period, search_in
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.money_rows import Payouts, PayoutsByIds
from ledger.views.money_rows import PayoutDetail, RowPage

_COLUMNS = """
  x.id, x.party_id, p.name AS party_name, x.paid_on, x.amount, x.allocated, x.currency, x.status, x.reference,
  x.payee, x.bank_line_id, x.why, x.evidence
"""
_FIELDS = tuple(PayoutDetail.__dataclass_fields__)


def _payout(row: Any) -> PayoutDetail:
    return PayoutDetail(**{name: row[name] for name in _FIELDS})


_LIST = Listing(
    _COLUMNS,
    "payouts x LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id",
    Order("payouts:newest", ("x.paid_on", "x.id"), ("date", "uuid"), descending=True),
    lambda row: (row["paid_on"], row["id"]),
    _payout,
)


@handles(Payouts, permission=Permission.SEE_PAYABLES)
async def payouts(question: Payouts, ctx: Context) -> RowPage[PayoutDetail]:
    """Answer with a page of payouts."""
    return await _LIST.page(ctx, await _wanted(question, ctx), first=question.first, after=question.after)


@counts(Payouts)
async def count_payouts(question: Payouts, ctx: Context) -> int:
    """Count the payouts of all pages."""
    return await _LIST.count(ctx, await _wanted(question, ctx))


@handles(PayoutsByIds, permission=Permission.SEE_PAYABLES)
async def payouts_by_ids(question: PayoutsByIds, ctx: Context) -> dict[UUID, PayoutDetail]:
    """Answer with those of the payouts that there are."""
    return await _LIST.by_ids(ctx, question.ids, of_business(ctx))


async def _wanted(question: Payouts, ctx: Context) -> Conditions:
    where = of_business(ctx)
    if question.party_id is not None:
        where.add("x.party_id = {}", question.party_id)
    period(where, "x.paid_on", question.since, question.until)
    one_of(where, "x.status", question.statuses)
    if question.unmatched_only:
        where.add("x.status IN ('payout.processed', 'payout.scheduled') AND x.allocated < x.amount")
    if question.amount is not None:
        where.add("x.amount = {}", question.amount)
    await search_in(ctx, where, question.search, ("x.payee", "x.reference"))
    return where
