"""Sending webhooks, the ledger's part: whose turn it is, what is next, and what came of it. For the sender only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from kit.ids import uuid7
from kit.sealing import process_seal
from ledger.commands.webhooks import ClaimWebhook, EndTurn, Message, SettleMessage, WebhookTurn
from ledger.domain.roles import Permission
from ledger.domain.told import TEST, Told, event_of
from ledger.domain.webhooks import ACTIONS, WISH_PAUSES, message_id, pause_after
from ledger.handlers.registry import Context, handles
from ledger.store.trail import last_sequence, told_after

AT_ONCE = 50
LEASE = timedelta(minutes=2)
"""A sender that settles nothing for so long is gone; each settled message gives it as much again."""
_CLAIM = """
UPDATE webhooks SET lease = $3, leased_until = $4::timestamptz
WHERE business_id = $1 AND id = $2 AND (leased_until IS NULL OR leased_until <= $5 OR lease = $3)
RETURNING *
"""
_WISHES = """
SELECT * FROM webhook_wishes WHERE business_id = $1 AND webhook_id = $2 AND due_at <= $3 ORDER BY due_at, id LIMIT $4
"""
_TRY = """
INSERT INTO webhook_tries (business_id, webhook_id, id, message, sequence, event, because, number, at, took, status, error)
SELECT $1, w.id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM webhooks w WHERE w.business_id = $1 AND w.id = $2
"""
_TAKEN = """
UPDATE webhooks SET position = $4, failures = 0, failing_since = NULL, leased_until = $5
WHERE business_id = $1 AND id = $2 AND lease = $3 AND enabled
"""
_FAILED = """
UPDATE webhooks SET failures = failures + 1, failing_since = coalesce(failing_since, $4), due_at = $5,
  enabled = $6, off_because = $7, lease = NULL, leased_until = NULL
WHERE business_id = $1 AND id = $2 AND lease = $3
"""
_END = """
UPDATE webhooks SET lease = NULL, leased_until = NULL, position = greatest(position, $4)
WHERE business_id = $1 AND id = $2 AND lease = $3
"""


@handles(ClaimWebhook, permission=Permission.SYSTEM)
async def claim_webhook(command: ClaimWebhook, ctx: Context) -> WebhookTurn | None:
    """Take the turn: wishes that are due, and if the endpoint is on and its pause over, what is next in order."""
    business, key = ctx.actor.business_id, command.webhook_id
    row = await ctx.tx.row(_CLAIM, business, key, command.lease, ctx.now + LEASE, ctx.now)
    if row is None:
        return None
    wishes = [
        await _wished(ctx, row, wish) for wish in await ctx.tx.fetch(_WISHES, business, key, ctx.now, AT_ONCE)
    ]
    messages = [one for one in wishes if one is not None]
    until = row["position"]
    if row["enabled"] and row["due_at"] <= ctx.now:
        last = await last_sequence(ctx.tx, business)
        told = await told_after(ctx.tx, business, row["position"], until=last, actions=ACTIONS, limit=AT_ONCE)
        until = told[-1].sequence if len(told) == AT_ONCE else last
        messages += _in_turn(row, told)
    if not messages and until == row["position"]:
        await ctx.tx.run(_END, business, key, command.lease, until)
        return None
    opened = process_seal().open(row["secrets"])
    two = row["retires_at"] is not None and row["retires_at"] > ctx.now
    return WebhookTurn(row["url"], opened if two else opened[:1], tuple(messages), until, row["failures"])


@handles(EndTurn, permission=Permission.SYSTEM)
async def end_turn(command: EndTurn, ctx: Context) -> None:
    """Give the lease back; what was looked at and concerned nobody needn't be looked at again."""
    await ctx.tx.run(_END, ctx.actor.business_id, command.webhook_id, command.lease, command.until or 0)


@handles(SettleMessage, permission=Permission.SYSTEM)
async def settle_message(command: SettleMessage, ctx: Context) -> bool:
    """Note the try, and move the place on, or put the message off; False where the turn is over."""
    message, business = command.message, ctx.actor.business_id
    sequence = message.told.sequence if message.told is not None else None
    await ctx.tx.run(
        _TRY,
        business,
        command.webhook_id,
        uuid7(),
        message.id,
        sequence,
        message.event,
        message.because,
        message.number,
        ctx.now,
        command.took,
        command.status,
        command.error,
    )
    if message.wish is not None:
        await _settle_wish(ctx, command, message)
        return True
    if command.gone:
        await _switch_off(ctx, command, "webhook.gone")
        return False
    if command.error is None:
        extended = ctx.now + LEASE
        moved = await ctx.tx.run(_TAKEN, business, command.webhook_id, command.lease, sequence, extended)
        return bool(moved)
    pause = pause_after(message.number, asked=command.after)
    if pause is None:
        await _switch_off(ctx, command, command.error)
        return False
    await ctx.tx.run(
        _FAILED, business, command.webhook_id, command.lease, ctx.now, ctx.now + pause, True, None
    )
    return False


async def _settle_wish(ctx: Context, command: SettleMessage, message: Message) -> None:
    pauses = WISH_PAUSES if message.told is not None else ()
    place = (ctx.actor.business_id, command.webhook_id, message.wish)
    if command.error is None or message.number > len(pauses):
        await ctx.tx.run(
            "DELETE FROM webhook_wishes WHERE business_id = $1 AND webhook_id = $2 AND id = $3", *place
        )
        return
    due = ctx.now + pauses[message.number - 1]
    await ctx.tx.run(
        "UPDATE webhook_wishes SET tries = tries + 1, due_at = $4"
        " WHERE business_id = $1 AND webhook_id = $2 AND id = $3",
        *place,
        due,
    )


async def _switch_off(ctx: Context, command: SettleMessage, because: str) -> None:
    switched = await ctx.tx.run(
        _FAILED, ctx.actor.business_id, command.webhook_id, command.lease, ctx.now, ctx.now, False, because
    )
    if switched:
        ctx.audit("webhook.switched_off", f"webhook:{command.webhook_id}", code=because)


async def _wished(ctx: Context, row: Any, wish: Any) -> Message | None:
    number = wish["tries"] + 1
    if wish["sequence"] is None:
        return Message(message_id(row["id"], None, wish["id"]), TEST, "test", number, wish=wish["id"])
    place = wish["sequence"]
    found = await told_after(ctx.tx, ctx.actor.business_id, place - 1, until=place, actions=ACTIONS, limit=1)
    event = event_of(found[0]) if found else None
    if event is None:
        return None
    return Message(message_id(row["id"], place), event, "replay", number, told=found[0], wish=wish["id"])


def _in_turn(row: Any, told: list[Told]) -> list[Message]:
    """Return the messages among entries; the first is the one that may have failed before."""
    wanted = [(event, one) for one in told if (event := event_of(one)) in row["events"] and event]
    return [
        Message(
            message_id(row["id"], one.sequence),
            event,
            "turn",
            row["failures"] + 1 if place == 0 else 1,
            told=one,
        )
        for place, (event, one) in enumerate(wanted)
    ]
