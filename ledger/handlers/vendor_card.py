"""One vendor in full: what we owe him, what is on its way to him, what he was paid, by when the law wants it."""

from __future__ import annotations

from typing import Any

from ledger import queries
from ledger.domain.roles import Permission
from ledger.handlers.msmed import vendor_limits
from ledger.handlers.party_card import party_card
from ledger.handlers.registry import Context, handles
from ledger.queries.cash import VendorLimits
from ledger.queries.payables import VendorCard
from ledger.views.payables import PayoutView, VendorView

_PAYOUTS = """
SELECT id, paid_on, amount, currency, status, reference, bank_line_id IS NOT NULL AS seen FROM payouts
WHERE business_id = $1 AND party_id = $2 AND {which} LIMIT {most}
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
    law = await vendor_limits(VendorLimits(), ctx)
    key = (ctx.actor.business_id, question.party_id, law.today)
    return VendorView(
        party=party,
        scheduled=tuple(_payout(row) for row in await ctx.tx.fetch(_SCHEDULED, *key)),
        paid=tuple(_payout(row) for row in await ctx.tx.fetch(_PAID, *key)),
        size=next((mark.kind for mark in law.vendors if mark.party_id == question.party_id), None),
        limits=tuple(row for row in law.rows if row.party_id == question.party_id),
    )


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
