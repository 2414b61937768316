"""Erasing in the store: the events that speak of a person, their raw bodies, and every text that was made of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from kit.database import Tx
from ledger.domain.erasure import Person, scrubbed
from ledger.store.bodies import OPENED, unseal_body

Place = tuple[str, bytes]
"""A delivery: its source and digest."""

_AT_ONCE = 200
"""Bodies that are looked through at once; each may be as large as a file."""
# All identities that the party goes by or that state something of it, money that nobody has matched from a payer of
# its name, and what people decided that names one of them.
_ABOUT = """
WITH subject AS (
  SELECT subject FROM claims WHERE business_id = $1 AND party_id = $2
  UNION SELECT subject FROM party_identities WHERE business_id = $1 AND party_id = $2
  UNION SELECT anchor FROM parties WHERE business_id = $1 AND id = $2
  UNION SELECT c.subject FROM receipts r JOIN claims c ON c.business_id = $1 AND c.row_id = r.id
  WHERE r.business_id = $1 AND r.party_id IS NULL AND r.payer = ANY($3)
  UNION SELECT c.subject FROM payouts p JOIN claims c ON c.business_id = $1 AND c.row_id = p.id
  WHERE p.business_id = $1 AND p.party_id IS NULL AND p.payee = ANY($3)
), about AS (
  SELECT subject FROM subject
  UNION SELECT o.subject FROM external_events o
  WHERE o.business_id = $1 AND o.source = 'operator' AND EXISTS (
    SELECT FROM subject s WHERE s.subject::text IN (
      o.normalised ->> 'party', o.normalised ->> 'document', o.normalised ->> 'receipt', o.normalised ->> 'line',
      o.normalised ->> 'about', o.normalised #>> '{party,id}'))
)
"""
_READINGS = {
    "external_events": ("id", "delivery"),
    "event_rewrites": ("id", "delivery"),
    "interpretations": ("event_id", "NULL::bytea"),
}
"""Table → what names its row besides the business (and the number of a later reading), and the delivery that it is from."""


def _said(table: str, among: str) -> str:
    name, delivery = _READINGS[table]
    number = "number" if table == "interpretations" else "0"
    return (
        f"SELECT '{table}' AS place, e.{name} AS id, {number} AS number, e.source, e.kind, e.external_id, e.subject,"
        f" e.normalised, {delivery} AS delivery FROM about a JOIN {table} e ON e.business_id = $1 AND {among}"
    )


_EVENTS = f"{_ABOUT} {' UNION ALL '.join(_said(table, 'e.subject = a.subject') for table in _READINGS)}"
_BROUGHT = """
SELECT e.subject FROM unnest($2::text[], $3::bytea[]) AS w (source, digest)
JOIN {table} e ON e.business_id = $1 AND e.source = w.source AND e.delivery = w.digest
"""
_SUBJECTS_OF = " UNION ".join(_BROUGHT.format(table=table) for table in ("external_events", "event_rewrites"))
_EVENTS_OF = "WITH about AS (SELECT unnest($2::uuid[]) AS subject) " + " UNION ALL ".join(
    _said(table, "e.subject = a.subject") for table in _READINGS
)
# Every body that can still be opened, in the order of the primary key. What brought no event was told a second time,
# or couldn't be read: nothing else leads to it.
_READABLE_BODIES = f"""
SELECT d.source, d.digest, d.body, k.key, e.remainder, EXISTS (
    SELECT FROM external_events x WHERE x.business_id = $1 AND x.delivery = d.digest AND x.source = d.source) AS told
FROM deliveries d {OPENED}
LEFT JOIN erased_bodies e ON e.business_id = d.business_id AND e.source = d.source AND e.digest = d.digest
WHERE d.business_id = $1 AND (d.source, d.digest) > ($2, $3) AND (k.key IS NOT NULL OR e.remainder IS NOT NULL)
ORDER BY d.source, d.digest LIMIT {_AT_ONCE}
"""
# Statements come as workbooks too, of which only what was read of them can be gone through.
_NARRATIONS = """
SELECT c.subject, b.narration FROM bank_lines b JOIN claims c ON c.business_id = $1 AND c.row_id = b.id
WHERE b.business_id = $1
"""
_FILE_NAMES = (
    "SELECT source, digest, filename FROM deliveries WHERE business_id = $1 AND filename IS NOT NULL"
)
_RENAME = """
UPDATE deliveries d SET filename = u.filename FROM unnest($2::text[], $3::bytea[], $4::text[]) AS u (source, digest, filename)
WHERE d.business_id = $1 AND d.source = u.source AND d.digest = u.digest
"""
_IDENTITIES = "SELECT subject FROM party_identities WHERE business_id = $1 AND party_id = $2"
_PAYERS = """
SELECT payer AS name FROM receipts WHERE business_id = $1 AND party_id = $2 AND payer IS NOT NULL
UNION SELECT payee FROM payouts WHERE business_id = $1 AND party_id = $2 AND payee IS NOT NULL
UNION SELECT name FROM party_identities WHERE business_id = $1 AND party_id = $2 AND name IS NOT NULL
"""
_WAITING = """
SELECT EXISTS (SELECT FROM pending WHERE business_id = $1 AND subject = ANY($2))
    OR EXISTS (SELECT FROM dirty WHERE business_id = $1 AND subject = ANY($2))
"""
_BODIES = f"""
SELECT d.source, d.digest, d.body, k.key, e.remainder FROM unnest($2::text[], $3::bytea[]) AS w (source, digest)
JOIN deliveries d ON d.business_id = $1 AND d.source = w.source AND d.digest = w.digest {OPENED}
LEFT JOIN erased_bodies e ON e.business_id = $1 AND e.source = d.source AND e.digest = d.digest
"""
_REMAINS = """
INSERT INTO erased_bodies (business_id, source, digest, remainder, erased_at)
SELECT $1, u.*, $5 FROM unnest($2::text[], $3::bytea[], $4::bytea[]) AS u
ON CONFLICT (business_id, source, digest) DO UPDATE SET remainder = excluded.remainder, erased_at = excluded.erased_at
"""
_DROP_KEYS = """
DELETE FROM delivery_keys k USING unnest($2::text[], $3::bytea[]) AS u (source, digest)
WHERE k.business_id = $1 AND k.source = u.source AND k.digest = u.digest
"""
TEXTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "conflicts": (("id",), ("evidence", "note")),
    "outbox": (("id",), ("card", "error")),
    "buttons": (("id",), ("action",)),
    "dialogues": (("chat_id",), ("state",)),
    "done_once": (("actor", "key", "step"), ("result",)),
    "write_backs": (("source", "kind", "external_id"), ("desired", "error")),
    "chat_files": (("id",), ("filename", "counts")),
    "quarantine": (("id",), ("place", "reason", "diff")),
    "pulls": (("source", "stream", "lane"), ("error", "position")),
}
"""Tables that repeat what was said → their keys, and the columns (texts or JSON) that are gone through."""


async def identities_of(tx: Tx, business: UUID, party: UUID) -> frozenset[UUID]:
    """Return the source identities that a party goes by."""
    return frozenset(row["subject"] for row in await tx.fetch(_IDENTITIES, business, party))


async def names_of(tx: Tx, business: UUID, party: UUID) -> list[str]:
    """Return what a party is called by its sources, and by the banks through which it pays and is paid."""
    return [row["name"] for row in await tx.fetch(_PAYERS, business, party)]


async def events_about(tx: Tx, business: UUID, party: UUID, names: Sequence[str]) -> list[asyncpg.Record]:
    """Return every event, rewrite and later reading about a party of these names, with the delivery of each."""
    return await tx.fetch(_EVENTS, business, party, list(names))


async def events_beside(
    tx: Tx, business: UUID, person: Person, places: Iterable[Place]
) -> list[asyncpg.Record]:
    """Return every event, rewrite and later reading of what these deliveries speak of, and of bank lines that tell of him."""
    wanted = sorted(places)
    brought = await tx.fetch(
        _SUBJECTS_OF, business, [source for source, _ in wanted], [digest for _, digest in wanted]
    )
    lines = await tx.fetch(_NARRATIONS, business)
    telling = await asyncio.to_thread(
        lambda: [row["subject"] for row in lines if person.is_told_in(row["narration"])]
    )
    return await tx.fetch(_EVENTS_OF, business, list({*(row["subject"] for row in brought), *telling}))


async def bodies_that_tell_of(tx: Tx, business: UUID, person: Person) -> set[Place]:
    """Return the deliveries whose text tells of a person, also those that no event of his leads to."""
    found: set[Place] = set()
    after: Place = ("", b"")
    while rows := await tx.fetch(_READABLE_BODIES, business, *after):
        found |= await asyncio.to_thread(_telling, rows, person)
        after = rows[-1]["source"], bytes(rows[-1]["digest"])
    return found


def _telling(rows: Sequence[asyncpg.Record], person: Person) -> set[Place]:
    found = set()
    for row in rows:
        text = _text_of(_opened(row))
        if text is not None and (
            person.is_told_in(text[0]) or (not row["told"] and person.scrub(text[0]) != text[0])
        ):
            found.add((row["source"], bytes(row["digest"])))
    return found


async def rename_files(tx: Tx, business: UUID, person: Person, kept: Iterable[Place]) -> None:
    """Take his words out of the names of files; what is `kept` with him may be called anything, and loses its name."""
    his = set(kept)
    renamed = []
    for row in await tx.fetch(_FILE_NAMES, business):
        place = (row["source"], bytes(row["digest"]))
        name = person.alias if place in his else person.scrub(row["filename"])
        if name != row["filename"]:
            renamed.append((*place, name))
    if renamed:
        async with as_eraser(tx):
            await tx.run(_RENAME, business, *([one[n] for one in renamed] for n in range(3)))


@asynccontextmanager
async def as_eraser(tx: Tx) -> AsyncIterator[None]:
    """Take the role that may change the log, for the length of a block and for nothing else."""
    await tx.run("SET LOCAL ROLE munshi_eraser")
    yield
    await tx.run("RESET ROLE")


async def is_waiting(tx: Tx, business: UUID, subjects: Iterable[UUID]) -> bool:
    """Whether something about these identities isn't worked in yet."""
    found: bool = await tx.value(_WAITING, business, list(subjects))
    return found


async def rewrite_events(
    tx: Tx, business: UUID, changed: Sequence[tuple[asyncpg.Record, str, Mapping[str, Any]]]
) -> None:
    """Put other words (and another record's id) in the place of those of events."""
    for table, (name, _) in _READINGS.items():
        rows = [one for one in changed if one[0]["place"] == table]
        if not rows:
            continue
        numbered = " AND t.number = u.number" if table == "interpretations" else ""
        async with as_eraser(tx):
            await tx.run(
                f"UPDATE {table} t SET normalised = u.said, external_id = u.external_id"
                " FROM unnest($2::uuid[], $3::int[], $4::text[], $5::jsonb[]) AS u (id, number, external_id, said)"
                f" WHERE t.business_id = $1 AND t.{name} = u.id{numbered}",
                business,
                [row["id"] for row, _, _ in rows],
                [row["number"] for row, _, _ in rows],
                [external_id for _, external_id, _ in rows],
                [orjson.dumps(said).decode() for _, _, said in rows],
            )


async def empty_bodies(
    tx: Tx, business: UUID, places: Mapping[Place, Any], person: Person, *, now: datetime
) -> tuple[int, int]:
    """Take the keys of raw bodies and keep what is left of them; return how many, and of how many nothing is left.

    `places` gives, for a body that one person's decision is all of, what is left of that decision; else None.
    """
    wanted = sorted(places)
    found = await tx.fetch(
        _BODIES, business, [source for source, _ in wanted], [digest for _, digest in wanted]
    )
    left: list[tuple[str, bytes, bytes | None]] = []
    for row in found:
        body = _opened(row)
        said = places[(row["source"], bytes(row["digest"]))]
        remainder = None if body is None else remainder_of(body, person, said=said)
        left.append((row["source"], row["digest"], remainder))
    if left:
        sources, digests, remainders = ([one[n] for one in left] for n in range(3))
        async with as_eraser(tx):
            await tx.run(_REMAINS, business, sources, digests, remainders, now)
            await tx.run(_DROP_KEYS, business, sources, digests)
    return len(left), sum(remainder is None for _, _, remainder in left)


def remainder_of(body: bytes, person: Person, *, said: Any = None) -> bytes | None:
    """Return a body without a person's words; None where it is no text, so that nobody can say what is in it."""
    if said is not None:
        return orjson.dumps(orjson.loads(body) | {"data": said})
    if (text := _text_of(body)) is None:
        return None
    return person.scrub(text[0]).encode(text[1], "replace")


def _opened(row: asyncpg.Record) -> bytes | None:
    if row["key"] is None:
        return None if row["remainder"] is None else bytes(row["remainder"])
    return unseal_body(bytes(row["body"]), bytes(row["key"]), bytes(row["digest"]))


def _text_of(body: bytes | None) -> tuple[str, str] | None:
    """Return the text of a body, and how it is encoded; None where it is no text."""
    if body is None:
        return None
    for encoding in ("utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "cp1252"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\x00" in text or text.startswith(("PK\x03\x04", "%PDF")) else (text, encoding)
    return None


async def drop_words(tx: Tx, business: UUID, person: Person) -> int:
    """Take what people said of him from beside the audit trail (its hash there stands); return of how many entries."""
    said = await tx.fetch(
        "SELECT id, words FROM audit_words WHERE business_id = $1 AND words IS NOT NULL", business
    )
    his = [row["id"] for row in said if person.scrub(row["words"]) != row["words"]]
    if his:
        await tx.run(
            "UPDATE audit_words SET salt = NULL, words = NULL WHERE business_id = $1 AND id = ANY($2)",
            business,
            his,
        )
    return len(his)


async def scrub_texts(tx: Tx, business: UUID, person: Person) -> int:
    """Replace a person's words in all that repeats them: cards, evidence, drafts; return how many rows had some."""
    changed = 0
    for table, (keys, columns) in TEXTS.items():
        listed = ", ".join((*keys, *columns))
        rows = await tx.fetch(f"SELECT {listed} FROM {table} WHERE business_id = $1", business)
        for row in rows:
            made = {name: scrubbed(row[name], person) for name in columns if row[name] is not None}
            if all(row[name] == value for name, value in made.items()):
                continue
            values = [
                v if isinstance(v, str) and name in _PLAIN else orjson.dumps(v).decode()
                for name, v in made.items()
            ]
            sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(made, start=2))
            where = " AND ".join(f"{name} = ${n}" for n, name in enumerate(keys, start=2 + len(made)))
            await tx.run(
                f"UPDATE {table} SET {sets} WHERE business_id = $1 AND {where}",
                business,
                *values,
                *(row[k] for k in keys),
            )
            changed += 1
    return changed


_PLAIN = frozenset({"note", "filename", "reason", "place", "error"})
