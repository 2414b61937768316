"""When a handler fails: an expected error is answered by its remedy, anything else with an apology and a reference."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

from telegram import Update
from telegram.constants import ChatType
from telegram.error import TelegramError

from bot.cards.plain import apology_card, error_card
from bot.direct import DirectLines
from bot.visit import Visit, answer, language_of, visitor_of
from bot.words import say
from kit.errors import MunshiError
from kit.logs import logger
from ledger.dispatch import Door

log = logger(__name__)
Desk = TypeVar("Desk", bound="HasDoor")
Method = Callable[[Desk, Update, Visit], Coroutine[Any, Any, None]]


class HasDoor:
    """A group of handlers on one door."""

    def __init__(self, door: Door) -> None:
        self.door = door


def by_remedy(method: Method[Desk]) -> Method[Desk]:
    """Answer an expected error in the chat, by what would remedy it."""

    @wraps(method)
    async def run(desk: Desk, update: Update, visit: Visit) -> None:
        try:
            await method(desk, update, visit)
        except MunshiError as error:
            visitor = visit.guest
            log.info("bot.refused", code=error.code)
            await answer(desk.door, visitor, [error_card(error, visitor.audience(desk.door.clock()))])

    return run


class Apology(HasDoor):
    """The error handler of the application: whatever happens, the chat gets an answer and the loop goes on."""

    def __init__(self, door: Door, lines: DirectLines) -> None:
        super().__init__(door)
        self._lines = lines

    async def __call__(self, update: object, visit: Visit) -> None:
        """Log the fault under a short reference and apologise with it."""
        fault = visit.error
        if isinstance(fault, TelegramError) and not isinstance(update, Update):
            log.warning("bot.api", reason=type(fault).__name__)
            return
        reference = secrets.token_hex(3).upper()
        log.error("bot.failed", reference=reference, exc_info=fault)
        if not isinstance(update, Update) or update.effective_chat is None:
            return
        if update.effective_chat.type != ChatType.PRIVATE:
            return
        try:
            await self._apologise(update, visit, reference)
        except Exception as second:
            log.error("bot.apology_failed", reference=reference, reason=type(second).__name__)

    async def _apologise(self, update: Update, visit: Visit, reference: str) -> None:
        assert update.effective_chat is not None
        if update.callback_query is not None:
            await _still(update.callback_query.answer())
        try:
            # The client gives the error handler a context of its own: who it was is looked up again.
            visitor = await visitor_of(self.door, update.effective_chat.id)
            if visitor is not None:
                await answer(
                    self.door, visitor, [apology_card(reference, visitor.audience(self.door.clock()))]
                )
        except Exception:
            # The store is away, and the outbox with it: say it directly rather than not at all.
            words = say(
                language_of(update),
                "Sorry, I can't reach my books just now. Please try again in a minute.",
                {},
            )
            await self._lines.say(visit.bot, update.effective_chat.id, words)
            log.warning("bot.apologised_directly", reference=reference)


async def _still(call: Awaitable[Any]) -> None:
    try:
        await call
    except TelegramError:
        log.info("bot.tap_not_confirmed")
