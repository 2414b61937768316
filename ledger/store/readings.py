"""Readings of events: added to the log, never overwritten; the one with the newest number is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.database import Tx
from kit.ids import uuid7


class ReadingRow(NamedTuple):
    """A whole reading of an event on its way into the log; `normalised` is JSON.

    `number` is one more than that of the reading in force, `left` the identity that that one was about.
    """

    event_id: UUID
    number: int
    source: str
    source_event_id: str
    event_type: str
    schema_version: str
    kind: str
    external_id: str
    word: str | None
    qualifier: str | None
    flag: str | None
    normalised: str
    occurred_at: datetime
    precision: str
    sequence: int
    digest: bytes
    subject: UUID
    left: UUID


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
    await ring_subjects(tx, business, {*columns[-1], *left}, at=at)


async def ring_subjects(tx: Tx, business: UUID, subjects: set[UUID], *, at: datetime) -> None:
    """Put identities into the mailbox, to be folded anew."""
    wanted = sorted(subjects)
    await tx.run(_RING, business, [uuid7() for _ in wanted], wanted, at)
