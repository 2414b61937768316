"""Where the reading of each stream stands: leases, windows, pages that commit together with the cursor behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.errors import Stale
from ledger.domain.events import Appended, Delivery
from ledger.store import health
from ledger.store.append import append

Lane = Literal["live", "backfill", "wanted"]
LEASE = timedelta(minutes=10)
"""Longer than any page takes with its retries; a worker that died gives the stream up after it."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A stream that is ours to read, until the lease ends."""

    business_id: UUID
    source: str
    stream: str
    lane: Lane
    lease: UUID
    watermark: datetime | None
    window_from: datetime | None
    window_to: datetime | None
    position: Mapping[str, Any] | None
    failures: int


@dataclass(frozen=True, slots=True)
class Due:
    """A source with something to be read or written back now."""

    business_id: UUID
    source: str


_DUE = """
SELECT business_id, source FROM (
  SELECT business_id, source, min(due_at) AS since FROM pulls
  WHERE due_at <= $1 AND (leased_until IS NULL OR leased_until < $1) GROUP BY 1, 2
  UNION ALL
  SELECT w.business_id, w.source, min(w.due_at) FROM wanted w
  WHERE w.due_at <= $1 AND NOT EXISTS (SELECT FROM pulls p WHERE p.business_id = w.business_id
    AND p.source = w.source AND p.leased_until >= $1) GROUP BY 1, 2
  UNION ALL
  SELECT business_id, source, min(due_at) FROM write_backs
  WHERE status IN ('queued', 'sending') AND due_at <= $1 GROUP BY 1, 2
) due GROUP BY 1, 2 ORDER BY min(since) LIMIT 1000
"""
# Those that read well come first, so that one that can't be read never keeps them waiting.
_STREAMS = """
SELECT stream, lane FROM pulls WHERE business_id = $1 AND source = $2 AND due_at <= $3
  AND (leased_until IS NULL OR leased_until < $3) AND lane <> 'wanted'
ORDER BY lane DESC, failures > 0, due_at
"""
_TAKE = """
UPDATE pulls SET lease = $5, leased_until = $7, started_at = $6
WHERE business_id = $1 AND source = $2 AND stream = $3 AND lane = $4
  AND (leased_until IS NULL OR leased_until < $6) AND (due_at <= $6 OR lane = 'wanted')
RETURNING watermark, window_from, window_to, position, failures
"""
_HELD = "business_id = $1 AND source = $2 AND stream = $3 AND lane = $4 AND lease = $5"
_MOVE = f"""
UPDATE pulls SET position = $6::jsonb, window_from = $7, window_to = $8, watermark = $9, leased_until = $10,
  pages = pages + 1, items = items + $11, failures = 0, error_code = NULL, error = NULL WHERE {_HELD}
"""
_MINE = f"SELECT FROM pulls WHERE {_HELD} FOR UPDATE"
_RELEASE = f"""
UPDATE pulls SET lease = NULL, leased_until = NULL, due_at = $6, done_at = coalesce($7, done_at) WHERE {_HELD}
"""
_FAIL = f"""
UPDATE pulls SET lease = NULL, leased_until = NULL, due_at = $6, failures = failures + 1, error_code = $7, error = $8
WHERE {_HELD}
"""
_FAIL_ALL = """
UPDATE pulls SET due_at = $3, failures = failures + 1, error_code = $4, error = $5
WHERE business_id = $1 AND source = $2 AND due_at IS NOT NULL
"""
# Whoever touches several rows locks them first, always in this order, cursors before the rest: two workers whose calls
# fail at once would else wait for each other.
_LOCK = "SELECT FROM pulls WHERE business_id = $1 AND source = $2 ORDER BY stream, lane FOR UPDATE"
# All streams speak to the same vendor: while it is down or shut, one of them is enough to find out.
_POSTPONE = """
UPDATE pulls SET due_at = greatest(due_at, $3) WHERE business_id = $1 AND source = $2 AND due_at IS NOT NULL
"""
# A stream that was last read before the failing ones were says nothing of the vendor as it is now.
_HEALTHY = """
SELECT EXISTS (
  SELECT FROM pulls WHERE business_id = $1 AND source = $2 AND lane = 'live' AND failures = 0
    AND (done_at IS NULL OR done_at >= coalesce((
      SELECT max(done_at) FROM pulls WHERE business_id = $1 AND source = $2 AND lane = 'live' AND failures > 0),
      '-infinity')))
"""
# The circuit is open while a failing stream waits for its next try and no other is to be read before it.
_SHUT = """
SELECT min(f.due_at) FROM pulls f WHERE f.business_id = $1 AND f.source = $2 AND f.failures > 0 AND f.due_at > $3
  AND NOT EXISTS (SELECT FROM pulls h WHERE h.business_id = $1 AND h.source = $2 AND h.lane <> 'wanted'
                  AND (h.due_at <= $3 OR (h.failures = 0 AND h.due_at < f.due_at)))
"""
_POSTPONE_WANTED = """
UPDATE wanted SET due_at = $3 WHERE business_id = $1 AND source = $2 AND (stream, external_id) IN (
  SELECT stream, external_id FROM wanted
  WHERE business_id = $1 AND source = $2 AND ($4::text IS NULL OR stream = $4) AND due_at < $3
  ORDER BY stream, external_id FOR UPDATE)
"""
_POSTPONE_WRITES = """
UPDATE write_backs SET due_at = $3 WHERE business_id = $1 AND source = $2 AND (kind, external_id) IN (
  SELECT kind, external_id FROM write_backs
  WHERE business_id = $1 AND source = $2 AND status IN ('queued', 'sending') AND due_at < $3
  ORDER BY kind, external_id FOR UPDATE)
"""
_RESUME = """
UPDATE pulls SET due_at = $3 WHERE business_id = $1 AND source = $2 AND failures = 0 AND due_at > $3
"""
_RESUME_WRITES = """
UPDATE write_backs SET due_at = $3 WHERE business_id = $1 AND source = $2 AND (kind, external_id) IN (
  SELECT kind, external_id FROM write_backs
  WHERE business_id = $1 AND source = $2 AND status = 'queued' AND attempts = 0 AND due_at > $3
  ORDER BY kind, external_id FOR UPDATE)
"""
_PUT = """
INSERT INTO pulls (business_id, source, stream, lane, due_at)
SELECT $1, $2, unnest($3::text[]), $4, $5 ON CONFLICT DO NOTHING
"""
_VISITED = "DELETE FROM pulls WHERE business_id = $1 AND source = $2 AND stream = ''"
# A fault set its next try; since then its objects were put off further, or are no longer wanted.
_REST = """
UPDATE pulls SET due_at = NULL WHERE business_id = $1 AND source = $2 AND lane = 'wanted' AND due_at <= $4
  AND stream <> ALL($3::text[]) AND (leased_until IS NULL OR leased_until < $4)
"""
_WANTED = """
SELECT external_id FROM wanted WHERE business_id = $1 AND source = $2 AND stream = $3 AND due_at <= $4
ORDER BY due_at, external_id LIMIT $5
"""
_WANTED_STREAMS = """
SELECT DISTINCT stream FROM wanted WHERE business_id = $1 AND source = $2 AND due_at <= $3
"""
_GOT = """
DELETE FROM wanted WHERE business_id = $1 AND source = $2 AND stream = $3 AND external_id = ANY($4) AND due_at <= $5
"""
_LATER = """
UPDATE wanted SET due_at = $5 WHERE business_id = $1 AND source = $2 AND stream = $3 AND external_id = ANY($4)
"""


async def sources_due(engine: AsyncEngine, now: datetime) -> list[Due]:
    """Return the sources of all businesses that have something to do, the longest waiting first."""
    async with transaction(engine, [], role="munshi_bell") as tx:
        return [Due(row["business_id"], row["source"]) for row in await tx.fetch(_DUE, now)]


class Cursors:
    """The cursors of one source."""

    def __init__(self, engine: AsyncEngine, business_id: UUID, source: str) -> None:
        self._engine = engine
        self._key = (business_id, source)

    async def ensure(self, streams: Sequence[str], *, lane: Lane, now: datetime) -> None:
        """Make the rows of streams that have none yet; the row that called us to the first visit has served."""
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.run(_VISITED, *self._key)
            await tx.run(_PUT, *self._key, list(streams), lane, now if lane == "live" else None)
            if lane == "wanted":
                await tx.run(_REST, *self._key, list(streams), now)

    async def due(self, now: datetime) -> list[tuple[str, Lane]]:
        """Return the streams that are due: live before backfill."""
        async with transaction(self._engine, self._key[:1]) as tx:
            return [(row["stream"], row["lane"]) for row in await tx.fetch(_STREAMS, *self._key, now)]

    async def wanted_streams(self, now: datetime) -> list[str]:
        """Return the streams of which objects are to be fetched by id now."""
        async with transaction(self._engine, self._key[:1]) as tx:
            return sorted(row["stream"] for row in await tx.fetch(_WANTED_STREAMS, *self._key, now))

    async def take(self, stream: str, *, lane: Lane, now: datetime) -> Cursor | None:
        """Take the lease of a stream; None if somebody else reads it, or it isn't due."""
        lease = uuid4()
        async with transaction(self._engine, self._key[:1]) as tx:
            row = await tx.row(_TAKE, *self._key, stream, lane, lease, now, now + LEASE)
        return None if row is None else Cursor(*self._key, stream, lane, lease, **dict(row))

    async def wanted(self, cursor: Cursor, *, now: datetime, limit: int) -> list[str]:
        """Return the ids to be fetched now."""
        async with transaction(self._engine, self._key[:1]) as tx:
            rows = await tx.fetch(_WANTED, *self._key, cursor.stream, now, limit)
        return [row["external_id"] for row in rows]

    async def commit(
        self,
        cursor: Cursor,
        deliveries: Sequence[Delivery],
        *,
        items: int,
        now: datetime,
        got: Sequence[str] = (),
        asked_at: datetime | None = None,
    ) -> list[Appended]:
        """Append a page and move the cursor behind it, in one transaction; Stale if the lease was lost.

        `got` are the wanted ids that the page answers; one that was wanted anew since `asked_at` stays.
        """
        async with transaction(self._engine, self._key[:1], role="munshi_ingest") as tx:
            await tx.fetch(_MINE, *_held(cursor))
            if got:
                await tx.run(_GOT, *self._key, cursor.stream, list(got), asked_at)
            appended = await append(tx, deliveries) if deliveries else []
            moved = await tx.run(
                _MOVE,
                *_held(cursor),
                None if cursor.position is None else orjson.dumps(cursor.position).decode(),
                cursor.window_from,
                cursor.window_to,
                cursor.watermark,
                now + LEASE,
                items,
            )
            if not moved:
                raise Stale(
                    "pull.lease_lost", f"Another worker reads {cursor.source} {cursor.stream} by now."
                )
        return appended

    async def release(
        self, cursor: Cursor, *, due_at: datetime | None, done_at: datetime | None, now: datetime
    ) -> None:
        """Give the lease back; `done_at` if a round ended. A stream that reads again wakes the rules."""
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.run(_RELEASE, *_held(cursor), due_at, done_at)
            if cursor.failures:
                await health.wake_rules(tx, cursor.business_id, at=now)

    async def fail(
        self,
        cursor: Cursor,
        *,
        due_at: datetime,
        code: str,
        message: str,
        everything: bool,
        now: datetime,
    ) -> bool:
        """Give the lease back after a fault; return whether the whole source waits.

        It does if the fault is everyone's (`everything`), or if no stream of it is left that reads well. The first
        failure in a row wakes the rules.
        """
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.fetch(_LOCK, *self._key)
            await tx.run(_FAIL, *_held(cursor), due_at, code[:80], message[:500])
            if not cursor.failures:
                await health.wake_rules(tx, cursor.business_id, at=now)
            waits = everything or not await tx.value(_HEALTHY, *self._key)
            if waits:
                await tx.run(_POSTPONE, *self._key, due_at)
                await tx.run(_POSTPONE_WRITES, *self._key, due_at)
            if waits or cursor.lane == "wanted":
                await tx.run(_POSTPONE_WANTED, *self._key, due_at, None if waits else cursor.stream)
        return waits

    async def fail_all(self, *, due_at: datetime, code: str, message: str, now: datetime) -> None:
        """Note a fault that keeps us from reading any stream of the source."""
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.fetch(_LOCK, *self._key)
            if await tx.value(_HEALTHY, *self._key):
                await health.wake_rules(tx, self._key[0], at=now)
            await tx.run(_FAIL_ALL, *self._key, due_at, code[:80], message[:500])
            await tx.run(_POSTPONE_WANTED, *self._key, due_at, None)
            await tx.run(_POSTPONE_WRITES, *self._key, due_at)

    async def shut_until(self, now: datetime) -> datetime | None:
        """Return when the vendor may be called again, if it is to be left alone; what came up meanwhile waits too."""
        async with transaction(self._engine, self._key[:1]) as tx:
            until: datetime | None = await tx.value(_SHUT, *self._key, now)
            if until is not None:
                await tx.fetch(_LOCK, *self._key)
                await tx.run(_POSTPONE, *self._key, until)
                await tx.run(_POSTPONE_WANTED, *self._key, until, None)
                await tx.run(_POSTPONE_WRITES, *self._key, until)
        return until

    async def postpone(self, until: datetime) -> None:
        """Nothing of this source is read before `until`."""
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.fetch(_LOCK, *self._key)
            await tx.run(_POSTPONE, *self._key, until)
            await tx.run(_POSTPONE_WANTED, *self._key, until, None)
            await tx.run(_POSTPONE_WRITES, *self._key, until)

    async def resume(self, now: datetime) -> None:
        """The vendor answers again: what waited for it is due."""
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.fetch(_LOCK, *self._key)
            await tx.run(_RESUME, *self._key, now)
            await tx.run(_RESUME_WRITES, *self._key, now)

    async def later(self, cursor: Cursor, ids: Sequence[str], *, due_at: datetime) -> None:
        """Fetch these ids later."""
        async with transaction(self._engine, self._key[:1]) as tx:
            await tx.run(_LATER, *self._key, cursor.stream, list(ids), due_at)


def _held(cursor: Cursor) -> tuple[UUID, str, str, Lane, UUID]:
    return cursor.business_id, cursor.source, cursor.stream, cursor.lane, cursor.lease
