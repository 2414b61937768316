"""Lines that go out past the outbox: strangers have none, and nobody has while the store is away."""

from __future__ import annotations

import asyncio
import time

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.pace import Window
from kit.database import transaction
from kit.logs import logger
from ledger.dispatch import Door

log = logger(__name__)
SPOKEN = "munshi_spoken"
"""NOTIFY channel; the payload is the chat. The sender counts such a line against Telegram's limits too."""
_MOST, _SECONDS = 5, 1.0
_LONGEST_WAIT = 3.0


class DirectLines:
    """Says single lines, few enough that a crowd of strangers doesn't use up what members need."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lately = Window(_MOST, _SECONDS)

    async def say(self, bot: Bot, chat_id: int, line: str) -> bool:
        """Say a line of Telegram HTML in a chat; False if it wasn't said (refused, or too many at once)."""
        wait = self._lately.wait(time.monotonic())
        if wait > _LONGEST_WAIT:
            log.info("direct.too_many")
            return False
        self._lately.take(time.monotonic() + wait)
        await asyncio.sleep(wait)
        try:
            await bot.send_message(chat_id, line, parse_mode=ParseMode.HTML)
        except TelegramError as fault:
            log.info("direct.not_said", reason=type(fault).__name__)
            return False
        await self._tell_the_sender(chat_id)
        return True

    async def _tell_the_sender(self, chat_id: int) -> None:
        try:
            async with transaction(self._door.engine, []) as tx:
                await tx.run("SELECT pg_notify($1, $2)", SPOKEN, str(chat_id))
        except Exception as fault:  # the store is away: the line was said all the same
            log.info("direct.not_counted", reason=type(fault).__name__)
