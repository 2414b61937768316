"""The gate: resolves a chat to its member before any handler runs, and stops everybody else."""

from __future__ import annotations

from collections import OrderedDict

from telegram import Bot, ChatMemberUpdated, Update
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop

from bot.cards import strangers
from bot.direct import DirectLines
from bot.turns import Turns, chat_of
from bot.visit import Visit, Visitor, language_of, visitor_of
from bot.words import Html
from kit.clock import Clock
from kit.logs import logger
from ledger.commands.delivery import NoteBlockedChat
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.store.directory import members_of_chat

log = logger(__name__)
_MOST_CHATS = 10_000
_LINE_EVERY = 3600.0
_WRONG_CODES = 5
_CODE_WINDOW = 3600.0
_GONE = frozenset({ChatMemberStatus.BANNED, ChatMemberStatus.LEFT})


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

    def __init__(self, door: Door, turns: Turns) -> None:
        self._door, self._turns = door, turns
        self.lines = DirectLines(door)
        self._heard_lately = Allowance(door.clock, times=1, window=_LINE_EVERY)
        self.wrong_codes = Allowance(door.clock, times=_WRONG_CODES, window=_CODE_WINDOW)

    async def check(self, update: Update, context: Visit) -> None:
        """Set `context.visitor`, or end the update here."""
        if update.my_chat_member is not None:
            await self._standing_changed(update.my_chat_member, context)
            raise ApplicationHandlerStop
        chat_id = chat_of(update)
        if chat_id is None or not _by_a_person(update):
            raise ApplicationHandlerStop
        if update.effective_chat is not None and update.effective_chat.type != ChatType.PRIVATE:
            await self._say_once(chat_id, context, strangers.not_in_groups(language_of(update)))
            raise ApplicationHandlerStop
        visitor = await visitor_of(self._door, chat_id, update_id=update.update_id)
        if visitor is not None and visitor.heard_before:
            log.info("gate.heard_before", update=update.update_id)
            await _confirmed(update)
            raise ApplicationHandlerStop
        if visitor is not None:
            context.visitor = visitor
            self.let_in(update, visitor, context.bot)
            return
        if _brings_code(update):
            return
        await _confirmed(update)
        await self._say_once(chat_id, context, strangers.who_are_you(language_of(update)))
        raise ApplicationHandlerStop

    def let_in(self, update: Update, visitor: Visitor, bot: Bot) -> None:
        """Take an update as a member's: it is worked on once, and he sees that we are at it."""
        self._turns.let_in(update, visitor, bot)

    async def _standing_changed(self, change: ChatMemberUpdated, context: Visit) -> None:
        """Somebody blocked us or let us in again, or took us into a group."""
        chat, there = change.chat, change.new_chat_member.status not in _GONE
        if chat.type != ChatType.PRIVATE:
            if there:
                await self._say_once(chat.id, context, strangers.not_in_groups("en"))
            return
        if there:
            await visitor_of(self._door, chat.id)
            return
        for listed in await members_of_chat(self._door.engine, chat.id):
            await self._door.execute(NoteBlockedChat(chat.id), system(listed.business_id, "chat"))

    async def _say_once(self, chat_id: int, context: Visit, line: Html) -> None:
        # A stranger belongs to no business, so that there is no outbox for him: these lines go out directly.
        if self._heard_lately.use(chat_id):
            await self.lines.say(context.bot, chat_id, line)


def _by_a_person(update: Update) -> bool:
    """Whether somebody wrote or tapped just now, himself: no bot, no channel, no group's anonymous admin, no edit."""
    if update.message is None and update.callback_query is None:
        return False
    if update.effective_user is None or update.effective_user.is_bot:
        return False
    return update.message is None or update.message.sender_chat is None


def _brings_code(update: Update) -> bool:
    words = (update.message.text or "").split() if update.message is not None else []
    return len(words) >= 2 and words[0].split("@")[0] == "/start"


async def _confirmed(update: Update) -> None:
    if update.callback_query is not None:
        try:
            await update.callback_query.answer()
        except TelegramError as fault:
            log.info("gate.tap_not_confirmed", reason=type(fault).__name__)
