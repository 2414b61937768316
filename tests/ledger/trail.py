"""The audit trail as people read it: what was said stands in its entry again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from ledger.store.audit import readable, words_of


async def trail(engine: AsyncEngine, business: UUID, action: str | None = None) -> list[dict[str, Any]]:
    """Return the entries (of an action) in order, each with its words in place."""
    async with transaction(engine, [business], snapshot=True) as tx:
        rows = await tx.fetch(
            "SELECT sequence, at, actor, action, subject, entry FROM audit"
            " WHERE business_id = $1 AND ($2::text IS NULL OR action = $2) ORDER BY sequence",
            business,
            action,
        )
        words = await words_of(tx, business, [row["entry"] for row in rows])
    return [{**dict(row), "entry": readable(row["entry"], words)} for row in rows]
