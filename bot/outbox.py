"""The sender: takes messages from the outbox, one after the other per chat, and is the only one who sends."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from telegram import Bot

from bot.pace import Pace
from bot.telegram import Outcome, deliver
from kit.logs import logger
from ledger.commands import (
    ClaimMessage,
    NoteBlockedChat,
    OutboxMessage,
    RecoverMessages,
    SettleMessage,
)
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.handlers.outbox import CHANNEL
from ledger.queries import WaitingChats
from ledger.store.directory import businesses_with_messages

log = logger(__name__)
_SWEEP_SECONDS = 15.0
_LEASE = "SELECT pg_try_advisory_lock(hashtextextended('munshi outbox sender', 0))"
_LEASE_RETRY_SECONDS = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 10.0
_MOST_UNKNOWN = 3  # tries of an answer whose fate stays unknown


class Sender:
    """Sends what is queued, from all businesses; one per database at a time (a lease tells who)."""

    def __init__(self, door: Door, bot: Bot, *, pace: Pace | None = None) -> None:
        self._door = door
        self._bot = bot
        self._pace = pace or Pace(time.monotonic)
        self._kicked = asyncio.Event()
        self._dirty: set[UUID] = set()
        self._chats: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, set[UUID]] = {}
        self._lost = asyncio.Event()
        self._stopping = False

    def kick(self, business: UUID) -> None:
        """Say that a business has queued something."""
        self._dirty.add(business)
        self._kicked.set()

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
        if self._chats:
            await asyncio.wait(list(self._chats.values()), timeout=10)

    async def _run_with_lease(self) -> None:
        async with self._door.engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            self._lost.clear()
            raw.add_termination_listener(lambda *_: self._give_up_lease())
            while not await raw.fetchval(_LEASE):
                await self._rest(_LEASE_RETRY_SECONDS)
                if self._stopping:
                    return
            await raw.add_listener(CHANNEL, self._heard)
            try:
                await self._recover()
                await self._loop()
                if not self._stopping:
                    raise ConnectionResetError("the lease was given up")
            finally:
                with suppress(Exception):
                    await connection.invalidate()  # closes it: the lease ends with its session

    def _heard(self, _: Any, __: int, ___: str, payload: str) -> None:
        with suppress(ValueError):
            self.kick(UUID(payload))

    async def _recover(self) -> None:
        # What is `sending` now was left by a sender that died, or that lost the database after the call.
        if self._chats:
            await asyncio.wait(list(self._chats.values()))
        for business in await businesses_with_messages(self._door.engine, status="sending"):
            again = await self._door.execute(RecoverMessages(), system(business, "outbox"))
            log.info("outbox.recovered", business=str(business), again=again)

    def _give_up_lease(self) -> None:
        self._lost.set()
        self._kicked.set()

    async def _loop(self) -> None:
        next_sweep = 0.0
        while not self._stopping and not self._lost.is_set():
            if time.monotonic() >= next_sweep:
                self._dirty.update(await businesses_with_messages(self._door.engine))
                next_sweep = time.monotonic() + _SWEEP_SECONDS
            dirty, self._dirty = self._dirty, set()
            self._kicked.clear()
            for business in dirty:
                await self._look_into(business)
            if not self._dirty:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._kicked.wait(), max(0.0, next_sweep - time.monotonic()))

    async def _look_into(self, business: UUID) -> None:
        now = self._door.clock()
        for chat in await self._door.query(WaitingChats(), system(business, "outbox")):
            if chat.due_at > now:
                self._later(business, chat.due_at - now)
                continue
            self._waiting.setdefault(chat.chat_id, set()).add(business)
            if chat.chat_id not in self._chats:
                task = asyncio.create_task(self._serve(chat.chat_id))
                self._chats[chat.chat_id] = task

    def _later(self, business: UUID, wait: timedelta) -> None:
        asyncio.get_running_loop().call_later(max(0.05, wait.total_seconds()), self.kick, business)

    async def _serve(self, chat_id: int) -> None:
        # One task per chat: its messages go out in the order in which they were queued.
        try:
            while not self._stopping and (businesses := self._waiting.pop(chat_id, None)):
                for business in businesses:
                    await self._serve_business(chat_id, business)
        except Exception as fault:
            log.exception("outbox.chat_failed", reason=type(fault).__name__)
            self._give_up_lease()  # its message may be left `sending`: recover before going on
        finally:
            self._chats.pop(chat_id, None)

    async def _serve_business(self, chat_id: int, business: UUID) -> None:
        actor = system(business, "outbox")
        while not self._stopping:
            message: OutboxMessage | None = await self._door.execute(ClaimMessage(chat_id), actor)
            if message is None:
                return
            await asyncio.sleep(self._pace.wait(chat_id))
            outcome = await self._deliver(message)
            if outcome.kind == "blocked":
                await self._door.execute(NoteBlockedChat(chat_id), actor)
                log.info("outbox.blocked", business=str(business), reason=outcome.error)
            settled = settlement(message, outcome, now=self._door.clock())
            await self._door.execute(settled, actor)
            if settled.status == "queued" and settled.due_at is not None:
                self._later(business, settled.due_at - self._door.clock())
                return
            if settled.status == "failed":
                log.warning("outbox.failed", business=str(business), kind=message.kind, reason=outcome.error)

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
