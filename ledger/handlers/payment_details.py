"""How customers pay the firm: its UPI ID, account and number, kept in the business's settings and changed by the owner alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from kit.errors import Rejected
from ledger.commands.reminders import SetPaymentDetails
from ledger.domain.paying import account_number, ifsc, name_of, own_number, upi_address
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import sees_payables
from ledger.queries.reminders import PaymentDetails
from ledger.views.reminders import KnownAccount, PaymentDetailsView

_PAY = "SELECT settings->'pay' FROM businesses WHERE business_id = $1"
_KEEP = "UPDATE businesses SET settings = jsonb_set(settings, '{pay}', $2::jsonb) WHERE business_id = $1"
# An account that statements name in full; a cut one (XX4421) can't be paid into.
_KNOWN = """
SELECT s.name, s.label, coalesce(s.settings->>'account', t.account) AS account
FROM sources s LEFT JOIN source_state t ON t.business_id = $1 AND t.source = s.name
WHERE s.business_id = $1 AND s.enabled AND s.name LIKE 'bank:%' ORDER BY s.name LIMIT 5
"""
_CHECKS: dict[str, Callable[[str], str]] = {
    "upi_id": upi_address,
    "payee": lambda text: name_of(text, "The payee's name"),
    "bank": lambda text: name_of(text, "The bank's name"),
    "account": account_number,
    "ifsc": ifsc,
    "phone": own_number,
}


@handles(SetPaymentDetails, permission=Permission.ADMINISTER)
async def set_payment_details(command: SetPaymentDetails, ctx: Context) -> PaymentDetailsView:
    """Check and keep what is given; the trail keeps what stood before, for a false account is a thief's first wish."""
    given = {name: getattr(command, name) for name in _CHECKS}
    changed = {
        name: _CHECKS[name](text) if text.strip() else None
        for name, text in given.items()
        if text is not None
    }
    await ctx.tx.fetch("SELECT 1 FROM businesses WHERE business_id = $1 FOR UPDATE", ctx.actor.business_id)
    before = await _kept(ctx)
    after = {name: value for name, value in {**before, **changed}.items() if value}
    if after != before:
        await ctx.tx.run(_KEEP, ctx.actor.business_id, orjson.dumps(after).decode())
        ctx.audit("payment_details.set", str(ctx.actor.business_id), before=before, after=after)
    return await read_details(ctx)


@handles(PaymentDetails, permission=Permission.SEE_RECEIVABLES)
async def payment_details(_: PaymentDetails, ctx: Context) -> PaymentDetailsView:
    """Answer with what is kept."""
    return await read_details(ctx)


async def read_details(ctx: Context) -> PaymentDetailsView:
    """Return what is kept; the accounts of connected banks only for who may see those."""
    kept = await _kept(ctx)
    known = await _accounts(ctx) if sees_payables(ctx) else ()
    return PaymentDetailsView(**{name: kept.get(name) for name in _CHECKS}, known=known)


async def _kept(ctx: Context) -> dict[str, Any]:
    found: dict[str, Any] | None = await ctx.tx.value(_PAY, ctx.actor.business_id)
    return found or {}


async def _accounts(ctx: Context) -> tuple[KnownAccount, ...]:
    found = []
    for row in await ctx.tx.fetch(_KNOWN, ctx.actor.business_id):
        try:
            found.append(KnownAccount(row["name"], row["label"], account_number(row["account"] or "")))
        except Rejected:  # no account that anybody could pay into: none to offer
            continue
    return tuple(found)
