"""The turn of each chat: one update after the other, whichever process takes it up, each of them once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from telegram import Bot, BotCommand, BotCommandScopeChat, Update
from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import BaseUpdateProcessor

from bot.visit import Visitor
from kit.logs import logger
from ledger.commands.delivery import NoteMenu, NoteUpdate
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system

log = logger(__name__)
Commands = Callable[[str], Sequence[BotCommand]]
_AT_ONCE = 64
_TYPING_AFTER, _TYPING_AGAIN = 0.3, 4.5
_FIRST_LOOK, _LAST_LOOK = 0.02, 0.25
_PATIENCE = 120.0  # seconds for which another process may keep a chat; Telegram repeats an update before that


@dataclass(slots=True)
class _Turn:
    """One update that is worked on: who was let in, and what shows him that we are at it."""

    visitor: Visitor | None = None
    bot: Bot | None = None
    typing: asyncio.Task[None] | None = None


class Turns(BaseUpdateProcessor):
    """Runs the updates of different chats side by side, those of one chat in the order in which they came."""

    def __init__(self, door: Door, *, commands: Commands, max_concurrent_updates: int = _AT_ONCE) -> None:
        """`commands`: the menu in a language; a chat's follows the language that is spoken in it."""
        super().__init__(max_concurrent_updates)
        self._door, self._commands = door, commands
        self._locks = ChatLocks(door)
        self._last: dict[int, asyncio.Future[None]] = {}
        self._turns: dict[int, _Turn] = {}

    def let_in(self, update: Update, visitor: Visitor, bot: Bot) -> None:
        """Say that the gate let a member in: he sees "typing" if it takes long, and the update counts as his."""
        turn = self._turns.get(update.update_id)
        if turn is not None:
            turn.visitor, turn.bot = visitor, bot
            if turn.typing is None:
                turn.typing = asyncio.create_task(_type(bot, visitor.chat_id))

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's update before this one, then run."""
        chat_id = chat_of(update) if isinstance(update, Update) else None
        if chat_id is None:
            await coroutine
            return
        assert isinstance(update, Update)
        before = self._last.get(chat_id)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last[chat_id] = done
        try:
            if before is not None:
                await asyncio.wait([before])
            await self._run(update, chat_id, coroutine)
        finally:
            done.set_result(None)
            if self._last.get(chat_id) is done:
                del self._last[chat_id]

    async def _run(self, update: Update, chat_id: int, coroutine: Awaitable[Any]) -> None:
        turn = self._turns[update.update_id] = _Turn()
        ours = await self._locks.take(chat_id)
        try:
            await coroutine
            if turn.visitor is not None and turn.bot is not None:
                await self._note(update, turn.visitor, turn.bot)
        finally:
            self._turns.pop(update.update_id, None)
            if turn.typing is not None:
                turn.typing.cancel()
            if ours:
                await self._locks.let_go(chat_id)

    async def _note(self, update: Update, visitor: Visitor, bot: Bot) -> None:
        # Only now: had we stopped half-way, the update would be delivered again and done then.
        member = visitor.actor.member_id
        assert member is not None
        clerk = system(visitor.actor.business_id, "chat")
        try:
            language = await self._door.execute(NoteUpdate(update.update_id, member), clerk)
            if language is not None and language != _menu_of(update, visitor):
                await self._translate_menu(bot, visitor.chat_id, language, clerk)
        except Exception as fault:
            log.warning("turns.not_noted", reason=type(fault).__name__)

    async def _translate_menu(self, bot: Bot, chat_id: int, language: str, clerk: Actor) -> None:
        try:
            await bot.set_my_commands(self._commands(language), scope=BotCommandScopeChat(chat_id))
        except TelegramError as fault:
            log.info("turns.menu_not_set", reason=type(fault).__name__)
        else:
            await self._door.execute(NoteMenu(chat_id, language), clerk)

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Let go of the connection that holds the chats' locks."""
        await self._locks.close()


class ChatLocks:
    """Locks of chats in PostgreSQL, all on one connection of this process: another process waits for its turn."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection: AsyncConnection | None = None
        self._raw: Any = None
        self._one_at_a_time = asyncio.Lock()

    async def take(self, chat_id: int) -> bool:
        """Wait until no other process has the chat; False if we go on without its lock (the store is away, or stuck)."""
        look, waited = _FIRST_LOOK, 0.0
        while waited < _PATIENCE:
            got = await self._ask("SELECT pg_try_advisory_lock(hashtextextended($1, 1))", chat_id)
            if got is None:
                return False
            if got:
                return True
            await asyncio.sleep(look)
            waited += look
            look = min(look * 1.5, _LAST_LOOK)
        log.warning("turns.chat_kept_too_long")
        return False

    async def let_go(self, chat_id: int) -> None:
        """Give the chat to whoever waits for it."""
        await self._ask("SELECT pg_advisory_unlock(hashtextextended($1, 1))", chat_id)

    async def close(self) -> None:
        """Give the connection back to nobody: its locks end with it."""
        async with self._one_at_a_time:
            await self._drop()

    async def _ask(self, statement: str, chat_id: int) -> bool | None:
        async with self._one_at_a_time:
            try:
                if self._raw is None or self._raw.is_closed():
                    await self._drop()
                    self._connection = await self._door.engine.connect()
                    self._raw = (await self._connection.get_raw_connection()).driver_connection
                assert self._raw is not None
                return bool(await self._raw.fetchval(statement, f"munshi chat {chat_id}"))
            except Exception as fault:
                log.warning("turns.no_lock", reason=type(fault).__name__)
                await self._drop()
                return None

    async def _drop(self) -> None:
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            with suppress(Exception):
                await connection.invalidate()
            with suppress(Exception):
                await connection.close()


def chat_of(update: Update) -> int | None:
    """Return the chat that an update belongs to; a tap whose message is gone came from the tapper's own chat."""
    if update.effective_chat is not None:
        return update.effective_chat.id
    return update.callback_query.from_user.id if update.callback_query is not None else None


def _menu_of(update: Update, visitor: Visitor) -> str:
    """Return the language of the menu that the member sees: his chat's own, else that of his Telegram."""
    user = update.effective_user
    of_client = "hi" if user is not None and (user.language_code or "").startswith("hi") else "en"
    return visitor.member.menu or of_client


async def _type(bot: Bot, chat_id: int) -> None:
    await asyncio.sleep(_TYPING_AFTER)
    while True:
        try:
            await bot.send_chat_action(chat_id, ChatAction.TYPING)
        except TelegramError as fault:
            log.info("turns.not_shown", reason=type(fault).__name__)
            return
        await asyncio.sleep(_TYPING_AGAIN)
