"""Webhook mode: known by its secret, each update worked on once by several processes, a chat's in order."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from telegram import Update

from bot.application import bot_commands, build_application
from bot.cards.card import Button, Card
from bot.service import serve
from bot.turns import Turns
from bot.visit import answer, visitor_of
from bot.webhook import HEADER, Webhook, derived_secret, webhook_of
from bot.words import Html
from ingest.door import Appender
from ingest.importing import Files
from ingest.sources import Sources
from kit.database import transaction
from kit.errors import Rejected
from kit.sealing import process_seal
from kit.settings import Settings
from ledger.dispatch import Door
from tests.bench.programs import free_port
from tests.bot.bot_api import TOKEN, BotApi
from tests.bot.conftest import RAMESH, RAVI, Join


def _hook(port: int) -> Webhook:
    return Webhook(f"http://127.0.0.1:{port}/telegram", derived_secret(TOKEN), "127.0.0.1", port)


@asynccontextmanager
async def _process(door: Door, api: BotApi, hook: Webhook | None) -> AsyncIterator[None]:
    """One bot, as a process of its own would run it."""
    files = Files(door, Sources(door.engine, seal=process_seal), Appender(door.engine), max_bytes=1_000_000)
    application = build_application(door, files, token=TOKEN, api_base=api.base)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(application, door, stop, webhook=hook))
    try:
        if hook is not None:
            await api.until(lambda: api.webhook.get("url") == hook.url)
        yield
    finally:
        stop.set()
        await asyncio.wait_for(serving, 15)


@pytest.fixture
async def two(api: BotApi, door: Door, join: Join) -> AsyncIterator[list[str]]:
    """Ramesh's and Ravi's chats, and two processes of the bot; Telegram's posts reach them in turns."""
    await join("Ramesh", "owner", RAMESH)
    await join("Ravi", "finance", RAVI)
    first, second = _hook(free_port()), _hook(free_port())
    async with _process(door, api, first), _process(door, api, second):
        api.spread = [first.url, second.url]
        yield api.spread


def _types(update_id: int, chat: int, text: str) -> dict[str, Any]:
    person = {"id": chat, "is_bot": False, "first_name": "Somebody"}
    message = {
        "message_id": update_id, "date": int(time.time()), "from": person, "chat": {"id": chat, "type": "private"},
        "text": text, "entities": [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}],
    }  # fmt: skip
    return {"update_id": update_id, "message": message}


async def test_what_is_posted_is_answered_and_telegram_was_told_the_terms(
    api: BotApi, door: Door, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    async with _process(door, api, _hook(free_port())):
        api.types(RAMESH, "/help")
        await api.until(lambda: api.texts(RAMESH))
        assert api.webhook["secret_token"] == derived_secret(TOKEN)
        assert TOKEN.partition(":")[2] not in api.webhook["secret_token"]
        assert api.webhook["allowed_updates"] == '["message", "callback_query", "my_chat_member"]'
        assert api.webhook["max_connections"] == "40"
    assert api.webhook, "other processes may go on: stopping one takes nothing back"


@pytest.mark.parametrize("said", [b"", b"wrong", "पासवर्ड".encode(), derived_secret(TOKEN)[:-1].encode()])
async def test_who_does_not_know_the_secret_gets_no_word_and_does_nothing(
    api: BotApi, two: list[str], said: bytes
) -> None:
    async with httpx.AsyncClient() as client:
        headers = [(HEADER.encode(), said)]
        answer = await client.post(two[0], json=_types(900, RAMESH, "/help"), headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    await asyncio.sleep(0.1)
    assert api.said == []


async def test_an_update_that_two_processes_get_is_worked_on_once(api: BotApi, two: list[str]) -> None:
    update = _types(901, RAMESH, "/help")
    answers = await asyncio.gather(*(api.post(url, update) for url in two * 3))
    assert {answer.status_code for answer in answers} == {200}
    await api.until(lambda: api.texts(RAMESH))
    assert (await api.post(two[1], update)).status_code == 200, "and once more an hour later"
    await asyncio.sleep(0.2)
    assert len(api.texts(RAMESH)) == 1


async def test_a_chats_messages_are_answered_in_their_order_over_both_processes(
    api: BotApi, two: list[str]
) -> None:
    for n in range(6):
        api.types(RAMESH, f"nobody{n}")
        api.types(RAVI, f"someone{n}")
    await api.until(lambda: len(api.texts(RAMESH)) == 6 and len(api.texts(RAVI)) == 6, seconds=20)
    assert [f"nobody{n}" in text for n, text in enumerate(api.texts(RAMESH))] == [True] * 6
    assert [f"someone{n}" in text for n, text in enumerate(api.texts(RAVI))] == [True] * 6


async def test_two_processes_never_work_on_one_chat_at_the_same_time(door: Door, two: list[str]) -> None:
    running, most = 0, 0

    async def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.03)
        running -= 1

    processes = [Turns(door, commands=bot_commands), Turns(door, commands=bot_commands)]
    updates = [Update.de_json(_types(1_000 + n, RAMESH, "/help"), None) for n in range(6)]
    await asyncio.gather(
        *(processes[n % 2].process_update(update, work()) for n, update in enumerate(updates))
    )
    assert most == 1
    for turns in processes:
        await turns.shutdown()


async def test_ten_taps_in_a_second_bring_one_card(api: BotApi, door: Door, two: list[str]) -> None:
    visitor = await visitor_of(door, RAMESH)
    assert visitor is not None
    await answer(door, visitor, [Card(Html("What now?"), ((Button("Who owes me", {"do": "owes"}),),))])
    await api.until(lambda: api.texts(RAMESH))
    card = api.said[-1]
    for _ in range(10):
        api.taps(RAMESH, card["message_id"], api.buttons(card)[0]["callback_data"])
    await api.until(lambda: len(api.taps_confirmed) == 10, seconds=20)
    await asyncio.sleep(0.3)
    assert len(api.texts(RAMESH)) == 2
    assert not any(confirmed.get("text") for confirmed in api.taps_confirmed)


async def test_an_update_that_was_cut_off_is_done_when_it_comes_again(
    api: BotApi, door: Door, two: list[str], business: Any
) -> None:
    turns = Turns(door, commands=bot_commands)
    update = Update.de_json(_types(2_000, RAMESH, "/help"), None)
    with pytest.raises(asyncio.CancelledError):
        await turns.process_update(update, _cut_off())
    await turns.shutdown()
    await api.post(two[0], _types(2_000, RAMESH, "/help"))
    await api.until(lambda: api.texts(RAMESH))
    async with transaction(door.engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM chat_updates WHERE update_id = 2000") == 1


async def _cut_off() -> None:
    raise asyncio.CancelledError


async def test_a_chat_is_free_again_when_its_process_dies(api: BotApi, door: Door, two: list[str]) -> None:
    dying = Turns(door, commands=bot_commands)
    assert await dying._locks.take(RAMESH)
    posted = asyncio.create_task(api.post(two[0], _types(2_100, RAMESH, "/help")))
    await asyncio.sleep(0.3)
    assert not posted.done()
    await dying.shutdown()
    assert (await posted).status_code == 200
    await api.until(lambda: api.texts(RAMESH))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 200),
        (b"[]", 200),
        (b'{"update_id": "x"}', 200),
        (b'{"message": {}}', 200),
        (b" " * 1_100_000, 413),
    ],
)
async def test_nonsense_with_the_right_secret_keeps_nothing_waiting(
    api: BotApi, two: list[str], body: bytes, status: int
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(two[0], content=body, headers={HEADER: derived_secret(TOKEN)})
    assert (answer.status_code, answer.content) == (status, b"")


async def test_without_an_address_the_bot_polls_and_takes_an_announced_one_back(
    api: BotApi, door: Door, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    async with _process(door, api, _hook(free_port())):
        pass
    assert api.webhook
    async with _process(door, api, None):
        await api.until(lambda: not api.webhook)
        api.types(RAMESH, "/help")
        await api.until(lambda: api.texts(RAMESH))


async def test_a_lost_lock_connection_costs_no_update(api: BotApi, two: list[str], database: Any) -> None:
    api.types(RAMESH, "/help")
    await api.until(lambda: api.texts(RAMESH))
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await admin.close()
    for n in range(4):
        api.types(RAMESH, f"after {n}")
    await api.until(lambda: any("after 3" in text for text in api.texts(RAMESH)), seconds=20)


def test_settings_lead_to_a_webhook_or_say_why_not() -> None:
    assert webhook_of(_settings("")) is None
    hook = webhook_of(_settings("https://munshi.example/hooks/telegram"))
    assert hook is not None
    assert (hook.path, hook.port) == ("/hooks/telegram", 8421)
    assert hook.secret == derived_secret(TOKEN)
    for wrong in ("http://munshi.example/x", "munshi.example", "ftp://munshi.example"):
        with pytest.raises(Rejected):
            webhook_of(_settings(wrong))


def _settings(url: str) -> Settings:
    return Settings(telegram_bot_token=SecretStr(TOKEN), telegram_webhook_url=url)
