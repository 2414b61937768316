"""The gate: resolves a chat to its member before any handler runs, and stops everybody else."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable
from typing import Any

from telegram import Chat, Update
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, BaseUpdateProcessor

from bot.cards import strangers
from bot.visit import Visit, visitor_of
from bot.words import Html
from kit.clock import Clock
from kit.logs import logger
from ledger.dispatch import Door

log = logger(__name__)
_MOST_CHATS = 10_000
_LINE_EVERY = 3600.0
_WRONG_CODES = 5
_CODE_WINDOW = 3600.0


class Allowance:
    """At most `times` within `window` seconds per key; remembers a bounded number of keys."""

    def __init__(self, clock: Clock, *, times: int, window: float) -> None:
        self._clock, self._times, self._window = clock, times, window
        self._used: OrderedDict[int, list[float]] = OrderedDict()

    def left(self, key: int) -> int:
        """Return how often `key` may still."""
        now = self._clock().timestamp()
        used = [at for at in self._used.get(key, ()) if now - at < self._window]
        return self._times - len(used)

    def use(self, key: int) -> bool:
        """Use one of the key's times; False if it has none left."""
        now = self._clock().timestamp()
        used = [at for at in self._used.pop(key, ()) if now - at < self._window]
        allowed = len(used) < self._times
        if allowed:
            used.append(now)
        self._used[key] = used
        if len(self._used) > _MOST_CHATS:
            self._used.popitem(last=False)
        return allowed


class Gate:
    """Lets members through with their actor; a stranger may only bring a code, and hears one line an hour."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lines = Allowance(door.clock, times=1, window=_LINE_EVERY)
        self.wrong_codes = Allowance(door.clock, times=_WRONG_CODES, window=_CODE_WINDOW)

    async def check(self, update: Update, context: Visit) -> None:
        """Set `context.visitor`, or end the update here."""
        chat = update.effective_chat
        if chat is None or update.effective_user is None or update.effective_user.is_bot:
            raise ApplicationHandlerStop
        if update.message is None and update.callback_query is None:
            raise ApplicationHandlerStop
        if chat.type != ChatType.PRIVATE:
            await self._say_once(chat, context, strangers.not_in_groups(_language(update)))
            raise ApplicationHandlerStop
        context.visitor = await visitor_of(self._door, chat.id)
        if context.visitor is not None or _brings_code(update):
            return
        if update.callback_query is not None:
            await _quietly(update.callback_query.answer())
        await self._say_once(chat, context, strangers.who_are_you(_language(update)))
        raise ApplicationHandlerStop

    async def _say_once(self, chat: Chat, context: Visit, line: Html) -> None:
        # A stranger belongs to no business, so that there is no outbox for him: these lines go out directly.
        if self._lines.use(chat.id):
            await _quietly(context.bot.send_message(chat.id, line, parse_mode="HTML"))


def _brings_code(update: Update) -> bool:
    words = (update.message.text or "").split() if update.message is not None else []
    return len(words) >= 2 and words[0].split("@")[0] == "/start"


def _language(update: Update) -> str:
    code = update.effective_user.language_code if update.effective_user is not None else None
    return "hi" if (code or "").startswith("hi") else "en"


async def _quietly(call: Awaitable[Any]) -> None:
    try:
        await call
    except TelegramError as fault:
        log.info("gate.not_said", reason=type(fault).__name__)


class OneAtATimePerChat(BaseUpdateProcessor):
    """Runs the updates of different chats side by side, those of one chat in the order in which they came."""

    def __init__(self, max_concurrent_updates: int = 64) -> None:
        super().__init__(max_concurrent_updates)
        self._last: dict[int, asyncio.Future[None]] = {}

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's update before this one, then run."""
        chat = update.effective_chat if isinstance(update, Update) else None
        if chat is None:
            await coroutine
            return
        before = self._last.get(chat.id)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last[chat.id] = done
        try:
            if before is not None:
                await asyncio.wait([before])
            await coroutine
        finally:
            done.set_result(None)
            if self._last.get(chat.id) is done:
                del self._last[chat.id]

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""
