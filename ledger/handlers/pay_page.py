"""A customer's pay page: found by the hash of its key, with what he owes today; and that he looked at it."""

from __future__ import annotations

from typing import Any

from kit.errors import NotFound
from ledger.commands.reminders import NotePayPageOpened
from ledger.domain.paying import one_line
from ledger.domain.roles import Permission
from ledger.handlers.payment_details import read_details
from ledger.handlers.registry import Context, handles
from ledger.handlers.reminder_facts import MOST_BILLS, bills_of, facts_of, kind_of
from ledger.handlers.scope import business
from ledger.queries.reminders import PayPage
from ledger.views.reminders import PayPageView

# A party that has become part of another since is found by the identity that it stood on.
_LINK = """
SELECT l.id, l.language, coalesce(s.party_id, p.id) AS party_id FROM pay_links l
LEFT JOIN party_identities s ON s.business_id = $1 AND s.subject = l.party_anchor
LEFT JOIN parties p ON p.business_id = $1 AND p.anchor = l.party_anchor
WHERE l.business_id = $1 AND l.key_hash = $2 AND l.expires_at > $3
"""
_OPENED = """
UPDATE pay_links SET opened_at = $3 WHERE business_id = $1 AND key_hash = $2 AND expires_at > $3
"""


@handles(PayPage, permission=Permission.SYSTEM)
async def pay_page(question: PayPage, ctx: Context) -> PayPageView:
    """Answer with the page as of now; NotFound for a key that nobody gave out, that has run out, or whose customer is gone."""
    link = await ctx.tx.row(_LINK, ctx.actor.business_id, question.key_hash, ctx.now)
    rows = await facts_of(ctx, parties=[link["party_id"]]) if link and link["party_id"] else []
    if not rows:
        raise NotFound("pay_page.unknown", "There is no such page.")
    return await _page(ctx, link, rows[0])


async def _page(ctx: Context, link: Any, row: Any) -> PayPageView:
    firm = await business(ctx)
    kind, asked = kind_of(row)
    about = (await bills_of(ctx, {row["id"]: kind}, most=MOST_BILLS))[row["id"]]
    return PayPageView(
        firm=one_line(firm.name),
        customer=one_line(row["name"]),
        currency=row["currency"],
        as_on=ctx.now,
        timezone=firm.timezone,
        kind=kind,
        asked=asked,
        later=row["net"] - asked,
        on_account=row["on_account"],
        bills=about.bills,
        more=about.more,
        more_amount=about.more_amount,
        language=link["language"],
        reference=f"MUN{link['id'].hex[-12:].upper()}",
        pay=await read_details(ctx),
    )


@handles(NotePayPageOpened, permission=Permission.SYSTEM)
async def note_opened(command: NotePayPageOpened, ctx: Context) -> None:
    """Keep when a page was looked at last."""
    await ctx.tx.run(_OPENED, ctx.actor.business_id, command.key_hash, ctx.now)
