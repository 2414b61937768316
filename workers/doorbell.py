"""The doorbell: tells workers which businesses have work, after commit. PostgreSQL is the mailbox, so a lost ring loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import lru_cache
from uuid import UUID

import redis
from dramatiq import Broker, Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DramatiqError
from prometheus_client import Counter

from kit.logs import logger
from workers.broker import (
    DRAIN,
    DRAIN_QUEUE,
    PULL,
    PULL_QUEUE,
    SWEEP,
    SWEEP_QUEUE,
    TELL,
    TELL_QUEUE,
    broker,
)

log = logger(__name__)
RINGS = Counter("munshi_rings_total", "Rings of the doorbell", ["outcome"])
DEBOUNCE = 0.02
RUNG_FOR_MS = 2_000
"""A ring that no drain has answered yet makes further rings needless, for this long."""


class Doorbell:
    """Rings once per business and batch; it never raises and never makes the caller wait for the broker."""

    def __init__(self, broker: Broker | None) -> None:
        self._broker = broker
        self._due: set[UUID] = set()
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    async def ring(self, businesses: Iterable[UUID]) -> None:
        """Say that these businesses have work; without a broker workers find it by themselves."""
        if self._broker is None:
            return
        self._due.update(businesses)
        if self._due and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._deliver())

    async def close(self) -> None:
        """Wait until what was rung is delivered."""
        if self._task is not None:
            await self._task

    async def _deliver(self) -> None:
        while self._due:
            batch, self._due = sorted(self._due), set()
            try:
                rung = await asyncio.to_thread(self._enqueue, batch)
            except (redis.RedisError, DramatiqError, OSError) as error:
                RINGS.labels("failed").inc(len(batch))
                if not self._failing:
                    log.warning("doorbell.broker_away", error=type(error).__name__, businesses=len(batch))
                self._failing = True
            else:
                RINGS.labels("rung").inc(rung)
                RINGS.labels("needless").inc(len(batch) - rung)
                self._failing = False
            await asyncio.sleep(DEBOUNCE)

    def _enqueue(self, batch: Sequence[UUID]) -> int:
        rung = 0
        for business in batch:
            rung += send_drain(self._broker, business)
        return rung


def send_drain(broker: Broker | None, business: UUID) -> bool:
    """Enqueue a drain unless one that nobody has begun is waiting already; return whether it was enqueued."""
    if broker is None:
        return False
    if isinstance(broker, RedisBroker) and not broker.client.set(_flag(business), 1, nx=True, px=RUNG_FOR_MS):
        return False
    broker.enqueue(_message(DRAIN_QUEUE, DRAIN, business))
    return True


def send_sweep(broker: Broker, business: UUID) -> None:
    """Enqueue a sweep."""
    broker.enqueue(_message(SWEEP_QUEUE, SWEEP, business))


def send_pull(broker: Broker, business: UUID, source: str) -> None:
    """Enqueue a visit to a source; one that finds nothing due any more costs a look."""
    broker.enqueue(_message(PULL_QUEUE, PULL, business, source))


def send_tell(broker: Broker, business: UUID, webhook: UUID) -> None:
    """Enqueue a turn of an outgoing webhook; one that finds nothing due any more costs a look."""
    broker.enqueue(_message(TELL_QUEUE, TELL, business, str(webhook)))


def answered(broker: Broker | None, business: UUID) -> None:
    """Say that a drain begins to look: whatever is committed from now on needs a ring of its own."""
    if isinstance(broker, RedisBroker):
        try:
            broker.client.delete(_flag(business))
        except redis.RedisError as error:  # the flag ends by itself, and the scheduler rings
            log.warning("doorbell.broker_away", error=type(error).__name__, businesses=1)


def _flag(business: UUID) -> str:
    return f"munshi:rung:{business.hex}"


def _message(queue: str, actor: str, business: UUID, *more: str) -> Message[None]:
    return Message(queue_name=queue, actor_name=actor, args=(str(business), *more), kwargs={}, options={})


@lru_cache(maxsize=1)
def doorbell() -> Doorbell:
    """Return the doorbell of this process."""
    return Doorbell(broker())


async def ring(businesses: Iterable[UUID]) -> None:
    """Ring this process's doorbell (its broker is the settings')."""
    await doorbell().ring(businesses)


async def close_doorbell() -> None:
    """Wait until this process's rings are delivered: a program that ends would take them with it."""
    await doorbell().close()
