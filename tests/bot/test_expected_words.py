"""Words that a card asked for reach what asked for them, also after a restart; a message replaces an earlier one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.cards.card import Action, Button, Card
from bot.handlers import desk
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.areas import AREAS
from bot.handlers.reply import Reply
from bot.visit import Visitor, answer, visitor_of
from bot.words import html
from ledger.dispatch import Door
from tests.bot.bot_api import BotApi
from tests.bot.conftest import RAMESH, Join, RunningBot
from tests.conftest import SettableClock


class Colours(Area):
    """Asks for a colour, and takes red or blue."""

    commands = (Command("colour", {"do": "colour"}),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        async def asks(_: Visitor, __: Action) -> Reply:
            return Reply(cards=(Card(html("Which colour?")),), expect={"do": "its_colour", "of": "door"})

        return {"colour": asks}

    @property
    def typed(self) -> Mapping[str, Typed]:
        async def takes(_: Visitor, action: Action, text: str) -> Reply | None:
            return Reply(cards=(Card(html(f"{action['of']}: {text}")),)) if text in ("red", "blue") else None

        return {"its_colour": takes}


@pytest.fixture(autouse=True)
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "AREAS", (*AREAS, Colours))


async def _says(api: BotApi, text: str) -> str:
    before = len(api.texts(RAMESH))
    api.types(RAMESH, text)
    await api.until(lambda: len(api.texts(RAMESH)) > before)
    return api.texts(RAMESH)[-1]


async def test_the_next_words_are_the_answer_and_the_ones_after_it_are_not(
    bot: RunningBot, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    assert await _says(bot.api, "/colour") == "Which colour?"
    assert await _says(bot.api, "red") == "door: red"
    assert "door: " not in await _says(bot.api, "blue")


async def test_words_that_are_no_answer_are_a_question_again(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _says(bot.api, "/colour")
    assert "What you can ask me" in await _says(bot.api, "help")
    assert "door: " not in await _says(bot.api, "red")


async def test_a_slip_of_the_thumb_does_not_lose_what_a_card_waits_for(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _says(bot.api, "/colour")
    said = await _says(bot.api, "rde <b>")
    assert "rde &lt;b&gt;" in said
    assert "type it again" in said
    assert await _says(bot.api, "red") == "door: red"


async def test_what_is_expected_stands_in_the_store_for_an_hour(
    bot: RunningBot, join: Join, door: Door, clock: SettableClock
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await _says(bot.api, "/colour")
    visitor = await visitor_of(door, RAMESH)
    assert visitor is not None
    assert visitor.member.expects is not None
    assert visitor.member.expects["of"] == "door"
    clock.advance(hours=2)
    later = await visitor_of(door, RAMESH)
    assert later is not None
    assert later.member.expects is None


async def test_a_message_takes_the_place_of_an_earlier_one_that_may_not_be_sent_yet(
    bot: RunningBot, join: Join, door: Door
) -> None:
    await join("Ramesh", "owner", RAMESH)
    visitor = await visitor_of(door, RAMESH)
    assert visitor is not None
    [row] = await answer(door, visitor, [Card(html("Reading…"))])
    link = Card(html("Read."), ((Button("Open", url="https://example.test/page"),),))
    await answer(door, visitor, [link], edit_of=row)
    await bot.api.until(lambda: any(one["text"] == "Read." for one in bot.api.said))
    [shown] = bot.api.said
    assert [edit["text"] for edit in bot.api.edits] == ["Read."]
    assert bot.api.buttons(shown)[0]["url"] == "https://example.test/page"


async def test_no_two_areas_answer_the_same_tap(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "AREAS", (Colours, Colours))
    with pytest.raises(RuntimeError, match="two areas answer colour"):
        desk.Desk(door)


def test_a_button_that_opens_a_page_carries_no_action() -> None:
    stored = Card(html("x"), ((Button("Open", url="https://example.test"),),)).stored()
    assert stored["buttons"] == [[{"label": "Open", "url": "https://example.test"}]]
