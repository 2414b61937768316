"""Reminders in the chat: the message in both languages, what holds it back, the round of all who are late, how they pay."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.cards.audience import Audience
from bot.cards.card import Card
from bot.cards.pay_details import pay_ask_card, pay_details_card
from bot.cards.reminders import (
    Round,
    Turned,
    copy_card,
    done_card,
    held_card,
    nobody_card,
    reminded_card,
    reminder_card,
    which_card,
)
from bot.handlers.reminders import Reminders
from bot.phone.markup import parse_html
from bot.scenes import Scenes
from bot.visit import Visitor
from kit.database import transaction
from kit.errors import Denied, Stale
from ledger.commands.reminders import SetPaymentDetails
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries.reminders import PaymentDetails
from ledger.reminder_text import Message, message_of
from ledger.views import ChatMemberView
from ledger.views.reminders import (
    KnownAccount,
    LateCustomer,
    LateCustomersView,
    PaymentDetailsView,
    PreparedReminder,
    ReminderBill,
    ReminderHold,
    ReminderView,
)
from ledger.views.workflow import DecisionView
from tests.bot import sample_views as sample
from tests.bot.golden_cards import Cards, check, golden, told
from tests.ledger.rows import TODAY, days_ago, rows_of

LINK = "https://munshi.example/p/mun_0190a5b6c7d87e9fa0b1c2d3e4f50617_Zk3vQ9xLw2TnB8rYc5dHs0uA"
PAY = PaymentDetailsView(
    "kaveri@okicici", "Kaveri Services", "ICICI", "000405004421", "ICIC0000004", "919820011111"
)
HOSTILE = "<b>A&Co</b> #1?\n\u202eevil\u2066 {firm} %s 🙏🏽 &amp; ]]> \x00" + "शर्मा " * 40
BILLS = (
    ReminderBill("INV-102/26-27", date(2026, 9, 4), date(2026, 10, 4), 47, sample.rupees(34_220)),
    ReminderBill("INV-107/26-27", date(2026, 10, 9), date(2026, 11, 8), 12, sample.rupees(23_600)),
)


def view(**changes: Any) -> ReminderView:
    """A customer who is late with two bills."""
    fields: dict[str, Any] = {
        "party_id": sample.SHARMA, "party_name": "Sharma Traders", "firm": "Kaveri Services", "currency": "INR",
        "kind": "late", "net": sample.rupees(57_820), "asked": sample.rupees(57_820), "on_account": 0, "disputed": 0,
        "days": 47, "bills": BILLS, "more": 0, "more_amount": 0, "phone": "919820012345", "language": "en", "pay": PAY,
    }  # fmt: skip
    return ReminderView(**{**fields, **changes})


def spoken_to(to: Audience, language: str) -> Audience:
    return dataclasses.replace(to, language=language)


def made(language: str = "en", **changes: Any) -> PreparedReminder:
    return PreparedReminder(view(**changes), "key", language, datetime(2026, 12, 20, tzinfo=UTC))


def message(language: str = "en", **changes: Any) -> Message:
    return message_of(made(language, **changes), LINK, language=language, today=sample.audience().today)


def shown(to: Audience, turned: Turned | None = None, **changes: Any) -> Card:
    """The card of a reminder in the reader's own language."""
    language = changes.pop("language_", to.language)
    ready = made(language, **changes)
    out = message_of(ready, LINK, language=language, today=to.today)
    return reminder_card(ready, out, turned or Turned(), to)


MANY = {
    "bills": tuple(dataclasses.replace(BILLS[0], number=f"INV-{n}/26-27") for n in range(101, 106)),
    "more": 3, "more_amount": sample.rupees(84_180), "asked": sample.rupees(2_55_280), "net": sample.rupees(3_00_000),
    "on_account": sample.rupees(60_000),
}  # fmt: skip
ALL_SOFT = (
    ReminderHold("promise", "soft", on=date(2026, 11, 26)),
    ReminderHold("cheque", "soft", on=date(2026, 11, 25), amount=sample.rupees(85_000)),
    ReminderHold("said_paid", "soft", on=date(2026, 11, 18), amount=sample.rupees(25_000)),
    ReminderHold("reminded", "soft", on=date(2026, 11, 20), who="Ravi"),
)
STALE = ReminderHold(
    "stale", "hard",
    sources=(dataclasses.replace(sample.ICICI, covered_until=date(2026, 11, 11)), sample.QUIET_TALLY),
)  # fmt: skip
ENTRY = ReminderHold("entry", "hard", entries=("₹2,50,000 in cash from Sharma Traders on 18 Nov",))
LATE = LateCustomersView(
    rows=(LateCustomer(sample.SHARMA, "Sharma Traders", sample.rupees(57_820), 47, "INR"),),
    held=(
        ("promise", 2),
        ("cheque", 1),
        ("reminded", 1),
        ("said_paid", 1),
        ("grace", 1),
        ("entry", 1),
        ("disputed", 1),
    ),
)
ROUND = Round(("a", "b", "c", "d", "e", "f", "g", "h"), at=2, sent=2)
KNOWN = dataclasses.replace(
    PaymentDetailsView(), known=(KnownAccount("bank:icici", "ICICI", "000405004421"),)
)
THEN = {"do": "remind", "party": str(sample.SHARMA)}
DECISION = DecisionView(
    UUID(int=5),
    "reminder.sent",
    "Reminded of ₹57,820",
    "Ramesh",
    sample.NOW,
    amount=sample.rupees(57_820),
    currency="INR",
)
LONG: dict[str, Any] = {
    "party_name": "शर्मा ट्रेडर्स एंड संस " * 4,
    "firm": "कावेरी सर्विसेज़ " * 5,
    "pay": dataclasses.replace(PAY, upi_id=None, payee="कावेरी सर्विसेज़ " * 4),
}
CARDS: Cards = {
    "reminder": lambda to: shown(to),
    "reminder_of_many": lambda to: shown(to, **MANY),
    "reminder_in_hindi": lambda to: shown(to, language_="hi"),
    "reminder_without_number": lambda to: shown(to, phone=None),
    "reminder_too_long": lambda to: shown(to, language_="hi", **LONG),
    "reminder_without_upi": lambda to: shown(to, pay=dataclasses.replace(PAY, upi_id=None)),
    "reminder_nothing_set": lambda to: shown(told(to, Role.SALES), pay=PaymentDetailsView()),
    "reminder_over_the_cap": lambda to: shown(
        to, asked=sample.rupees(1_42_000), net=sample.rupees(1_42_000), pay=dataclasses.replace(PAY, account=None)
    ),
    "reminder_not_due": lambda to: shown(
        to, Turned(("not_due",)), kind="not_due", days=0, holds=(ReminderHold("not_due", "soft", on=date(2026, 11, 27)),),
        bills=(ReminderBill("INV-130", date(2026, 10, 28), date(2026, 11, 27), 0, sample.rupees(57_820)),),
    ),
    "reminder_overruled": lambda to: shown(
        to, Turned(("promise", "cheque", "said_paid", "reminded")), holds=ALL_SOFT, disputed=sample.rupees(9_000)
    ),
    "reminder_in_a_round": lambda to: shown(to, Turned(round=ROUND)),
    "reminder_copied": lambda to: copy_card(message(to.language), to),
    "reminder_held": lambda to: held_card(view(holds=ALL_SOFT), Turned(), to, opened=False),
    "reminder_held_grace": lambda to: held_card(
        view(kind="grace", days=1, holds=(ReminderHold("grace", "soft"),)), Turned(), to, opened=False
    ),
    "reminder_held_not_due": lambda to: held_card(
        view(kind="not_due", days=0, holds=(ReminderHold("not_due", "soft"), ReminderHold("cheque", "soft", amount=100))),
        Turned(), to, opened=False,
    ),
    "reminder_held_said_paid": lambda to: held_card(
        view(holds=(ReminderHold("said_paid", "soft", on=date(2026, 11, 18), who="Ravi"), ReminderHold("reminded", "soft", on=date(2026, 11, 19)))),
        Turned(), to, opened=False,
    ),
    "reminder_held_hard": lambda to: held_card(view(holds=(ENTRY, STALE, *ALL_SOFT[:1])), Turned(), to, opened=False),
    "reminder_held_opened": lambda to: held_card(view(holds=(ENTRY, STALE)), Turned(), to, opened=True),
    "reminder_held_sales": lambda to: held_card(view(holds=(STALE,)), Turned(), told(to, Role.SALES), opened=True),
    "reminder_nothing_due": lambda to: held_card(
        view(kind="nothing", asked=0, net=0, days=0, bills=(), holds=(ReminderHold("nothing_due", "final"),)), Turned(), to, opened=False
    ),
    "reminder_all_disputed": lambda to: held_card(
        view(kind="nothing", holds=(ReminderHold("disputed", "final", amount=sample.rupees(57_820)),)), Turned(), to, opened=False
    ),
    "reminded": lambda to: reminded_card(view(), DECISION, to),
    "remind_none": lambda to: nobody_card(LateCustomersView((), (("promise", 2),)), to),
    "remind_none_at_all": lambda to: nobody_card(LateCustomersView(()), to),
    "remind_stale": lambda to: nobody_card(LateCustomersView((), (("stale", 8),), STALE.sources), to),
    "remind_done": lambda to: done_card(ROUND, LATE, to),
    "remind_which": lambda to: which_card((("1", "Sharma Traders"), ("2", "Sharma Cement")), to),
    "pay_details": lambda to: pay_details_card(PAY, to),
    "pay_details_none": lambda to: pay_details_card(PaymentDetailsView(), told(to, Role.SALES)),
    "pay_ask_upi": lambda to: pay_ask_card("upi_id", KNOWN, "Kaveri Services", THEN, to),
    "pay_ask_upi_wrong": lambda to: pay_ask_card("upi_id", KNOWN, "Kaveri Services", None, to, wrong="kaveri@gmail.com"),
    "pay_ask_account": lambda to: pay_ask_card("account", KNOWN, "Kaveri Services", THEN, to),
    "pay_ask_ifsc": lambda to: pay_ask_card("ifsc", PAY, "Kaveri Services", None, to),
    "pay_ask_payee": lambda to: pay_ask_card("payee", PAY, "Kaveri Services", None, to),
    "pay_ask_phone": lambda to: pay_ask_card("phone", PAY, "Kaveri Services", None, to),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


# ---- the message ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("changes", [{}, MANY, {"kind": "not_due", "days": 0}, {"phone": None}])
def test_every_message_greets_names_the_firm_the_sum_and_the_page_and_leaves_an_exit(
    language: str, changes: dict[str, Any]
) -> None:
    ready = message(language, **changes)
    for text in (ready.text, ready.sent):
        assert text.startswith({"en": "Namaste Sharma Traders,", "hi": "नमस्ते Sharma Traders जी,"}[language])
        assert "Kaveri Services" in text
        assert f"₹{'2,55,280' if changes is MANY else '57,820'}" in text
        assert LINK in text
        assert "UTR" in text
        for never in ("interest", "ब्याज", "MSMED", "legal", "<", "&lt;"):
            assert never not in text


@pytest.mark.parametrize("language", ["en", "hi"])
def test_a_usual_message_opens_in_whatsapp_with_a_tap_in_either_language(language: str) -> None:
    ready = message(language)
    assert ready.url.startswith("https://wa.me/919820012345?text=")
    assert len(ready.url.encode()) <= 2_000
    assert parse_qs(urlsplit(ready.url).query)["text"] == [ready.sent]


def test_what_is_too_long_is_sent_shorter_and_still_copied_whole() -> None:
    ready = message("hi", **MANY)
    assert ready.sent != ready.text
    assert "INV-103" in ready.text
    assert "INV-103" not in ready.sent
    assert len(ready.url.encode()) <= 2_000


def test_what_can_not_be_short_is_copied_and_the_chat_opened_empty() -> None:
    ready = message("hi", **LONG)
    assert (ready.url, ready.chat) == ("", "https://wa.me/919820012345")


@pytest.mark.parametrize(
    ("asked", "pay", "named"),
    [
        (sample.rupees(1_00_000), PAY, False),
        (sample.rupees(1_00_001), PAY, True),
        (sample.rupees(500), dataclasses.replace(PAY, upi_id=None), True),
        (sample.rupees(2_00_000), dataclasses.replace(PAY, ifsc=None), False),
    ],
)
def test_the_account_stands_in_it_above_the_cap_of_upi_or_without_a_upi_id(
    asked: int, pay: PaymentDetailsView, named: bool
) -> None:
    ready = message(asked=asked, pay=pay)
    assert ("000405004421" in ready.text) is named
    assert ("ICIC0000004" in ready.sent) is named
    assert "kaveri@okicici" not in ready.text, "the page carries it: nobody types it from a message"


@given(name=st.text(max_size=200) | st.just(HOSTILE), firm=st.text(max_size=200) | st.just(HOSTILE))
def test_no_name_breaks_the_card_the_link_or_the_message(name: str, firm: str) -> None:
    for language in ("en", "hi"):
        to = sample.audience(language=language)
        ready = made(language, party_name=name, firm=firm, phone="919820012345")
        out = message_of(ready, LINK, language=language, today=to.today)
        card = reminder_card(ready, out, Turned(), to)
        parsed = parse_html(str(card.text))
        assert out.sent.split("\n")[0] in parsed.text
        assert {entity["type"] for entity in parsed.entities} <= {
            "bold",
            "blockquote",
            "code",
            "italic",
        } | _FOUND
        assert out.url == "" or parse_qs(urlsplit(out.url).query)["text"] == [out.sent]
        assert len(out.url.encode()) <= 2_000
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", out.text)
        assert parse_html(str(copy_card(out, to).text)).text.strip()
        assert all(0 < len(button.label) <= 40 for row in card.buttons for button in row)


_FOUND = {"url", "email", "bot_command", "phone_number", "mention", "hashtag", "cashtag"}


# ---- the dialogue, on a real store -----------------------------------------------------------------------
class Chat:
    """A member who taps and types, with his last cards."""

    def __init__(self, door: Door, actor: Actor) -> None:
        area = Reminders(door, Scenes(door))
        self.taps, self.typed = dict(area.taps), dict(area.typed)
        self.visitor = Visitor(7, ChatMemberView(actor, 7, "Kaveri Services", "Asia/Kolkata", ""))
        self.card, self.others, self.expects = Card(""), (), None  # type: ignore[arg-type,var-annotated]

    async def does(self, action: dict[str, Any]) -> str:
        return self._took(await self.taps[action["do"]](self.visitor, action))

    async def taps_on(self, label: str) -> str:
        action = next(
            b.action
            for card in (self.card, *self.others)
            for row in card.buttons
            for b in row
            if b.label == label
        )
        return await self.does(action)

    async def types(self, text: str) -> str | None:
        assert self.expects is not None
        reply = await self.typed[self.expects["do"]](self.visitor, self.expects, text)
        return self._took(reply) if reply is not None else None

    def _took(self, reply: Any) -> str:
        cards = [card for card in (reply.edit, *reply.cards) if card is not None]
        self.card, self.others, self.expects = cards[0], tuple(cards[1:]), reply.expect
        return "\n\n".join(str(card.text) for card in cards)

    @property
    def labels(self) -> list[str]:
        return [b.label for row in self.card.buttons for b in row]


@pytest.fixture
async def sharma(engine: AsyncEngine, business: UUID) -> UUID:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders", phone="+91 98200 12345", owner="ravi")
        await rows.invoice(party, 57_820_00, number="INV-102", due_on=days_ago(47))
    return party


@pytest.fixture
def chat(door: Door, owner: Actor) -> Chat:
    return Chat(door, owner)


async def paying(door: Door, owner: Actor) -> None:
    await door.execute(SetPaymentDetails(upi_id="kaveri@okicici"), owner)


async def events(engine: AsyncEngine, business: UUID) -> list[str]:
    async with transaction(engine, [business]) as tx:
        rows = await tx.fetch("SELECT event_type FROM external_events WHERE source = 'operator' ORDER BY id")
    return [row["event_type"] for row in rows]


async def test_a_reminder_is_shown_in_two_languages_and_logged_only_when_it_went_out(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    text = await chat.does({"do": "remind", "party": str(sharma)})
    assert "Namaste Sharma Traders," in text
    assert chat.labels == ["Open WhatsApp", "Copy the text", "हिन्दी", "I sent it", "‹ Sharma Traders"]
    assert chat.card.buttons[0][0].url.startswith("https://wa.me/919820012345?text=Namaste")
    assert "नमस्ते Sharma Traders जी" in await chat.taps_on("हिन्दी")
    assert "<code>नमस्ते" in await chat.taps_on("Copy the text")
    assert await events(engine, business) == [], "looking at it says nothing"
    assert "नमस्ते" in await chat.does({"do": "remind", "party": str(sharma)}), "the last language is kept"
    assert "reminded of ₹57,820" in await chat.taps_on("I sent it")
    assert await events(engine, business) == ["reminder.sent"]
    text = await chat.does({"do": "remind", "party": str(sharma)})
    assert "reminded today by Ramesh" in text
    assert "Namaste" not in text


async def test_a_soft_hold_is_overruled_with_a_tap_and_named_on_the_reminder(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    async with rows_of(engine, business) as rows:
        await rows.tx.run("UPDATE parties SET promise_on = $2 WHERE id = $1", sharma, date(2026, 11, 26))
    assert "will pay on Thu 26 Nov" in await chat.does({"do": "remind", "party": str(sharma)})
    text = await chat.taps_on("Send anyway")
    assert "Although: will pay on Thu 26 Nov" in text
    await chat.taps_on("I sent it")
    async with transaction(engine, [business]) as tx:
        said = await tx.value(
            "SELECT normalised->'overruled' FROM external_events WHERE event_type = 'reminder.sent'"
        )
    assert said == ["promise"]


async def test_a_heavy_hold_is_overruled_only_after_it_was_read_and_never_by_a_rep(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    async with rows_of(engine, business) as rows:
        await rows.source("bank:icici", state={"covered_until": days_ago(9)}, label="ICICI")
    await chat.does({"do": "remind", "party": str(sharma)})
    assert chat.labels == ["Sources", "Why?", "‹ Sharma Traders"]
    assert "ICICI known only till Wed 11 Nov" in await chat.taps_on("Why?")
    assert "Namaste" in await chat.taps_on("Send anyway")
    rep = Chat(door, Actor(business, Role.SALES, "Ravi", member_id=UUID(int=9), owner_key="ravi"))
    await rep.does({"do": "remind", "party": str(sharma), "why": True})
    assert rep.labels == ["‹ Sharma Traders"]
    with pytest.raises(Denied):
        await rep.does({"do": "remind", "party": str(sharma), "overrule": ["stale"]})


async def test_what_came_up_since_the_card_was_shown_is_told_not_overruled(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    await chat.does({"do": "remind", "party": str(sharma)})
    async with rows_of(engine, business) as rows:
        await rows.tx.run("UPDATE parties SET promise_on = $2 WHERE id = $1", sharma, TODAY)
    with pytest.raises(Stale):
        await chat.taps_on("Copy the text")
    assert "will pay on Fri 20 Nov" in await chat.taps_on("हिन्दी")


async def test_the_first_reminder_asks_the_owner_how_they_shall_pay_and_goes_on(
    chat: Chat, door: Door, owner: Actor, sharma: UUID
) -> None:
    assert "To which UPI ID" in await chat.does({"do": "remind", "party": str(sharma)})
    assert await chat.types("how much does gupta owe") is None, "a question of its own"
    assert "That is no UPI ID" in str(await chat.types("kaveri@gmail.com"))
    assert "Namaste Sharma Traders," in str(await chat.types("kaveri@okicici"))
    assert (await door.query(PaymentDetails(), owner)).upi_id == "kaveri@okicici"


async def test_a_connected_banks_account_is_one_tap_and_its_ifsc_is_asked_for(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source(
            "bank:icici", label="ICICI", state={"account": "000405004421", "covered_until": days_ago(1)}
        )
    await chat.does({"do": "remind", "party": str(sharma)})
    await chat.taps_on("A bank account")
    assert "What is the IFSC of account 0004 0500 4421?" in await chat.taps_on("ICICI ··4421")
    assert "no IFSC" in str(await chat.types("ICIC1234567"))
    text = str(await chat.types("icic0000004"))
    assert "By bank transfer: account 000405004421, IFSC ICIC0000004" in text
    assert "ICICI" in text


async def test_a_rep_is_not_asked_and_the_owner_may_go_without(
    chat: Chat, door: Door, business: UUID, sharma: UUID
) -> None:
    rep = Chat(door, Actor(business, Role.SALES, "Ravi", member_id=UUID(int=9), owner_key="ravi"))
    assert "No UPI ID and no account is set" in await rep.does({"do": "remind", "party": str(sharma)})
    await chat.does({"do": "remind", "party": str(sharma)})
    assert "Your bills:" in await chat.taps_on("Without it")


async def test_all_who_are_late_come_in_turn_and_who_was_reminded_meanwhile_is_passed_over(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    others = []
    async with rows_of(engine, business) as rows:
        for n, name in enumerate(("Gupta Steel", "Om Sai", "Patil Paper")):
            others.append(await rows.party(name, phone="98200 12345"))
            await rows.invoice(others[-1], 1_000_00, due_on=days_ago(20 - n))
        promised = await rows.party("Khan", promise_on=TODAY)
        await rows.invoice(promised, 1_000_00, due_on=days_ago(20))
    assert "1 of 4 · <b>Sharma Traders</b>" in await chat.does({"do": "remind_all"})
    assert chat.labels[-2:] == ["Stop here", "Next ›"]
    text = await chat.taps_on("I sent it")
    assert "✓ <b>Sharma Traders</b>" in text
    assert "2 of 4 · <b>Gupta Steel</b>" in text
    async with rows_of(engine, business) as rows:
        await rows.tx.run("UPDATE parties SET promise_on = $2 WHERE id = $1", others[1], TODAY)
    assert "4 of 4 · <b>Patil Paper</b>" in await chat.taps_on("Next ›")
    text = await chat.taps_on("Next ›")
    assert "1 customer reminded." in text
    assert "2 will pay on a day to come" in text
    assert "1 reminded in the last days" in text


async def test_while_the_bank_is_out_of_date_all_wait_unless_the_owner_wants_it(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    async with rows_of(engine, business) as rows:
        await rows.source("bank:icici", state={"covered_until": days_ago(9)}, label="ICICI")
    assert "ICICI known only till Wed 11 Nov" in await chat.does({"do": "remind_all"})
    assert "1 of 1 · <b>Sharma Traders</b>" in await chat.taps_on("Remind anyway")
    assert "Although: what was paid lately may not show yet" in str(chat.card.text)


async def test_a_name_behind_the_command_reminds_that_customer(
    chat: Chat, door: Door, engine: AsyncEngine, owner: Actor, business: UUID, sharma: UUID
) -> None:
    await paying(door, owner)
    assert "Namaste Sharma Traders," in await chat.does({"do": "remind_all", "text": "sharma"})
    async with rows_of(engine, business) as rows:
        await rows.party("Sharma Cement")
    assert "Remind whom?" in await chat.does({"do": "remind_all", "text": "sharma"})
    assert chat.labels[0].startswith("Sharma")
    assert "nobody" in (await chat.does({"do": "remind_all", "text": "zzqx"}))


async def test_the_details_are_shown_to_all_and_changed_by_the_owner(
    chat: Chat, door: Door, owner: Actor, business: UUID
) -> None:
    await paying(door, owner)
    assert "UPI ID <b>kaveri@okicici</b>" in await chat.does({"do": "pay_details"})
    assert "In whose name" in await chat.taps_on("Name")
    assert "In the name of <b>Kaveri Services</b>" in await chat.taps_on("Kaveri Services")
    await chat.taps_on("WhatsApp")
    assert "That is no mobile number" in str(await chat.types("022-23456789"))
    assert "+91 98200 12345" in str(await chat.types("98200 12345"))
    rep = Chat(door, Actor(business, Role.SALES, "Ravi", member_id=UUID(int=9), owner_key="ravi"))
    await rep.does({"do": "pay_details"})
    assert rep.labels == []
    with pytest.raises(Denied):
        await rep.does({"do": "pay_set", "given": {"upi_id": "thief@ybl"}})
