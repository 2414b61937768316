"""One vendor in full: what we owe him, what is on its way to him, what he was paid, by when the law wants it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from ledger import queries
from ledger.domain.roles import Permission
from ledger.handlers.deciding import party_rows
from ledger.handlers.msmed import vendor_limits
from ledger.handlers.party_card import party_card
from ledger.handlers.registry import Context, handles
from ledger.queries.cash import VendorLimits
from ledger.queries.payables import VendorCard, VendorsByIds
from ledger.views.cash import VendorLimit
from ledger.views.payables import PayoutView, VendorSide, VendorView

# Of each party the `most` payouts that come first in an order.
_PAYOUTS = """
SELECT o.* FROM unnest($2::uuid[]) AS v(party_id) CROSS JOIN LATERAL (
  SELECT party_id, id, paid_on, amount, currency, status, reference, bank_line_id IS NOT NULL AS seen FROM payouts
  WHERE business_id = $1 AND party_id = v.party_id AND {which} LIMIT {most}
) o
"""
_SCHEDULED = _PAYOUTS.format(
    which="status = 'payout.scheduled' AND paid_on >= $3::date - 90 ORDER BY paid_on, id", most=10
)
_PAID = _PAYOUTS.format(
    which="status = 'payout.processed' AND $3::date IS NOT NULL ORDER BY paid_on DESC, id DESC", most=3
)


@handles(VendorCard, permission=Permission.SEE_PAYABLES)
async def vendor_card(question: VendorCard, ctx: Context) -> VendorView:
    """Answer with the vendor."""
    party = await party_card(queries.PartyCard(question.party_id), ctx)
    side = (await _sides(ctx, {question.party_id: party.brief.currency}))[question.party_id]
    return VendorView(
        party=party, scheduled=side.scheduled, paid=side.paid, size=side.size, limits=side.limits
    )


@handles(VendorsByIds, permission=Permission.SEE_PAYABLES)
async def vendors_by_ids(question: VendorsByIds, ctx: Context) -> dict[UUID, VendorSide]:
    """Answer for those of the parties that the actor may see."""
    parties = await party_rows(ctx, question.ids)
    return await _sides(ctx, {key: row["currency"] for key, row in parties.items()})


async def _sides(ctx: Context, currencies: Mapping[UUID, str]) -> dict[UUID, VendorSide]:
    """Return what concerns parties as vendors, by party; each is given with its currency."""
    law = await vendor_limits(VendorLimits(), ctx)
    scheduled = await _payouts(ctx, _SCHEDULED, currencies, law.today)
    paid = await _payouts(ctx, _PAID, currencies, law.today)
    sizes = {mark.party_id: mark.kind for mark in law.vendors}
    limits: dict[UUID, list[VendorLimit]] = defaultdict(list)
    for limit in law.rows:
        limits[limit.party_id].append(limit)
    return {
        key: VendorSide(
            currency, tuple(scheduled[key]), tuple(paid[key]), sizes.get(key), tuple(limits.get(key, ()))
        )
        for key, currency in currencies.items()
    }


async def _payouts(
    ctx: Context, statement: str, parties: Iterable[UUID], today: date
) -> dict[UUID, list[PayoutView]]:
    found: dict[UUID, list[PayoutView]] = {key: [] for key in parties}
    for row in await ctx.tx.fetch(statement, ctx.actor.business_id, list(found), today):
        found[row["party_id"]].append(_payout(row))
    return found


def _payout(row: Any) -> PayoutView:
    return PayoutView(
        row["id"],
        row["paid_on"],
        row["amount"],
        row["currency"],
        row["status"],
        row["reference"],
        row["seen"],
    )
