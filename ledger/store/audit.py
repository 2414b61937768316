"""The audit trail: hash-chained per business, extended once per batch, never switched off.

The form that is hashed is laid down in ledger/audit_format.md; whoever changes one changes the other.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from kit.database import Tx
from kit.ids import uuid7

GENESIS = bytes(32)
CHANNEL = "munshi_audit"
"""NOTIFY channel, once a commit: `business:last sequence`. Who follows a business reads on from where he stands."""
THROUGH = "token"
"""Member of an entry: the id of the token through which it came. The door alone writes it."""
SPOKEN = frozenset(
    (
        "account", "caption", "contact", "crm_owner", "drawer", "email", "filename", "label", "name", "narration",
        "note", "payee", "payer", "phone", "reason", "text", "upi_id", "words",
    )
)  # fmt: skip
"""Members of an entry that hold what people said or are called."""
_SALT_BYTES = 16
_AT_ONCE = 2_000
"""Entries written by one statement."""
_APPEND = """
WITH added AS (
  INSERT INTO audit (business_id, at, sequence, actor, action, subject, entry, previous, hash)
  SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::bytea[], $9::bytea[])
)
SELECT pg_notify($10, $11) WHERE $11 <> ''
"""
_FRACTION = re.compile(rb"[:,\[]-?[0-9]+[.eE]")
"""Perhaps a fraction, perhaps text that looks like one; where nothing does, what was written is canonical already."""


class Words(str):
    """What a person said or is called: kept beside the chain, which holds only its salted hash, so that it can be erased."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One transition: who did what to what, with reason, before, after and causing events in `entry`."""

    actor: str
    action: str
    subject: str | None = None
    entry: dict[str, Any] = field(default_factory=dict)


def beside(value: Any) -> Any:
    """Mark what people said or are called within an entry as Words; ids, amounts, days and states stay as they are."""
    match value:
        case Mapping():
            return {key: _all_words(item) if key in SPOKEN else beside(item) for key, item in value.items()}
        case list() | tuple():
            return [beside(item) for item in value]
        case _:
            return value


def _all_words(value: Any) -> Any:
    match value:
        case str():
            return Words(value)
        case Mapping():
            return {key: _all_words(item) for key, item in value.items()}
        case list() | tuple():
            return [_all_words(item) for item in value]
        case _:
            return value


def entry_hash(
    previous: bytes, *, sequence: int, at: datetime, actor: str, action: str, subject: str | None, entry: Any
) -> bytes:
    """Return SHA-256(previous ‖ canonical JSON): keys sorted, times in UTC to the microsecond."""
    body = orjson.dumps(
        {
            "sequence": sequence,
            "at": moment(at),
            "actor": actor,
            "action": action,
            "subject": subject,
            "entry": entry,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(previous + body).digest()


def moment(at: datetime) -> str:
    """Write a time as the chain does: UTC, six digits of a second, +00:00."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def words_hash(salt: bytes, words: str) -> str:
    """Return the hash by which an entry holds what a person said."""
    return hashlib.sha256(salt + words.encode()).hexdigest()


async def append_audit(tx: Tx, business: UUID, entries: Sequence[Entry], *, at: datetime) -> int:
    """Extend the chain of a business by `entries` and return the last sequence; call it last in a transaction."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('audit:' || $1::text, 0))", str(business))
    head = await tx.row(
        "SELECT sequence, hash FROM audit WHERE business_id = $1 ORDER BY sequence DESC LIMIT 1", business
    )
    sequence, previous = (head["sequence"], head["hash"]) if head else (0, GENESIS)
    for first in range(0, len(entries), _AT_ONCE):
        spoken, rows = _Spoken(), []
        for item in entries[first : first + _AT_ONCE]:
            sequence += 1
            entry = spoken.canonical(item.entry)
            hashed = entry_hash(
                previous,
                sequence=sequence,
                at=at,
                actor=item.actor,
                action=item.action,
                subject=item.subject,
                entry=orjson.Fragment(entry),
            )
            rows.append((sequence, item.actor, item.action, item.subject, entry.decode(), previous, hashed))
            previous = hashed
        await spoken.keep(tx, business)
        told = f"{business}:{sequence}" if first + _AT_ONCE >= len(entries) else ""
        await tx.run(_APPEND, business, at, *map(list, zip(*rows, strict=True)), CHANNEL, told)
    return sequence


class _Spoken:
    """Brings entries into the form that is hashed, and takes what people said out of them."""

    def __init__(self) -> None:
        self._rows: list[tuple[UUID, bytes, str]] = []

    def canonical(self, entry: Mapping[str, Any]) -> bytes:
        """Write an entry in JSON's kinds only, keys sorted: whole numbers; fractions, ids, days and times as text."""
        body = orjson.dumps(
            entry,
            default=self._other,
            option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS,
        )
        if not _FRACTION.search(body):  # every bill of an import comes through here
            return body
        return orjson.dumps(_without_fractions(orjson.loads(body)), option=orjson.OPT_SORT_KEYS)

    def _other(self, value: Any) -> Any:
        match value:
            case Words():
                one, salt = uuid7(), secrets.token_bytes(_SALT_BYTES)
                self._rows.append((one, salt, str(value)))
                return {"words": str(one), "sha256": words_hash(salt, value)}
            case str():
                return str.__str__(value)
            case int():
                return int(value)
            case Mapping():
                return dict(value)
            case tuple() | set() | frozenset():
                return sorted(value, key=str) if isinstance(value, set | frozenset) else list(value)
            case _:
                return str(value)

    async def keep(self, tx: Tx, business: UUID) -> None:
        """Write what was taken out, in one statement."""
        if not self._rows:
            return
        await tx.run(
            "INSERT INTO audit_words (business_id, id, salt, words)"
            " SELECT $1, * FROM unnest($2::uuid[], $3::bytea[], $4::text[])",
            business,
            *map(list, zip(*self._rows, strict=True)),
        )


def _without_fractions(value: Any) -> Any:
    """Write a fraction as text: two programs need not agree on how a floating number is spelt."""
    match value:
        case float():
            return repr(value)
        case dict():
            return {key: _without_fractions(item) for key, item in value.items()}
        case list():
            return [_without_fractions(item) for item in value]
        case _:
            return value


def spoken_ids(entries: Iterable[Any]) -> set[UUID]:
    """Return the ids of all words that entries name."""
    found: set[UUID] = set()
    waiting = list(entries)
    while waiting:  # every entry of an export comes through here
        held = waiting.pop()
        if isinstance(held, dict):
            if _names_words(held):
                found.add(UUID(held["words"]))
            else:
                waiting.extend(one for one in held.values() if isinstance(one, dict | list))
        elif isinstance(held, list):
            waiting.extend(one for one in held if isinstance(one, dict | list))
    return found


def _names_words(held: dict[str, Any]) -> bool:
    return len(held) == 2 and "words" in held and "sha256" in held


async def words_of(tx: Tx, business: UUID, entries: Iterable[Any]) -> dict[UUID, tuple[bytes, str]]:
    """Return salt and words of all that entries name, in one statement; what was erased isn't among them."""
    wanted = spoken_ids(entries)
    if not wanted:
        return {}
    rows = await tx.fetch(
        "SELECT id, salt, words FROM audit_words WHERE business_id = $1 AND id = ANY($2) AND words IS NOT NULL",
        business,
        list(wanted),
    )
    return {row["id"]: (row["salt"], row["words"]) for row in rows}


def readable(entry: Any, words: Mapping[UUID, tuple[bytes, str]]) -> Any:
    """Put words back where an entry names them; None where they were erased."""
    if isinstance(entry, dict):
        if _names_words(entry):
            known = words.get(UUID(entry["words"]))
            return known[1] if known is not None else None
        return {key: readable(item, words) for key, item in entry.items()}
    if isinstance(entry, list):
        return [readable(item, words) for item in entry]
    return entry
