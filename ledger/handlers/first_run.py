"""A chat's first days: what is set up, what is still missing; and whom the chat looked at last."""

from __future__ import annotations

from uuid import UUID

from ledger.commands.first_run import DismissSetup, NoteLookedAt
from ledger.domain.roles import Permission
from ledger.handlers.chat import remember
from ledger.handlers.parties import parties_by_ids
from ledger.handlers.payment_details import read_details
from ledger.handlers.registry import Context, handles
from ledger.queries import PartiesByIds
from ledger.queries.first_run import LookedAt, Setup
from ledger.views import PartyBrief
from ledger.views.first_run import SetupView

# Open bills count from whatever source; what the office connects is what isn't a bank and isn't a sheet.
_SETUP = """
SELECT (SELECT min(s.label) FROM sources s JOIN source_state t ON t.business_id = $1 AND t.source = s.name
        WHERE s.business_id = $1 AND s.enabled AND s.name LIKE 'bank:%' AND t.covered_until IS NOT NULL) AS bank,
       (SELECT max(t.covered_until) FROM source_state t
        WHERE t.business_id = $1 AND t.source LIKE 'bank:%') AS bank_until,
       EXISTS (SELECT FROM bank_lines WHERE business_id = $1) AS lines,
       (SELECT count(*) FROM invoices WHERE business_id = $1 AND outstanding > 0) AS bills,
       (SELECT coalesce(array_agg(s.label ORDER BY s.label), '{}') FROM sources s
        WHERE s.business_id = $1 AND s.enabled AND s.name NOT LIKE 'bank:%'
          AND s.name NOT LIKE 'books:spreadsheet%') AS sources,
       (SELECT count(*) FROM members WHERE business_id = $1 AND active) AS members,
       (SELECT count(*) FROM members WHERE business_id = $1 AND active AND chat_id IS NOT NULL) AS linked,
       coalesce((SELECT (d.state ->> 'setup') = 'dismissed' FROM dialogues d
                 WHERE d.business_id = $1 AND d.chat_id = $2), false) AS dismissed
"""


@handles(Setup, permission=Permission.ADMINISTER)
async def setup(question: Setup, ctx: Context) -> SetupView:
    """Answer with what is set up."""
    row = await ctx.tx.row(_SETUP, ctx.actor.business_id, question.chat_id)
    assert row is not None
    pay = await read_details(ctx)
    return SetupView(
        bank=row["bank"],
        bank_until=row["bank_until"],
        lines=row["lines"],
        bills=row["bills"],
        sources=tuple(row["sources"]),
        members=row["members"],
        linked=row["linked"],
        payable_to=bool(pay.upi_id or pay.account),
        dismissed=row["dismissed"],
    )


@handles(DismissSetup, permission=Permission.ADMINISTER)
async def dismiss_setup(command: DismissSetup, ctx: Context) -> None:
    """Remember that this chat has enough of the list."""
    await remember(ctx, command.chat_id, {"setup": "dismissed"})


@handles(NoteLookedAt, permission=Permission.SEE_RECEIVABLES)
async def note_looked_at(command: NoteLookedAt, ctx: Context) -> None:
    """Remember whose card was shown."""
    await remember(ctx, command.chat_id, {"party": str(command.party_id)})


@handles(LookedAt, permission=Permission.SEE_RECEIVABLES)
async def looked_at(question: LookedAt, ctx: Context) -> PartyBrief | None:
    """Answer with whom the chat looked at last, as far as the actor may see him."""
    found = await ctx.tx.value(
        "SELECT state ->> 'party' FROM dialogues WHERE business_id = $1 AND chat_id = $2",
        ctx.actor.business_id,
        question.chat_id,
    )
    if found is None:
        return None
    party = UUID(found)
    briefs: dict[UUID, PartyBrief] = await parties_by_ids(PartiesByIds((party,)), ctx)
    return briefs.get(party)
