"""Looks across tenants: which business a chat, a code or a sweep has to turn to. Ids only, never content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import Tx, transaction

_CHUNK = 500  # tenants looked at in one transaction


@dataclass(frozen=True, slots=True)
class Listed:
    """A member of a business, by ids."""

    business_id: UUID
    member_id: UUID


def chat_key(chat_id: int) -> str:
    """Return the directory's key of a chat."""
    return f"chat:{chat_id}"


async def all_businesses(engine: AsyncEngine) -> list[UUID]:
    """Return every business, in a stable order."""
    async with transaction(engine, []) as tx:
        rows = await tx.fetch(
            "SELECT business_id FROM directory WHERE kind = 'business' ORDER BY business_id"
        )
    return [row["business_id"] for row in rows]


async def members_of_chat(engine: AsyncEngine, chat_id: int) -> list[Listed]:
    """Return whom a chat stands for: one member per business, none for a stranger."""
    async with transaction(engine, []) as tx:
        rows = await tx.fetch(
            "SELECT business_id, ref FROM directory WHERE kind = 'chat' AND key = $1 ORDER BY business_id",
            chat_key(chat_id),
        )
    return [Listed(row["business_id"], row["ref"]) for row in rows if row["ref"] is not None]


async def business_of_code(engine: AsyncEngine, code_hash: bytes) -> UUID | None:
    """Return the business that gave out a linking code, None for a code that nobody gave out."""
    async with transaction(engine, []) as tx:
        found: UUID | None = await tx.value(
            "SELECT business_id FROM directory WHERE kind = 'code' AND key = $1", code_hash.hex()
        )
    return found


async def put(tx: Tx, *, kind: str, key: str, business_id: UUID, ref: UUID | None = None) -> None:
    """List a key for a business, in place of what it said before."""
    await tx.run(
        """
        INSERT INTO directory (kind, key, business_id, ref) VALUES ($1, $2, $3, $4)
        ON CONFLICT (kind, key, business_id) DO UPDATE SET ref = EXCLUDED.ref
        """,
        kind,
        key,
        business_id,
        ref,
    )


async def drop(tx: Tx, *, kind: str, key: str, business_id: UUID) -> None:
    """Take a key of a business off the list."""
    await tx.run(
        "DELETE FROM directory WHERE kind = $1 AND key = $2 AND business_id = $3", kind, key, business_id
    )


async def _chunks(engine: AsyncEngine) -> AsyncIterator[list[UUID]]:
    found = await all_businesses(engine)
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]


async def businesses_with_messages(engine: AsyncEngine, *, status: str = "queued") -> list[UUID]:
    """Return the businesses with messages in this status."""
    waiting: list[UUID] = []
    async for chunk in _chunks(engine):
        async with transaction(engine, chunk) as tx:
            rows = await tx.fetch("SELECT DISTINCT business_id FROM outbox WHERE status = $1", status)
        waiting += [row["business_id"] for row in rows]
    return waiting


async def businesses_with_files(engine: AsyncEngine) -> list[UUID]:
    """Return the businesses with files of their chats that are not told of yet."""
    waiting: list[UUID] = []
    async for chunk in _chunks(engine):
        async with transaction(engine, chunk) as tx:
            rows = await tx.fetch(
                "SELECT DISTINCT business_id FROM chat_files WHERE status IN ('reading', 'derived')"
            )
        waiting += [row["business_id"] for row in rows]
    return waiting


@dataclass(frozen=True, slots=True)
class WaitingChat:
    """A chat with queued messages of a business: the most urgent kind among them, and when the oldest may go."""

    business_id: UUID
    chat_id: int
    kind: str
    due_at: datetime


async def waiting_chats(engine: AsyncEngine) -> list[WaitingChat]:
    """Return every chat for which something is queued, those that have waited longest first."""
    waiting: list[tuple[datetime, WaitingChat]] = []
    async for chunk in _chunks(engine):
        async with transaction(engine, chunk) as tx:
            rows = await tx.fetch(
                """
                SELECT DISTINCT ON (business_id, chat_id) business_id, chat_id, due_at, queued_at,
                       CASE WHEN bool_or(kind = 'answer') OVER chat THEN 'answer'
                            WHEN bool_or(kind = 'alert') OVER chat THEN 'alert' ELSE 'digest' END AS kind
                FROM outbox WHERE status = 'queued' WINDOW chat AS (PARTITION BY business_id, chat_id)
                ORDER BY business_id, chat_id, queued_at, id
                """
            )
        waiting += [
            (row["queued_at"], WaitingChat(row["business_id"], row["chat_id"], row["kind"], row["due_at"]))
            for row in rows
        ]
    waiting.sort(key=lambda one: one[0])
    return [chat for _, chat in waiting]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the chats were sent lately, oldest first, and until when Telegram asked which chat to wait."""

    sent: list[tuple[int, datetime]]
    held: list[tuple[int, datetime]]


async def traffic_since(engine: AsyncEngine, since: datetime, now: datetime) -> Traffic:
    """Return what was sent since a moment (what is half sent now may have been), and the pauses that still last."""
    sent: list[tuple[int, datetime]] = []
    held: list[tuple[int, datetime]] = []
    async for chunk in _chunks(engine):
        async with transaction(engine, chunk) as tx:
            rows = await tx.fetch(
                """
                SELECT chat_id, coalesce(sent_at, $2) AS at FROM outbox
                WHERE sent_at > $1 OR status = 'sending'
                """,
                since,
                now,
            )
            sent += [(row["chat_id"], row["at"]) for row in rows]
            rows = await tx.fetch(
                """
                SELECT chat_id, max(due_at) AS until FROM outbox
                WHERE status = 'queued' AND error = 'rate' AND due_at > $1 GROUP BY chat_id
                """,
                now,
            )
            held += [(row["chat_id"], row["until"]) for row in rows]
    return Traffic(sorted(sent, key=lambda one: one[1]), held)
