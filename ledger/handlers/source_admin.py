"""Connecting sources: the key of a source's address, its secrets sealed at rest, and changing them."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson

from kit.errors import NotFound, Rejected, SourceBroken
from kit.ids import business_key, digest, new_secret
from kit.sealing import process_seal
from ledger import commands
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.store import health, write_back

_Held = TypeVar("_Held")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,19}:[a-z0-9][a-z0-9_.\-]{0,39}")
_RESERVED = ("operator",)
_MAX_LABEL = 60
_MAX_SECRET = 200
_STANDARD = ("standard", "tally")
"""Connectors whose calls are signed by Standard Webhooks, with a secret of ours."""
# In the order in which workers lock them, too.
_CURSORS = "SELECT FROM pulls WHERE business_id = $1 AND source = $2 ORDER BY stream, lane FOR UPDATE"
_FIRST_VISIT = """
INSERT INTO pulls (business_id, source, stream, lane, due_at)
SELECT business_id, name, '', 'wanted', $3 FROM sources s
WHERE business_id = $1 AND name = $2 AND credentials IS NOT NULL
  AND NOT EXISTS (SELECT FROM pulls p WHERE p.business_id = s.business_id AND p.source = s.name AND p.stream <> '')
ON CONFLICT (business_id, source, stream, lane) DO UPDATE SET due_at = excluded.due_at
"""
_KEPT_SECRETS = 2  # the current one and the previous: retries of older events are still signed with it


@handles(commands.AddSource, permission=Permission.ADMINISTER, shown_once=True)
async def add_source(command: commands.AddSource, ctx: Context) -> commands.NewSource:
    """Connect a source. `settings.silence_hours` says after how many hours without news it counts as quiet."""
    if not _NAME.fullmatch(command.name) or command.name.split(":")[0] in _RESERVED:
        raise Rejected(
            "source.name",
            f"{command.name[:60]!r} is no name for a source.",
            remedy="Write one like bank:icici.",
        )
    label = _label(command.label)
    settings, silence_hours = _settings(command.settings)
    secret = _given_secret(command.secret) or (
        _new_signing_secret() if command.connector in _STANDARD else None
    )
    key = business_key(ctx.actor.business_id, new_secret())
    made = await ctx.tx.run(
        """
        INSERT INTO sources (business_id, name, connector, label, key_hash, secrets, settings, silence_hours, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9) ON CONFLICT DO NOTHING
        """,
        ctx.actor.business_id,
        command.name,
        command.connector,
        label,
        digest(key.encode()),
        process_seal().seal([secret]) if secret else None,
        orjson.dumps(settings).decode(),
        silence_hours,
        ctx.now,
    )
    if not made:
        raise Rejected(
            "source.exists",
            f"{command.name} is connected already.",
            remedy="Rotate its secret, or choose another name.",
        )
    ctx.audit("source.added", f"source:{command.name}", connector=command.connector, label=label)
    return commands.NewSource(name=command.name, key=key, secret=secret)


@handles(commands.RotateSourceSecret, permission=Permission.ADMINISTER, shown_once=True)
async def rotate_source_secret(command: commands.RotateSourceSecret, ctx: Context) -> str:
    """Put a new secret first; the previous one stays valid, since retries are signed with it."""
    row = await ctx.tx.row(
        "SELECT connector, secrets FROM sources WHERE business_id = $1 AND name = $2 FOR UPDATE",
        ctx.actor.business_id,
        command.name,
    )
    if row is None:
        raise _unknown(command.name)
    fresh = _given_secret(command.secret)
    if fresh is None:
        fresh = _new_signing_secret() if row["connector"] in _STANDARD else new_secret()
    seal = process_seal()
    kept = [secret for secret in _opened(seal.open, row["secrets"]) or () if secret != fresh]
    await ctx.tx.run(
        "UPDATE sources SET secrets = $3 WHERE business_id = $1 AND name = $2",
        ctx.actor.business_id,
        command.name,
        seal.seal([fresh, *kept][:_KEPT_SECRETS]),
    )
    ctx.audit("source.secret_rotated", f"source:{command.name}")
    return fresh


@handles(commands.SetCredentials, permission=Permission.ADMINISTER)
async def set_credentials(command: commands.SetCredentials, ctx: Context) -> tuple[str, ...]:
    """Seal credentials of a source; what could not be read without them is due at once."""
    row = await ctx.tx.row(
        "SELECT credentials FROM sources WHERE business_id = $1 AND name = $2 FOR UPDATE",
        ctx.actor.business_id,
        command.name,
    )
    if row is None:
        raise _unknown(command.name)
    given = {name: _given_credential(name, value) for name, value in command.credentials.items()}
    if not given:
        raise Rejected("source.credentials", "Which credentials?", remedy="See the connector's README.")
    seal = process_seal()
    # A token got with the former credentials is of no use with these.
    kept = {
        k: v
        for k, v in (_opened(seal.open_fields, row["credentials"]) or {}).items()
        if k not in ("access_token", "expires_at")
    }
    held = {**kept, **given}
    await ctx.tx.run(
        "UPDATE sources SET credentials = $3 WHERE business_id = $1 AND name = $2",
        ctx.actor.business_id,
        command.name,
        seal.seal_fields(held),
    )
    await make_due(ctx, command.name)
    ctx.audit("source.credentials_set", f"source:{command.name}", names=sorted(given))
    return tuple(sorted(held))


@handles(commands.ChangeSource, permission=Permission.ADMINISTER)
async def change_source(command: commands.ChangeSource, ctx: Context) -> tuple[str, ...]:
    """Change what is given; a change of settings makes the source's streams due, for they may fail because of them."""
    if command.write_back or command.enabled:  # a drain must not project between our look and our note
        lock = "SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))"
        await ctx.tx.run(lock, str(ctx.actor.business_id))
    row = await ctx.tx.row(
        "SELECT label, enabled, write_back, settings, silence_hours FROM sources"
        " WHERE business_id = $1 AND name = $2 FOR UPDATE",
        ctx.actor.business_id,
        command.name,
    )
    if row is None:
        raise _unknown(command.name)
    merged = {**row["settings"], **(command.settings or {}), "silence_hours": row["silence_hours"]}
    if command.settings and "silence_hours" in command.settings:
        merged["silence_hours"] = command.settings["silence_hours"] or 0
    settings, silence_hours = _settings({name: value for name, value in merged.items() if value is not None})
    after = {
        "label": row["label"] if command.label is None else _label(command.label),
        "enabled": row["enabled"] if command.enabled is None else command.enabled,
        "write_back": row["write_back"] if command.write_back is None else command.write_back,
        "silence_hours": silence_hours,
    }
    await ctx.tx.run(
        "UPDATE sources SET label = $3, enabled = $4, write_back = $5, silence_hours = $6, settings = $7::jsonb"
        " WHERE business_id = $1 AND name = $2",
        ctx.actor.business_id,
        command.name,
        *after.values(),
        orjson.dumps(settings).decode(),
    )
    if not (after["write_back"] and after["enabled"]):
        await write_back.stop(ctx.tx, ctx.actor.business_id, command.name, now=ctx.now)
    elif command.write_back or command.enabled:
        zone = await ctx.tx.value(
            "SELECT timezone FROM businesses WHERE business_id = $1", ctx.actor.business_id
        )
        await write_back.resume(ctx.tx, ctx.actor.business_id, command.name, now=ctx.now)
        await write_back.project(ctx.tx, ctx.actor.business_id, anchors=None, now=ctx.now, timezone=zone)
    before = {name: row[name] for name in after}
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    names = sorted(
        name
        for name in settings.keys() | row["settings"].keys()
        if settings.get(name) != row["settings"].get(name)
    )
    if names or "enabled" in changed:
        await make_due(ctx, command.name)
    if "enabled" in changed:
        await health.wake_rules(ctx.tx, ctx.actor.business_id, at=ctx.now)
    ctx.audit("source.changed", f"source:{command.name}", changed=changed, settings=names)
    return tuple(sorted(settings))


@handles(commands.RenewSeals, permission=Permission.SYSTEM)
async def renew_seals(_: commands.RenewSeals, ctx: Context) -> int:
    """Seal again with the newest key; after it the former key can be taken out of MUNSHI_SECRET_KEY."""
    rows = await ctx.tx.fetch(
        "SELECT name, secrets, credentials FROM sources WHERE business_id = $1 FOR UPDATE",
        ctx.actor.business_id,
    )
    seal = process_seal()
    sealed = [row for row in rows if row["secrets"] is not None or row["credentials"] is not None]
    for row in sealed:
        await ctx.tx.run(
            "UPDATE sources SET secrets = $3, credentials = $4 WHERE business_id = $1 AND name = $2",
            ctx.actor.business_id,
            row["name"],
            seal.renew(row["secrets"]) if row["secrets"] is not None else None,
            seal.renew(row["credentials"]) if row["credentials"] is not None else None,
        )
    ctx.audit("seals.renewed", sources=len(sealed))
    return len(sealed)


async def make_due(ctx: Context, name: str, streams: Sequence[str] = ()) -> int:
    """Make a source's streams (or only some) due now, whatever they waited for; return how many.

    Which streams there are only its connector knows: until its first visit one row without a name is due for all.
    """
    where = "business_id = $1 AND source = $2 AND ($4::text[] = '{}' OR stream = ANY($4))"
    arguments = (ctx.actor.business_id, name, ctx.now, list(streams))
    await ctx.tx.fetch(_CURSORS, *arguments[:2])
    await ctx.tx.run(_FIRST_VISIT, *arguments[:3])
    due = f"UPDATE pulls SET due_at = $3 WHERE {where} AND due_at IS NOT NULL AND stream <> ''"
    count = await ctx.tx.run(due, *arguments)
    await ctx.tx.run(f"UPDATE wanted SET due_at = $3 WHERE {where} AND due_at > $3", *arguments)
    return count


def _unknown(name: str) -> NotFound:
    return NotFound(
        "source.unknown", f"There is no source {name[:60]!r}.", remedy="See `munshi source list`."
    )


def _opened(opening: Callable[[bytes | None], _Held], sealed: bytes | None) -> _Held | None:
    """Open what is replaced; None if its key is lost: then only what is given now counts."""
    try:
        return opening(sealed)
    except SourceBroken:
        return None


def _given_credential(name: str, value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise Rejected("source.credentials", f"{name[:40]!r} is no name of a credential.")
    if not isinstance(value, str) or not value.strip() or len(value) > 4000 or not value.isprintable():
        raise Rejected("source.credentials", f"The credential {name} has 1 to 4000 printable characters.")
    return value.strip()


def _new_signing_secret() -> str:
    # Standard Webhooks: 24 to 64 random bytes in base64 behind `whsec_`.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _given_secret(secret: str | None) -> str | None:
    if secret is None:
        return None
    if not secret.strip() or len(secret) > _MAX_SECRET or not secret.isprintable():
        raise Rejected("source.secret", f"A secret has 1 to {_MAX_SECRET} printable characters.")
    return secret


def _label(given: str) -> str:
    label = " ".join(given.split())
    if not label or len(label) > _MAX_LABEL or not label.isprintable():
        raise Rejected("source.label", f"A label has 1 to {_MAX_LABEL} printable characters.")
    return label


def _settings(given: dict[str, Any]) -> tuple[dict[str, Any], int]:
    settings = dict(given)
    hours = settings.pop("silence_hours", 0)
    if not isinstance(hours, int) or isinstance(hours, bool) or not 0 <= hours <= 24 * 366:
        raise Rejected("source.silence_hours", "silence_hours must be a whole number of hours, 0 to 8784.")
    return settings, hours
