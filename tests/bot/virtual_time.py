"""Time that passes only when nothing else is to be done: minutes of sending in a moment."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

_ROUNDS = 5  # of the event loop, after which whoever was woken has begun


class VirtualTime:
    """A clock in seconds; who sleeps on it is woken in order while `until` is awaited."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep on this clock."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds), next(self._numbers), woken))
        await woken

    async def until(
        self,
        holds: Callable[[], object],
        *,
        busy: Callable[[], object] = lambda: False,
        patience: float = 60.0,
    ) -> None:
        """Let time pass until something holds, standing still while `busy`; fail after `patience` real seconds."""
        deadline = asyncio.get_running_loop().time() + patience
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, f"waited in vain, at {self.now:.2f} s"
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
            if holds():
                return
            if busy() or not self._sleepers:
                await asyncio.sleep(0.001)
                continue
            at, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.now = max(self.now, at)
                woken.set_result(None)
