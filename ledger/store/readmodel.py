"""Stage two in the store: write the rows that differ, and post bitemporally (known_from, known_to)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Integer, Uuid

from kit.database import Tx
from kit.ids import derived
from ledger.domain.derive import Derived
from ledger.domain.rows import TABLES, BookEntryRow, PostingRow
from ledger.store.changes import Changes
from ledger.store.party_changes import Rows
from ledger.store.tables import metadata

_TYPES = ((BigInteger, "bigint"), (Integer, "int"), (Boolean, "boolean"), (DateTime, "timestamptz"), (Date, "date"),
          (Uuid, "uuid"))  # fmt: skip
_BITEMPORAL: dict[str, type[NamedTuple]] = {"postings": PostingRow, "book_entries": BookEntryRow}


@lru_cache(maxsize=64)
def _array_types(table: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    columns = metadata.tables[table].columns
    return tuple(
        next((name for kind, name in _TYPES if isinstance(columns[f].type, kind)), "text") for f in fields
    )


def _unnested(table: str, fields: tuple[str, ...], first: int) -> str:
    return ", ".join(f"${first + i}::{kind}[]" for i, kind in enumerate(_array_types(table, fields)))


@dataclass(frozen=True, slots=True)
class Written:
    """What a derivation wrote: how many rows by table, and the transitions of those that are followed."""

    rows: dict[str, int] = field(default_factory=dict)
    changes: Changes = field(default_factory=Changes)


async def write(
    tx: Tx, business: UUID, made: Derived, *, scope: Collection[UUID] | None, now: datetime
) -> Written:
    """Make the stored rows within `scope` (None: all) equal to `made`; return what changed."""
    written = Written()
    anchors = None if scope is None else list(scope)
    for table, (row, key) in TABLES.items():
        before, after, count = await _write_table(
            tx, business, table, row._fields, key, made.tables.get(table, []), anchors
        )
        written.changes.note(table, before, after)
        if count:
            written.rows[table] = count
    for table, rows in _posted(made).items():
        if count := await _post(tx, business, table, rows, anchors, now):
            written.rows[table] = count
    return written


async def differences(tx: Tx, business: UUID, made: Derived) -> dict[str, int]:
    """Return how many stored rows differ from `made`, by table; nothing is written."""
    out: dict[str, int] = {}
    for table, (row, _) in TABLES.items():
        stored = {tuple(record) for record in await _stored(tx, business, table, row._fields, None)}
        wrong = len(stored ^ {tuple(item) for item in made.tables.get(table, [])})
        if wrong:
            out[table] = wrong
    for table, rows in _posted(made).items():
        posted = {tuple(record)[1:] for record in await _current(tx, business, table, None)}
        if wrong := len(posted ^ {tuple(item) for item in rows}):
            out[table] = wrong
    return out


def _posted(made: Derived) -> dict[str, Sequence[NamedTuple]]:
    return {"postings": made.postings, "book_entries": made.books}


async def _stored(
    tx: Tx, business: UUID, table: str, fields: tuple[str, ...], anchors: list[UUID] | None
) -> Sequence[Any]:
    sql = f"SELECT {', '.join(fields)} FROM {table} WHERE business_id = $1"
    if anchors is None:
        return await tx.fetch(sql, business)
    return await tx.fetch(_each(sql), business, anchors)


def _each(sql: str) -> str:
    """Look each anchor up by itself: without statistics of a business, all that it has might be read instead."""
    return f"SELECT t.* FROM unnest($2::uuid[]) AS s (anchor) CROSS JOIN LATERAL ({sql} AND anchor = s.anchor OFFSET 0) t"


async def _write_table(
    tx: Tx,
    business: UUID,
    table: str,
    fields: tuple[str, ...],
    key: tuple[str, ...],
    made: Sequence[NamedTuple],
    anchors: list[UUID] | None,
) -> tuple[Rows, Rows, int]:
    """Write a table; return what stood and what stands, by key, and how many rows that changed."""
    places = [fields.index(name) for name in key]
    stored = {
        tuple(record[i] for i in places): tuple(record)
        for record in await _stored(tx, business, table, fields, anchors)
    }
    wanted = {tuple(row[i] for i in places): tuple(row) for row in made}
    fresh = [row for name, row in wanted.items() if stored.get(name) != row]
    gone = [name for name in stored if name not in wanted]
    if gone:
        condition = " AND ".join(f"t.{name} = g.{name}" for name in key)
        await tx.run(
            f"DELETE FROM {table} t USING unnest({_unnested(table, key, 2)}) AS g({', '.join(key)}) "
            f"WHERE t.business_id = $1 AND {condition}",
            business,
            *_columns(gone),
        )
    if fresh:
        updates = ", ".join(f"{name} = excluded.{name}" for name in fields if name not in key)
        await tx.run(
            f"INSERT INTO {table} (business_id, {', '.join(fields)}) "
            f"SELECT $1, * FROM unnest({_unnested(table, fields, 2)}) "
            f"ON CONFLICT (business_id, {', '.join(key)}) DO UPDATE SET {updates}",
            business,
            *_columns(fresh),
        )
    return stored, wanted, len(fresh) + len(gone)


async def _current(tx: Tx, business: UUID, table: str, anchors: list[UUID] | None) -> Sequence[Any]:
    fields = ", ".join(_BITEMPORAL[table]._fields)
    sql = f"SELECT id, {fields} FROM {table} WHERE business_id = $1 AND known_to IS NULL"
    if anchors is None:
        return await tx.fetch(sql, business)
    return await tx.fetch(_each(sql), business, anchors)


async def _post(
    tx: Tx,
    business: UUID,
    table: str,
    made: Sequence[NamedTuple],
    anchors: list[UUID] | None,
    now: datetime,
) -> int:
    """Close what is no longer so, and add what now is; a posting known and gone at one moment never was."""
    stored = {tuple(record)[1:]: record["id"] for record in await _current(tx, business, table, anchors)}
    wanted = {tuple(row) for row in made}
    gone = [name for row, name in stored.items() if row not in wanted]
    fresh = [row for row in wanted if row not in stored]
    if gone:
        await tx.run(
            f"DELETE FROM {table} WHERE business_id = $1 AND id = ANY($2) AND known_from >= $3",
            business,
            gone,
            now,
        )
        await tx.run(
            f"UPDATE {table} SET known_to = $3 WHERE business_id = $1 AND id = ANY($2)", business, gone, now
        )
    if fresh:
        fields = _BITEMPORAL[table]._fields
        ids = [derived("posting", now.isoformat(), *map(str, row)) for row in fresh]
        await tx.run(
            f"INSERT INTO {table} (business_id, id, known_from, {', '.join(fields)}) "
            f"SELECT $1, u.id, $2, {', '.join(f'u.{name}' for name in fields)} "
            f"FROM unnest($3::uuid[], {_unnested(table, fields, 4)}) AS u(id, {', '.join(fields)})",
            business,
            now,
            ids,
            *_columns(fresh),
        )
    return len(gone) + len(fresh)


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
