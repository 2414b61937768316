"""The sender: takes messages from the outbox, one after the other per chat, and is the only one who sends."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from telegram import Bot

from bot.direct import SPOKEN
from bot.pace import DIGEST, URGENCY, Pace
from bot.telegram import RATE, Outcome, deliver
from kit.logs import logger
from ledger.commands.delivery import (
    ClaimMessage,
    NoteBlockedChat,
    OutboxMessage,
    RecoverMessages,
    SettleMessage,
)
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.handlers.outbox import CHANNEL
from ledger.store.directory import businesses_with_messages, traffic_since, waiting_chats

log = logger(__name__)
_SWEEP_SECONDS = 15.0
_LEASE = "SELECT pg_try_advisory_lock(hashtextextended('munshi outbox sender', 0))"
_LEASE_RETRY_SECONDS = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 10.0
_MOST_UNKNOWN = 3  # tries of an answer whose fate stays unknown
_REMEMBERED = timedelta(minutes=1)


class Sender:
    """Sends what is queued, from all businesses; one per database at a time (a lease tells who)."""

    def __init__(self, door: Door, bot: Bot, *, pace: Pace | None = None) -> None:
        """`pace`: another one than Telegram's limits on the real clock."""
        self._door = door
        self._bot = bot
        self._given_pace = pace
        self._pace = pace or Pace(time.monotonic)
        self._kicked = asyncio.Event()
        self._chats: dict[int, asyncio.Task[None]] = {}
        self._busy: set[int] = set()
        self._waiting: dict[int, dict[UUID, int]] = {}
        self._lost = asyncio.Event()
        self._ready = self._stopping = False

    async def run(self) -> None:
        """Send until `stop`; comes back by itself after a lost database connection."""
        wait = _FIRST_WAIT
        while not self._stopping:
            began = time.monotonic()
            try:
                await self._run_with_lease()
            except Exception as fault:
                log.warning("outbox.interrupted", reason=type(fault).__name__)
                healthy = time.monotonic() - began > _LONGEST_WAIT
                wait = _FIRST_WAIT if healthy else min(wait * 2, _LONGEST_WAIT)
                await self._rest(wait)

    async def stop(self) -> None:
        """Finish what is being sent now, and send no more."""
        self._stopping = True
        self._kicked.set()
        self._dismiss_waiting()
        if self._chats:
            await asyncio.wait(list(self._chats.values()), timeout=10)

    async def _run_with_lease(self) -> None:
        async with self._door.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            self._lost.clear()
            self._ready = False
            raw.add_termination_listener(lambda *_: self._give_up_lease())
            while not await raw.fetchval(_LEASE):
                await self._rest(_LEASE_RETRY_SECONDS)
                if self._stopping:
                    return
            await raw.add_listener(CHANNEL, self._heard)
            await raw.add_listener(SPOKEN, self._spoken)
            try:
                await self._recover()
                self._ready = True  # what was queued up to now, the first look finds
                await self._loop()
                if not self._stopping:
                    raise ConnectionResetError("the lease was given up")
            finally:
                with suppress(Exception):
                    await connection.invalidate()  # closes it: the lease ends with its session

    def _heard(self, _: Any, __: int, ___: str, payload: str) -> None:
        business, _, rest = payload.partition(":")
        chat, _, kind = rest.partition(":")
        with suppress(ValueError):
            self._wake(UUID(business), int(chat), URGENCY.get(kind, DIGEST))

    def _spoken(self, _: Any, __: int, ___: str, payload: str) -> None:
        with suppress(ValueError):
            self._pace.spent(int(payload))

    async def _recover(self) -> None:
        """Take over: from what was sent lately on, and with what is `sending`, left by a sender that died or lost us."""
        self._dismiss_waiting()
        if self._chats:
            await asyncio.wait(list(self._chats.values()))
        self._waiting.clear()
        self._pace = self._given_pace or Pace(time.monotonic)
        now = self._door.clock()
        traffic = await traffic_since(self._door.engine, now - _REMEMBERED, now)
        for chat, at in traffic.sent:
            self._pace.spent(chat, ago=max(0.0, (now - at).total_seconds()))
        for chat, until in traffic.held:
            self._pace.hold(chat, (until - now).total_seconds())
        for business in await businesses_with_messages(self._door.engine, status="sending"):
            again = await self._door.execute(RecoverMessages(), system(business, "outbox"))
            log.info("outbox.recovered", business=str(business), again=again)

    def _give_up_lease(self) -> None:
        self._lost.set()
        self._kicked.set()
        self._dismiss_waiting()

    def _dismiss_waiting(self) -> None:
        """End the tasks of chats that only wait for their turn: nothing of theirs was taken."""
        self._pace.close()
        for chat_id, task in self._chats.items():
            if chat_id not in self._busy:
                task.cancel()

    @property
    def _sending(self) -> bool:
        return self._ready and not self._stopping and not self._lost.is_set()

    async def _loop(self) -> None:
        """Look for what is queued now and then; what is queued meanwhile wakes its chat by itself."""
        while self._sending:
            now = self._door.clock()
            for chat in await waiting_chats(self._door.engine):
                wait = chat.due_at - now
                if chat.chat_id not in self._chats and wait.total_seconds() < _SWEEP_SECONDS:
                    self._later(chat.business_id, chat.chat_id, wait, URGENCY.get(chat.kind, DIGEST))
            self._kicked.clear()
            if self._sending:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._kicked.wait(), _SWEEP_SECONDS)

    def _later(self, business: UUID, chat_id: int, wait: timedelta, urgency: int) -> None:
        seconds = wait.total_seconds()
        if seconds <= 0:
            self._wake(business, chat_id, urgency)
        else:
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.05, seconds), self._wake, business, chat_id, urgency)

    def _wake(self, business: UUID, chat_id: int, urgency: int) -> None:
        if not self._sending:
            return
        waiting = self._waiting.setdefault(chat_id, {})
        waiting[business] = min(urgency, waiting.get(business, DIGEST))
        if chat_id not in self._chats:
            task = self._chats[chat_id] = asyncio.create_task(self._serve(chat_id))
            task.add_done_callback(lambda _: self._served(chat_id))
        elif urgency < DIGEST:
            self._pace.hurry(chat_id, urgency)

    async def _serve(self, chat_id: int) -> None:
        # One task per chat: its messages go out in the order in which they were queued.
        try:
            while self._sending and (businesses := self._waiting.pop(chat_id, None)):
                for business, urgency in businesses.items():
                    await self._serve_business(chat_id, business, urgency)
        except Exception as fault:
            log.exception("outbox.chat_failed", reason=type(fault).__name__)
            self._give_up_lease()  # its message may be left `sending`: recover before going on

    def _served(self, chat_id: int) -> None:
        self._chats.pop(chat_id, None)
        for business, urgency in self._waiting.pop(chat_id, {}).items():
            self._wake(business, chat_id, urgency)

    async def _serve_business(self, chat_id: int, business: UUID, urgency: int) -> None:
        more = True
        while more and self._sending:
            urgency = min(urgency, self._waiting.get(chat_id, {}).get(business, urgency))
            await self._pace.turn(
                chat_id, urgency
            )  # claimed only then: what waits for its turn is not half sent
            self._busy.add(chat_id)
            try:
                more = await self._send_next(chat_id, business, urgency)
            finally:
                self._busy.discard(chat_id)

    async def _send_next(self, chat_id: int, business: UUID, urgency: int) -> bool:
        """Send the chat's next message; return whether another one may follow at once."""
        actor = system(business, "outbox")
        message: OutboxMessage | None = await self._door.execute(ClaimMessage(chat_id), actor)
        if message is None:
            self._pace.unused(chat_id)
            return False
        outcome = await self._deliver(message)
        if outcome.kind == "blocked":
            await self._door.execute(NoteBlockedChat(chat_id), actor)
            log.info("outbox.blocked", business=str(business), reason=outcome.error)
        if outcome.error == RATE:
            self._pace.hold(chat_id, outcome.wait.total_seconds())
        settled = settlement(message, outcome, now=self._door.clock())
        more = bool(await self._door.execute(settled, actor))
        if settled.status == "queued" and settled.due_at is not None:
            self._later(business, chat_id, settled.due_at - self._door.clock(), urgency)
            return False
        if settled.status == "failed":
            log.warning("outbox.failed", business=str(business), kind=message.kind, reason=outcome.error)
        return more

    async def _deliver(self, message: OutboxMessage) -> Outcome:
        try:
            return await deliver(self._bot, message)
        except Exception as fault:  # a card that can't be sent must cost only itself
            log.exception("outbox.card_broken", kind=message.kind)
            return Outcome("failed", error=type(fault).__name__)

    async def _rest(self, seconds: float) -> None:
        if not self._stopping:
            await asyncio.sleep(seconds)


def settlement(message: OutboxMessage, outcome: Outcome, *, now: datetime) -> SettleMessage:
    """Say what to write down after a call: only an answer is repeated when nobody knows whether it arrived."""
    match outcome.kind:
        case "sent":
            return SettleMessage(message.id, "sent", message_id=outcome.message_id)
        case "later":
            return SettleMessage(message.id, "queued", error=outcome.error, due_at=now + outcome.wait)
        case "unknown" if message.kind == "answer" and message.attempts < _MOST_UNKNOWN:
            return SettleMessage(
                message.id,
                "queued",
                error=outcome.error,
                due_at=now + outcome.wait,
                again=message.edit_message is None,
            )
        case _:
            return SettleMessage(message.id, "failed", error=outcome.error)
