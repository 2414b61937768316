"""A customer's forwarded “paid”: watched for, found in the bank, or asked whose it is; on real tables."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from bot.cards.audience import Audience
from bot.cards.claims import (
    already_card,
    ask_name_card,
    known_card,
    maybe_same_card,
    no_claim_card,
    watch_card,
    whose_claim_card,
)
from bot.cards.paid import Form
from ledger.views.money import MoneyFound
from tests.bot import sample_views as sample
from tests.bot.conftest import Join
from tests.bot.golden_cards import Cards, check, golden
from tests.bot.hands import Hand
from tests.ledger.desk import BANK, BOOKS, Firm

OWNER, RAVI, CA = 2001, 2002, 2003
UTR = "N318261234567890"
_CLAIM = {"amount": 4_802_000, "number": UTR, "method": "bank", "on": "2026-11-18", "payer": "SHARMA"}
_MONEY = MoneyFound(
    UUID(int=9), "receipt", False, date(2026, 11, 18), 4_802_000, "INR", "payment.received", UTR,
    UUID(int=1), "Sharma Traders", None, "ICICI", date(2026, 11, 18),
)  # fmt: skip
_FORM = Form(str(UUID(int=1)), "bank", 4_802_000, "2026-11-18", UTR, claim=True)
CARDS: Cards = {
    "claim_whose": lambda to: whose_claim_card(_CLAIM, (sample.brief(), sample.brief("Sharma Steel")), to),
    "claim_whose_nobody": lambda to: whose_claim_card({"number": UTR, "method": "bank"}, (), to),
    "claim_name": lambda to: ask_name_card(_CLAIM, to),
    "claim_watch": lambda to: watch_card(_FORM, sample.brief(), _CLAIM, to),
    "claim_watch_no_number": lambda to: watch_card(
        Form(str(UUID(int=1)), "bank", 4_802_000, "2026-11-18", "", claim=True), sample.brief(), _CLAIM, to
    ),
    "claim_in_bank": lambda to: already_card((_MONEY,), to),
    "claim_maybe_same": lambda to: maybe_same_card(_MONEY, sample.brief(), _FORM, to),
    "claim_known": lambda to: known_card(sample.brief(), to),
    "claim_none": lambda to: no_claim_card(to),
}


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@pytest.fixture
def firm(door: Any, engine: Any, clock: Any, owner: Any) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
async def ramesh(firm: Firm, join: Join) -> Hand:
    """The owner of a firm with two customers, one of them Ravi's."""
    await firm.say(
        BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi", roles=["customer"]
    )
    await firm.bill("INV-102", 4_802_000, 4_000_000)
    await firm.bill("INV-7", 9_000_000, 8_000_000, party={"id": "C-2", "name": "Gupta Steel"})
    await firm.settle()
    return Hand(firm.door, await join("Suresh", "owner", OWNER), OWNER)


async def _reported(firm: Firm) -> list[Any]:
    await firm.settle()
    return await firm.rows(
        "SELECT r.amount, r.method, r.reference, r.arrived, p.name FROM receipts r"
        " LEFT JOIN parties p ON p.business_id = r.business_id AND p.id = r.party_id WHERE r.business_id = $1"
    )


async def test_a_message_that_says_all_is_watched_for_with_one_tap(firm: Firm, ramesh: Hand) -> None:
    card = await ramesh.says(f"Sharma Traders paid Rs 48,020 by NEFT on 18/11/26. UTR {UTR}")
    assert card.startswith("<b>Sharma Traders</b> says ₹48,020 paid\nUTR N318261234567890 · Wed 18 Nov")
    saved = await ramesh.taps("Yes, watch for it")
    assert "✓ Saved" in saved
    [row] = await _reported(firm)
    assert (row["amount"], row["reference"], row["arrived"], row["name"]) == (
        4_802_000,
        UTR,
        False,
        "Sharma Traders",
    )
    again = await ramesh.says(f"Sharma Traders paid 48020 UTR {UTR}")
    assert again.startswith("I know of this, and watch for it already:")


async def test_the_banks_line_joins_what_was_claimed(firm: Firm, ramesh: Hand) -> None:
    await ramesh.says(f"Sharma Traders ne 48,020 bhej diya, UTR {UTR}")
    await ramesh.taps("Yes, watch for it")
    await firm.say(
        BANK, "bank.credited", "bank_line", "L-1", amount=4_802_000, currency="INR", account="000405004421",
        posted_on="2026-11-20", narration=f"NEFT-{UTR}-S TRADERS", channel="NEFT", references={"utr": [UTR]},
    )  # fmt: skip
    [row] = await _reported(firm)
    assert (row["arrived"], row["name"]) == (True, "Sharma Traders")


async def test_what_the_bank_has_already_is_said_at_once(firm: Firm, ramesh: Hand) -> None:
    await firm.say(
        BANK, "bank.credited", "bank_line", "L-1", amount=4_802_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration=f"NEFT-{UTR}-SHARMA TRADERS", channel="NEFT",
        references={"utr": [UTR]}, payer={"name": "SHARMA TRADERS"},
    )  # fmt: skip
    await firm.settle()
    card = await ramesh.says(f"payment done 48020 utr {UTR}")
    assert card.startswith("This is in the bank already:")
    assert "₹48,020" in card


async def test_who_it_is_is_asked_with_the_likeliest_first(firm: Firm, ramesh: Hand) -> None:
    await ramesh.says("gupta")  # his card was looked at last
    card = await ramesh.says("Rs 48,020 paid by RTGS")
    assert "Who paid this?" in card
    assert ramesh.labels == ["Gupta Steel", "Sharma Traders", "Somebody else", "No payment to me"]
    await ramesh.taps("Somebody else")
    assert (await ramesh.says("sharma")).startswith("<b>Sharma Traders</b> says ₹48,020 paid")


async def test_a_number_without_an_amount_leads_to_the_question_how_much(ramesh: Hand) -> None:
    card = await ramesh.says(f"Gupta Steel has transferred, UTR {UTR}")
    assert "Gupta Steel" in card
    assert any("₹90,000" in label for label in ramesh.labels)


async def test_no_payment_leaves_nothing_behind(firm: Firm, ramesh: Hand) -> None:
    await ramesh.says("Gupta Steel paid 5,000")
    assert "I leave it" in await ramesh.taps("No payment to me")
    assert await _reported(firm) == []
    assert "Gupta Steel" in await ramesh.says("gupta")


async def test_the_same_amount_of_late_is_asked_about(firm: Firm, ramesh: Hand) -> None:
    await firm.say(
        BANK, "bank.credited", "bank_line", "L-1", amount=4_802_000, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-INV-102-SHARMA TRADERS", channel="NEFT",
        references={"invoices": ["INV-102"]}, payer={"name": "SHARMA TRADERS"},
    )  # fmt: skip
    await firm.settle()
    card = await ramesh.says("Sharma Traders paid 48,020")
    assert "Is it this one?" in card
    await ramesh.taps("No, another")
    assert "says ₹48,020 paid" in ramesh.last


async def test_who_may_not_report_is_told_so(firm: Firm, ramesh: Hand, join: Join) -> None:
    accountant = Hand(firm.door, await join("CA", "view", CA), CA)
    assert "owner" in await accountant.says(f"Sharma Traders paid 48,020 UTR {UTR}")


async def test_a_rep_reports_for_his_own_customers_only(firm: Firm, ramesh: Hand, join: Join) -> None:
    ravi = Hand(firm.door, await join("Ravi", "sales", RAVI, crm_owner="ravi"), RAVI)
    card = await ravi.says("Gupta Steel paid 90,000")
    assert "Who paid this?" in card
    assert "Gupta Steel" not in ravi.labels
    await ravi.says("Sharma Traders paid 48,020")
    assert "✓ Saved" in await ravi.taps("Yes, watch for it")
