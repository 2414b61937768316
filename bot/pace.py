"""The pace of sending: Telegram's limits per chat, per group and over all chats; answers go before the morning's mass."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

OVERALL, OVERALL_SECONDS = 30, 1.0
KEPT_FOR_ANSWERS = 5
"""Of each second's messages; the mass of digests leaves them free, so that whoever taps isn't kept waiting by it."""
PER_CHAT_BURST, PER_CHAT_RATE = 5.0, 1.0
PER_GROUP, PER_GROUP_SECONDS = 20, 60.0
_MOST_CHATS = 10_000
_MASS_REFUSED_WITHIN = 5.0
ANSWER, ALERT, DIGEST = range(3)
URGENCY = {"answer": ANSWER, "alert": ALERT, "digest": DIGEST}

Sleep = Callable[[float], Awaitable[object]]


@dataclass(slots=True)
class Bucket:
    """A bucket of tokens: `burst` at most, refilled at `rate` a second."""

    burst: float
    rate: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Return the seconds until there is a token."""
        return max(0.0, (1.0 - self._filled(now)) / self.rate)

    def take(self, now: float) -> None:
        """Take a token, on credit if there is none."""
        self.tokens, self.at = self._filled(now) - 1.0, max(self.at, now)

    def _filled(self, now: float) -> float:
        return min(self.burst, self.tokens + max(0.0, now - self.at) * self.rate)


@dataclass(slots=True)
class Window:
    """At most `most` in any `seconds`: the moments of the last ones, oldest first."""

    most: int
    seconds: float
    moments: deque[float] = field(default_factory=deque)

    def wait(self, now: float, most: int | None = None) -> float:
        """Return the seconds until one more is allowed (of `most`, where fewer than usual may be used)."""
        allowed = self.most if most is None else most
        while self.moments and self.moments[0] <= now - self.seconds:
            self.moments.popleft()
        if len(self.moments) < allowed:
            return 0.0
        return self.moments[len(self.moments) - allowed] + self.seconds - now

    def take(self, now: float) -> None:
        """Count one."""
        self.moments.append(now)


@dataclass(order=True, slots=True)
class _Waiting:
    urgency: int
    number: int
    chat_id: int = field(compare=False)
    granted: asyncio.Future[None] = field(compare=False)


class Pace:
    """Gives out turns to send: the most urgent first, no more than Telegram takes."""

    def __init__(self, monotonic: Callable[[], float], sleep: Sleep = asyncio.sleep) -> None:
        """`monotonic` is the clock in seconds, `sleep` waits on it."""
        self._now, self._sleep = monotonic, sleep
        self._overall = Window(OVERALL, OVERALL_SECONDS)
        self._chats: OrderedDict[int, Bucket | Window] = OrderedDict()
        self._held: dict[int, float] = {}
        self._all_held = float("-inf")
        self._refused: dict[int, float] = {}
        self._queue: list[_Waiting] = []
        self._numbers = itertools.count()
        self._giving: asyncio.Task[None] | None = None

    async def turn(self, chat_id: int, urgency: int = ANSWER) -> None:
        """Wait until a message to this chat may go, and count it. One caller per chat at a time."""
        while (wait := self._chat_wait(chat_id)) > 0:
            await self._sleep(wait)
        if (not self._queue or self._queue[0].urgency > urgency) and self._overall_wait(urgency) <= 0:
            self._grant(chat_id)
            return
        waiting = _Waiting(urgency, next(self._numbers), chat_id, asyncio.get_running_loop().create_future())
        heapq.heappush(self._queue, waiting)
        if self._giving is None or self._giving.done():
            self._giving = asyncio.create_task(self._give())
        await waiting.granted

    def hurry(self, chat_id: int, urgency: int) -> None:
        """Let the chat's waiting turn come as early as `urgency` asks: something urgent waits behind it now."""
        for waiting in list(self._queue):
            if waiting.chat_id == chat_id and waiting.urgency > urgency and not waiting.granted.done():
                again = _Waiting(urgency, next(self._numbers), chat_id, waiting.granted)
                heapq.heappush(self._queue, again)

    def unused(self, chat_id: int) -> None:
        """Take back the turn just given: there was nothing to send."""
        if self._overall.moments:
            self._overall.moments.pop()
        of_chat = self._chats.get(chat_id)
        if isinstance(of_chat, Bucket):
            of_chat.tokens += 1.0
        elif of_chat is not None and of_chat.moments:
            of_chat.moments.pop()

    def spent(self, chat_id: int, *, ago: float = 0.0) -> None:
        """Count a message that somebody else sent, `ago` seconds before now; call it in the order of sending."""
        at = self._now() - ago
        self._of_chat(chat_id, at).take(at)
        self._overall.take(at)

    def hold(self, chat_id: int, seconds: float) -> None:
        """Telegram told this chat to wait; when it tells two within a few seconds, it means everybody."""
        now = self._now()
        self._held[chat_id] = now + seconds
        self._refused = {c: at for c, at in self._refused.items() if at > now - _MASS_REFUSED_WITHIN}
        self._refused[chat_id] = now
        if len(self._refused) > 1:
            self._all_held = max(self._all_held, now + seconds)

    def close(self) -> None:
        """Give out no more turns; whoever waits for one is to be cancelled."""
        if self._giving is not None:
            self._giving.cancel()
        self._queue.clear()

    async def _give(self) -> None:
        while self._queue:
            if self._queue[0].granted.done():  # hurried on before, or its chat's task has ended
                heapq.heappop(self._queue)
                continue
            if (wait := self._overall_wait(self._queue[0].urgency)) > 0:
                await self._sleep(min(wait, self._most_nap()))
                continue
            chosen = heapq.heappop(self._queue)
            self._grant(chosen.chat_id)
            chosen.granted.set_result(None)

    def _most_nap(self) -> float:
        """While the mass leaves room for answers, look again soon: one may have come."""
        return 0.05 if self._queue[0].urgency == DIGEST else OVERALL_SECONDS

    def _grant(self, chat_id: int) -> None:
        now = self._now()
        self._of_chat(chat_id, now).take(now)
        self._overall.take(now)

    def _overall_wait(self, urgency: int) -> float:
        now = self._now()
        most = OVERALL - KEPT_FOR_ANSWERS if urgency == DIGEST else OVERALL
        return max(self._all_held - now, self._overall.wait(now, most))

    def _chat_wait(self, chat_id: int) -> float:
        now = self._now()
        held = self._held.get(chat_id, now) - now
        if held <= 0:
            self._held.pop(chat_id, None)
        return max(held, self._of_chat(chat_id, now).wait(now))

    def _of_chat(self, chat_id: int, now: float) -> Bucket | Window:
        of_chat = self._chats.pop(chat_id, None)
        if of_chat is None:
            group = chat_id < 0
            of_chat = (
                Window(PER_GROUP, PER_GROUP_SECONDS)
                if group
                else Bucket(PER_CHAT_BURST, PER_CHAT_RATE, PER_CHAT_BURST, now)
            )
        self._chats[chat_id] = of_chat
        if len(self._chats) > _MOST_CHATS:
            self._chats.popitem(last=False)
        return of_chat
