"""Which endpoints have something to be sent: asked across tenants under a role that sees ids, places and times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from ledger.store.directory import all_businesses

KEPT = timedelta(days=30)
TOLD_FOR = timedelta(days=7)
_CHUNK = 500
_SWITCHED_OFF = """
SELECT DISTINCT business_id FROM webhooks WHERE NOT enabled AND off_because <> 'owner' AND due_at > $1
"""
_DUE = """
SELECT w.business_id, w.id, w.position FROM webhooks w
WHERE (w.leased_until IS NULL OR w.leased_until <= $1) AND (
  (w.enabled AND w.due_at <= $1 AND w.position < coalesce((SELECT a.sequence FROM audit a
     WHERE a.business_id = w.business_id ORDER BY a.sequence DESC LIMIT 1), 0))
  OR EXISTS (SELECT FROM webhook_wishes x
     WHERE x.business_id = w.business_id AND x.webhook_id = w.id AND x.due_at <= $1))
ORDER BY w.due_at, w.id
"""


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """An endpoint whose turn it is."""

    business_id: UUID
    webhook_id: UUID
    position: int
    """Where it stands: who has moved on since is another's turn, and needn't wait for its patience."""


async def webhooks_due(engine: AsyncEngine, now: datetime) -> list[DueWebhook]:
    """Return the endpoints that have something to be sent by `now`, the longest waiting first."""
    async with transaction(engine, [], role="munshi_bell") as tx:
        rows = await tx.fetch(_DUE, now)
    return [DueWebhook(row["business_id"], row["id"], row["position"]) for row in rows]


async def firms_with_switched_off(engine: AsyncEngine, now: datetime) -> list[UUID]:
    """Return the businesses that have an endpoint which failed until it was switched off, within the last week."""
    found: list[UUID] = []
    businesses = await all_businesses(engine)
    for start in range(0, len(businesses), _CHUNK):
        async with transaction(engine, businesses[start : start + _CHUNK]) as tx:
            rows = await tx.fetch(_SWITCHED_OFF, now - TOLD_FOR)
        found += [row["business_id"] for row in rows]
    return found


async def forget_old_tries(engine: AsyncEngine, now: datetime) -> int:
    """Take away the list of calls that are older than thirty days; return how many."""
    gone = 0
    businesses = await all_businesses(engine)
    for start in range(0, len(businesses), _CHUNK):
        async with transaction(engine, businesses[start : start + _CHUNK]) as tx:
            gone += await tx.run("DELETE FROM webhook_tries WHERE at < $1", now - KEPT)
    return gone
