"""Reading again what waited: a status word got another meaning, so its events get an interpretation and are applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from kit.errors import Rejected
from kit.ids import uuid7
from ledger.domain.checks import check_event
from ledger.domain.statuses import read_status
from ledger.domain.vocabulary import EVENT_FOR_STATUS

# Words are compared as ingest compares them: without case and outer blanks.
_WORDED = """
SELECT id, subject, event_type, flag, normalised, word FROM external_events
  WHERE business_id = $1 AND source = $2 AND kind = $3
    AND lower(btrim(word)) = lower(btrim($4)) AND lower(btrim(coalesce(qualifier, ''))) = lower(btrim($5))
UNION ALL
SELECT id, subject, event_type, flag, normalised, word FROM event_rewrites
  WHERE business_id = $1 AND source = $2 AND kind = $3
    AND lower(btrim(word)) = lower(btrim($4)) AND lower(btrim(coalesce(qualifier, ''))) = lower(btrim($5))
"""
# Interpretations are added, never overwritten: the newest number of an event is the reading in force.
_ADD = """
INSERT INTO interpretations (business_id, event_id, number, normaliser_version, mapping_version, event_type, flag,
                             normalised, subject, made_at)
SELECT $1, u.event_id, 1 + coalesce((SELECT max(i.number) FROM interpretations i
                                     WHERE i.business_id = $1 AND i.event_id = u.event_id), 0),
       '1', $2, u.event_type, u.flag, u.normalised, u.subject, $3
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::uuid[])
  AS u(event_id, event_type, flag, normalised, subject)
"""
_RING = """
INSERT INTO pending (business_id, id, subject, due_at) SELECT $1, * , $4 FROM unnest($2::uuid[], $3::uuid[])
"""
# A word explained while an event with it was on its way (ingest remembers meanings for seconds): never read again yet.
_EXPLAINED = """
SELECT DISTINCT m.source, m.kind, m.word, m.qualifier, m.status
FROM (SELECT id, source, kind, word, qualifier FROM external_events WHERE business_id = $1 AND flag = 'unmapped'
      UNION ALL
      SELECT id, source, kind, word, qualifier FROM event_rewrites WHERE business_id = $1 AND flag = 'unmapped') e
JOIN status_mappings m ON m.business_id = $1 AND m.source = e.source AND m.kind = e.kind
  AND lower(btrim(m.word)) = lower(btrim(e.word))
  AND lower(btrim(m.qualifier)) = lower(btrim(coalesce(e.qualifier, '')))
WHERE NOT EXISTS (SELECT FROM interpretations i WHERE i.business_id = $1 AND i.event_id = e.id)
"""
_IMPLIED = frozenset(EVENT_FOR_STATUS.values()) | {"status.unmapped"}


async def reread_explained(tx: Tx, business: UUID, *, at: datetime) -> dict[str, int]:
    """Read the events that crossed with the answer to what their word means; return how many, by mapping."""
    done: dict[str, int] = {}
    for row in await tx.fetch(_EXPLAINED, business):
        mapping = dict(row)
        done["/".join((row["source"], row["kind"], row["word"], row["qualifier"]))] = await reinterpret(
            tx, business, **mapping, at=at
        )
    return done


async def reinterpret(
    tx: Tx,
    business: UUID,
    *,
    source: str,
    kind: str,
    word: str,
    qualifier: str,
    status: str | None,
    at: datetime,
) -> int:
    """Read every event of a vendor's word as `status` (None: unknown again, it waits); return how many were read."""
    rows = await tx.fetch(_WORDED, business, source, kind, word, qualifier)
    if not rows:
        return 0
    readings = [_read(row, kind, status) for row in rows]
    await tx.run(
        _ADD,
        business,
        at.isoformat(),
        at,
        [row["id"] for row in rows],
        [reading[0] for reading in readings],
        [reading[1] for reading in readings],
        [orjson.dumps(reading[2]).decode() for reading in readings],
        [row["subject"] for row in rows],
    )
    subjects = sorted({row["subject"] for row in rows})
    await tx.run(_RING, business, [uuid7() for _ in subjects], subjects, at)
    return len(rows)


def _read(row: asyncpg.Record, kind: str, status: str | None) -> tuple[str, str | None, dict[str, Any]]:
    """Return (event type, flag, data) of an event under another status; what lay ahead of its time still does."""
    data = {name: value for name, value in row["normalised"].items() if name != "status"}
    ahead = "future" if row["flag"] == "future" else None
    if status is None:
        return "status.unmapped", "unmapped", data
    told = row["event_type"]
    stated = None if told in _IMPLIED or told.endswith(".status_reported") else told
    try:
        read = read_status(kind, status, data, stated=stated)
        if read is None:
            return "status.unmapped", "none", data
        check_event(*read)
    except Rejected:
        return "status.unmapped", "unmapped", data
    return read[0], ahead, read[1]
