"""Taps on real questions: answered once, edited in place, undone, stale, forged, foreign; then the next question."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from ingest.door import Appender
from kit.database import transaction
from kit.errors import NotFound
from ledger.commands import AddBusiness, DrainBusiness, MakePromise, QueueMessage, ResolveConflict
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Conflicts, FindParty
from ledger.views import ConflictPage, ConflictView
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot
from tests.conftest import SettableClock
from tests.ledger.firms import delivery

Ask = Callable[[], Awaitable[None]]
CREDITS = ((5_684_000, "NEFT-HDFCN52026111800-SHARMA TRADERS"), (1_180_000, "NEFT-UTIBN52026111900-OM SAI"))


@pytest.fixture
async def two_questions(door: Door, business: UUID, clock: SettableClock) -> None:
    """Two credits in the bank that fit no bill; nobody knows whose they are."""
    appender = Appender(door.engine)
    for number, (amount, narration) in enumerate(CREDITS):
        data: dict[str, Any] = {
            "amount": amount, "currency": "INR", "account": "000405004421", "posted_on": "2026-11-18",
            "narration": narration, "channel": "NEFT", "bank": "ICICI",
        }  # fmt: skip
        at = datetime(2026, 11, 18, 5, number, tzinfo=UTC)
        await appender.append(
            delivery(
                business, "bank:icici", "bank.credited", f"line{number}", data, at=at, received_at=clock.now
            )
        )
    await drained(door, business)
    clock.advance(minutes=10)
    await drained(door, business)
    assert len(await questions(door, business)) == 2


async def drained(door: Door, business: UUID) -> None:
    """Drain until nothing is due."""
    while (await door.execute(DrainBusiness(), system(business, "drainer"))).more:
        pass


async def questions(door: Door, business: UUID, status: str = "open") -> tuple[ConflictView, ...]:
    """Return the questions in a status."""
    page: ConflictPage = await door.query(Conflicts(status=status), system(business, "test"))
    return page.rows


async def _audited(door: Door, business: UUID, action: str) -> int:
    async with transaction(door.engine, [business]) as tx:
        count: int = await tx.value("SELECT count(*) FROM audit WHERE action = $1", action)
    return count


async def _asked(bot: RunningBot, chat: int = RAMESH) -> dict[str, Any]:
    before = len(bot.api.texts(chat))
    bot.api.types(chat, "/questions")
    await bot.api.until(lambda: len(bot.api.texts(chat)) > before)
    return [m for m in bot.api.said if m["chat_id"] == str(chat)][-1]


def _button(message: dict[str, Any], label: str) -> str:
    keyboard = json.loads(message["reply_markup"])["inline_keyboard"]
    return str(next(b["callback_data"] for row in keyboard for b in row if b["text"] == label))


async def test_an_answer_edits_the_card_and_brings_the_next_question_until_none_is_left(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    first = await _asked(bot)
    assert first["text"].startswith("1 of 2 · <b>₹")
    bot.api.tap_label(RAMESH, "Not a sale payment")
    await bot.api.until(lambda: len(bot.api.edits) == 1)
    assert "Not a sale payment" not in bot.api.edits[-1]["reply_markup"], "the kinds stand in its place"
    bot.api.tap_label(RAMESH, "Something else")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    edited, second = bot.api.texts(RAMESH)
    assert edited.startswith("✓ ₹")
    assert "<b>Not a sale payment</b> · Ramesh, today" in edited
    assert second.startswith("2 of 2 · <b>₹")
    bot.api.tap_label(RAMESH, "Our own transfer")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 3)
    assert "That was the last one: 2 entries are settled, ₹68,640." in bot.api.texts(RAMESH)[2]
    assert await questions(bot.door, business) == ()
    assert all(confirmed.get("text") is None for confirmed in bot.api.taps_confirmed)


async def test_a_double_tap_answers_once(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = await _asked(bot)
    data = _button(message, "Our own transfer")
    for _ in range(3):
        bot.api.taps(RAMESH, message["message_id"], data)
    await bot.api.until(lambda: len(bot.api.taps_confirmed) == 3)
    await asyncio.sleep(0.2)
    assert len(bot.api.texts(RAMESH)) == 2
    assert len(bot.api.edits) == 1
    assert await _audited(bot.door, business, "conflict.resolved") == 1
    toasts = [confirmed.get("text", "") for confirmed in bot.api.taps_confirmed]
    assert toasts[0] == ""
    assert all(toast.startswith("Already answered. Our own transfer · Ramesh") for toast in toasts[1:])


async def test_two_people_at_once_the_second_is_told_who_answered_what(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await join("Meena", "finance", RAVI)
    for_ramesh, for_meena = await _asked(bot), await _asked(bot, RAVI)
    bot.api.taps(RAVI, for_meena["message_id"], _button(for_meena, "Not a sale payment"))
    await bot.api.until(lambda: len(bot.api.edits) == 1)
    kinds = bot.api.edits[0]
    bot.api.taps(RAMESH, for_ramesh["message_id"], _button(for_ramesh, "Our own transfer"))
    bot.api.taps(RAVI, for_meena["message_id"], _button(kinds, "A loan"))
    await bot.api.until(lambda: len(bot.api.edits) == 3)
    assert await _audited(bot.door, business, "conflict.resolved") == 1
    edited = {form["chat_id"]: form["text"] for form in bot.api.edits}
    assert edited[str(RAMESH)] == edited[str(RAVI)]
    told = [c["text"] for c in bot.api.taps_confirmed if c.get("text")]
    assert len(told) == 1
    assert told[0].startswith("Already answered. ")


async def test_undo_takes_an_answer_back_and_asks_again_in_place(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = await _asked(bot)
    bot.api.tap_label(RAMESH, "Our own transfer")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    undo = _button(message, "Undo")
    bot.api.taps(RAMESH, message["message_id"], undo)
    bot.api.taps(RAMESH, message["message_id"], undo)
    await bot.api.until(lambda: "Taken back" in message["text"])
    await bot.api.until(lambda: len(bot.api.taps_confirmed) == 3)
    assert len(await questions(bot.door, business)) == 2
    assert await _audited(bot.door, business, "conflict.reopened") == 1
    assert "Our own transfer" in message["reply_markup"]


async def test_a_button_of_a_question_that_changed_asks_to_look_once_more(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = await _asked(bot)
    data = _button(message, "Our own transfer")
    async with transaction(bot.door.engine, [business]) as tx:
        await tx.run("UPDATE conflicts SET version = version + 1 WHERE business_id = $1", business)
    bot.api.taps(RAMESH, message["message_id"], data)
    await bot.api.until(lambda: "Something new has come since" in message["text"])
    assert "look once more" in bot.api.taps_confirmed[0]["text"]
    assert await _audited(bot.door, business, "conflict.resolved") == 0
    bot.api.taps(RAMESH, message["message_id"], _button(message, "Our own transfer"))
    await bot.api.until(lambda: message["text"].startswith("✓"))


async def test_later_and_ask_accountant_put_a_question_off_and_go_on(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    first = await _asked(bot)
    assert first["reply_markup"].count('"Later"') == 1
    bot.api.tap_label(RAMESH, "Later")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    assert "I'll ask again tomorrow morning." in bot.api.texts(RAMESH)[0]
    bot.api.tap_label(RAMESH, "Ask accountant")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 3)
    assert "<b>Ask accountant</b> · noted." in bot.api.texts(RAMESH)[1]
    assert "No accountant has a chat with me yet" in bot.api.texts(RAMESH)[1]
    assert bot.api.texts(RAMESH)[2] == "Nothing waits for your answer.\n2 put off come back by themselves."
    assert len(await questions(bot.door, business, "snoozed")) == 2
    bot.api.taps(RAMESH, first["message_id"], _button(first, "Ask now"))
    await bot.api.until(lambda: "1 of 2" in first["text"])


async def test_why_opens_the_evidence_and_closes_it_again(
    bot: RunningBot, join: Join, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = await _asked(bot)
    bot.api.tap_label(RAMESH, "Why?")
    await bot.api.until(lambda: "<b>Why I ask</b>" in message["text"])
    bot.api.tap_label(RAMESH, "Less")
    await bot.api.until(lambda: "<b>Why I ask</b>" not in message["text"])


@pytest.mark.parametrize(
    "data",
    ["x", "", "AAAAAAAAAAAA:0", "' OR 1=1 --:0", "A" * 64, "AAAAAAAAAAAA:99999999999", "\x00:1", "é:1"],
)
async def test_a_forged_button_gets_a_kind_answer_and_nothing_else(
    bot: RunningBot, join: Join, data: str
) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.taps(RAMESH, 1, data)
    await bot.api.until(lambda: bot.api.taps_confirmed)
    assert bot.api.taps_confirmed[0]["text"] == "I can't find that any more. Please look again."
    assert bot.api.said == []


async def test_a_button_of_another_chat_or_firm_or_version_does_nothing(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await join("Meena", "finance", RAVI)
    message = await _asked(bot)
    data = _button(message, "Our own transfer")
    bot.api.taps(RAVI, message["message_id"], data)
    bot.api.taps(RAMESH, message["message_id"], data.split(":")[0] + ":4711")
    foreign = UUID("01990000-0000-7000-8000-000000000009")
    await bot.door.execute(AddBusiness(foreign, "Elsewhere"), system(foreign, "test"))
    elsewhere = Actor(foreign, Role.OWNER, "Nobody")
    action = {"do": "digest"}
    await bot.door.execute(
        QueueMessage(RAMESH, None, "answer", {"text": "x", "buttons": [[{"label": "Go", "action": action}]]}),
        elsewhere,
    )
    await bot.api.until(lambda: "x" in bot.api.texts(RAMESH))
    bot.api.tap_label(RAMESH, "Go")
    await bot.api.until(lambda: len(bot.api.taps_confirmed) == 3)
    assert {c["text"] for c in bot.api.taps_confirmed} == {"I can't find that any more. Please look again."}
    assert await _audited(bot.door, business, "conflict.resolved") == 0


async def test_a_viewer_reads_questions_one_after_the_other_and_answers_none(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    await join("CA Mehta", "view", RAMESH)
    message = await _asked(bot)
    labels = [b["text"] for b in bot.api.buttons(message)]
    assert labels == ["Say what you think", "Why?", "Next ›"]
    first = message["text"]
    bot.api.tap_label(RAMESH, "Next ›")
    await bot.api.until(lambda: message["text"] != first)
    assert message["text"].startswith("2 of 2 · <b>")
    assert [b["text"] for b in bot.api.buttons(message)] == ["Say what you think", "Why?"]


async def test_a_question_answered_elsewhere_is_shown_as_answered_when_its_buttons_are_tapped(
    bot: RunningBot, join: Join, business: UUID, two_questions: None
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    message = await _asked(bot)
    shown = (await questions(bot.door, business))[0]
    await bot.door.execute(ResolveConflict(shown.id, "own_transfer"), ramesh)
    for label in ("Why?", "Later"):
        if label in message["reply_markup"]:
            bot.api.taps(RAMESH, message["message_id"], _button(message, label))
            await bot.api.until(lambda: message["text"].startswith("✓"))
    assert "Already answered" in bot.api.taps_confirmed[0]["text"]


async def test_a_promise_takes_two_taps_and_stands_on_the_card(
    bot: RunningBot, join: Join, business: UUID, clock: SettableClock
) -> None:
    ravi = await join("Ravi", "sales", RAVI, crm_owner="ravi")
    say = Appender(bot.door.engine).append
    who = {"id": "c1", "name": "Sharma Traders"}
    bill = {
        "number": "INV-1", "party": who, "issued_on": "2026-09-01", "due_on": "2026-10-01", "amount": 100_000,
        "currency": "INR",
    }  # fmt: skip
    await say(
        delivery(business, "crm:demo", "party.upserted", "c1", {"name": "Sharma Traders", "owner": "ravi"})
    )
    await say(delivery(business, "crm:demo", "invoice.issued", "i1", bill))
    await drained(bot.door, business)
    bot.api.types(RAVI, "sharma")
    await bot.api.until(lambda: bot.api.texts(RAVI))
    bot.api.tap_label(RAVI, "Will pay on…")
    await bot.api.until(lambda: "When will <b>Sharma Traders</b> pay ₹1,000?" in bot.api.texts(RAVI)[0])
    bot.api.tap_label(RAVI, "Mon 23 Nov")
    await bot.api.until(lambda: "will pay on Mon 23 Nov" in bot.api.texts(RAVI)[0])
    await drained(bot.door, business)
    bot.api.tap_label(RAVI, "‹ Sharma Traders")
    await bot.api.until(lambda: "Will pay Mon 23 Nov" in bot.api.texts(RAVI)[0])
    clock.advance(days=4)
    bot.api.types(RAVI, "/owes")
    await bot.api.until(lambda: len(bot.api.texts(RAVI)) == 2)
    assert "promised Mon 23 Nov, not paid" in bot.api.texts(RAVI)[1]
    party = (await bot.door.query(FindParty("sharma"), ravi))[0].id
    meena = Actor(business, Role.SALES, "Meena", member_id=ravi.member_id, owner_key="meena")
    with pytest.raises(NotFound):
        await bot.door.execute(MakePromise(party, date(2026, 11, 30)), meena)


async def test_callback_data_never_exceeds_64_bytes(bot: RunningBot, join: Join, two_questions: None) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = await _asked(bot)
    assert all(len(b["callback_data"].encode()) <= 64 for b in bot.api.buttons(message))
