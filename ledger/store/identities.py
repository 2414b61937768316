"""Stage one in the store: read the facts of identities, fold them, keep their state and keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

import orjson

from kit.database import Tx
from ledger.domain.derive.model import Identity
from ledger.domain.folds import Fact, fold
from ledger.domain.keys import identity_keys

_FACTS = """
SELECT e.subject, e.id, e.source, e.kind, e.external_id, e.event_type, e.normalised, e.occurred_at, e.precision,
       e.sequence, e.digest, e.source_event_id, e.word, e.flag
FROM external_events e WHERE e.business_id = $1 AND e.subject = ANY($2)
UNION ALL
SELECT w.subject, w.id, w.source, w.kind, w.external_id, w.event_type, w.normalised, w.occurred_at, w.precision,
       w.sequence, w.digest, w.source_event_id, w.word, w.flag
FROM event_rewrites w WHERE w.business_id = $1 AND w.subject = ANY($2)
"""
# The newest readings of these events, and of those that any reading ever moved to these identities.
_READINGS = """
SELECT DISTINCT ON (event_id) subject, event_id AS id, source, kind, external_id, event_type, normalised, occurred_at,
       precision, sequence, digest, source_event_id, word, flag
FROM interpretations WHERE business_id = $1 AND event_id IN (
  SELECT unnest($3::uuid[])
  UNION SELECT event_id FROM interpretations WHERE business_id = $1 AND subject = ANY($2))
ORDER BY event_id, number DESC
"""
_KEEP = """
INSERT INTO identities (business_id, subject, source, kind, external_id, state)
SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[])
ON CONFLICT (business_id, subject) DO UPDATE SET state = excluded.state
"""
_ADD_KEYS = """
INSERT INTO identity_keys (business_id, key, subject)
SELECT $1, * FROM unnest($2::text[], $3::uuid[]) ON CONFLICT DO NOTHING
"""
_KEYS_OF = "SELECT DISTINCT key FROM identity_keys WHERE business_id = $1 AND subject = ANY($2)"
_SUBJECTS_OF = "SELECT DISTINCT subject FROM identity_keys WHERE business_id = $1 AND key = ANY($2)"


async def refold(tx: Tx, business: UUID, subjects: Collection[UUID]) -> None:
    """Fold `subjects` from the log and keep their state and keys; what depends on them is derived later.

    Keys that a subject has lost stay until `drop_stale_keys`: what it leaves must be derived anew too.
    """
    folded, gone = await _fold(tx, business, list(subjects))
    await _keep(tx, business, folded)
    wanted = [(key, identity.subject) for identity in folded.values() for key in _keys(identity)]
    if wanted:
        await tx.run(_ADD_KEYS, business, [key for key, _ in wanted], [subject for _, subject in wanted])
    if gone:
        await tx.run(
            "DELETE FROM identities WHERE business_id = $1 AND subject = ANY($2)", business, list(gone)
        )


async def drop_stale_keys(
    tx: Tx, business: UUID, subjects: Collection[UUID], found: Mapping[UUID, Identity]
) -> None:
    """Drop keys that an identity no longer has; after the reach, so that both its old and new company is derived."""
    stored = await tx.fetch(
        "SELECT key, subject FROM identity_keys WHERE business_id = $1 AND subject = ANY($2)",
        business,
        list(subjects),
    )
    wanted = {subject: _keys(found[subject]) for subject in subjects if subject in found}
    stale = [(r["key"], r["subject"]) for r in stored if r["key"] not in wanted.get(r["subject"], ())]
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
    sql = "SELECT subject, source, kind, external_id, state FROM identities WHERE business_id = $1"
    if subjects is None:
        records = await tx.fetch(sql, business)
    elif subjects:
        records = await tx.fetch(f"{sql} AND subject = ANY($2)", business, list(subjects))
    else:
        records = []
    return {
        r["subject"]: Identity(r["subject"], r["source"], r["kind"], r["external_id"], r["state"])
        for r in records
    }


async def fold_from_log(tx: Tx, business: UUID, subjects: list[UUID]) -> dict[UUID, Identity]:
    """Fold identities from the log without keeping anything; for a rebuild's comparison."""
    return (await _fold(tx, business, subjects))[0]


def _keys(identity: Identity) -> set[str]:
    return identity_keys(identity.source, identity.kind, identity.external_id, identity.data)


async def _fold(tx: Tx, business: UUID, subjects: list[UUID]) -> tuple[dict[UUID, Identity], set[UUID]]:
    told = {record["id"]: record for record in await tx.fetch(_FACTS, business, subjects)}
    for reading in await tx.fetch(_READINGS, business, subjects, list(told)):
        told[reading["id"]] = reading
    wanted = frozenset(subjects)
    facts: dict[UUID, list[Fact]] = defaultdict(list)
    names: dict[UUID, tuple[str, str, str]] = {}
    for record in told.values():
        subject = record["subject"]
        if subject not in wanted:
            continue  # a later reading says that it is about something else
        names[subject] = (record["source"], record["kind"], record["external_id"])
        facts[subject].append(
            Fact(
                event_type=record["event_type"],
                data=record["normalised"],
                occurred_at=record["occurred_at"],
                precision=record["precision"],
                sequence=record["sequence"],
                digest=record["digest"],
                source_event_id=record["source_event_id"],
                word=record["word"],
                flag=record["flag"],
            )
        )
    folded: dict[UUID, Identity] = {}
    for subject, (source, kind, external_id) in names.items():
        state = fold(facts[subject])
        if state is not None:
            folded[subject] = Identity(subject, source, kind, external_id, state)
    return folded, set(subjects) - folded.keys()


async def _keep(tx: Tx, business: UUID, folded: Mapping[UUID, Identity]) -> None:
    rows = list(folded.values())
    if rows:
        await tx.run(
            _KEEP,
            business,
            [row.subject for row in rows],
            [row.source for row in rows],
            [row.kind for row in rows],
            [row.external_id for row in rows],
            [orjson.dumps(row.state).decode() for row in rows],
        )
