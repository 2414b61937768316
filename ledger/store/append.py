"""Appending to the log: deliveries, events, rewrites, quarantine and mailbox rows, set-based, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit.database import Tx
from kit.ids import derived, uuid7, uuid7s
from ledger.domain.events import Appended, Delivery, NewEvent, subject_id
from ledger.store.bodies import seal_body

# One round trip: the events that are new, and one mailbox row for each identity that they touch.
_EVENTS = """
WITH added AS (
  INSERT INTO external_events (business_id, id, source, source_event_id, delivery, digest, event_type, schema_version,
    kind, external_id, subject, word, qualifier, flag, normalised, occurred_at, precision, sequence, ingested_at)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::jsonb[],
    $16::timestamptz[], $17::text[], $18::bigint[], $19::timestamptz[])
  ON CONFLICT (business_id, source, source_event_id) DO NOTHING
  RETURNING business_id, id, subject
), rung AS (
  INSERT INTO pending (business_id, id, subject, due_at)
  SELECT DISTINCT ON (business_id, subject) business_id, id, subject, $20::timestamptz FROM added
)
SELECT id FROM added
"""

# What each of these events says as it is read now; one that a later reading withdrew says nothing.
_STORED_DIGESTS = """
SELECT e.business_id, e.source, e.source_event_id, CASE WHEN i.number IS NULL THEN e.digest
       WHEN i.flag IS DISTINCT FROM 'withdrawn' THEN i.digest END AS digest
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k(business_id, source, source_event_id)
JOIN external_events e USING (business_id, source, source_event_id)
LEFT JOIN LATERAL (
  SELECT number, digest, flag FROM interpretations n
  WHERE n.business_id = e.business_id AND n.event_id = e.id ORDER BY number DESC LIMIT 1
) i ON true
"""

_REWRITES = """
WITH added AS (
  INSERT INTO event_rewrites (business_id, id, source, source_event_id, delivery, digest, event_type, schema_version,
    kind, external_id, subject, word, qualifier, flag, normalised, occurred_at, precision, sequence, ingested_at)
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[], $15::jsonb[],
    $16::timestamptz[], $17::text[], $18::bigint[], $19::timestamptz[])
  ON CONFLICT DO NOTHING
  RETURNING business_id, id, source, source_event_id, digest, subject
), rung AS (
  INSERT INTO pending (business_id, id, subject, due_at)
  SELECT DISTINCT ON (business_id, subject) business_id, id, subject, $20::timestamptz FROM added
)
SELECT id FROM added
"""

_QUARANTINE = """
INSERT INTO quarantine (business_id, id, source, delivery, place, code, reason, diff, received_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::text[],
                     $8::jsonb[], $9::timestamptz[])
ON CONFLICT DO NOTHING
"""

# What can't be read adds no event, so the rules are woken to ask about it: once a business and batch.
_WAKE = """
INSERT INTO pending (business_id, id, wake, due_at) SELECT u.*, 'quarantine', $3 FROM unnest($1::uuid[], $2::uuid[]) u
"""

_NEWS = """
INSERT INTO source_news (business_id, id, source, received_at, last_event_at, added, known, quarantined,
                         covered_from, covered_until, balance, account)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::int[],
                     $8::int[], $9::date[], $10::date[], $11::bigint[], $12::text[])
"""

# One round trip: the bodies of a batch, and the note of what they brought.
_DELIVERIES = f"""
WITH kept AS (
  INSERT INTO deliveries (business_id, source, digest, body, headers, filename, via, version, stream, received_at)
  SELECT * FROM unnest($13::uuid[], $14::text[], $15::bytea[], $16::bytea[], $17::jsonb[], $18::text[], $19::text[],
                       $20::text[], $21::text[], $22::timestamptz[])
  ON CONFLICT DO NOTHING
  RETURNING business_id, source, digest
), opened AS (
  INSERT INTO delivery_keys (business_id, source, digest, key)
  SELECT business_id, source, digest, u.key FROM kept
  JOIN unnest($13::uuid[], $14::text[], $15::bytea[], $23::bytea[]) AS u (business_id, source, digest, key)
    USING (business_id, source, digest)
  ON CONFLICT DO NOTHING
)
{_NEWS}
"""

_WANTED = """
INSERT INTO wanted AS w (business_id, source, stream, external_id, due_at)
SELECT DISTINCT ON (1, 2, 3, 4) * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
ORDER BY 1, 2, 3, 4, 5
ON CONFLICT (business_id, source, stream, external_id) DO UPDATE SET due_at = least(w.due_at, excluded.due_at)
"""

_Row = tuple[Any, ...]


async def append(tx: Tx, deliveries: Sequence[Delivery]) -> list[Appended]:
    """Append deliveries of any tenants and say for each what was new; the same event twice adds nothing.

    The same event id with another reading is kept as a rewrite. Runs under the role `munshi_ingest`.
    """
    results = await append_facts(tx, deliveries)
    # The same body twice in one batch is kept once: two seals of it would have two keys, and one of them fits nothing.
    once = {(one.business_id, one.source, one.digest): one for one in reversed(deliveries)}
    news, bodies = (
        _columns(_news_rows(deliveries, results), 12),
        _columns(map(_delivery_row, once.values()), 11),
    )
    await tx.run(_DELIVERIES, *news, *bodies)
    return results


async def append_facts(tx: Tx, deliveries: Sequence[Delivery]) -> list[Appended]:
    """Append what deliveries say (their events, what of them can't be read, what they want) without their bodies."""
    told = [(place, event) for place, delivery in enumerate(deliveries) for event in delivery.events]
    ids = uuid7s(len(told))
    rows = [_event_row(deliveries[told[n][0]], told[n][1], ids[n]) for n in range(len(told))]
    owners = {ids[n]: told[n][0] for n in range(len(told))}
    added = [0] * len(deliveries)
    rewritten = [0] * len(deliveries)
    if rows:
        await _append_events(tx, rows, owners, added=added, rewritten=rewritten)
    refused = [row for delivery in deliveries for row in _quarantine_rows(delivery)]
    if refused:
        await tx.run(_QUARANTINE, *_columns(refused, 9))
        woken = sorted({row[0] for row in refused})
        await tx.run(_WAKE, woken, [uuid7() for _ in woken], max(row[8] for row in refused))
    wanted = [
        (delivery.business_id, delivery.source, item.stream, item.external_id, item.due_at)
        for delivery in deliveries
        for item in delivery.wanted
    ]
    if wanted:
        await tx.run(_WANTED, *_columns(wanted, 5))
    return [
        Appended(
            added=added[index],
            known=len(delivery.events) - added[index] - rewritten[index],
            rewritten=rewritten[index],
            quarantined=len(delivery.quarantined),
        )
        for index, delivery in enumerate(deliveries)
    ]


async def append_news(tx: Tx, deliveries: Sequence[Delivery], results: Sequence[Appended]) -> None:
    """Leave a note of what deliveries brought, for the freshness of their sources."""
    await tx.run(_NEWS, *_columns(_news_rows(deliveries, results), 12))


async def _append_events(
    tx: Tx, rows: list[_Row], owners: dict[UUID, int], *, added: list[int], rewritten: list[int]
) -> None:
    due = rows[0][18]
    new = {record["id"] for record in await tx.fetch(_EVENTS, *_columns(rows, 19), due)}
    for event_id in new:
        added[owners[event_id]] += 1
    if len(new) == len(rows):
        return
    others = [row for row in rows if row[1] not in new]
    keys = [[row[0] for row in others], [row[2] for row in others], [row[3] for row in others]]
    stored = {
        (record["business_id"], record["source"], record["source_event_id"]): record["digest"]
        for record in await tx.fetch(_STORED_DIGESTS, *keys)
    }
    changed = [row for row in others if stored.get((row[0], row[2], row[3])) != row[5]]
    if changed:
        for record in await tx.fetch(_REWRITES, *_columns(changed, 19), due):
            rewritten[owners[record["id"]]] += 1


def _columns(rows: Iterable[_Row], width: int) -> list[list[Any]]:
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]


def _delivery_row(delivery: Delivery) -> _Row:
    sealed, key = seal_body(delivery.body, delivery.digest)
    return (
        delivery.business_id, delivery.source, delivery.digest, sealed,
        orjson.dumps(dict(delivery.headers)).decode(), delivery.filename, delivery.via, delivery.version,
        delivery.stream, delivery.received_at, key,
    )  # fmt: skip


def _event_row(delivery: Delivery, event: NewEvent, own_id: UUID) -> _Row:
    subject = subject_id(delivery.source, event.kind, event.external_id)
    return (
        delivery.business_id, own_id, delivery.source, event.source_event_id, delivery.digest, event.digest(),
        event.event_type, event.schema_version, event.kind, event.external_id, subject, event.word, event.qualifier,
        event.flag, orjson.dumps(event.data).decode(), event.occurred_at, event.precision, event.sequence,
        delivery.received_at,
    )  # fmt: skip


def _quarantine_rows(delivery: Delivery) -> list[_Row]:
    return [
        (
            delivery.business_id,
            derived("quarantine", delivery.source, delivery.digest.hex(), repr(part.place), part.code),
            delivery.source,
            delivery.digest,
            _storable(part.place[:200]),
            part.code[:80],
            _storable(part.reason[:500]),
            None if part.diff is None else orjson.dumps(part.diff).decode().replace("\\u0000", "\ufffd"),
            delivery.received_at,
        )
        for part in delivery.quarantined
    ]


def _storable(text: str) -> str:
    """Replace what PostgreSQL's text can't hold: NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _news_rows(deliveries: Sequence[Delivery], results: Sequence[Appended]) -> list[_Row]:
    """One row a source and batch, and one for each statement, which carries its own balance."""
    merged: dict[tuple[UUID, str], list[Any]] = {}
    alone: list[_Row] = []
    for delivery, result in zip(deliveries, results, strict=True):
        last = max((event.occurred_at for event in delivery.events), default=None)
        counts = (result.added + result.rewritten, result.known, result.quarantined)
        if delivery.covered_until is not None:
            alone.append(
                (delivery.business_id, uuid7(), delivery.source, delivery.received_at, last, *counts,
                 delivery.covered_from, delivery.covered_until, delivery.balance, delivery.account)
            )  # fmt: skip
            continue
        row = merged.setdefault(
            (delivery.business_id, delivery.source), [delivery.received_at, last, 0, 0, 0]
        )
        row[0] = max(row[0], delivery.received_at)
        row[1] = max(filter(None, (row[1], last)), default=None)
        for place, count in enumerate(counts, start=2):
            row[place] += count
    return alone + [
        (business, uuid7(), source, *row, None, None, None, None)
        for (business, source), row in merged.items()
    ]
