"""While an update is worked on: the member sees that we are at it, and the menu speaks his language."""

from __future__ import annotations

import asyncio
import json

import pytest

from bot.scenes import Scenes
from kit.database import transaction
from tests.bot.conftest import RAMESH, STRANGER, Join, RunningBot


async def test_typing_is_shown_when_an_answer_takes_long_and_not_when_it_is_quick(
    bot: RunningBot, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.types(RAMESH, "/help")
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    await asyncio.sleep(0.4)
    assert bot.api.actions == []
    quick = Scenes.who_owes

    async def slow(*args: object) -> object:
        await asyncio.sleep(0.6)
        return await quick(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Scenes, "who_owes", slow)
    bot.api.types(RAMESH, "/owes")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    assert [(action["chat_id"], action["action"]) for action in bot.api.actions] == [(str(RAMESH), "typing")]


async def test_the_menu_of_a_chat_follows_the_language_that_is_spoken_in_it(
    bot: RunningBot, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    set_before = len(bot.api.menus)
    bot.api.types(RAMESH, "/help")
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    bot.api.types(RAMESH, "/language hi")
    await bot.api.until(lambda: len(bot.api.menus) > set_before)
    bot.api.types(RAMESH, "/help")
    bot.api.types(RAMESH, "/help")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) >= 4)
    await asyncio.sleep(0.2)
    own = bot.api.menus[set_before:]
    assert [json.loads(menu["scope"]) for menu in own] == [{"type": "chat", "chat_id": RAMESH}]
    assert "आज का हाल" in [command["description"] for command in json.loads(own[0]["commands"])]
    bot.api.types(RAMESH, "/language english")
    await bot.api.until(lambda: len(bot.api.menus) == set_before + 2)
    assert "Today" in bot.api.menus[-1]["commands"]


async def test_a_member_who_blocks_us_is_noted_at_once_and_is_back_when_he_lets_us_in(
    bot: RunningBot, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)

    async def reachable() -> bool:
        async with transaction(bot.door.engine, [ramesh.business_id]) as tx:
            found = await tx.value("SELECT chat_id FROM members WHERE id = $1", ramesh.member_id)
        return found is not None

    bot.api.stands(RAMESH, "kicked")
    for _ in range(100):
        if not await reachable():
            break
        await asyncio.sleep(0.02)
    assert not await reachable()
    bot.api.stands(RAMESH, "member")
    for _ in range(100):
        if await reachable():
            break
        await asyncio.sleep(0.02)
    assert await reachable()
    assert bot.api.said == []


async def test_a_group_that_takes_us_in_is_told_once_that_we_speak_in_private(bot: RunningBot) -> None:
    bot.api.stands(-77, "member", chat_type="group")
    await bot.api.until(lambda: bot.api.texts(-77))
    bot.api.stands(-77, "left", chat_type="group")
    bot.api.types(STRANGER, "hello")
    await bot.api.until(lambda: bot.api.texts(STRANGER))
    assert len(bot.api.texts(-77)) == 1
