"""Connecting sources: the key of a source's address, its secrets sealed at rest, and changing them."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Any

import orjson

from kit.errors import NotFound, Rejected
from kit.ids import business_key, digest, new_secret
from kit.sealing import process_seal
from ledger import commands
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles

_NAME = re.compile(r"[a-z][a-z0-9_]{1,19}:[a-z0-9][a-z0-9_.\-]{0,39}")
_RESERVED = ("operator",)
_MAX_LABEL = 60
_MAX_SECRET = 200
_STANDARD = "standard"
_KEPT_SECRETS = 2  # the current one and the previous: retries of older events are still signed with it


@handles(commands.AddSource, permission=Permission.ADMINISTER)
async def add_source(command: commands.AddSource, ctx: Context) -> commands.NewSource:
    """Connect a source. `settings.silence_hours` says after how many hours without news it counts as quiet."""
    if not _NAME.fullmatch(command.name) or command.name.split(":")[0] in _RESERVED:
        raise Rejected(
            "source.name",
            f"{command.name[:60]!r} is no name for a source.",
            remedy="Write one like bank:icici.",
        )
    label = " ".join(command.label.split())
    if not label or len(label) > _MAX_LABEL or not label.isprintable():
        raise Rejected("source.label", f"A label has 1 to {_MAX_LABEL} printable characters.")
    settings, silence_hours = _settings(command.settings)
    secret = _given_secret(command.secret) or (
        _new_signing_secret() if command.connector == _STANDARD else None
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


@handles(commands.RotateSourceSecret, permission=Permission.ADMINISTER)
async def rotate_source_secret(command: commands.RotateSourceSecret, ctx: Context) -> str:
    """Put a new secret first; the previous one stays valid, since retries are signed with it."""
    row = await ctx.tx.row(
        "SELECT connector, secrets FROM sources WHERE business_id = $1 AND name = $2 FOR UPDATE",
        ctx.actor.business_id,
        command.name,
    )
    if row is None:
        raise NotFound("source.unknown", f"There is no source {command.name[:60]!r}.")
    fresh = _given_secret(command.secret)
    if fresh is None:
        fresh = _new_signing_secret() if row["connector"] == _STANDARD else new_secret()
    seal = process_seal()
    kept = [secret for secret in seal.open(row["secrets"]) if secret != fresh]
    await ctx.tx.run(
        "UPDATE sources SET secrets = $3 WHERE business_id = $1 AND name = $2",
        ctx.actor.business_id,
        command.name,
        seal.seal([fresh, *kept][:_KEPT_SECRETS]),
    )
    ctx.audit("source.secret_rotated", f"source:{command.name}")
    return fresh


def _new_signing_secret() -> str:
    # Standard Webhooks: 24 to 64 random bytes in base64 behind `whsec_`.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _given_secret(secret: str | None) -> str | None:
    if secret is None:
        return None
    if not secret.strip() or len(secret) > _MAX_SECRET or not secret.isprintable():
        raise Rejected("source.secret", f"A secret has 1 to {_MAX_SECRET} printable characters.")
    return secret


def _settings(given: dict[str, Any]) -> tuple[dict[str, Any], int]:
    settings = dict(given)
    hours = settings.pop("silence_hours", 0)
    if not isinstance(hours, int) or isinstance(hours, bool) or not 0 <= hours <= 24 * 366:
        raise Rejected("source.silence_hours", "silence_hours must be a whole number of hours, 0 to 8784.")
    return settings, hours
