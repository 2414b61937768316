"""A customer's word: the day on which he says he will pay."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from kit.errors import NotFound, Rejected
from kit.ids import derived
from ledger import commands, queries, views
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions
from ledger.handlers.party_card import party_card
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import NO_PARTY, business, own_parties
from ledger.store.operator import append_operator_event

_FARTHEST = timedelta(days=366)


@handles(commands.MakePromise, permission=Permission.REPORT)
async def make_promise(command: commands.MakePromise, ctx: Context) -> views.PartyView:
    """Note a promise; a sales rep notes those of his own customers. The latest one counts."""
    firm = await business(ctx)
    if not firm.today <= command.on <= firm.today + _FARTHEST:
        raise Rejected(
            "promise.day", "A promise is for a day from today to a year ahead.", remedy="Choose a day."
        )
    if command.amount is not None and command.amount <= 0:
        raise Rejected("promise.amount", "A promised amount is more than nothing.")
    where = Conditions([ctx.actor.business_id])
    where.add("p.business_id = $1 AND p.id = {}", command.party_id)
    own_parties(ctx, where)
    row = await ctx.tx.row(f"SELECT p.anchor, p.currency FROM parties p WHERE {where.sql}", *where.values)
    if row is None:
        raise NotFound(*NO_PARTY)
    money = {"amount": command.amount, "currency": row["currency"]} if command.amount is not None else {}
    # The same word given twice on a day (a double tap) is one promise; of several, the one given last counts.
    promise = derived("promise", str(row["anchor"]), command.on.isoformat(), firm.today.isoformat())
    await append_operator_event(
        ctx.tx,
        ctx.actor,
        "promise.made",
        kind="promise",
        external_id=str(promise),
        data={"party": str(row["anchor"]), "on": command.on.isoformat(), **money},
        at=ctx.now,
    )
    ctx.audit("promise.made", f"party:{command.party_id}", on=command.on.isoformat(), amount=command.amount)
    view: views.PartyView = await party_card(queries.PartyCard(command.party_id), ctx)
    brief = replace(view.brief, promise_on=command.on, promise_broken=False)
    return replace(view, brief=brief, promise_amount=command.amount)
