"""How much a token may ask a minute: calls, and rows by the cost that limits.py reckons.

Each process counts in itself, so that no call waits for it, and every second exchanges what it counted with the others
through Redis: together they let through at most what a second of all of them brings more than the limit. Where there is
no Redis, the limit is each process's own.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from redis import RedisError
from redis.asyncio import Redis

from kit.errors import Retryable
from kit.logs import logger

log = logger(__name__)
MINUTE = 60
SYNC_SECONDS = 1.0
_MOST_KEPT = 20_000
_KEPT_SECONDS = 2 * MINUTE


class TooMany(Retryable):
    """Asked too often: it may be asked again after `after` seconds."""

    @property
    def details(self) -> Mapping[str, Any]:
        """When to come again."""
        return {"retryAfter": self.seconds}

    @property
    def seconds(self) -> int:
        """Whole seconds to wait, as the header Retry-After has them."""
        return max(1, int(self.after or 1))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a token may a minute; 0: as much as it likes."""

    calls: int = 0
    cost: int = 0


@dataclass(slots=True)
class _Window:
    minute: int
    calls: int = 0
    cost: int = 0
    told_calls: int = 0
    told_cost: int = 0
    others_calls: int = 0
    others_cost: int = 0


class Exchange(Protocol):
    """Where processes add up what they counted."""

    async def add(self, key: str, calls: int, cost: int) -> tuple[int, int]:
        """Add to a key, and return the sums of all processes."""

    async def close(self) -> None:
        """Let go of the connection."""


class Rates:
    """Counts by token in minutes of the clock, which all processes share."""

    def __init__(self, limits: Limits, *, now: Callable[[], float] = time.time) -> None:
        self._limits = limits
        self._now = now
        self._windows: OrderedDict[UUID, _Window] = OrderedDict()

    def admit(self, token: UUID | None) -> None:
        """Count a call; TooMany where the minute's calls or rows are spent."""
        if token is None or not (self._limits.calls or self._limits.cost):
            return
        window = self._window(token)
        for what, spent, most in (
            ("calls", window.calls + window.others_calls, self._limits.calls),
            ("cost", window.cost + window.others_cost, self._limits.cost),
        ):
            if most and spent >= most:
                raise TooMany(
                    f"rate.{what}",
                    f"The token's {what} of this minute are spent ({most}).",
                    remedy="Wait for the next minute; ask for larger pages less often.",
                    after=MINUTE - self._now() % MINUTE + 1,
                )
        window.calls += 1

    def charge(self, token: UUID | None, cost: int) -> None:
        """Count what a call cost, in rows."""
        if token is not None and self._limits.cost:
            self._window(token).cost += cost

    def _window(self, token: UUID) -> _Window:
        minute = int(self._now() // MINUTE)
        window = self._windows.get(token)
        if window is None or window.minute != minute:
            self._windows.pop(token, None)
            window = self._windows[token] = _Window(minute)
            while len(self._windows) > _MOST_KEPT:
                self._windows.popitem(last=False)
        return window

    async def exchange(self, others: Exchange) -> None:
        """Tell the other processes what was counted here since the last time, and learn their sums."""
        for token, window in list(self._windows.items()):
            calls, cost = window.calls - window.told_calls, window.cost - window.told_cost
            if not (calls or cost):
                continue
            window.told_calls, window.told_cost = window.calls, window.cost
            sums = await others.add(f"munshi:rate:{token}:{window.minute}", calls, cost)
            window.others_calls, window.others_cost = sums[0] - window.told_calls, sums[1] - window.told_cost


class RedisExchange:
    """The sums in Redis, for two minutes."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0)

    async def add(self, key: str, calls: int, cost: int) -> tuple[int, int]:
        """Add to a key, and return the sums of all processes."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hincrby(key, "calls", calls)
            pipe.hincrby(key, "cost", cost)
            pipe.expire(key, _KEPT_SECONDS)
            found = await pipe.execute()
        return int(found[0]), int(found[1])

    async def close(self) -> None:
        """Let go of the connection."""
        await self._redis.aclose()


def exchange_of(redis_url: str) -> Exchange | None:
    """Return where processes add up, by the broker's address; None where that is no Redis."""
    return RedisExchange(redis_url) if redis_url.startswith(("redis://", "rediss://", "unix://")) else None


async def keep_exchanging(rates: Rates, others: Exchange, *, every: float = SYNC_SECONDS) -> None:
    """Exchange what was counted until cancelled; without Redis each process has the limit for itself."""
    away = False
    try:
        while True:
            await asyncio.sleep(every)
            try:
                await rates.exchange(others)
                away = False
            except (RedisError, OSError) as error:
                if not away:
                    log.warning("rates.redis_away", error=type(error).__name__)
                away = True
    finally:
        await others.close()
