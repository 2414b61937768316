"""Outgoing webhooks as the owner looks after them: where to, which events, secrets, tests and replays."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kit.errors import NotFound, Rejected
from kit.ids import uuid7
from kit.outward import checked_url
from kit.sealing import process_seal
from kit.settings import settings
from ledger.commands.webhooks import (
    AddWebhook,
    ChangeWebhook,
    NewWebhook,
    RemoveWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    TestWebhook,
)
from ledger.domain.roles import Permission
from ledger.domain.told import EVENTS, event_of
from ledger.domain.webhooks import ACTIONS, message_id
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.webhooks import SwitchedOffWebhooks, Webhook, Webhooks, WebhookTries
from ledger.store.trail import last_sequence, sequence_before, told_after
from ledger.store.webhook_calls import TOLD_FOR
from ledger.views.webhooks import SwitchedOff, WebhookTryPage, WebhookTryView, WebhookView

MOST = 10
_MAX_LABEL = 60
_MAX_KEPT_HOURS = 24 * 7
_NEWEST = Order("webhook_tries:newest", ("t.id",), ("uuid",), descending=True)
_ROW = """
SELECT w.*, (SELECT coalesce(max(a.sequence), 0) FROM audit a WHERE a.business_id = $1) AS last
FROM webhooks w WHERE w.business_id = $1
"""
_ADD = """
INSERT INTO webhooks (business_id, id, label, url, events, secrets, position, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
"""


@handles(AddWebhook, permission=Permission.ADMINISTER, shown_once=True)
async def add_webhook(command: AddWebhook, ctx: Context) -> NewWebhook:
    """Tell an address what happens from now on; the secret that signs it is shown this once."""
    url, events = _url(command.url), _events(command.events or EVENTS)
    label = _label(command.label or url.split("/")[2])
    lock = "SELECT pg_advisory_xact_lock(hashtextextended('webhooks:' || $1::text, 0))"
    await ctx.tx.run(lock, str(ctx.actor.business_id))
    count = await ctx.tx.value("SELECT count(*) FROM webhooks WHERE business_id = $1", ctx.actor.business_id)
    if count >= MOST:
        raise Rejected(
            "webhook.too_many",
            f"A business has at most {MOST} webhooks.",
            remedy="Remove one that is unused.",
        )
    made, secret = uuid7(), _new_secret()
    position = await last_sequence(ctx.tx, ctx.actor.business_id)
    sealed = process_seal().seal([secret])
    await ctx.tx.run(_ADD, ctx.actor.business_id, made, label, url, list(events), sealed, position, ctx.now)
    ctx.audit("webhook.added", f"webhook:{made}", host=_host(url), events=list(events))
    return NewWebhook(made, secret)


@handles(ChangeWebhook, permission=Permission.ADMINISTER)
async def change_webhook(command: ChangeWebhook, ctx: Context) -> None:
    """Change what is given; switched on again, it is due at once and goes on where it stood."""
    row = await _locked(ctx, command.webhook_id)
    before = {"host": _host(row["url"]), "events": row["events"], "enabled": row["enabled"]}
    url = _url(command.url) if command.url is not None else row["url"]
    events = list(_events(command.events)) if command.events is not None else row["events"]
    enabled = command.enabled if command.enabled is not None else row["enabled"]
    label = _label(command.label) if command.label is not None else row["label"]
    afresh = enabled and (not row["enabled"] or url != row["url"])
    await ctx.tx.run(
        """
        UPDATE webhooks SET url = $3, label = $4, events = $5, enabled = $6,
          off_because = CASE WHEN $6 THEN NULL WHEN enabled THEN 'owner' ELSE off_because END,
          failures = CASE WHEN $7 THEN 0 ELSE failures END, due_at = CASE WHEN $7 THEN $8 ELSE due_at END,
          failing_since = CASE WHEN $7 THEN NULL ELSE failing_since END,
          lease = NULL, leased_until = NULL
        WHERE business_id = $1 AND id = $2
        """,
        ctx.actor.business_id,
        command.webhook_id,
        url,
        label,
        events,
        enabled,
        afresh,
        ctx.now,
    )
    after = {"host": _host(url), "events": events, "enabled": enabled}
    ctx.audit("webhook.changed", f"webhook:{command.webhook_id}", before=before, after=after)


@handles(RotateWebhookSecret, permission=Permission.ADMINISTER, shown_once=True)
async def rotate_webhook_secret(command: RotateWebhookSecret, ctx: Context) -> str:
    """Sign with a new secret first, and with the former one for the hours that it is kept."""
    if not 0 <= command.keep_hours <= _MAX_KEPT_HOURS:
        raise Rejected(
            "webhook.keep_hours", f"The former secret is kept 0 to {_MAX_KEPT_HOURS} hours.", remedy="Say 24."
        )
    row = await _locked(ctx, command.webhook_id)
    seal, fresh = process_seal(), _new_secret()
    kept = [fresh, seal.open(row["secrets"])[0]] if command.keep_hours else [fresh]
    until = ctx.now + timedelta(hours=command.keep_hours) if command.keep_hours else None
    await ctx.tx.run(
        "UPDATE webhooks SET secrets = $3, retires_at = $4 WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        command.webhook_id,
        seal.seal(kept),
        until,
    )
    ctx.audit("webhook.secret_rotated", f"webhook:{command.webhook_id}", keep_hours=command.keep_hours)
    return fresh


@handles(RemoveWebhook, permission=Permission.ADMINISTER)
async def remove_webhook(command: RemoveWebhook, ctx: Context) -> None:
    """Forget an address with its secrets and the list of its tries."""
    row = await _locked(ctx, command.webhook_id)
    for table, column in (
        ("webhook_tries", "webhook_id"),
        ("webhook_wishes", "webhook_id"),
        ("webhooks", "id"),
    ):
        await ctx.tx.run(
            f"DELETE FROM {table} WHERE business_id = $1 AND {column} = $2",
            ctx.actor.business_id,
            command.webhook_id,
        )
    ctx.audit("webhook.removed", f"webhook:{command.webhook_id}", host=_host(row["url"]))


@handles(TestWebhook, permission=Permission.ADMINISTER)
async def test_webhook(command: TestWebhook, ctx: Context) -> str:
    """Wish for a test event, which is sent once, whatever waits."""
    await _locked(ctx, command.webhook_id)
    wish = await _wish(ctx, command.webhook_id, None)
    ctx.audit("webhook.tested", f"webhook:{command.webhook_id}")
    return message_id(command.webhook_id, None, wish)


@handles(ReplayWebhook, permission=Permission.ADMINISTER)
async def replay_webhook(command: ReplayWebhook, ctx: Context) -> int:
    """Wish for one message, or put the endpoint back (or forward) to a place, from which all follows in order."""
    given = [one for one in (command.sequence, command.after, command.since) if one is not None]
    if len(given) != 1:
        raise Rejected(
            "webhook.replay", "What is to be told again?", remedy="Say one: sequence, after or since."
        )
    row = await _locked(ctx, command.webhook_id)
    last = await last_sequence(ctx.tx, ctx.actor.business_id)
    if command.sequence is not None:
        await _check_message(ctx, command.sequence)
        await _wish(ctx, command.webhook_id, command.sequence)
        place = command.sequence
    else:
        place = await _place(ctx, command, last)
        await ctx.tx.run(
            """
            UPDATE webhooks SET position = $3, failures = 0, failing_since = NULL, due_at = $4, lease = NULL,
              leased_until = NULL WHERE business_id = $1 AND id = $2
            """,
            ctx.actor.business_id,
            command.webhook_id,
            place,
            ctx.now,
        )
    told = {"sequence": command.sequence} if command.sequence is not None else {"after": place}
    ctx.audit("webhook.replayed", f"webhook:{command.webhook_id}", stood=row["position"], **told)
    return place


@handles(Webhooks, permission=Permission.ADMINISTER)
async def webhooks(_: Webhooks, ctx: Context) -> tuple[WebhookView, ...]:
    """Answer all endpoints, the oldest first."""
    rows = await ctx.tx.fetch(f"{_ROW} ORDER BY w.created_at, w.id", ctx.actor.business_id)
    return tuple(_view(row, ctx.now) for row in rows)


@handles(Webhook, permission=Permission.ADMINISTER)
async def webhook(question: Webhook, ctx: Context) -> WebhookView:
    """Answer one endpoint."""
    row = await ctx.tx.row(f"{_ROW} AND w.id = $2", ctx.actor.business_id, question.webhook_id)
    if row is None:
        raise _unknown()
    return _view(row, ctx.now)


@handles(WebhookTries, permission=Permission.ADMINISTER)
async def webhook_tries(question: WebhookTries, ctx: Context) -> WebhookTryPage:
    """Answer with a page of the calls to an endpoint, newest first."""
    first, after = page_size(question.first), place(_NEWEST, question.after)
    where = _tries(question, ctx)
    where.seek(_NEWEST, after)
    rows = await ctx.tx.fetch(
        f"SELECT t.* FROM webhook_tries t WHERE {where.sql} ORDER BY {_NEWEST.by} LIMIT {first + 1}",
        *where.values,
    )
    page, end, more = cut(rows, first, _NEWEST, lambda row: (row["id"],))
    return WebhookTryPage(
        end=end,
        more=more,
        cursors=cursors(page, _NEWEST, lambda row: (row["id"],)),
        rows=tuple(_try_view(row) for row in page),
    )


@counts(WebhookTries)
async def count_tries(question: WebhookTries, ctx: Context) -> int:
    """Count the calls to an endpoint that are still listed."""
    where = _tries(question, ctx)
    return int(await ctx.tx.value(f"SELECT count(*) FROM webhook_tries t WHERE {where.sql}", *where.values))


@handles(SwitchedOffWebhooks, permission=Permission.SYSTEM)
async def switched_off(_: SwitchedOffWebhooks, ctx: Context) -> tuple[SwitchedOff, ...]:
    """Answer which endpoints failed for so long that they were switched off within the last week."""
    rows = await ctx.tx.fetch(
        """
        SELECT id, label, url, off_because, failing_since FROM webhooks
        WHERE business_id = $1 AND NOT enabled AND off_because <> 'owner' AND due_at > $2 ORDER BY id
        """,
        ctx.actor.business_id,
        ctx.now - TOLD_FOR,
    )
    return tuple(
        SwitchedOff(r["id"], r["label"], r["url"], r["off_because"], r["failing_since"]) for r in rows
    )


def _tries(question: WebhookTries, ctx: Context) -> Conditions:
    where = Conditions([ctx.actor.business_id])
    where.add("t.business_id = $1 AND t.webhook_id = {}", question.webhook_id)
    if question.failed_only:
        where.add("t.error IS NOT NULL")
    return where


async def _locked(ctx: Context, webhook_id: UUID) -> Any:
    row = await ctx.tx.row(
        "SELECT * FROM webhooks WHERE business_id = $1 AND id = $2 FOR UPDATE",
        ctx.actor.business_id,
        webhook_id,
    )
    if row is None:
        raise _unknown()
    return row


async def _wish(ctx: Context, webhook_id: UUID, sequence: int | None) -> UUID:
    made = uuid7()
    await ctx.tx.run(
        "INSERT INTO webhook_wishes (business_id, webhook_id, id, sequence, due_at) VALUES ($1, $2, $3, $4, $5)",
        ctx.actor.business_id,
        webhook_id,
        made,
        sequence,
        ctx.now,
    )
    return made


async def _check_message(ctx: Context, sequence: int) -> None:
    found = []
    if 0 < sequence < 2**62:
        found = await told_after(
            ctx.tx, ctx.actor.business_id, sequence - 1, until=sequence, actions=ACTIONS, limit=1
        )
    if not found or event_of(found[0]) is None:
        raise NotFound("webhook.no_message", f"Nothing was to be told at {sequence}.")


async def _place(ctx: Context, command: ReplayWebhook, last: int) -> int:
    if command.since is not None:
        if command.since.tzinfo is None:
            raise Rejected("time.naive", "since needs an offset.", remedy="Write 2026-11-20T09:00:00+05:30.")
        return await sequence_before(ctx.tx, ctx.actor.business_id, command.since)
    after = command.after or 0
    if not 0 <= after <= last:
        raise Rejected("webhook.place", f"The trail goes from 0 to {last}.", remedy="Say one of these.")
    return after


def _view(row: Any, now: datetime) -> WebhookView:
    two = row["retires_at"]
    return WebhookView(
        id=row["id"],
        label=row["label"],
        url=row["url"],
        events=tuple(row["events"]),
        enabled=row["enabled"],
        off_because=row["off_because"],
        position=row["position"],
        behind=max(0, row["last"] - row["position"]),
        failures=row["failures"],
        failing_since=row["failing_since"],
        next_at=row["due_at"] if row["enabled"] and row["failures"] else None,
        two_secrets_until=two if two is not None and two > now else None,
        created_at=row["created_at"],
    )


def _try_view(row: Any) -> WebhookTryView:
    names = ("id", "message", "sequence", "event", "because", "number", "at", "took", "status", "error")
    return WebhookTryView(**{name: row[name] for name in names})


def _url(url: str) -> str:
    return checked_url(url, inside=settings().webhook_private_addresses)


def _events(given: Sequence[str]) -> tuple[str, ...]:
    for one in given:
        if one not in EVENTS:
            raise Rejected("webhook.event", f"{one[:40]!r} is no event.", remedy=f"Use {', '.join(EVENTS)}.")
    if not given:
        raise Rejected("webhook.event", "Which events?", remedy=f"Use {', '.join(EVENTS)}.")
    return tuple(one for one in EVENTS if one in given)


def _label(text: str) -> str:
    label = " ".join(text.split())[:_MAX_LABEL]
    if not label or not label.isprintable():
        raise Rejected("webhook.label", "A label has 1 to 60 printable characters.")
    return label


def _host(url: str) -> str:
    return url.split("/")[2]


def _new_secret() -> str:
    # Standard Webhooks: 24 to 64 random bytes in base64 behind `whsec_`.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _unknown() -> NotFound:
    return NotFound("webhook.unknown", "There is no such webhook.", remedy="Look at the list of webhooks.")
