"""How a party pays, and which names are one party."""

from __future__ import annotations

from kit.errors import NotFound, Rejected
from ledger.commands.workflow import LinkParties, SetHabit, UnlinkParties
from ledger.domain.roles import Permission
from ledger.handlers.deciding import check_untouched, decide, party_row
from ledger.handlers.registry import Context, handles
from ledger.views.workflow import DecisionView

HABITS = ("bill_wise", "oldest_first", "on_account")
MAX_NAMES = 50
_IDENTITIES = """
SELECT subject, source, external_id FROM party_identities WHERE business_id = $1 AND party_id = $2 ORDER BY subject
"""


@handles(SetHabit, permission=Permission.ANSWER)
async def set_habit(command: SetHabit, ctx: Context) -> DecisionView:
    """Say how a party pays; the latest word counts."""
    if command.habit not in HABITS:
        raise Rejected(
            "habit.unknown",
            f"{command.habit[:30]!r} is no way of paying that I know.",
            remedy=f"Use one of {', '.join(HABITS)}.",
        )
    party = await party_row(ctx, command.party_id)
    await check_untouched(ctx, ("habit.decided",), party["anchor"], seen=command.seen)
    data = {"party": str(party["anchor"]), "habit": command.habit}
    return await decide(ctx, "habit.decided", data, about=f"party:{party['id']}", note=command.note)


@handles(LinkParties, permission=Permission.ANSWER)
async def link(command: LinkParties, ctx: Context) -> DecisionView:
    """Say that two parties are one."""
    if command.party_id == command.other_id:
        raise Rejected("parties.same", "These are the same already.")
    one, other = await party_row(ctx, command.party_id), await party_row(ctx, command.other_id)
    anchors = [one["anchor"], other["anchor"]]
    await check_untouched(ctx, ("parties.linked", "parties.unlinked"), *anchors, seen=command.seen)
    data = {"subjects": sorted(str(anchor) for anchor in anchors)}
    return await decide(ctx, "parties.linked", data, about=f"party:{one['id']}", note=command.note)


@handles(UnlinkParties, permission=Permission.ANSWER)
async def unlink(command: UnlinkParties, ctx: Context) -> DecisionView:
    """Part one source's record from all others of a party, pair by pair: the others stay together."""
    party = await party_row(ctx, command.party_id)
    rows = await ctx.tx.fetch(_IDENTITIES, ctx.actor.business_id, party["id"])
    own = next(
        (
            row["subject"]
            for row in rows
            if (row["source"], row["external_id"]) == (command.source, command.external_id)
        ),
        None,
    )
    if own is None:
        raise NotFound("party.no_such_name", "No source calls this party so.")
    others = [row["subject"] for row in rows if row["subject"] != own]
    if not 1 <= len(others) <= MAX_NAMES:
        raise Rejected("parties.nothing_to_part", "There is nothing to take it from.")
    await check_untouched(
        ctx, ("parties.linked", "parties.unlinked"), own, party["anchor"], seen=command.seen
    )
    bodies = [{"subjects": sorted([str(own), str(other)])} for other in others]
    return await decide(ctx, "parties.unlinked", *bodies, about=f"party:{party['id']}", note=command.note)
