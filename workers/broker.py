"""The broker behind the doorbell: Redis or RabbitMQ by its address; none where workers poll PostgreSQL."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from urllib.parse import urlsplit

import redis
from dramatiq import Broker
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, AsyncIO, Middleware, Retries, ShutdownNotifications, TimeLimit

from kit.errors import Rejected
from kit.settings import settings
from workers import process

DRAIN, SWEEP, PULL, TELL = "business.drain", "business.sweep", "source.pull", "webhook.tell"
DRAIN_QUEUE, SWEEP_QUEUE, PULL_QUEUE = "munshi.drain", "munshi.sweep", "munshi.pull"
TELL_QUEUE = "munshi.tell"


class _Loop(AsyncIO):
    """The event loop of a worker; its pool is closed on it, before it ends."""

    def after_worker_shutdown(self, broker: object, worker: object) -> None:
        thread = get_event_loop_thread()
        if thread is not None:
            asyncio.run_coroutine_threadsafe(process.close(), thread.loop).result(timeout=5.0)
        super().after_worker_shutdown(broker, worker)  # type: ignore[no-untyped-call]


def make_broker(url: str) -> Broker:
    """Make the broker of an address: redis://, rediss://, unix:// or amqp://, amqps://."""
    middleware: list[Middleware] = [AgeLimit(), TimeLimit(), ShutdownNotifications(), Retries(), _Loop()]
    match urlsplit(url).scheme:
        case "redis" | "rediss" | "unix":
            client = redis.Redis.from_url(url, socket_timeout=5.0, socket_connect_timeout=2.0)
            return RedisBroker(  # type: ignore[no-untyped-call]
                client=client, middleware=middleware, namespace="munshi"
            )
        case "amqp" | "amqps":
            return RabbitmqBroker(url=url, middleware=middleware)
        case scheme:
            raise Rejected(
                "broker.unknown",
                f"REDIS_URL begins with {scheme or 'nothing'!r}.",
                remedy="Use redis://, rediss://, unix://, amqp:// or amqps://, or leave it empty to poll.",
            )


@lru_cache(maxsize=1)
def broker() -> Broker | None:
    """Return the broker of this process; None without REDIS_URL."""
    url = settings().redis_url
    return make_broker(url) if url else None
