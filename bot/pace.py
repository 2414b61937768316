"""The pace of sending: a small burst for a quick dialogue, then Telegram's limits per chat and over all chats."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

PER_CHAT_BURST, PER_CHAT_RATE = 5.0, 1.0
OVERALL_BURST, OVERALL_RATE = 30.0, 30.0
_MOST_CHATS = 10_000


@dataclass(slots=True)
class Bucket:
    """A bucket of tokens: `burst` at most, refilled at `rate` a second."""

    burst: float
    rate: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Take a token, on credit if there is none, and return the seconds to wait before using it."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate) - 1.0
        self.at = now
        return max(0.0, -self.tokens / self.rate)


class Pace:
    """Tells how long a message for a chat has to wait; `monotonic` is the clock, in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._overall = Bucket(OVERALL_BURST, OVERALL_RATE, OVERALL_BURST, monotonic())
        self._chats: OrderedDict[int, Bucket] = OrderedDict()

    def wait(self, chat_id: int) -> float:
        """Return the seconds that the next message to this chat has to wait; call it once per message."""
        now = self._monotonic()
        bucket = self._chats.pop(chat_id, None)
        if bucket is None:
            bucket = Bucket(PER_CHAT_BURST, PER_CHAT_RATE, PER_CHAT_BURST, now)
        self._chats[chat_id] = bucket
        if len(self._chats) > _MOST_CHATS:
            self._chats.popitem(last=False)
        return max(bucket.wait(now), self._overall.wait(now))
