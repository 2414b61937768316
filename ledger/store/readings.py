"""Readings of events: added to the log, never overwritten; the one with the newest number is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from kit.database import Tx
from kit.ids import uuid7
from ledger.domain.readings import InForce, ReadingRow

_ADD = """
INSERT INTO interpretations (business_id, normaliser_version, mapping_version, made_at, event_id, number, source,
  source_event_id, event_type, schema_version, kind, external_id, word, qualifier, flag, normalised, occurred_at,
  precision, sequence, digest, subject)
SELECT $1, $2, $3, $4, * FROM unnest($5::uuid[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[],
  $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::jsonb[], $17::timestamptz[], $18::text[],
  $19::bigint[], $20::bytea[], $21::uuid[])
"""
_RING = """
INSERT INTO pending (business_id, id, subject, due_at) SELECT $1, * , $4 FROM unnest($2::uuid[], $3::uuid[])
"""
_READ = (
    "event_type", "schema_version", "kind", "external_id", "word", "qualifier", "flag", "normalised", "occurred_at",
    "precision", "sequence", "digest", "subject",
)  # fmt: skip
_TOLD = f"id, delivery, ingested_at, source, source_event_id, {', '.join(_READ)}"
# Key by key, each by its index: the planner takes a tenant for small, and would rather read all of it each time.
_SAID = """
FROM unnest($3::{type}[]) AS k(key) CROSS JOIN LATERAL (
  SELECT {columns}, false AS rewrite FROM external_events WHERE business_id = $1 AND {about}
  UNION ALL
  SELECT {columns}, true FROM event_rewrites WHERE business_id = $1 AND {about}
  OFFSET 0
) t LEFT JOIN LATERAL (
  SELECT number, {later} FROM interpretations i
  WHERE i.business_id = $1 AND i.event_id = t.id ORDER BY i.number DESC LIMIT 1
) n ON true
"""
_IN_FORCE = f"""
SELECT t.id, coalesce(n.number, 0), t.rewrite, t.delivery, t.ingested_at, t.digest, t.source, t.source_event_id,
       {", ".join(f"CASE WHEN n.number IS NULL THEN t.{c} ELSE n.{c} END" for c in _READ)}
{_SAID}"""
# Just enough to see that a reading is the same: the status counts where it was told by a word.
_STATUS = "CASE WHEN word IS NOT NULL THEN normalised ->> 'status' END AS status"
_MARKS = f"""
SELECT k.key, t.source_event_id, CASE WHEN n.number IS NULL THEN t.digest ELSE n.digest END,
       CASE WHEN n.number IS NULL THEN t.event_type ELSE n.event_type END,
       CASE WHEN n.number IS NULL THEN t.status ELSE n.status END,
       CASE WHEN n.number IS NULL THEN t.flag ELSE n.flag END
{_SAID}"""
_OF_DELIVERIES = {"type": "bytea", "about": "(source = $2) IS TRUE AND delivery = k.key"}
_OF_IDS = {"type": "text", "about": "source = $2 AND source_event_id = k.key"}
_WHOLE = {"columns": _TOLD, "later": ", ".join(_READ)}
_BRIEF = {
    "columns": f"id, source_event_id, digest, event_type, flag, {_STATUS}",
    "later": f"digest, event_type, flag, {_STATUS}",
}


async def hold_readings(tx: Tx, business: UUID) -> None:
    """Let nobody else add readings of this business until the transaction ends: each builds on the one in force."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('readings:' || $1::text, 0))", str(business))


async def add_readings(
    tx: Tx, business: UUID, rows: Sequence[ReadingRow], *, normaliser: str, mapping: str, at: datetime
) -> None:
    """Add readings and ring for every identity that they are about, or were about before."""
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    left = columns.pop()
    await tx.run(_ADD, business, normaliser, mapping, at, *columns)
    wanted = sorted({*columns[-1], *left})
    await tx.run(_RING, business, [uuid7() for _ in wanted], wanted, at)


async def in_force_of_deliveries(
    tx: Tx, business: UUID, source: str, deliveries: Sequence[bytes]
) -> list[InForce]:
    """Return what came with these deliveries (their digests), each with its reading in force."""
    return [
        InForce(*row)
        for row in await tx.fetch(_IN_FORCE.format(**_OF_DELIVERIES, **_WHOLE), business, source, deliveries)
    ]


async def in_force_of_ids(tx: Tx, business: UUID, source: str, event_ids: Sequence[str]) -> list[InForce]:
    """Return the events of a source by its own ids, rewrites too, each with its reading in force."""
    return [
        InForce(*row)
        for row in await tx.fetch(_IN_FORCE.format(**_OF_IDS, **_WHOLE), business, source, event_ids)
    ]


async def marks_of_deliveries(
    tx: Tx, business: UUID, source: str, deliveries: Sequence[bytes]
) -> list[asyncpg.Record]:
    """Return (delivery, event id, digest, type, status by a word, flag) in force of what came with deliveries."""
    return await tx.fetch(_MARKS.format(**_OF_DELIVERIES, **_BRIEF), business, source, deliveries)


async def marks_of_ids(tx: Tx, business: UUID, source: str, event_ids: Sequence[str]) -> list[asyncpg.Record]:
    """Return (event id, event id, digest, type, status by a word, flag) in force of events by their ids."""
    return await tx.fetch(_MARKS.format(**_OF_IDS, **_BRIEF), business, source, event_ids)
