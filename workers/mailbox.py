"""Who has work: asked across tenants under a role that sees nothing but business ids and due times."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction


async def businesses_with_work(engine: AsyncEngine, now: datetime) -> list[UUID]:
    """Return the businesses with pending work due by `now`, the longest waiting first."""
    async with transaction(engine, [], role="munshi_bell") as tx:
        rows = await tx.fetch(
            "SELECT business_id FROM pending WHERE due_at <= $1 GROUP BY business_id ORDER BY min(due_at)",
            now,
        )
    return [row["business_id"] for row in rows]
