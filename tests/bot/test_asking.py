"""Free words through the desk: each leads to its card, by role, also after a restart; and the cards themselves."""

from __future__ import annotations

import dataclasses
from datetime import date
from uuid import UUID

import pytest

from bot.cards.asking import (
    hello_card,
    money_card,
    no_money_card,
    no_such_card,
    promise_ask_card,
    thanks_card,
    unknown_card,
    unread_answer_card,
    which_card,
    whose_card,
)
from bot.cards.audience import Audience
from bot.phone.markup import parse_html
from ledger.domain.roles import Role
from ledger.views.money import MoneyFound, PaidBill
from tests.bot import sample_views as sample
from tests.bot.conftest import Join
from tests.bot.golden_cards import Cards, check, golden, told
from tests.bot.hands import Hand
from tests.ledger.desk import BANK, BOOKS, Firm

OWNER, RAVI, CA = 1001, 1003, 1005
UTR = "HDFCN52026111800"

_CAME = MoneyFound(
    id=UUID(int=1), kind="receipt", out=False, on=date(2026, 11, 18), amount=sample.rupees(56_840), currency="INR",
    status="payment.received", reference=UTR, party_id=sample.SHARMA, party_name="Sharma Traders", payer="SHARMA TRADERS",
    bank="ICICI", bank_on=date(2026, 11, 18),
    paid=(PaidBill("INV-102", sample.rupees(34_220), "receipt"), PaidBill("INV-107", sample.rupees(20_620), "receipt"),
          PaidBill("INV-107", sample.rupees(980), "tds")),
    on_account=sample.rupees(2_000),
)  # fmt: skip
_OPEN = dataclasses.replace(
    _CAME, party_id=None, party_name=None, paid=(), on_account=0, question=sample.QUESTION, question_version=4
)
_WENT = dataclasses.replace(
    _CAME, kind="payout", out=True, status="payout.processed", paid=(), on_account=0, bank=None
)
_FAILED = dataclasses.replace(_CAME, status="payment.failed", paid=(), on_account=0, bank=None, bank_on=None)
_SETTLED = dataclasses.replace(
    _CAME, kind="settlement", party_id=None, party_name=None, payer="Razorpay", paid=(), on_account=0
)
_LINE = dataclasses.replace(_OPEN, kind="bank_line", question=None)
_THREE = (sample.brief(), sample.brief("Sharma & Sons", net=0), sample.brief("Sarma Agencies"))

CARDS: Cards = {
    "asked_which": lambda to: which_card(_THREE, "sharma", {"do": "ledger"}, to),
    "asked_whose": lambda to: whose_card(sample.TWO_TO_CALL, {"do": "ledger"}, to),
    "asked_nobody": lambda to: no_such_card("zxqv <b>", to),
    "asked_unknown": lambda to: unknown_card("weather in delhi", to),
    "asked_unknown_sales": lambda to: unknown_card("weather in delhi", told(to, Role.SALES)),
    "asked_unread_answer": lambda to: unread_answer_card("saat ke aaspaas", to),
    "asked_promise": lambda to: promise_ask_card(sample.brief(), date(2026, 11, 27), None, to),
    "asked_promise_of_a_part": lambda to: promise_ask_card(sample.brief(), date(2026, 11, 27), sample.rupees(50_000), to),
    "asked_promise_nothing_open": lambda to: promise_ask_card(sample.brief(net=0), date(2026, 11, 27), None, to),
    "money_came": lambda to: money_card((_CAME,), to),
    "money_open": lambda to: money_card((_OPEN,), to),
    "money_went": lambda to: money_card((_WENT,), to),
    "money_several": lambda to: money_card((_SETTLED, _FAILED, _LINE, dataclasses.replace(_LINE, classified="loan")), to),
    "money_none": lambda to: no_money_card(UTR, to),
    "hello": lambda to: hello_card("Ramesh Kumar", to),
    "hello_sales": lambda to: hello_card("", told(to, Role.SALES)),
    "thanks": lambda to: thanks_card(to),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


CUSTOMERS = (
    "Sharma Traders",
    "Gupta Steel",
    "Gupta Agencies",
    "Cash & Carry",
    "Kab Exports",
    "Digest Traders",
)


@pytest.fixture
async def people(firm: Firm, join: Join) -> dict[str, Hand]:
    """Six customers with a bill each, some called as commands are; Sharma Traders is Ravi's."""
    for number, name in enumerate(CUSTOMERS):
        who = {"id": f"C-{number}", "name": name}
        await firm.say(
            BOOKS, "party.upserted", "party", who["id"], name=name, owner="ravi" if number == 0 else "meena",
            roles=["customer"], phone=f"+9198200123{number:02}",
        )  # fmt: skip
        await firm.bill(f"INV-10{number}", 3_422_000 + number, 2_900_000, party=who)
    await firm.say(
        BANK, "bank.credited", "bank_line", "L-1", amount=5_684_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration=f"NEFT-{UTR}-SOMEBODY", channel="NEFT", references={"utr": [UTR]},
        payer={"name": "SOMEBODY"},
    )  # fmt: skip
    await firm.settle()
    who_else = (
        ("Ramesh", "owner", OWNER, None),
        ("Ravi", "sales", RAVI, "ravi"),
        ("CA Mehta", "view", CA, None),
    )
    return {
        name: Hand(firm.door, await join(name, role, chat, crm_owner=key), chat)
        for name, role, chat, key in who_else
    }


@pytest.fixture
def ramesh(people: dict[str, Hand]) -> Hand:
    return people["Ramesh"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sharma kitna baki hai", "<b>Sharma Traders</b>"),
        ("शर्मा का कितना बाकी है", "<b>Sharma Traders</b>"),
        ("kisne paisa nahi diya", "<b>To collect"),
        ("what do I owe this week", "You owe nothing that I know of."),
        ("bank me kitna hai", ""),
        ("madad", "What you can ask me"),
        ("thanks", "Always glad to help."),
        ("namaste", "Namaste Ramesh ji."),
        ("sab entries", "₹56,840 came"),
        ("INV-100", "Bills that fit “INV-100”"),
        ("34,220", "Bills that fit “34,220”"),
        ("56,840", "<b>₹56,840 came</b>"),
        ("56.84k", "<b>₹56,840 came</b>"),
        (UTR, "What it is for isn't answered yet."),
        (f"utr {UTR} aaya kya", "<b>₹56,840 came</b>"),
        ("632512345678", "Nothing with the number <b>632512345678</b> has come yet."),
        ("98200 12300", "<b>Sharma Traders</b>"),
        ("27ABCDE1234F1Z5", "I know nobody called"),
        ("Cash & Carry", "<b>Cash &amp; Carry</b>"),
        ("kab exports", "<b>Kab Exports</b>"),
        ("digest traders", "<b>Digest Traders</b>"),
        ("ledger of gupta", "Which one did you mean by “gupta”?"),
        ("remind zzyzx", "I know nobody called “zzyzx”."),
        ("weather in delhi", "I found nobody and no bill"),
        ("🙂🙂", ""),
        ("'; DROP TABLE parties; --", ""),
        ("<script>alert(1)</script>", ""),
        ("a" * 10_000, ""),
        ("\u202e\u200b", ""),
    ],
)
async def test_words_lead_to_their_card(ramesh: Hand, text: str, said: str) -> None:
    await ramesh.says(text)
    assert said in ramesh.last
    parse_html(ramesh.last)
    assert len(ramesh.last) <= 4_096


async def test_of_several_the_one_tapped_gets_what_was_asked(firm: Firm, ramesh: Hand) -> None:
    assert "Which one" in await ramesh.says("gupta friday ko dega")
    assert [label.split(" · ")[0] for label in ramesh.labels] == ["Gupta Agencies", "Gupta Steel"]
    await ramesh.taps("Gupta Steel")
    assert "<b>Gupta Steel</b> will pay ₹34,220.01 on Fri 27 Nov?" in ramesh.last
    await ramesh.taps("Yes, note it")
    await firm.settle()
    await ramesh.says("gupta steel")
    assert "Will pay Fri 27 Nov" in ramesh.last


async def test_a_phrase_without_a_name_asks_for_whom_and_takes_the_next_words(ramesh: Hand) -> None:
    await ramesh.says("ledger")
    assert "For whom? Type part of the name." in ramesh.last
    assert len(ramesh.labels) == 5
    await ramesh.says("sharma")
    assert "For whom?" not in ramesh.last
    await ramesh.says("ledger")
    assert "What you can ask me" in await ramesh.says("help")
    assert "<b>Sharma Traders</b>" in await ramesh.says("sharma")


async def test_a_payment_told_in_words_opens_its_dialogue_with_the_amount(ramesh: Hand) -> None:
    await ramesh.says("sharma ne 20000 diye")
    assert "<b>Sharma Traders</b>\nHow did they pay?" in ramesh.last
    await ramesh.taps("Cash")
    assert "On which day?" in ramesh.last


async def test_a_payment_told_with_its_day_and_kind_is_only_to_be_confirmed(ramesh: Hand) -> None:
    await ramesh.says("शर्मा ने कल ५००० नकद दिए")
    assert "<b>₹5,000</b> in cash from <b>Sharma Traders</b>" in ramesh.last
    await ramesh.taps("Save")
    assert ramesh.last.startswith("✓ Saved") or "✓" in ramesh.last


async def test_a_rep_and_the_accountant_are_answered_as_far_as_they_may_see(people: dict[str, Hand]) -> None:
    ravi, mehta = people["Ravi"], people["CA Mehta"]
    assert "<b>Sharma Traders</b>" in await ravi.says("sharma kitna baki hai")
    for text in (
        "gupta steel kitna baki hai",
        UTR,
        "56,840",
        "kal kya dena hai",
        "bank me kitna hai",
        "98200 12301",
    ):
        said = await ravi.says(text)
        assert "Gupta" not in said
        assert "56,840 came" not in said
    assert "What I owe" not in ravi.labels
    assert "<b>₹56,840 came</b>" in await mehta.says(UTR)
    assert "Answer" not in mehta.labels


async def test_the_question_about_money_opens_from_its_number(ramesh: Hand) -> None:
    await ramesh.says(UTR)
    await ramesh.taps("Answer")
    assert "₹56,840 came" in ramesh.last
    assert "Whose is it…" in ramesh.labels


async def test_too_little_to_look_for_is_said_so(ramesh: Hand) -> None:
    for text in ("/find", "x"):
        assert "two letters" in await ramesh.says(text)


async def test_the_chat_speaks_hindi_when_it_is_told_so(ramesh: Hand) -> None:
    await ramesh.says("hindi me baat karo")
    assert "किससे लेना है" in await ramesh.says("नमस्ते") or "किससे लेना है" in ramesh.labels
    assert "देना" in await ramesh.says("kal kya dena hai")
