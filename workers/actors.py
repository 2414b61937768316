"""The actors: five lines each, for the loop of a worker."""

from __future__ import annotations

from uuid import UUID

import dramatiq
from dramatiq import Broker

from workers import drainer, process, puller, teller
from workers.broker import (
    DRAIN,
    DRAIN_QUEUE,
    PULL,
    PULL_QUEUE,
    SWEEP,
    SWEEP_QUEUE,
    TELL,
    TELL_QUEUE,
)
from workers.doorbell import answered

_MINUTE = 60_000


def declare(broker: Broker) -> None:
    """Make the actors known to a broker. Old rings are dropped: the scheduler rings for what is still due."""

    @dramatiq.actor(
        broker=broker, actor_name=DRAIN, queue_name=DRAIN_QUEUE,
        max_age=2 * _MINUTE, max_retries=3, min_backoff=500, max_backoff=5_000, time_limit=10 * _MINUTE,
    )  # fmt: skip
    async def drain(business: str) -> None:
        answered(broker, UUID(business))
        await drainer.drain(process.door(), UUID(business))

    @dramatiq.actor(
        broker=broker, actor_name=SWEEP, queue_name=SWEEP_QUEUE,
        max_retries=3, min_backoff=5_000, time_limit=30 * _MINUTE,
    )  # fmt: skip
    async def sweep(business: str) -> None:
        await drainer.sweep(process.door(), UUID(business))

    @dramatiq.actor(
        broker=broker, actor_name=PULL, queue_name=PULL_QUEUE,
        max_age=2 * _MINUTE, max_retries=0, time_limit=60 * _MINUTE,
    )  # fmt: skip
    async def pull(business: str, source: str) -> None:
        await puller.pull(process.door(), UUID(business), source)

    @dramatiq.actor(
        broker=broker, actor_name=TELL, queue_name=TELL_QUEUE,
        max_age=2 * _MINUTE, max_retries=0, time_limit=60 * _MINUTE,
    )  # fmt: skip
    async def tell(business: str, webhook: str) -> None:
        await teller.tell(process.door(), UUID(business), UUID(webhook))
