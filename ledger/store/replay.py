"""Reading again what waited: a status word got another meaning, so its events get an interpretation and are applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from kit.errors import Rejected
from ledger.domain.checks import check_event
from ledger.domain.readings import ReadingRow
from ledger.domain.statuses import read_status
from ledger.domain.vocabulary import EVENT_FOR_STATUS
from ledger.store.readings import add_readings, hold_readings

# Words are compared as ingest compares them: without case and outer blanks. What counts is the reading in force.
_WORDED = """
WITH told AS (
  SELECT id, source, source_event_id, event_type, schema_version, kind, external_id, word, qualifier, flag, normalised,
         occurred_at, precision, sequence, digest, subject, false AS rewrite FROM external_events e WHERE {about}
  UNION ALL
  SELECT id, source, source_event_id, event_type, schema_version, kind, external_id, word, qualifier, flag, normalised,
         occurred_at, precision, sequence, digest, subject, true FROM event_rewrites e WHERE {about}
), retold AS (
  SELECT DISTINCT ON (event_id) event_id AS id, source, source_event_id, event_type, schema_version, kind, external_id,
         word, qualifier, flag, normalised, occurred_at, precision, sequence, digest, subject, number
  FROM interpretations WHERE business_id = $1 AND event_id IN (
    SELECT id FROM told UNION SELECT event_id FROM interpretations e WHERE {about})
  ORDER BY event_id, number DESC
)
SELECT id, source, source_event_id, event_type, schema_version, kind, external_id, word, qualifier, flag, normalised,
       occurred_at, precision, sequence, digest, subject, 0 AS number, flag AS first_flag
FROM told WHERE id NOT IN (SELECT id FROM retold)
UNION ALL
SELECT e.id, e.source, e.source_event_id, e.event_type, e.schema_version, e.kind, e.external_id, e.word, e.qualifier,
       e.flag, e.normalised, e.occurred_at, e.precision, e.sequence, e.digest, e.subject, e.number, t.flag
FROM retold e LEFT JOIN told t USING (id)
WHERE {about_reading} AND e.flag IS DISTINCT FROM 'withdrawn'
"""
_ABOUT_READING = """e.source = $2 AND e.kind = $3 AND lower(btrim(e.word)) = lower(btrim($4))
  AND lower(btrim(coalesce(e.qualifier, ''))) = lower(btrim($5))"""
_WORDED = _WORDED.format(about=f"e.business_id = $1 AND {_ABOUT_READING}", about_reading=_ABOUT_READING)
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
    await hold_readings(tx, business)
    rows = await tx.fetch(_WORDED, business, source, kind, word, qualifier)
    if not rows:
        return 0
    readings = [_reading(row, kind, status) for row in rows]
    await add_readings(tx, business, readings, normaliser="1", mapping=at.isoformat(), at=at)
    return len(rows)


def _reading(row: asyncpg.Record, kind: str, status: str | None) -> ReadingRow:
    event_type, flag, data = _read(row, kind, status)
    return ReadingRow(
        row["id"], row["number"] + 1, row["source"], row["source_event_id"], event_type, row["schema_version"],
        row["kind"], row["external_id"], row["word"], row["qualifier"], flag, orjson.dumps(data).decode(),
        row["occurred_at"], row["precision"], row["sequence"], row["digest"], row["subject"], row["subject"],
    )  # fmt: skip


def _read(row: asyncpg.Record, kind: str, status: str | None) -> tuple[str, str | None, dict[str, Any]]:
    """Return (event type, flag, data) of an event under another status; what lay ahead of its time still does."""
    data = {name: value for name, value in row["normalised"].items() if name != "status"}
    ahead = "future" if "future" in (row["flag"], row["first_flag"]) else None
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
