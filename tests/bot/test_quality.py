"""What is missing about customers, and one customer's terms and other ledgers, as the chat says them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

from bot.cards.party import party_card
from bot.cards.quality import GAPS_SHOWN, quality_card
from ledger.dispatch import Door
from ledger.views.identity import PROBLEMS, DataQualityPage, PartyGaps
from ledger.views.party_group import AttributeView, GroupMember, PartyGroupView
from tests.bot import sample_views as sample
from tests.bot.test_chat import RAMESH, Join, Say, say  # noqa: F401  a fixture
from tests.ledger.handlers.test_tie_out import Teller

TO = sample.audience()


def gaps(name: str, *problems: str, **more: Any) -> PartyGaps:
    """A party of which this is missing."""
    return PartyGaps(sample.SHARMA, name, 1_42_000_00, "INR", problems, **more)


def plain(text: str) -> str:
    """The text without its tags."""
    return re.sub(r"<[^>]+>", "", str(text))


def test_the_worst_come_first_with_what_to_mend() -> None:
    rows = (
        gaps("Sharma <Traders>", "no_phone", "odd_gstin", gstin="27AAPFU0939F1Z", odd_gstin="it has 14 characters, not 15"),
        gaps("Gupta Steel", "spellings", names=("Gupta Steel", "Gupta Steels")),
    )  # fmt: skip
    page = DataQualityPage(
        None, more=False, rows=rows, counts={"no_phone": 1, "spellings": 4}, count=9, parties=40
    )
    card = quality_card(page, TO)
    text = plain(card.text)
    assert "To complete: 9 of 40 parties\nname written in several ways 4 · no phone number 1" in text
    assert "Sharma &lt;Traders&gt;  ₹1,42,000" in text
    assert "GSTIN 27AAPFU0939F1Z: it has 14 characters, not 15 · no phone number" in text
    assert "written Gupta Steel / Gupta Steels" in text
    assert f"and {9 - GAPS_SHOWN} more" in text
    assert all(word not in text.lower() for word in ("reconcile", "conflict", "projection"))


def test_every_problem_has_its_words_in_the_chat() -> None:
    for code, words in PROBLEMS.items():
        page = DataQualityPage(
            None, more=False, rows=(gaps("A", code),), counts={code: 1}, count=1, parties=1
        )
        assert words in plain(quality_card(page, TO).text)


def test_nothing_missing_is_said() -> None:
    assert "Nothing is missing" in quality_card(DataQualityPage(None, more=False), TO).text


def test_a_customer_shows_his_former_terms_and_his_other_ledgers() -> None:
    history = (
        AttributeView("terms_days", 30, None, "books:tally"),
        AttributeView("terms_days", 15, date(2026, 9, 1), "books:tally"),
    )
    me = sample.party().brief.id
    others = (GroupMember(UUID(int=77), "Sharma Pune", None, 5_000_00, "INR"),)
    group = PartyGroupView(
        "AAPFU0939F", 6_000_00, "INR", (GroupMember(me, "Sharma", None, 1_000_00, "INR"), *others)
    )
    text = plain(party_card(sample.party(terms_days=15, history=history, group=group), TO).text)
    assert "terms 15 days (30 until Tue 1 Sep)" in text
    assert "With 1 more ledger of the same PAN: ₹6,000" in text


async def test_the_command_and_the_words_bring_it(
    say: Say,  # noqa: F811
    join: Join,
    door: Door,
    business: UUID,
) -> None:
    await join("Ramesh", "owner", RAMESH)
    teller = Teller(door, business)
    await teller.tell(teller.bill("INV-1", 1_000_00))
    for words in ("/fix", "What is missing?"):
        told: Any = await say(RAMESH, words)
        assert "Sharma Traders" in told
        assert "no phone number" in told


async def test_a_sales_rep_sees_none_of_other_peoples_customers(
    say: Say,  # noqa: F811
    join: Join,
    door: Door,
    business: UUID,
) -> None:
    await join("Ravi", "sales", RAMESH)
    teller = Teller(door, business)
    await teller.tell(teller.bill("INV-1", 1_000_00))
    told: Any = await say(RAMESH, "/fix")
    assert "Sharma" not in told
