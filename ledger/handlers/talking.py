"""What came of talking with a customer: disputes, notes, calls."""

from __future__ import annotations

from kit.errors import Rejected, Stale
from kit.ids import derived
from ledger.commands import MakePromise
from ledger.commands.workflow import AddNote, LogCall, RaiseDispute, SettleDispute
from ledger.domain.roles import Permission
from ledger.handlers.deciding import bill_row, check_untouched, decide, noted, party_row
from ledger.handlers.promises import make_promise
from ledger.handlers.registry import Context, handles
from ledger.views.workflow import DecisionView

OUTCOMES = ("will_pay", "no_answer", "says_paid", "dispute")
_DISPUTES = ("dispute.raised", "dispute.settled")


@handles(RaiseDispute, permission=Permission.REPORT)
async def raise_dispute(command: RaiseDispute, ctx: Context) -> DecisionView:
    """Note that a customer disputes a bill."""
    bill = await bill_row(ctx, command.invoice_id)
    await check_untouched(ctx, _DISPUTES, bill["anchor"])
    if bill["status"] == "invoice.disputed":
        raise Stale("dispute.standing", "This bill is disputed already.", remedy="Add a note instead.")
    data = {"document": str(bill["anchor"]), "reason": noted(command.reason)}
    return await decide(ctx, "dispute.raised", data, about=f"invoice:{bill['id']}", note=command.note)


@handles(SettleDispute, permission=Permission.ANSWER)
async def settle_dispute(command: SettleDispute, ctx: Context) -> DecisionView:
    """Note that a dispute is over."""
    bill = await bill_row(ctx, command.invoice_id)
    await check_untouched(ctx, _DISPUTES, bill["anchor"])
    if bill["status"] != "invoice.disputed":
        raise Stale("dispute.none", "This bill isn't disputed.", remedy="Look at it again.")
    data = {"document": str(bill["anchor"]), "reason": noted(command.reason)}
    return await decide(ctx, "dispute.settled", data, about=f"invoice:{bill['id']}", note=command.note)


@handles(AddNote, permission=Permission.REPORT)
async def add_note(command: AddNote, ctx: Context) -> DecisionView:
    """Write a note on a party or on a bill."""
    text = noted(command.text)
    if text is None:
        raise Rejected("note.empty", "A note says something.", remedy="Write it.")
    if (command.party_id is None) == (command.invoice_id is None):
        raise Rejected("note.about", "A note is about a customer or about a bill.")
    if command.party_id is not None:
        row, about = await party_row(ctx, command.party_id), f"party:{command.party_id}"
    else:
        assert command.invoice_id is not None
        row, about = await bill_row(ctx, command.invoice_id), f"invoice:{command.invoice_id}"
    data = {"about": str(row["anchor"]), "text": text}
    return await decide(ctx, "note.added", data, about=about, kind="note")


@handles(LogCall, permission=Permission.REPORT)
async def log_call(command: LogCall, ctx: Context) -> DecisionView:
    """Note what came of a call; a day on which he will pay becomes his promise. The same tap twice is one call."""
    if command.outcome not in OUTCOMES:
        raise Rejected(
            "call.outcome",
            f"{command.outcome[:20]!r} is no outcome that I know.",
            remedy=f"Use one of {', '.join(OUTCOMES)}.",
        )
    if (command.promised_on is not None) != (command.outcome == "will_pay"):
        raise Rejected("call.promise", "Who will pay says when; nobody else does.", remedy="Choose a day.")
    party = await party_row(ctx, command.party_id)
    if command.promised_on is not None:
        await make_promise(MakePromise(command.party_id, command.promised_on), ctx)
    data = {"party": str(party["anchor"]), "outcome": command.outcome}
    call = derived("call", data["party"], command.outcome, f"{ctx.now:%Y-%m-%dT%H:%M}", ctx.actor.label)
    return await decide(
        ctx,
        "call.logged",
        data,
        about=f"party:{party['id']}",
        kind="call",
        decision_id=call,
        note=command.note,
    )
