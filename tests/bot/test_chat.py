"""A member's morning in the chat: commands, search, hostile text, files, and faults that cost only themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.handlers.asking import Asking
from bot.handlers.reply import Reply
from bot.scenes import Scenes
from bot.visit import visitor_of
from kit.database import transaction
from kit.errors import MunshiError
from ledger.dispatch import Door
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot

SHARMA, GUPTA = UUID(int=1), UUID(int=2)
Say = Callable[[int, str], Awaitable[str]]


async def _customer(
    door: Door, business: UUID, party: UUID, name: str, amount: int, *, owner: str | None = None
) -> None:
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            """
            INSERT INTO parties (business_id, id, anchor, name, search_name, owner, is_customer, currency, receivable,
                                 open_bills, on_account, payable)
            VALUES ($1, $2, $2, $3, lower($3), $4, true, 'INR', $5, $5, 0, 0)
            """,
            business,
            party,
            name,
            owner,
            amount,
        )
        await tx.run(
            """
            INSERT INTO invoices (business_id, id, anchor, party_id, number, kind, status, issued_on, due_on, amount,
                                  outstanding, currency)
            VALUES ($1, $2, $2, $3, $4, 'invoice', 'invoice.issued', $5, $6, $7, $7, 'INR')
            """,
            business,
            UUID(int=party.int + 100),
            party,
            f"INV-{100 + party.int}/26-27",
            date(2026, 9, 4),
            date(2026, 10, 4),
            amount,
        )


@pytest.fixture
async def customers(door: Door, business: UUID) -> None:
    """Two customers of two sales reps."""
    await _customer(door, business, SHARMA, "Sharma Traders", 14_200_000, owner="ravi")
    await _customer(door, business, GUPTA, "Gupta Steel", 9_000_050, owner="meena")


@pytest.fixture
def say(bot: RunningBot) -> Say:
    """Type something and wait for one answer."""

    async def make(chat: int, text: str) -> str:
        before = len(bot.api.texts(chat))
        bot.api.types(chat, text)
        await bot.api.until(lambda: len(bot.api.texts(chat)) > before)
        return bot.api.texts(chat)[-1]

    return make


async def test_every_command_answers(say: Say, join: Join, customers: None) -> None:
    await join("Ramesh", "owner", RAMESH)
    assert "To collect ₹2,32,001" in await say(RAMESH, "/digest")
    assert "Sharma Traders" in await say(RAMESH, "/owes")
    assert await say(RAMESH, "/owe") == "You owe nothing that I know of."
    assert "Nothing is connected yet" in await say(RAMESH, "/sources")
    assert await say(RAMESH, "/questions") == "Nothing waits for your answer."
    assert "What you can ask me" in await say(RAMESH, "/help")
    assert "What you can ask me" in await say(RAMESH, "/start")
    assert "What you can ask me" in await say(RAMESH, "/nonsense")


async def test_the_link_on_a_crms_record_opens_the_customer_to_who_may_see_him(
    say: Say, join: Join, customers: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    assert "<b>Sharma Traders</b>" in await say(RAMESH, f"/start c_{SHARMA.hex}")
    assert "code" in await say(RAMESH, "/start c_nonsense")
    await join("Ravi", "sales", RAVI, crm_owner="ravi")
    assert "<b>Sharma Traders</b>" in await say(RAVI, f"/start c_{SHARMA.hex}")
    assert "Gupta" not in await say(RAVI, f"/start c_{GUPTA.hex}")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("sharma", "<b>Sharma Traders</b>\nTo collect <b>₹1,42,000</b>"),
        ("shrma tradrs", "<b>Sharma Traders</b>\nTo collect <b>₹1,42,000</b>"),
        ("/find gupta", "<b>Gupta Steel</b>\nTo collect <b>₹90,000.50</b>"),
        ("inv-102/26-27", "<b>Gupta Steel</b>\nINV-102/26-27  ₹90,000.50 · 47 days late"),
        ("101", "<b>Sharma Traders</b>\nINV-101/26-27  ₹1,42,000 · 47 days late"),
        ("1,42,000", "<b>Sharma Traders</b>\nINV-101/26-27  ₹1,42,000 · 47 days late"),
        ("₹ 90000.50", "<b>Gupta Steel</b>\nINV-102/26-27  ₹90,000.50 · 47 days late"),
        ("Rs 142000/-", "<b>Sharma Traders</b>\nINV-101/26-27"),
        ("zzqqxx", "I found nobody and no bill for “zzqqxx”."),
        ("9" * 40, "I found nobody"),
        ("x", "Please type two letters or more"),
        ("/find", "Please type two letters or more"),
    ],
)
async def test_whatever_is_typed_is_looked_for(
    say: Say, join: Join, customers: None, typed: str, found: str
) -> None:
    await join("Ramesh", "owner", RAMESH)
    assert found in await say(RAMESH, typed)


async def test_a_sales_rep_sees_his_own_customers_and_neither_bank_nor_bills_to_pay(
    say: Say, join: Join, customers: None
) -> None:
    await join("Ravi", "sales", RAVI, crm_owner="ravi")
    digest = await say(RAVI, "/digest")
    assert "To collect ₹1,42,000" in digest
    assert "Bank" not in digest
    owes = await say(RAVI, "/owes")
    assert "Sharma Traders" in owes
    assert "Gupta" not in owes
    for typed in ("gupta steel", "INV-102/26-27", "90000.50"):
        assert "I found nobody" in await say(RAVI, typed)
    denied = "That is for the owner or the accounts person. Please ask them."
    for command in ("/owe", "/sources"):
        assert await say(RAVI, command) == denied


async def test_a_tap_on_a_customers_number_opens_him(
    bot: RunningBot, say: Say, join: Join, customers: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    await say(RAMESH, "/owes")
    bot.api.tap_label(RAMESH, "1")
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 2)
    assert bot.api.texts(RAMESH)[-1].startswith("<b>Sharma Traders</b>")


@pytest.mark.parametrize(
    "hostile",
    [
        "<b>" * 1365 + "x",
        "</pre></b>&lt;" * 290,
        "{0}{name!r}%s%(x)s" * 200,
        "\u202e\u2066\u200b" * 1365 + "x",
        "'; DROP TABLE members; --" * 160,
        "%" * 4096,
        "\\" * 4096,
        "A" * 4096,
        "１２３４５" * 819,
        "🧾" * 2048,
        "शर्मा" * 819,
    ],
)
async def test_four_thousand_characters_of_hostile_markup_get_a_kind_answer(
    say: Say, join: Join, customers: None, hostile: str
) -> None:
    await join("Ramesh", "owner", RAMESH)
    answer = await say(RAMESH, hostile[:4096])
    assert answer.startswith(
        ("I found nobody and no bill", "Please type two letters", "Which one", "<b>Sharma")
    )
    assert len(answer) < 1_000


async def test_any_search_at_all_makes_a_card(door: Door, join: Join, customers: None) -> None:
    await join("Ramesh", "owner", RAMESH)
    visitor = await visitor_of(door, RAMESH)
    assert visitor is not None
    asking, loop = Asking(door, Scenes(door)), asyncio.get_running_loop()

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.text(max_size=90), st.from_regex(r"(₹|Rs)? ?[0-9,]{1,30}(\.[0-9]{1,3})?")))
    def check(text: str) -> None:
        for do in ("find", "ask"):
            asked = asking.taps[do](visitor, {"text": text})
            reply: Reply = asyncio.run_coroutine_threadsafe(asked, loop).result(10)  # type: ignore[arg-type]
            assert reply.cards or reply.lead
            for card in reply.cards:
                assert 0 < len(card.text) <= 4_096
                card.text.encode()

    await asyncio.to_thread(check)


async def test_a_photo_or_sticker_gets_a_kind_answer(bot: RunningBot, join: Join) -> None:
    await join("Ramesh", "owner", RAMESH)
    message = {**bot.api._message(RAMESH, "private"), "photo": []}
    bot.api._push({"message": message})
    await bot.api.until(lambda: bot.api.texts(RAMESH))
    assert "I can't read that yet" in bot.api.texts(RAMESH)[0]


async def test_a_fault_of_ours_is_apologised_for_and_the_loop_goes_on(
    bot: RunningBot, say: Say, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("Ramesh", "owner", RAMESH)

    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Scenes, "who_owes", broken)
    apology = await say(RAMESH, "/owes")
    assert apology.startswith("Sorry, something went wrong on my side.")
    assert "<code>" in apology
    assert "What you can ask me" in await say(RAMESH, "/help")


async def test_an_expected_error_is_answered_by_its_remedy(
    say: Say, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    await join("Ramesh", "owner", RAMESH)

    async def refused(*_: Any) -> Any:
        raise MunshiError("x.y", "The <drum> is empty.", remedy="Fill it.")

    monkeypatch.setattr(Asking, "_found", refused)
    assert await say(RAMESH, "/find drum") == "The &lt;drum&gt; is empty. Fill it."


async def test_messages_of_one_chat_are_answered_in_order(
    bot: RunningBot, join: Join, customers: None
) -> None:
    await join("Ramesh", "owner", RAMESH)
    for typed in ("sharma", "/owe", "gupta", "/sources"):
        bot.api.types(RAMESH, typed)
    await bot.api.until(lambda: len(bot.api.texts(RAMESH)) == 4)
    heads = [text.split("\n")[0] for text in bot.api.texts(RAMESH)]
    assert heads == [
        "<b>Sharma Traders</b>",
        "You owe nothing that I know of.",
        "<b>Gupta Steel</b>",
        "Nothing is connected yet.",
    ]
