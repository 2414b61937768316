"""Silence: a source that calls us and has stopped for longer than usual is read early, and says so in its freshness."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction

TIMES = 3
"""So many times its usual pause (nine in ten of the last sixty are shorter) makes a silence."""
SHORTEST, LONGEST = timedelta(minutes=3), timedelta(hours=2)

# Gaps between the last calls of each source that we can also read.
_CALLS = """
SELECT s.business_id, s.name, max(d.received_at) AS last,
       percentile_disc(0.9) WITHIN GROUP (ORDER BY d.gap) AS usual
FROM sources s CROSS JOIN LATERAL (
  SELECT received_at, received_at - lag(received_at) OVER (ORDER BY received_at) AS gap
  FROM (SELECT received_at FROM deliveries d
        WHERE d.business_id = s.business_id AND d.source = s.name AND d.via = 'webhook' AND d.received_at > $1
        ORDER BY received_at DESC LIMIT 60) newest) d
WHERE s.enabled AND EXISTS (SELECT FROM pulls p WHERE p.business_id = s.business_id AND p.source = s.name)
GROUP BY s.business_id, s.name HAVING count(d.gap) >= 9
"""
# Once a silence: a stream that was read since it began waits for its turn.
_EARLY = """
UPDATE pulls p SET due_at = $4
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u(business_id, source, noticed)
WHERE p.business_id = u.business_id AND p.source = u.source AND p.lane = 'live' AND p.failures = 0
  AND p.due_at > $4 AND (p.started_at IS NULL OR p.started_at < u.noticed)
"""
_NOTE = """
UPDATE source_state t SET silent_since = u.silent_since
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS u(business_id, source, silent_since)
WHERE t.business_id = u.business_id AND t.source = u.source AND t.silent_since IS DISTINCT FROM u.silent_since
"""


async def pull_silent_ones(engine: AsyncEngine, businesses: Sequence[UUID], *, now: datetime) -> int:
    """Make the streams of sources that fell silent due now; return how many streams."""
    early: list[tuple[UUID, str, datetime]] = []
    notes: list[tuple[UUID, str, datetime | None]] = []
    async with transaction(engine, businesses) as tx:
        for row in await tx.fetch(_CALLS, now - timedelta(days=3)):
            patience = min(max(row["usual"] * TIMES, SHORTEST), LONGEST)
            silent = now - row["last"] > patience
            notes.append((row["business_id"], row["name"], row["last"] if silent else None))
            if silent:
                early.append((row["business_id"], row["name"], row["last"] + patience))
        if notes:
            await tx.run(_NOTE, *map(list, zip(*notes, strict=True)))
        if not early:
            return 0
        return await tx.run(_EARLY, *map(list, zip(*early, strict=True)), now)
