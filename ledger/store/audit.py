"""The audit trail: hash-chained per business, extended once per batch, never switched off."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from kit.database import Tx

GENESIS = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One transition: who did what to what, with reason, before, after and causing events in `entry`."""

    actor: str
    action: str
    subject: str | None = None
    entry: dict[str, Any] = field(default_factory=dict)


def entry_hash(
    previous: bytes, *, sequence: int, at: datetime, actor: str, action: str, subject: str | None, entry: Any
) -> bytes:
    """Return SHA-256(previous ‖ canonical JSON): keys sorted, times in UTC to the microsecond."""
    body = orjson.dumps(
        {
            "sequence": sequence,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": actor,
            "action": action,
            "subject": subject,
            "entry": entry,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(previous + body).digest()


async def append_audit(tx: Tx, business: UUID, entries: Sequence[Entry], *, at: datetime) -> int:
    """Extend the chain of a business by `entries` and return the last sequence; call it last in a transaction."""
    await tx.run("SELECT pg_advisory_xact_lock(hashtextextended('audit:' || $1::text, 0))", str(business))
    head = await tx.row(
        "SELECT sequence, hash FROM audit WHERE business_id = $1 ORDER BY sequence DESC LIMIT 1", business
    )
    sequence, previous = (head["sequence"], head["hash"]) if head else (0, GENESIS)
    columns: list[list[Any]] = [[], [], [], [], [], [], []]
    for item in entries:
        sequence += 1
        entry = orjson.loads(orjson.dumps(item.entry, default=str, option=orjson.OPT_SORT_KEYS))
        hashed = entry_hash(
            previous,
            sequence=sequence,
            at=at,
            actor=item.actor,
            action=item.action,
            subject=item.subject,
            entry=entry,
        )
        row = (
            sequence,
            item.actor,
            item.action,
            item.subject,
            orjson.dumps(entry).decode(),
            previous,
            hashed,
        )
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        previous = hashed
    await tx.run(
        """
        INSERT INTO audit (business_id, at, sequence, actor, action, subject, entry, previous, hash)
        SELECT $1, $2, * FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::bytea[], $9::bytea[])
        """,
        business,
        at,
        *columns,
    )
    return sequence


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of a verification: how many entries hold, and the sequence of the first that doesn't (None: all hold)."""

    entries: int
    broken_at: int | None
    head: str


async def verify_audit(tx: Tx, business: UUID) -> Verdict:
    """Recompute the chain of a business from its first entry."""
    previous, count, expected = GENESIS, 0, 1
    async for row in tx.raw.cursor(
        "SELECT sequence, at, actor, action, subject, entry, previous, hash FROM audit WHERE business_id = $1 ORDER BY sequence",
        business,
        prefetch=5_000,
    ):
        hashed = entry_hash(
            previous,
            sequence=row["sequence"],
            at=row["at"],
            actor=row["actor"],
            action=row["action"],
            subject=row["subject"],
            entry=row["entry"],
        )
        if row["sequence"] != expected or row["previous"] != previous or row["hash"] != hashed:
            return Verdict(count, row["sequence"], previous.hex())
        previous, count, expected = hashed, count + 1, expected + 1
    return Verdict(count, None, previous.hex())
