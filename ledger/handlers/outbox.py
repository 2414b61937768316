"""The outbox: queued → sending → sent, and what a crash or a refusal in between means."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any
from uuid import UUID

import orjson

from kit.clock import business_day
from kit.errors import Rejected
from kit.ids import uuid7
from ledger import commands
from ledger.commands import delivery
from ledger.domain.roles import Permission
from ledger.handlers.chat import keep_actions
from ledger.handlers.registry import Context, handles
from ledger.store.audit import Entry

CHANNEL = "munshi_outbox"
"""NOTIFY channel; the payload is business, chat and kind, separated by colons."""
_KINDS = ("digest", "alert", "answer")
_LONGEST_CAPTION = 1_024
_MARKUP = re.compile(r"<[^>]*>")


@handles(commands.QueueMessage, permission=Permission.SEE_RECEIVABLES)
async def queue_message(command: commands.QueueMessage, ctx: Context) -> UUID | None:
    """Put a card into the outbox with the actions of its buttons, and wake the sender after the commit."""
    if command.kind not in _KINDS:
        raise Rejected("message.kind", f"{command.kind[:20]!r} is not a kind of message.")
    business = ctx.actor.business_id
    if command.once_key is not None and await ctx.tx.value(
        "SELECT 1 FROM outbox WHERE business_id = $1 AND once_key = $2", business, command.once_key
    ):
        return None
    card = await _with_button_ids(command, ctx)
    first, file = _parts(card, in_place=command.edit_message is not None or command.edit_of is not None)
    made = await _insert(command, first, ctx)
    if made is None:
        return None
    if file is not None:
        await _insert(replace(command, once_key=None, edit_message=None, edit_of=None), file, ctx)
    await ctx.tx.run("SELECT pg_notify($1, $2)", CHANNEL, f"{business}:{command.chat_id}:{command.kind}")
    return made


def _parts(card: dict[str, Any], *, in_place: bool) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Part a card from its file where one message can't hold both: the text is no caption, or takes a place."""
    if "attachment" not in card:
        return card, None
    shown = unescape(_MARKUP.sub("", card["text"]))
    if not in_place and len(shown) <= _LONGEST_CAPTION:
        return card, None
    words = {name: value for name, value in card.items() if name != "attachment"}
    file = {
        "text": "",
        "buttons": [],
        "attachment": card["attachment"],
        "language": card.get("language", "en"),
    }
    return words, file


async def _insert(command: commands.QueueMessage, card: dict[str, Any], ctx: Context) -> UUID | None:
    made: UUID | None = await ctx.tx.value(
        """
        INSERT INTO outbox (business_id, id, channel, chat_id, member_id, kind, once_key, card, edit_message,
                            edit_of, queued_at, due_at)
        VALUES ($1, $2, 'telegram', $3, $4, $5, $6, $7::jsonb, $8, $9, clock_timestamp(), $10)
        ON CONFLICT (business_id, once_key) WHERE once_key IS NOT NULL DO NOTHING
        RETURNING id
        """,
        ctx.actor.business_id,
        uuid7(),
        command.chat_id,
        command.member_id,
        command.kind,
        command.once_key,
        orjson.dumps(card).decode(),
        command.edit_message,
        command.edit_of,
        ctx.now,
    )
    return made


async def _with_button_ids(command: commands.QueueMessage, ctx: Context) -> dict[str, Any]:
    # An action leaves for the store; the button carries its id and version (at most 64 bytes).
    rows: list[list[dict[str, Any]]] = command.card.get("buttons", [])
    new = [b for row in rows for b in row if "action" in b]
    ids = iter(await keep_actions(tuple({**b["action"], "chat": command.chat_id} for b in new), ctx))
    buttons = [
        [
            {"label": b["label"], "data": f"{next(ids)}:{b['action'].get('version', 0)}"}
            if "action" in b
            else b
            for b in row
        ]
        for row in rows
    ]
    return {**command.card, "buttons": buttons}


async def _note_digest(member_id: UUID, ctx: Context) -> None:
    business = ctx.actor.business_id
    timezone = await ctx.tx.value("SELECT timezone FROM businesses WHERE business_id = $1", business)
    await ctx.tx.run(
        "UPDATE members SET digest_sent_on = $3 WHERE business_id = $1 AND id = $2",
        business,
        member_id,
        business_day(ctx.now, timezone),
    )


@handles(delivery.ClaimMessage, permission=Permission.SYSTEM)
async def claim_message(command: delivery.ClaimMessage, ctx: Context) -> delivery.OutboxMessage | None:
    """Take the oldest queued message of a chat; while that one isn't due, nothing behind it goes either."""
    row = await ctx.tx.row(
        """
        UPDATE outbox SET status = 'sending', attempts = attempts + 1,
               edit_message = coalesce(edit_message, (
                 SELECT e.message_id FROM outbox e
                 WHERE e.business_id = $1 AND e.id = outbox.edit_of AND e.chat_id = $2))
        WHERE business_id = $1 AND due_at <= $3 AND id = (
          SELECT id FROM outbox WHERE business_id = $1 AND chat_id = $2 AND status = 'queued'
          ORDER BY queued_at, id LIMIT 1 FOR UPDATE)
        RETURNING id, chat_id, member_id, kind, card, edit_message, attempts
        """,
        ctx.actor.business_id,
        command.chat_id,
        ctx.now,
    )
    if row is None:
        return None
    return delivery.OutboxMessage(
        id=row["id"],
        chat_id=row["chat_id"],
        member_id=row["member_id"],
        kind=row["kind"],
        card=row["card"],
        edit_message=row["edit_message"],
        attempts=row["attempts"],
    )


@handles(delivery.SettleMessage, permission=Permission.SYSTEM)
async def settle_message(command: delivery.SettleMessage, ctx: Context) -> bool:
    """Write down what became of a message that was being sent; its file is kept no longer than it may be needed."""
    if command.status not in ("sent", "failed", "queued"):
        raise Rejected("message.status", f"{command.status[:20]!r} is not an outcome of sending.")
    more: bool | None = await ctx.tx.value(
        """
        UPDATE outbox SET status = $3, message_id = coalesce($4, message_id), error = $5,
               due_at = coalesce($6, due_at), sent_at = CASE WHEN $3 = 'sent' THEN $7::timestamptz END,
               card = CASE WHEN $3 <> 'queued' THEN card - 'attachment'
                           WHEN $8 THEN card || '{"again": true}'::jsonb ELSE card END
        WHERE business_id = $1 AND id = $2 AND status = 'sending'
        RETURNING EXISTS (SELECT FROM outbox o WHERE o.business_id = $1 AND o.chat_id = outbox.chat_id
                          AND o.status = 'queued' AND o.id <> $2)
        """,
        ctx.actor.business_id,
        command.outbox_id,
        command.status,
        command.message_id,
        command.error[:300] if command.error else None,
        command.due_at,
        ctx.now,
        command.again,
    )
    return bool(more)


@handles(delivery.RecoverMessages, permission=Permission.SYSTEM)
async def recover_messages(_: delivery.RecoverMessages, ctx: Context) -> int:
    """Settle what a crashed sender left: Telegram has no idempotency key, so nobody knows whether it arrived.

    An answer comes again, marked so (an edit may simply be repeated); a digest or an alert doesn't.
    """
    business = ctx.actor.business_id
    given_up = await ctx.tx.fetch(
        """
        UPDATE outbox SET status = 'failed', error = 'interrupted while sending: it may have arrived'
        WHERE business_id = $1 AND status = 'sending' AND kind <> 'answer' RETURNING id, kind
        """,
        business,
    )
    for row in given_up:
        ctx.entries.append(Entry(ctx.actor.label, "message.given_up", str(row["id"]), {"kind": row["kind"]}))
    return await ctx.tx.run(
        """
        UPDATE outbox SET status = 'queued', due_at = $2,
               card = CASE WHEN edit_message IS NULL THEN card || '{"again": true}'::jsonb ELSE card END
        WHERE business_id = $1 AND status = 'sending'
        """,
        business,
        ctx.now,
    )


@handles(delivery.NoteBlockedChat, permission=Permission.SYSTEM)
async def note_blocked_chat(command: delivery.NoteBlockedChat, ctx: Context) -> None:
    """Take a chat that refuses us as unreachable; its link stays, so that writing again is enough to come back."""
    business = ctx.actor.business_id
    rows = await ctx.tx.fetch(
        "UPDATE members SET chat_id = NULL WHERE business_id = $1 AND chat_id = $2 RETURNING id",
        business,
        command.chat_id,
    )
    await ctx.tx.run(
        """
        UPDATE outbox SET status = 'failed', error = 'the chat refuses messages'
        WHERE business_id = $1 AND chat_id = $2 AND status = 'queued'
        """,
        business,
        command.chat_id,
    )
    for row in rows:
        ctx.audit("chat.unreachable", f"member:{row['id']}")


@handles(delivery.NoteChatBack, permission=Permission.SYSTEM)
async def note_chat_back(command: delivery.NoteChatBack, ctx: Context) -> None:
    """Take a member's chat as reachable again."""
    touched = await ctx.tx.run(
        "UPDATE members SET chat_id = $3 WHERE business_id = $1 AND id = $2 AND chat_id IS NULL",
        ctx.actor.business_id,
        command.member_id,
        command.chat_id,
    )
    if touched:
        ctx.audit("chat.reachable", f"member:{command.member_id}")
