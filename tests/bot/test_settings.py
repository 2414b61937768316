"""Settings in the chat: shown on one card, changed by a tap or a typed hour, each member's own."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest

from kit.errors import Rejected
from ledger.commands.settings import SetPicture, SwitchAlert
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.queries.mornings import MySettings
from ledger.views.mornings import SettingsView
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot


async def _typed(bot: RunningBot, text: str, chat: int = RAMESH) -> dict[str, Any]:
    before = len(bot.api.texts(chat))
    bot.api.types(chat, text)
    await bot.api.until(lambda: len(bot.api.texts(chat)) > before)
    return [m for m in bot.api.said if m["chat_id"] == str(chat)][-1]


async def _tapped(bot: RunningBot, label: str, chat: int = RAMESH) -> dict[str, Any]:
    """Tap the latest button with this label and wait until the last message is another one."""

    def shown() -> tuple[str, str]:
        last = [m for m in bot.api.said if m["chat_id"] == str(chat)][-1]
        return last["text"], last.get("reply_markup", "")

    before = shown()
    bot.api.tap_label(chat, label)
    await bot.api.until(lambda: shown() != before)
    return [m for m in bot.api.said if m["chat_id"] == str(chat)][-1]


def _labels(bot: RunningBot, message: dict[str, Any]) -> list[str]:
    return [button["text"] for button in bot.api.buttons(message)]


async def _mine(door: Door, actor: Actor) -> SettingsView:
    view: SettingsView = await door.query(MySettings(), actor)
    return view


async def test_everything_is_set_by_taps(bot: RunningBot, door: Door, join: Join) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    card = await _typed(bot, "/settings")
    assert "Evening: <b>off</b>" in card["text"]
    card = await _tapped(bot, "Evening hour")
    card = await _tapped(bot, "7:00 pm")
    assert "Evening: <b>7:00 pm</b>" in card["text"]
    card = await _tapped(bot, "✓ Money in")
    card = await _tapped(bot, "Light picture")
    card = await _tapped(bot, "Quiet hours")
    card = await _tapped(bot, "No quiet hours")
    assert "Quiet hours: <b>none</b>" in card["text"]
    view = await _mine(door, owner)
    assert (view.evening_at, view.picture, dict(view.alerts)["money"]) == (time(19), "light", False)
    assert not view.keeps_quiet
    card = await _tapped(bot, "– Money in")
    assert "✓ Money in" in _labels(bot, card)


async def test_hours_can_be_typed_and_other_words_are_a_question_again(
    bot: RunningBot, door: Door, join: Join
) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    card = await _typed(bot, "/settings")
    await _tapped(bot, "Digest hour")
    card = await _typed(bot, "subah 8:15")
    assert "Digest: <b>8:15 am</b>" in card["text"]
    await _tapped(bot, "Quiet hours")
    card = await _typed(bot, "10 pm to 7 am")
    assert "10:00 pm – 7:00 am" in card["text"]
    await _tapped(bot, "Evening hour")
    assert "zxqv" in (await _typed(bot, "zxqv"))["text"]
    view = await _mine(door, owner)
    assert (view.digest_at, view.evening_at, view.quiet_from) == (time(8, 15), None, time(22))


async def test_each_member_sets_his_own_and_a_rep_is_offered_only_his_kinds(
    bot: RunningBot, door: Door, join: Join
) -> None:
    owner = await join("Ramesh", "owner", RAMESH)
    rep = await join("Ravi", "sales", RAVI, crm_owner="ravi")
    card = await _typed(bot, "/settings", RAVI)
    assert "Source quiet" not in card["text"]
    await _tapped(bot, "✓ Money in", RAVI)
    assert not dict((await _mine(door, rep)).alerts)["money"]
    assert dict((await _mine(door, owner)).alerts)["money"]
    with pytest.raises(Rejected):
        await door.execute(SwitchAlert("source", "on"), rep)
    with pytest.raises(Rejected):
        await door.execute(SetPicture("purple"), rep)


async def test_the_evening_can_be_asked_for_at_any_time(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    assert "evening of Fri 20 Nov" in (await _typed(bot, "/evening"))["text"]
