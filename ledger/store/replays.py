"""What a replay works on and how far it is: sources with all that reading depends on, deliveries in order, progress."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from ledger.commands import ReplayPlace, ReplayScope
from ledger.store.bodies import OPENED, unseal_body

_SOURCES = """
SELECT s.name, s.connector, s.settings, b.timezone, b.currency FROM sources s JOIN businesses b USING (business_id)
WHERE s.business_id = $1 AND ($2 = '' OR s.name = $2 OR (right($2, 1) = ':' AND starts_with(s.name, $2)))
ORDER BY s.name COLLATE "C"
"""
_MAPPINGS = """
SELECT kind, word, qualifier, status, confidence FROM status_mappings WHERE business_id = $1 AND source = $2
ORDER BY kind, word, qualifier
"""
# A delivery is in a period by when it was received.
_SCOPE = """
d.business_id = $1 AND d.source = $2 AND d.received_at >= coalesce($3, '-infinity'::timestamptz) AND d.received_at < $4
"""
_QUARANTINED = """
AND d.digest IN (SELECT delivery FROM quarantine q
                 WHERE q.business_id = $1 AND q.source = $2 AND q.resolved_at IS NULL)
"""
_COUNT = "SELECT count(*) FROM deliveries d WHERE {scope}"
# The planner takes a tenant for small, and would rather read and sort the whole source for each slice.
_BY_INDEX = "SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off"
# The index knows only the moment; the digest parts deliveries of the same moment.
_NEXT = """
SELECT received_at, digest, n FROM (
  SELECT received_at, digest, row_number() OVER w AS n, sum(size) OVER w AS bytes FROM (
    SELECT d.received_at, d.digest, octet_length(d.body) AS size FROM deliveries d
    WHERE {scope} AND d.received_at >= $5 AND (d.received_at, d.digest) > ($5, $6) ORDER BY d.received_at, d.digest LIMIT $7
  ) few WINDOW w AS (ORDER BY received_at, digest)
) placed WHERE n = 1 OR bytes <= $8 ORDER BY n DESC LIMIT 1
"""
_BODIES = f"""
SELECT d.digest, d.body, k.key, d.headers, d.filename, d.via, d.stream, d.received_at FROM deliveries d {OPENED}
WHERE {{scope}} AND d.received_at BETWEEN $5 AND $7
  AND (d.received_at, d.digest) > ($5, $6) AND (d.received_at, d.digest) <= ($7, $8)
ORDER BY d.received_at, d.digest
"""
_QUARANTINE = """
SELECT delivery, place, resolved_at IS NULL AS open FROM quarantine
WHERE business_id = $1 AND source = $2 AND delivery = ANY($3::bytea[]) AND resolution IS DISTINCT FROM 'replayed'
"""
_RESOLVE = """
UPDATE quarantine q SET resolved_at = $3, resolution = 'replayed'
FROM unnest($4::bytea[], $5::text[]) AS u(delivery, place)
WHERE q.business_id = $1 AND q.source = $2 AND q.delivery = u.delivery AND q.place = u.place AND q.resolved_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Basis:
    """All that the reading of a source's deliveries depends on besides our code; `digest` is the same for the same."""

    source: str
    connector: str
    settings: Mapping[str, Any] = field(compare=False)
    mappings: Sequence[Mapping[str, Any]] = field(compare=False)
    digest: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """A replay that was begun: how far it is."""

    id: UUID
    status: str
    scope: ReplayScope
    place: ReplayPlace | None
    counts: Mapping[str, int]
    started_at: datetime


# ---- what is read ----------------------------------------------------------------------------------
async def bases(tx: Tx, business: UUID, wanted: str) -> list[Basis]:
    """Return the sources called `wanted` (all of a family if it ends with a colon, all of them if it is empty)."""
    found = []
    for row in await tx.fetch(_SOURCES, business, wanted):
        settings = {"timezone": row["timezone"], "currency": row["currency"], **row["settings"]}
        mappings = [dict(mapped) for mapped in await tx.fetch(_MAPPINGS, business, row["name"])]
        said = orjson.dumps([row["connector"], settings, mappings], option=orjson.OPT_SORT_KEYS)
        digest = hashlib.sha256(said).digest()
        found.append(Basis(row["name"], row["connector"], settings, mappings, digest))
    return found


async def deliveries_in(tx: Tx, business: UUID, source: str, scope: ReplayScope, *, before: datetime) -> int:
    """Count the deliveries of a source in a scope that were received before a moment."""
    return int(await tx.value(_sql(_COUNT, scope), *_bounds(business, source, scope, before)))


async def end_of_slice(
    tx: Tx,
    business: UUID,
    scope: ReplayScope,
    after: ReplayPlace,
    *,
    before: datetime,
    most: int,
    most_bytes: int,
) -> tuple[ReplayPlace, int] | None:
    """Return where the next slice behind `after` ends and how many deliveries it has; None at the source's end."""
    await tx.run(_BY_INDEX)
    row = await tx.row(
        _sql(_NEXT, scope),
        *_bounds(business, after.source, scope, before),
        after.received_at,
        after.digest,
        most,
        most_bytes,
    )
    return None if row is None else (ReplayPlace(after.source, row["received_at"], row["digest"]), row["n"])


async def bodies(
    tx: Tx,
    business: UUID,
    scope: ReplayScope,
    *,
    after: ReplayPlace,
    upto: ReplayPlace,
    before: datetime,
) -> tuple[list[Mapping[str, Any]], int]:
    """Return the raw deliveries of a slice, in order, and how many more are there of which a person was erased.

    Those aren't read again: what was read of them, without him, stands.
    """
    rows = await tx.fetch(
        _sql(_BODIES, scope),
        *_bounds(business, after.source, scope, before),
        after.received_at,
        after.digest,
        upto.received_at,
        upto.digest,
    )
    opened: list[Mapping[str, Any]] = [
        {**row, "body": unseal_body(row["body"], row["key"], row["digest"])}
        for row in rows
        if row["key"] is not None
    ]
    return opened, len(rows) - len(opened)


async def quarantined(
    tx: Tx, business: UUID, source: str, deliveries: Sequence[bytes]
) -> dict[bytes, dict[str, bool]]:
    """Return the parts of deliveries that couldn't be read, by delivery: place → whether it still waits."""
    out: dict[bytes, dict[str, bool]] = {}
    for row in await tx.fetch(_QUARANTINE, business, source, deliveries):
        places = out.setdefault(row["delivery"], {})
        places[row["place"]] = row["open"] or places.get(row["place"], False)
    return out


async def resolve(
    tx: Tx, business: UUID, source: str, parts: Sequence[tuple[bytes, str]], *, at: datetime
) -> int:
    """Mark parts (delivery, place) as understood by now; return how many waited."""
    if not parts:
        return 0
    return await tx.run(
        _RESOLVE, business, source, at, [delivery for delivery, _ in parts], [place for _, place in parts]
    )


def _bounds(business: UUID, source: str, scope: ReplayScope, before: datetime) -> tuple[Any, ...]:
    return business, source, scope.since, before if scope.until is None else min(before, scope.until)


def _sql(statement: str, scope: ReplayScope) -> str:
    return statement.format(scope=_SCOPE + (_QUARANTINED if scope.quarantine else ""))


# ---- progress --------------------------------------------------------------------------------------
async def unfinished(tx: Tx, business: UUID) -> Progress | None:
    """Return the replay that was begun and has not ended, if there is one."""
    row = await tx.row(
        "SELECT id, status, scope, position, counts, started_at FROM replays"
        " WHERE business_id = $1 AND status = 'running' ORDER BY started_at DESC LIMIT 1",
        business,
    )
    return None if row is None else _progress(row)


async def begin(
    tx: Tx, business: UUID, replay: UUID, scope: ReplayScope, *, actor: str, at: datetime
) -> Progress:
    """Keep that a replay was begun."""
    await tx.run(
        "INSERT INTO replays (business_id, id, scope, status, actor, started_at, changed_at)"
        " VALUES ($1, $2, $3, 'running', $4, $5, $5)",
        business,
        replay,
        orjson.dumps(scope_json(scope)).decode(),
        actor,
        at,
    )
    return Progress(replay, "running", scope, None, {}, at)


async def note(
    tx: Tx,
    business: UUID,
    replay: UUID,
    *,
    status: str,
    place: ReplayPlace | None,
    counts: Mapping[str, int],
    at: datetime,
) -> bool:
    """Keep how far a replay is; False if it doesn't run (any more)."""
    kept = None
    if place is not None:
        kept = orjson.dumps([place.source, place.received_at.isoformat(), place.digest.hex()]).decode()
    return bool(
        await tx.run(
            "UPDATE replays SET status = $3, position = coalesce($4::jsonb, position), counts = $5, changed_at = $6"
            " WHERE business_id = $1 AND id = $2 AND status = 'running'",
            business,
            replay,
            status,
            kept,
            orjson.dumps(dict(counts)).decode(),
            at,
        )
    )


def scope_json(scope: ReplayScope) -> dict[str, Any]:
    """Return a scope as the table and the audit trail hold it: only what was asked for."""
    said = {
        "source": scope.source,
        "event_type": scope.event_type,
        "since": scope.since and scope.since.isoformat(),
        "until": scope.until and scope.until.isoformat(),
        "quarantine": scope.quarantine,
    }
    return {name: value for name, value in said.items() if value}


def _progress(row: asyncpg.Record) -> Progress:
    said = dict(row["scope"])
    for name in ("since", "until"):
        if name in said:
            said[name] = datetime.fromisoformat(said[name])
    place = None
    if row["position"] is not None:
        source, received_at, digest = row["position"]
        place = ReplayPlace(source, datetime.fromisoformat(received_at), bytes.fromhex(digest))
    return Progress(row["id"], row["status"], ReplayScope(**said), place, row["counts"], row["started_at"])
