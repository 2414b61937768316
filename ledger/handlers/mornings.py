"""Putting what the munshi says by himself into the outbox: once a day, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

from kit.errors import Rejected, Stale
from ledger import commands
from ledger.commands.mornings import QueueAlerts, QueueOfTheDay
from ledger.domain.alerts import NEWS_DAYS
from ledger.domain.roles import Permission
from ledger.handlers.outbox import queue_message
from ledger.handlers.registry import Context, handles

_SENT_ON = {"morning": "digest_sent_on", "evening": "evening_sent_on"}
_KEY = {"morning": "digest", "evening": "evening"}
_KEPT = timedelta(days=NEWS_DAYS + 2)
"""What was told longer ago can be no news any more, whatever becomes of it."""
# A crash may take back what was queued a moment ago, together with the note that it was: then it is queued again.
# Notifications commit one after the other, and ten thousand would each wait for the disk.
_UNHURRIED = "SELECT set_config('synchronous_commit', 'off', true)"
# In the order of the subjects, so that two who tell at once wait for each other and don't stand still.
_TELL = """
INSERT INTO alerts_told (business_id, member_id, subject, kind, told_at)
SELECT $1, $2, u.subject, u.kind, $5 FROM unnest($3::text[], $4::text[]) AS u(subject, kind) ORDER BY u.subject
ON CONFLICT DO NOTHING
"""
_FORGET = """
DELETE FROM alerts_told WHERE business_id = $1 AND told_at < $2 AND kind <> 'offer'
"""


@handles(QueueOfTheDay, permission=Permission.SEE_RECEIVABLES)
async def queue_of_the_day(command: QueueOfTheDay, ctx: Context) -> bool:
    """Note the day at the member, and queue his card if it wasn't noted: who comes second waits, and sees it."""
    if command.which not in _SENT_ON:
        raise Rejected("message.which", f"{command.which[:20]!r} is no time of the day.")
    column = _SENT_ON[command.which]
    await ctx.tx.run(_UNHURRIED)
    noted = await ctx.tx.run(
        f"UPDATE members SET {column} = $3 WHERE business_id = $1 AND id = $2 AND {column} IS DISTINCT FROM $3",
        ctx.actor.business_id,
        command.member_id,
        command.day,
    )
    if not noted:
        return False
    key = f"{_KEY[command.which]}:{command.member_id}:{command.day.isoformat()}"
    cards = [(card, once) for card, once in ((command.before, None), (command.card, key)) if card is not None]
    for card, once in cards:
        message = commands.QueueMessage(
            chat_id=command.chat_id,
            member_id=command.member_id,
            kind="digest",
            card=card,
            once_key=once,
        )
        await queue_message(message, ctx)
    if command.offered:
        await _tell(ctx, command, [(subject, "offer") for subject in command.offered])
    return True


@handles(QueueAlerts, permission=Permission.SEE_RECEIVABLES)
async def queue_alerts(command: QueueAlerts, ctx: Context) -> bool:
    """Note what was looked at, and queue the message that tells it; Stale if another process was quicker."""
    if await _tell(ctx, command, list(command.subjects)) < len(command.subjects):
        raise Stale("alerts.told", "Somebody else is telling it.")
    await ctx.tx.run(_FORGET, ctx.actor.business_id, ctx.now - _KEPT)
    if command.card is None:
        return False
    message = commands.QueueMessage(
        chat_id=command.chat_id, member_id=command.member_id, kind="alert", card=command.card
    )
    return await queue_message(message, ctx) is not None


async def _tell(ctx: Context, command: QueueAlerts | QueueOfTheDay, subjects: list[tuple[str, str]]) -> int:
    names, kinds = [subject for subject, _ in subjects], [kind for _, kind in subjects]
    return await ctx.tx.run(_TELL, ctx.actor.business_id, command.member_id, names, kinds, ctx.now)
