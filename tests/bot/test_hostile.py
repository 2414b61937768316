"""Whatever people send or tap: a kind answer or silence, nothing lost, nothing told to the wrong ear, no markup of theirs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.phone.markup import parse_html
from ingest.door import Appender
from kit.database import transaction
from ledger.commands import AddBusiness, DrainBusiness, QueueMessage
from ledger.dispatch import Door
from ledger.domain.roles import system
from tests.bot.bot_api import refusal
from tests.bot.conftest import RAMESH, RAVI, STRANGER, Join, RunningBot
from tests.conftest import SettableClock
from tests.ledger.firms import delivery

GONE = "I can't find that any more. Please look again."
RTL, ZERO = "\u202e", "\u200b"
HOSTILE = (
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "</b></pre><a href='tg://user?id=1'>x</a>",
    "&lt;b&gt; &amp;amp; &#60;",
    f"{RTL}sredarT amrahS{RTL}",
    f"Sh{ZERO}ar{ZERO}ma{ZERO}",
    "😀" * 50,
    "👨‍👩‍👧‍👦 Family Traders 🇮🇳",
    "Z̸̢̛̗a̷̡̛l̵̨̛g̶̨̛o̷̧̢" * 10,
    "शर्मा ट्रेडर्स " * 20,
    "{firm} {0} %s %(x)s \\n",
    "'; DROP TABLE members; --",
    "\x00\x01\x1f\x7f",
    "a" * 4_096,
    "\n" * 200,
    "/",
    "//digest",
    "/digest@another_bot",
    "/DIGEST",
    "1" * 400,
    "₹" * 300,
    "-" * 100,
    "…",
    ".",
)
NAMES = (
    "<b>Sharma</b> & <i>Sons</i> \"Traders\" 'x'",
    f"{RTL}Evil{RTL} Traders",
    f"Sh{ZERO}ar{ZERO}ma" + "x" * 190,
    "N" * 200,
    "शर्मा एंड संस प्राइवेट लिमिटेड " * 7,
    "😀" * 100,
    "{name} {amount} %s",
    "A\nB\tC\r\nD",
)


@pytest.fixture
async def odd_names(door: Door, business: UUID, clock: SettableClock) -> None:
    """Customers with names that nobody should have, each with a bill long overdue."""
    appender = Appender(door.engine)
    for number, name in enumerate(NAMES):
        data = {
            "number": f"<b>B-{number}</b>", "amount": 118_000 + number, "base": 100_000, "currency": "INR",
            "party": {"id": f"c{number}", "name": name}, "issued_on": "2026-06-01", "due_on": "2026-07-01",
        }  # fmt: skip
        at = datetime(2026, 6, 1, tzinfo=UTC)
        await appender.append(
            delivery(business, "books:x", "invoice.issued", f"b{number}", data, at=at, received_at=clock.now)
        )
    while (await door.execute(DrainBusiness(), system(business, "drainer"))).more:
        pass


def _well_formed(form: dict[str, Any]) -> None:
    """Telegram takes the message: its markup is whole, nothing of it is too long, nothing turns its direction."""
    text = form["text"]
    if form.get("parse_mode") == "HTML":
        shown = parse_html(text)
        text = shown.text
        assert not [e for e in shown.entities if e["type"] == "text_link" and e["url"].startswith("tg:")]
    assert len(text) <= 4_096
    assert RTL not in text
    for row in json.loads(form.get("reply_markup") or "{}").get("inline_keyboard", []):
        for button in row:
            assert 1 <= len(button["text"]) <= 64
            assert RTL not in button["text"]
            assert len(button.get("callback_data", "").encode()) <= 64


async def test_whatever_is_typed_is_answered_in_words_that_telegram_takes(
    bot: RunningBot, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    for number, text in enumerate(HOSTILE, start=1):
        bot.api.types(RAMESH, text)
        await bot.api.until(lambda number=number: len(bot.api.texts(RAMESH)) >= number, seconds=15)  # type: ignore[misc]
    for form in bot.api.said:
        _well_formed(form)
    assert not any("Sorry, something went wrong" in text for text in bot.api.texts(RAMESH))


async def _more(bot: RunningBot, act: Callable[[], None]) -> None:
    """Do something and wait for one more message, or one more edit."""
    before = len(bot.api.said) + len(bot.api.edits)
    act()
    await bot.api.until(lambda: len(bot.api.said) + len(bot.api.edits) > before, seconds=15)


@pytest.mark.usefixtures("odd_names")
async def test_names_that_nobody_should_have_break_no_card(bot: RunningBot, join: Join) -> None:
    await join("<Ramesh> & {co}", "owner", RAMESH)
    for text in ("/digest", "/owes", "/find b-3", "sharma", "evil", "/fix", "/tally", "/enter"):
        await _more(bot, lambda text=text: bot.api.types(RAMESH, text))  # type: ignore[misc]
    for label in ("1", "2", "3", "4"):
        await _more(bot, lambda label=label: bot.api.tap_label(RAMESH, label))  # type: ignore[misc]
    for form in (*bot.api.said, *bot.api.edits):
        _well_formed(form)
    assert not any("Sorry, something went wrong" in text for text in bot.api.texts(RAMESH))


async def test_a_button_of_last_month_answers_kindly(
    bot: RunningBot, join: Join, clock: SettableClock
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    button = {"label": "Who owes me", "action": {"do": "owes"}}
    gone = {"label": "Old", "action": {"do": "what_we_no_longer_do", "x": 1}}
    party = {"label": "Him", "action": {"do": "party", "party": str(UUID(int=7))}}
    card = {"text": "Last month's", "buttons": [[button, gone, party]]}
    await bot.door.execute(QueueMessage(RAMESH, ramesh.member_id, "answer", card), ramesh)
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    clock.advance(days=35)
    for number, asked in enumerate(bot.api.buttons(bot.api.said[0]), start=1):
        bot.api.taps(RAMESH, bot.api.said[0]["message_id"], asked["callback_data"])
        await bot.api.until(lambda number=number: len(bot.api.taps_confirmed) == number)  # type: ignore[misc]
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    assert bot.api.taps_confirmed[1]["text"] == GONE
    assert bot.api.taps_confirmed[2]["text"] == GONE


@pytest.mark.parametrize(
    "data",
    [
        "",
        ":",
        "x",
        "A" * 64,
        "AAAAAAAAAAAA:0",
        "AAAAAAAAAAAA:99999999999",
        "'; DROP--:1",
        "क:1",
        "\u202e:1",
        "a b:1",
    ],
)
async def test_a_made_up_button_is_answered_and_does_nothing(bot: RunningBot, join: Join, data: str) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.taps(RAMESH, 5, data)
    await bot.api.until(lambda: bot.api.taps_confirmed)
    assert bot.api.taps_confirmed[0]["text"] == GONE
    assert bot.api.said == []


async def test_a_button_works_in_its_own_chat_only(bot: RunningBot, join: Join, door: Door) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    await join("Ravi", "sales", RAVI, crm_owner="ravi")
    card = {"text": "x", "buttons": [[{"label": "What I owe", "action": {"do": "owe"}}]]}
    await door.execute(QueueMessage(RAMESH, ramesh.member_id, "answer", card), ramesh)
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    data = bot.api.buttons(bot.api.said[0])[0]["callback_data"]
    for chat in (RAVI, STRANGER):
        bot.api.taps(chat, bot.api.said[0]["message_id"], data)
    await bot.api.until(lambda: len(bot.api.taps_confirmed) == 2)
    await bot.api.until(lambda: bot.api.texts(STRANGER))
    assert {c.get("text") for c in bot.api.taps_confirmed} == {GONE, None}
    assert bot.api.texts(RAVI) == []
    assert "₹" not in bot.api.texts(STRANGER)[0]


async def test_a_button_of_another_firm_is_nobodys_here(bot: RunningBot, join: Join, door: Door) -> None:
    await join("Ramesh", "owner", RAMESH)
    other = UUID("01990000-0000-7000-8000-000000000009")
    clerk = system(other, "test")
    await door.execute(AddBusiness(other, "Other Traders"), clerk)
    card = {"text": "x", "buttons": [[{"label": "Go", "action": {"do": "owes"}}]]}
    await door.execute(QueueMessage(RAMESH, None, "answer", card), clerk)
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    bot.api.tap_label(RAMESH, "Go")
    await bot.api.until(lambda: bot.api.taps_confirmed)
    assert bot.api.taps_confirmed[0]["text"] == GONE


async def test_a_tap_whose_message_is_too_old_or_missing_is_answered_below(
    bot: RunningBot, join: Join, door: Door
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    turned = {"do": "owes", "number": 1}
    card = {"text": "x", "buttons": [[{"label": "Turn", "action": turned}]]}
    await door.execute(QueueMessage(RAMESH, ramesh.member_id, "answer", card), ramesh)
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    data = bot.api.buttons(bot.api.said[0])[0]["callback_data"]
    person = {"id": RAMESH, "is_bot": False, "first_name": "Ramesh"}
    query = {"id": "77", "from": person, "chat_instance": "1", "data": data}
    bot.api._push({"callback_query": {**query, "inline_message_id": "abc"}})
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    gone = {"chat": {"id": RAMESH, "type": "private"}, "message_id": 3, "date": 0}

    async def no_such_message(form: dict[str, Any]) -> Any:
        return refusal(400, "Bad Request: message to edit not found") if "message_id" in form else None

    bot.api.fault = no_such_message
    bot.api._push({"callback_query": {**query, "id": "78", "message": gone}})
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 3)
    assert len(bot.api.taps_confirmed) == 2


def _message(chat_id: int, /, **more: Any) -> dict[str, Any]:
    person = {"id": chat_id, "is_bot": False, "first_name": "Somebody"}
    chat = {"id": chat_id, "type": "private"}
    return {"message_id": 9, "date": int(time.time()), "from": person, "chat": chat, "text": "/owes", **more}


@pytest.mark.parametrize(
    "update",
    [
        {"edited_message": _message(RAMESH, edit_date=1)},
        {"channel_post": _message(-100, chat={"id": -100, "type": "channel", "title": "News"})},
        {"message": _message(RAMESH, **{"from": {"id": RAMESH, "is_bot": True, "first_name": "Robot"}})},
        {
            "message": _message(
                -200,
                chat={"id": -200, "type": "supergroup", "title": "G"},
                sender_chat={"id": -200, "type": "supergroup", "title": "G"},
                **{"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}},
            )
        },
        {
            "message": _message(
                -200,
                chat={"id": -200, "type": "supergroup", "title": "G"},
                sender_chat={"id": -300, "type": "channel", "title": "C"},
                **{"from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}},
            )
        },
        {"something_new": {"x": 1}},
    ],
    ids=["edited", "channel", "bot", "anonymous admin", "linked channel", "unknown"],
)  # fmt: skip
async def test_what_nobody_says_to_us_himself_is_left_in_silence(
    bot: RunningBot, join: Join, update: dict[str, Any]
) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api._push(update)
    bot.api.types(RAMESH, "/help")
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    await asyncio.sleep(0.1)
    assert len(bot.api.said) == 1


async def test_two_members_at_once_each_get_their_own_and_nothing_is_mixed(
    bot: RunningBot, join: Join, odd_names: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await join("Ravi", "sales", RAVI, crm_owner="nobody")
    for _ in range(5):
        bot.api.types(RAMESH, "/owes")
        bot.api.types(RAVI, "/owes")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 5 and len(bot.api.texts(RAVI)) == 5, seconds=20)
    assert all("To collect" in text for text in bot.api.texts(RAMESH))
    assert all("Nobody owes you" in text for text in bot.api.texts(RAVI))


async def test_a_member_who_is_removed_between_two_taps_is_a_stranger_at_the_second(
    bot: RunningBot, join: Join, door: Door
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    bot.api.types(RAMESH, "/owes")
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    async with transaction(door.engine, [ramesh.business_id]) as tx:
        await tx.run("UPDATE members SET active = false WHERE id = $1", ramesh.member_id)
    bot.api.types(RAMESH, "/owes")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    assert "/start CODE" in bot.api.texts(RAMESH)[1]


@pytest.mark.parametrize(
    "more",
    [
        {"photo": [{"file_id": "p", "file_unique_id": "p", "width": 10, "height": 10}], "text": None},
        {"sticker": {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 1, "height": 1,
                     "is_animated": False, "is_video": False}, "text": None},
        {"location": {"latitude": 18.5, "longitude": 73.8}, "text": None},
        {"contact": {"phone_number": "+910000000000", "first_name": "X"}, "text": None},
        {"document": {"file_id": "d", "file_unique_id": "d", "file_name": f"{RTL}fdp.exe<b>", "file_size": 10**12},
         "text": None},
    ],
    ids=["photo", "sticker", "place", "contact", "huge file"],
)  # fmt: skip
async def test_what_is_no_text_gets_a_kind_answer_too(
    bot: RunningBot, join: Join, more: dict[str, Any]
) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = {name: value for name, value in _message(RAMESH, **more).items() if value is not None}
    bot.api._push({"message": message})
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    for form in bot.api.said:
        _well_formed(form)
    assert "Sorry, something went wrong" not in bot.api.texts(RAMESH)[0]
