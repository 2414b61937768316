"""Fixtures of the bot's tests: a local Bot API, the real application on it, and members with linked chats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from bot.application import build_application
from bot.service import serve
from ingest.door import Appender
from ingest.importing import Files
from ingest.sources import Sources
from kit.sealing import process_seal
from ledger.commands import AddMember, CreateLinkCode, LinkChat
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from tests.bot.bot_api import TOKEN, BotApi, running_bot_api

RAMESH, RAVI, STRANGER = 1001, 1002, 6666


@dataclass(slots=True)
class RunningBot:
    """The bot as it runs: its Bot API, its door, and how to stop it."""

    api: BotApi
    door: Door
    stop: asyncio.Event
    serving: asyncio.Task[None]


@pytest.fixture
async def api(free_port: int) -> AsyncIterator[BotApi]:
    """A local Bot API."""
    async with running_bot_api(free_port) as made:
        yield made


def files_of(door: Door) -> Files:
    """What reads the files of the chat."""
    return Files(door, Sources(door.engine, seal=process_seal), Appender(door.engine), max_bytes=1_000_000)


@pytest.fixture
async def bot(api: BotApi, door: Door, owner: Actor) -> AsyncIterator[RunningBot]:
    """The real bot, polling the local Bot API."""
    application = build_application(door, files_of(door), token=TOKEN, api_base=api.base)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(application, door, stop))
    yield RunningBot(api, door, stop, serving)
    stop.set()
    await asyncio.wait_for(serving, 15)


Join = Callable[..., Awaitable[Actor]]


@pytest.fixture
def join(door: Door, business: UUID) -> Join:
    """Add a member and link his chat: `await join("Ravi", "sales", RAVI, crm_owner="ravi")`."""

    async def make(name: str, role: str, chat_id: int, *, crm_owner: str | None = None) -> Actor:
        clerk = system(business, "test")
        member = await door.execute(AddMember(name, role, crm_owner=crm_owner), clerk)
        code = await door.execute(CreateLinkCode(member), clerk)
        linked: Actor = await door.execute(LinkChat(code, chat_id), clerk)
        return linked

    return make
