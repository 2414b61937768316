"""What was delivered to us already: updates of the channel, and taps on a button."""

from __future__ import annotations

import orjson

from ledger.commands.delivery import NoteMenu, NoteTap, NoteUpdate
from ledger.domain.roles import Permission
from ledger.handlers.chat import remember
from ledger.handlers.registry import Context, handles


@handles(NoteUpdate, permission=Permission.SYSTEM)
async def note_update(command: NoteUpdate, ctx: Context) -> str | None:
    """Remember that an update was worked on."""
    language: str | None = await ctx.tx.value(
        """
        WITH noted AS (
          INSERT INTO chat_updates (business_id, update_id, taken_at) VALUES ($1, $2, $3)
          ON CONFLICT (business_id, update_id) DO NOTHING)
        SELECT language FROM members WHERE business_id = $1 AND id = $4
        """,
        ctx.actor.business_id,
        command.update_id,
        ctx.now,
        command.member_id,
    )
    return language


@handles(NoteMenu, permission=Permission.SYSTEM)
async def note_menu(command: NoteMenu, ctx: Context) -> None:
    """Remember in which language the chat's commands are described."""
    await remember(ctx, command.chat_id, {"menu": command.language})


@handles(NoteTap, permission=Permission.SEE_RECEIVABLES)
async def note_tap(command: NoteTap, ctx: Context) -> None:
    """Remember when a button was answered last."""
    await ctx.tx.run(
        "UPDATE buttons SET action = action || $3::jsonb WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        command.button_id[:64],
        orjson.dumps({"tapped_at": command.at}).decode(),
    )
