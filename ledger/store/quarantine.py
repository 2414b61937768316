"""What could not be read: which sort of trouble it is, and setting it aside and taking it up again, set-based."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.database import Tx
from kit.ids import uuid7

TROUBLE = """CASE WHEN d.via IS DISTINCT FROM 'file' AND d.via IS DISTINCT FROM 'chat'
            OR split_part(q.code, '.', 1) IN ('schema', 'connector', 'store') THEN 'shape'
        WHEN q.place = '' THEN 'file' ELSE 'rows' END"""
"""Sort of trouble of a row `q` of quarantine with its delivery `d`: what came by itself, or trips our reading
(shape); single rows of a file that a person sent, who was told (rows), or all of it (file)."""

_WITH_DELIVERY = """quarantine q
LEFT JOIN deliveries d ON d.business_id = q.business_id AND d.source = q.source AND d.digest = q.delivery"""
_ASIDE = f"""
UPDATE quarantine u SET resolved_at = $2, resolution = 'set_aside'
FROM {_WITH_DELIVERY}
WHERE q.business_id = $1 AND q.resolved_at IS NULL AND u.business_id = q.business_id AND u.id = q.id
  AND ($3::uuid[] IS NULL OR q.id = ANY($3)) AND ($4::text IS NULL OR q.source = $4)
  AND ($5::text IS NULL OR q.code = $5) AND ($6::text IS NULL OR {TROUBLE} = $6)
  AND ($7::timestamptz IS NULL OR q.received_at <= $7)
"""
_TAKE_UP = f"""
UPDATE quarantine u SET resolved_at = NULL, resolution = NULL
FROM {_WITH_DELIVERY}
WHERE q.business_id = $1 AND q.source = $2 AND q.resolution = 'set_aside' AND q.resolved_at = $3
  AND {TROUBLE} = $4 AND u.business_id = q.business_id AND u.id = q.id
"""
_WAKE = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, 'quarantine', $3)"


async def set_aside(
    tx: Tx,
    business: UUID,
    *,
    at: datetime,
    ids: Sequence[UUID] | None = None,
    source: str | None = None,
    code: str | None = None,
    trouble: str | None = None,
    until: datetime | None = None,
) -> int:
    """Settle open parts without reading them; those that match all that is given. Returns how many."""
    count = await tx.run(
        _ASIDE, business, at, list(ids) if ids is not None else None, source, code, trouble, until
    )
    if count:
        await wake_rules(tx, business, at=at)
    return count


async def take_up(
    tx: Tx, business: UUID, *, source: str, trouble: str, set_aside_at: datetime, at: datetime
) -> int:
    """Undo one setting aside: what was settled by it waits again. Returns how many."""
    count = await tx.run(_TAKE_UP, business, source, set_aside_at, trouble)
    if count:
        await wake_rules(tx, business, at=at)
    return count


async def wake_rules(tx: Tx, business: UUID, *, at: datetime) -> None:
    """Let the next drain judge what waits."""
    await tx.run(_WAKE, business, uuid7(), at)
