"""The door for sources: concurrent deliveries of all tenants share one commit, and a poisoned one costs only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg
from prometheus_client import Counter, Histogram
from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.sources import OUTAGE
from kit.database import transaction
from kit.errors import Retryable
from kit.logs import logger
from ledger.domain.events import Appended, Delivery, Quarantined
from ledger.store.append import append

log = logger(__name__)
EVENTS = Counter(
    "munshi_ingest_events_total", "Events appended, known already, rewritten, quarantined", ["outcome"]
)
BATCH = Histogram("munshi_ingest_batch", "Deliveries per commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256))
MAX_BATCH = 256
MAX_BATCH_BYTES = 16 * 1024 * 1024

Ring = Callable[[set[UUID]], Awaitable[None]]
POISON = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    ValueError,  # text that can't be encoded
    TypeError,  # data that JSON can't hold
)
"""What the store refuses because of the data itself."""


class Appender:
    """Group commit: while one commit is on its way, whoever comes waits for the next and shares it.

    `ring` is told, after each commit, which businesses have work; it must not raise.
    """

    def __init__(self, engine: AsyncEngine, *, ring: Ring | None = None, lanes: int = 1) -> None:
        self._engine = engine
        self._ring = ring
        self._waiting: list[tuple[Delivery, asyncio.Future[Appended]]] = []
        self._free_lanes = lanes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def append(self, delivery: Delivery) -> Appended:
        """Return after the delivery is committed; Retryable if the database is away (nothing was kept)."""
        loop = self._loop = self._loop or asyncio.get_running_loop()  # asked once: it costs a system call
        future: asyncio.Future[Appended] = loop.create_future()
        self._waiting.append((delivery, future))
        if self._free_lanes:
            self._free_lanes -= 1
            task = asyncio.create_task(self._commit_waiting())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _commit_waiting(self) -> None:
        try:
            while self._waiting:
                batch = self._take()
                await self._commit([item for item in batch if not item[1].cancelled()])
        finally:
            self._free_lanes += 1

    def _take(self) -> list[tuple[Delivery, asyncio.Future[Appended]]]:
        size = taken = 0
        for delivery, _ in self._waiting[:MAX_BATCH]:
            size += len(delivery.body)
            if taken and size > MAX_BATCH_BYTES:
                break
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch

    async def _commit(self, batch: list[tuple[Delivery, asyncio.Future[Appended]]]) -> None:
        deliveries = [delivery for delivery, _ in batch]
        try:
            results = await self._append_or_bisect(deliveries)
        except Exception as error:
            failure: Exception = error
            if isinstance(error, OUTAGE):
                failure = Retryable(
                    "store.away", "The database is away.", remedy="Send it again in a minute."
                )
            log.error("ingest.commit_failed", deliveries=len(batch), error=type(error).__name__)
            for _, future in batch:
                if not future.done():
                    future.set_exception(failure)
            return
        BATCH.observe(len(batch))
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
        _count(results)
        if self._ring is not None:
            await self._ring(
                {
                    delivery.business_id
                    for delivery, result in zip(deliveries, results, strict=True)
                    if result.added or result.rewritten or result.quarantined
                }
            )

    async def _append_or_bisect(self, deliveries: Sequence[Delivery]) -> list[Appended]:
        if not deliveries:
            return []
        try:
            async with transaction(
                self._engine, {d.business_id for d in deliveries}, role="munshi_ingest"
            ) as tx:
                return await append(tx, deliveries)
        except POISON as error:
            if len(deliveries) > 1:
                middle = len(deliveries) // 2
                first = await self._append_or_bisect(deliveries[:middle])
                return first + await self._append_or_bisect(deliveries[middle:])
            return await self._append_poison(deliveries[0], error)

    async def _append_poison(self, delivery: Delivery, error: Exception) -> list[Appended]:
        """Keep the raw body of a delivery that the store refuses; its events one by one, then none."""
        if len(delivery.events) > 1:
            middle = len(delivery.events) // 2
            halves = [
                replace(delivery, events=part)
                for part in (delivery.events[:middle], delivery.events[middle:])
            ]
            results = [(await self._append_or_bisect([half]))[0] for half in halves]
            return [
                Appended(
                    added=sum(r.added for r in results),
                    known=sum(r.known for r in results),
                    rewritten=sum(r.rewritten for r in results),
                    quarantined=sum(r.quarantined for r in results),
                )
            ]
        place = delivery.events[0].source_event_id if delivery.events else ""
        refused = Quarantined(place, "store.refused", f"The store refused it: {type(error).__name__}.")
        bare = replace(
            delivery,
            events=(),
            headers={},
            filename=None,
            quarantined=(refused,),
        )
        async with transaction(self._engine, [delivery.business_id], role="munshi_ingest") as tx:
            return await append(tx, [bare])


def _count(results: Sequence[Appended]) -> None:
    for outcome in ("added", "known", "rewritten", "quarantined"):
        total = sum(getattr(result, outcome) for result in results)
        if total:
            EVENTS.labels(outcome).inc(total)
