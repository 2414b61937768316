"""Whose chat is to be told the head of the audit trail today, across tenants."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from ledger.domain.roles import MATRIX, Permission, Role
from ledger.store.directory import all_businesses
from ledger.store.membership import in_force

TOLD_AT = time(21, 0)
"""Local time from which the head of the day is told: when nobody works on the books any more."""
TELLER = "system:audit"
"""Who tells heads, as the trail names him."""
CHUNK = 250
KEEPERS = tuple(role.value for role in (Role.OWNER, Role.VIEW) if Permission.EXPORT_AUDIT in MATRIX[role])
# Only where something was done since the head was told last (which notes so): a firm that rests isn't told the same again.
_DUE = f"""
SELECT m.business_id, m.id, m.name, m.role, m.language, m.chat_id, b.name AS business_name, b.timezone,
       ($1::timestamptz AT TIME ZONE b.timezone)::date AS today,
       (SELECT count(*) FROM directory d WHERE d.kind = 'chat' AND d.key = 'chat:' || m.chat_id) > 1 AS several
FROM members m JOIN businesses b ON b.business_id = m.business_id
WHERE m.business_id = ANY($2::uuid[]) AND {in_force(now="$1")} AND m.chat_id IS NOT NULL AND m.role = ANY($3)
  AND ($1 AT TIME ZONE b.timezone)::time >= $4
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.business_id = m.business_id
    AND o.once_key = 'head:' || m.id || ':' || ($1 AT TIME ZONE b.timezone)::date)
  AND (SELECT a.action <> 'audit.verified' OR a.actor <> $5::text FROM audit a
       WHERE a.business_id = m.business_id ORDER BY a.sequence DESC LIMIT 1)
ORDER BY m.business_id, m.id
"""


@dataclass(frozen=True, slots=True)
class Keeper:
    """A member whose chat keeps the heads of his business; `several`: the chat serves several businesses."""

    member_id: UUID
    role: Role
    language: str
    chat_id: int
    business_name: str
    timezone: str
    several: bool


@dataclass(frozen=True, slots=True)
class DueHead:
    """A business whose head is to be told today, and to whom."""

    business_id: UUID
    today: date
    keepers: tuple[Keeper, ...]


def once_key(member: UUID, day: date) -> str:
    """Return what keeps a member from being told the head of a day twice."""
    return f"head:{member}:{day.isoformat()}"


async def due_heads(engine: AsyncEngine, now: datetime) -> AsyncIterator[DueHead]:
    """Yield every business in which somebody is to be told the head of today."""
    businesses = await all_businesses(engine)
    for start in range(0, len(businesses), CHUNK):
        chunk = businesses[start : start + CHUNK]
        async with transaction(engine, chunk) as tx:
            rows = await tx.fetch(_DUE, now, chunk, list(KEEPERS), TOLD_AT, TELLER)
        for business, found in groupby(rows, key=lambda row: row["business_id"]):
            members = list(found)
            yield DueHead(business, members[0]["today"], tuple(_keeper(row) for row in members))


def _keeper(row: Any) -> Keeper:
    found: dict[str, Any] = dict(row)
    return Keeper(
        member_id=found["id"],
        role=Role(found["role"]),
        language=found["language"],
        chat_id=found["chat_id"],
        business_name=found["business_name"],
        timezone=found["timezone"],
        several=found["several"],
    )
