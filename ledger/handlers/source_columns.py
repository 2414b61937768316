"""Columns that a business confirms once for a source: which files wait for it, and keeping what it said."""

from __future__ import annotations

import re

import orjson

from kit.errors import NotFound, Rejected
from ledger import queries, views
from ledger.commands import ConfirmColumns
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.store.bodies import unseal_body

_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_ROLE = re.compile(r"[a-z][a-z_]{1,19}")
_MAX_COLUMN, _MAX_ROLES, _MAX_WORD, _MAX_LAYOUTS = 500, 20, 10, 200
_WAITING = """
SELECT DISTINCT ON (d.received_at, d.digest) d.filename, d.received_at, d.digest, d.body, k.key
FROM quarantine q JOIN deliveries d ON d.business_id = q.business_id AND d.source = q.source AND d.digest = q.delivery
JOIN delivery_keys k ON k.business_id = d.business_id AND k.source = d.source AND k.digest = d.digest
WHERE q.business_id = $1 AND q.source = $2 AND q.code = $3 AND q.place = '' AND q.resolved_at IS NULL
  AND NOT EXISTS (SELECT FROM external_events e
                  WHERE e.business_id = q.business_id AND e.source = q.source AND e.delivery = q.delivery)
ORDER BY d.received_at DESC, d.digest LIMIT $4
"""
_KNOWN = "SELECT settings FROM sources WHERE business_id = $1 AND name = $2 FOR UPDATE"
_PUT = """
UPDATE sources SET settings = jsonb_set(settings, '{layouts}', coalesce(settings->'layouts', '{}') || $3::jsonb)
WHERE business_id = $1 AND name = $2
"""


@handles(queries.WaitingFiles, permission=Permission.MAP)
async def waiting_files(question: queries.WaitingFiles, ctx: Context) -> tuple[views.WaitingFile, ...]:
    """Answer with files that nothing was read of yet."""
    rows = await ctx.tx.fetch(
        _WAITING, ctx.actor.business_id, question.source, question.code, min(max(question.limit, 1), 100)
    )
    return tuple(
        views.WaitingFile(
            row["filename"], row["received_at"], unseal_body(row["body"], row["key"], row["digest"])
        )
        for row in rows
    )


@handles(ConfirmColumns, permission=Permission.MAP)
async def confirm_columns(command: ConfirmColumns, ctx: Context) -> None:
    """Keep what the columns are in the source's settings; a later word on the same headings replaces it."""
    if not _FINGERPRINT.fullmatch(command.fingerprint):
        raise Rejected("columns.fingerprint", "The fingerprint of a heading is twelve hexadecimal digits.")
    if not 0 < len(command.columns) <= _MAX_ROLES or not all(map(_is_column, command.columns.items())):
        raise Rejected("columns.invalid", "Each column is a role and the number of the column, from 0.")
    row = await ctx.tx.row(_KNOWN, ctx.actor.business_id, command.source)
    if row is None:
        raise NotFound(
            "source.unknown",
            f"There is no source {command.source[:60]!r}.",
            remedy="See `munshi source list`.",
        )
    layouts = row["settings"].get("layouts") or {}
    before = layouts.get(command.fingerprint)
    if before is None and len(layouts) >= _MAX_LAYOUTS:
        raise Rejected("columns.too_many", f"The source has {_MAX_LAYOUTS} confirmed tables already.")
    confirmed = orjson.dumps({command.fingerprint: command.columns}).decode()
    await ctx.tx.run(_PUT, ctx.actor.business_id, command.source, confirmed)
    ctx.audit(
        "source.columns_confirmed",
        f"source:{command.source}",
        fingerprint=command.fingerprint,
        before=before,
        after=dict(command.columns),
    )


def _is_column(item: tuple[str, int | str]) -> bool:
    role, value = item
    if not _ROLE.fullmatch(role) or isinstance(value, bool):
        return False
    return 0 <= value < _MAX_COLUMN if isinstance(value, int) else 0 < len(value) <= _MAX_WORD
