"""What is given up, set off or to be given back: agreed by people, carried out in the books."""

from __future__ import annotations

from datetime import timedelta

from kit.errors import Rejected, Stale
from kit.money import format_minor
from ledger.commands.workflow import AgreeRefund, AgreeSetOff, ApproveWriteOff
from ledger.domain.roles import Permission
from ledger.handlers.deciding import bill_row, check_untouched, decide, party_row, positive, receipt_row
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.views.workflow import DecisionView

_OLDEST = timedelta(days=366)
_BOTH_SIDES = """
SELECT
  (SELECT coalesce(sum(outstanding), 0)::bigint FROM invoices WHERE business_id = $1 AND party_id = $2
   AND currency = $3 AND issued_on <= $4 AND outstanding > 0) AS ours,
  (SELECT coalesce(sum(outstanding), 0)::bigint FROM payables WHERE business_id = $1 AND party_id = $2
   AND currency = $3 AND issued_on <= $4 AND outstanding > 0) AS theirs
"""


@handles(ApproveWriteOff, permission=Permission.WRITE_OFF)
async def write_off(command: ApproveWriteOff, ctx: Context) -> DecisionView:
    """Give up what is open of a bill, or part of it; what is paid after all takes it back by itself."""
    positive(command.amount, "What is written off")
    bill = await bill_row(ctx, command.invoice_id)
    await check_untouched(ctx, ("writeoff.approved", "deduction.accepted"), bill["anchor"])
    if command.amount > bill["outstanding"]:
        left = format_minor(max(bill["outstanding"], 0), bill["currency"])
        raise Stale(
            "writeoff.over_outstanding", f"Only {left} is open on this bill.", remedy="Look at it again."
        )
    data = {"document": str(bill["anchor"]), "amount": command.amount, "currency": bill["currency"]}
    return await decide(ctx, "writeoff.approved", data, about=f"invoice:{bill['id']}", note=command.note)


@handles(AgreeSetOff, permission=Permission.ANSWER)
async def agree_set_off(command: AgreeSetOff, ctx: Context) -> DecisionView:
    """Take what we owe a party off what it owes us: never more than is open on either side."""
    positive(command.amount, "What is set off")
    today = (await business(ctx)).today
    if not today - _OLDEST <= command.on <= today:
        raise Rejected("setoff.day", "A set-off is of a day within the last year.", remedy="Choose the day.")
    party = await party_row(ctx, command.party_id)
    await check_untouched(ctx, ("setoff.agreed",), party["anchor"])
    open_now = await ctx.tx.row(
        _BOTH_SIDES, ctx.actor.business_id, party["id"], party["currency"], command.on
    )
    assert open_now is not None
    most = min(open_now["ours"], open_now["theirs"])
    if command.amount > most:
        raise Rejected(
            "setoff.too_much",
            f"At most {format_minor(most, party['currency'])} is open on both sides."
            if most
            else "There is nothing to set off: bills must be open on both sides.",
        )
    data = {
        "party": str(party["anchor"]),
        "on": command.on.isoformat(),
        "amount": command.amount,
        "currency": party["currency"],
    }
    return await decide(ctx, "setoff.agreed", data, about=f"party:{party['id']}", note=command.note)


@handles(AgreeRefund, permission=Permission.ANSWER)
async def agree_refund(command: AgreeRefund, ctx: Context) -> DecisionView:
    """Note that money is to be given back; it counts as given once the bank or the gateway shows it."""
    positive(command.amount, "A refund")
    receipt = await receipt_row(ctx, command.receipt_id)
    await check_untouched(ctx, ("refund.agreed",), receipt["anchor"])
    here = receipt["amount"] - receipt["refunded"]
    if command.amount > here:
        raise Rejected("refund.too_much", f"Only {format_minor(here, receipt['currency'])} is here.")
    data = {
        "receipt": str(receipt["anchor"]),
        "amount": command.amount,
        "currency": receipt["currency"],
    }
    return await decide(ctx, "refund.agreed", data, about=f"receipt:{receipt['id']}", note=command.note)
