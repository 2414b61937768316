"""How often somebody may ask for something: so many times a minute by each key, counted in this process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST_KEPT = 20_000


class Throttle:
    """Counts calls by key in windows of a minute; the oldest keys are forgotten first."""

    def __init__(self, per_minute: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = per_minute
        self._monotonic = monotonic
        self._counts: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def allows(self, key: Hashable) -> bool:
        """Count a call; False where it is one too many of its minute."""
        now = self._monotonic()
        since, count = self._counts.pop(key, (now, 0))
        if now - since >= 60.0:
            since, count = now, 0
        self._counts[key] = (since, count + 1)
        while len(self._counts) > _MOST_KEPT:
            self._counts.popitem(last=False)
        return count < self._most

    def spent(self, key: Hashable) -> bool:
        """Whether the next call would be one too many, without counting one."""
        since, count = self._counts.get(key, (0.0, 0))
        return count >= self._most and self._monotonic() - since < 60.0
