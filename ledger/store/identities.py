"""Stage one in the store: read the facts of identities, fold them, keep their state and keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from ledger.domain.derive.model import Identity
from ledger.domain.folds import Fact, fold
from ledger.domain.keys import identity_keys

_TOLD = """
subject, id, source, kind, external_id, event_type, normalised, occurred_at, precision, sequence, digest,
source_event_id, word, flag
"""
# Each is looked up by itself (OFFSET 0 keeps it so): a planner without statistics of a business would rather read all that
# the business has, and a drain would cost as much as the business is large.
_FACTS = f"""
SELECT e.* FROM unnest($2::uuid[]) AS s (subject) CROSS JOIN LATERAL (
  SELECT {_TOLD} FROM external_events WHERE business_id = $1 AND subject = s.subject OFFSET 0) e
UNION ALL SELECT e.* FROM unnest($2::uuid[]) AS s (subject) CROSS JOIN LATERAL (
  SELECT {_TOLD} FROM event_rewrites WHERE business_id = $1 AND subject = s.subject OFFSET 0) e
"""
_ALL_FACTS = f"""
SELECT {_TOLD} FROM external_events WHERE business_id = $1
UNION ALL SELECT {_TOLD} FROM event_rewrites WHERE business_id = $1
"""
_NEWEST = f"""
SELECT DISTINCT ON (event_id) {_TOLD.replace(" id,", " event_id AS id,")} FROM interpretations
WHERE business_id = $1 {{about}} ORDER BY event_id, number DESC
"""
# The newest readings of these events, and of those that any reading ever moved to these identities.
_READINGS = _NEWEST.format(
    about="""AND event_id IN (
  SELECT unnest($3::uuid[])
  UNION SELECT event_id FROM interpretations WHERE business_id = $1 AND subject = ANY($2))"""
)
_ALL_READINGS = _NEWEST.format(about="")
_KEEP = """
INSERT INTO identities (business_id, subject, source, kind, external_id, state)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
ON CONFLICT (business_id, subject) DO UPDATE SET state = excluded.state, external_id = excluded.external_id
"""
_ADD_KEYS = """
INSERT INTO identity_keys (business_id, key, subject)
SELECT $1, * FROM unnest($2::text[], $3::uuid[]) ON CONFLICT DO NOTHING
"""
_AT_ONCE = 20_000
_PAIRS_AT_ONCE = 2_000
_PAIRS_OF = """
SELECT k.key, s.subject FROM unnest($2::uuid[]) AS s (subject) CROSS JOIN LATERAL (
  SELECT key FROM identity_keys WHERE business_id = $1 AND subject = s.subject OFFSET 0) k
"""
_KEYS_OF = _PAIRS_OF.replace("k.key, s.subject", "DISTINCT k.key")
_SUBJECTS_OF = """
SELECT DISTINCT k.subject FROM unnest($2::text[]) AS w (key) CROSS JOIN LATERAL (
  SELECT subject FROM identity_keys WHERE business_id = $1 AND key = w.key OFFSET 0) k
"""
_ALL = "SELECT subject, source, kind, external_id, state FROM identities WHERE business_id = $1"
_SOME = f"""
SELECT i.* FROM unnest($2::uuid[]) AS s (subject) CROSS JOIN LATERAL ({_ALL} AND subject = s.subject OFFSET 0) i
"""


async def refold(tx: Tx, business: UUID, subjects: Collection[UUID]) -> None:
    """Fold `subjects` from the log and keep their state and keys; what depends on them is derived later.

    Keys that a subject has lost stay until `drop_stale_keys`: what it leaves must be derived anew too.
    """
    folded, gone = await _fold(tx, business, list(subjects))
    await _keep(tx, business, folded)
    await _forget(tx, business, gone)


async def drop_stale_keys(
    tx: Tx, business: UUID, subjects: Collection[UUID], found: Mapping[UUID, Identity]
) -> None:
    """Drop keys that an identity no longer has; after the reach, so that both its old and new company is derived."""
    stale: list[tuple[str, UUID]] = []
    every = list(subjects)
    for first in range(0, len(every), _PAIRS_AT_ONCE):
        part = every[first : first + _PAIRS_AT_ONCE]
        wanted = {subject: _keys(found[subject]) for subject in part if subject in found}
        stored = await tx.fetch(_PAIRS_OF, business, part)
        stale += [(r["key"], r["subject"]) for r in stored if r["key"] not in wanted.get(r["subject"], ())]
    if stale:
        await tx.run(
            "DELETE FROM identity_keys k USING unnest($2::text[], $3::uuid[]) AS s(key, subject) "
            "WHERE k.business_id = $1 AND k.key = s.key AND k.subject = s.subject",
            business,
            [key for key, _ in stale],
            [subject for _, subject in stale],
        )


async def reach(tx: Tx, business: UUID, subjects: Collection[UUID]) -> set[UUID]:
    """Return all that is reachable from `subjects` over shared keys, level by level; each edge is walked once."""
    found, keys = set(subjects), set[str]()
    frontier = found
    while frontier:
        records = await tx.fetch(_KEYS_OF, business, list(frontier))
        new = ({record["key"] for record in records} | {f"sub:{subject}" for subject in frontier}) - keys
        keys |= new
        holders = await tx.fetch(_SUBJECTS_OF, business, list(new)) if new else []
        named = {UUID(key[4:]) for key in new if key.startswith("sub:")}
        frontier = ({record["subject"] for record in holders} | named) - found
        found = found | frontier
    return found


async def load(tx: Tx, business: UUID, subjects: Collection[UUID] | None = None) -> dict[UUID, Identity]:
    """Read identities with their kept state; all of the business's without `subjects`."""
    if subjects is None:
        records = await tx.fetch(_ALL, business)
    else:
        records = await tx.fetch(_SOME, business, list(set(subjects))) if subjects else []
    return {
        r["subject"]: Identity(r["subject"], r["source"], r["kind"], r["external_id"], r["state"])
        for r in records
    }


async def fold_from_log(tx: Tx, business: UUID) -> dict[UUID, Identity]:
    """Fold every identity of the log without keeping anything; for a rebuild."""
    told = {record["id"]: record for record in await tx.fetch(_ALL_FACTS, business)}
    told.update((reading["id"], reading) for reading in await tx.fetch(_ALL_READINGS, business))
    return _folded(told.values())


async def replace_all(tx: Tx, business: UUID, folded: Mapping[UUID, Identity]) -> None:
    """Keep identities as they were folded from the log, with their keys, and no others."""
    stored = await tx.fetch(
        "SELECT subject FROM identities WHERE business_id = $1"
        " UNION SELECT subject FROM identity_keys WHERE business_id = $1",
        business,
    )
    gone = {row["subject"] for row in stored} - folded.keys()
    await _forget(tx, business, gone)
    await _keep(tx, business, folded)
    await drop_stale_keys(tx, business, gone | folded.keys(), folded)


async def _forget(tx: Tx, business: UUID, gone: Collection[UUID]) -> None:
    if gone:
        await tx.run(
            "DELETE FROM identities WHERE business_id = $1 AND subject = ANY($2)", business, list(gone)
        )


def _keys(identity: Identity) -> set[str]:
    return identity_keys(identity.source, identity.kind, identity.external_id, identity.data)


async def _fold(tx: Tx, business: UUID, subjects: list[UUID]) -> tuple[dict[UUID, Identity], frozenset[UUID]]:
    told = {record["id"]: record for record in await tx.fetch(_FACTS, business, subjects)}
    for reading in await tx.fetch(_READINGS, business, subjects, list(told)):
        told[reading["id"]] = reading
    wanted = frozenset(subjects)
    # A later reading may say that an event is about something else.
    folded = _folded(record for record in told.values() if record["subject"] in wanted)
    return folded, wanted - folded.keys()


def _folded(told: Iterable[asyncpg.Record]) -> dict[UUID, Identity]:
    facts: dict[UUID, list[Fact]] = {}
    names: dict[UUID, tuple[str, str, str]] = {}
    for (
        subject,
        _,
        source,
        kind,
        external_id,
        event_type,
        data,
        at,
        precision,
        sequence,
        digest,
        event,
        word,
        flag,
    ) in told:
        fact = Fact(event_type, data, at, precision, sequence, digest, event, word, flag)
        if (others := facts.get(subject)) is None:
            facts[subject] = [fact]
            names[subject] = (source, kind, external_id)
        else:
            others.append(fact)
    return {
        subject: Identity(subject, *names[subject], state)
        for subject, several in facts.items()
        if (state := fold(several)) is not None
    }


async def _keep(tx: Tx, business: UUID, folded: Mapping[UUID, Identity]) -> None:
    everything = list(folded.values())
    for first in range(0, len(everything), _AT_ONCE):
        rows = everything[first : first + _AT_ONCE]
        await tx.run(
            _KEEP,
            business,
            [row.subject for row in rows],
            [row.source for row in rows],
            [row.kind for row in rows],
            [row.external_id for row in rows],
            [orjson.dumps(row.state).decode() for row in rows],
        )
        keys = [(key, row.subject) for row in rows for key in _keys(row)]
        if keys:
            await tx.run(_ADD_KEYS, business, [key for key, _ in keys], [subject for _, subject in keys])
