"""What was delivered to us already: updates of the channel, and taps on a button."""

from __future__ import annotations

import orjson

from ledger.commands.delivery import NoteTap, NoteUpdate
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles


@handles(NoteUpdate, permission=Permission.SYSTEM)
async def note_update(command: NoteUpdate, ctx: Context) -> None:
    """Remember that an update was worked on."""
    await ctx.tx.run(
        """
        INSERT INTO chat_updates (business_id, update_id, taken_at) VALUES ($1, $2, $3)
        ON CONFLICT (business_id, update_id) DO NOTHING
        """,
        ctx.actor.business_id,
        command.update_id,
        ctx.now,
    )


@handles(NoteTap, permission=Permission.SEE_RECEIVABLES)
async def note_tap(command: NoteTap, ctx: Context) -> None:
    """Remember when a button was answered last."""
    await ctx.tx.run(
        "UPDATE buttons SET action = action || $3::jsonb WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        command.button_id[:64],
        orjson.dumps({"tapped_at": command.at}).decode(),
    )
