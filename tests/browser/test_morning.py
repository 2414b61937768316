"""The owner's morning in a browser: every program runs, money comes in by every road, one tap settles a question.

The figures on the phone are held against GraphQL; afterwards both agree that the bills are paid, and open again
after Undo.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.phone import Phone, missing_browser
from tests.browser.supplies import PATIENCE, Firm, conflicts, question_is_due

pytestmark = pytest.mark.skipif(bool(missing_browser()), reason=missing_browser())


def test_digest_customer_question_one_tap_and_undo(
    firm: Firm, hold_phone: Callable[..., Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"INV-102": 34_220_00, "INV-107": 23_600_00, "INV-110": 90_000_00, "INV-120": 11_800_00}
    firm.until(lambda: firm.open_bills() == whole, "the bills that are open")
    firm.until(lambda: question_is_due(firm), "the question about Sharma's money")

    phone = hold_phone(firm.url)
    phone.open(start=firm.code)
    phone.press_start()
    said = phone.wait_text("Ramesh ji ·", patience=PATIENCE)
    today = firm.ask(
        """{ digest { toCollect { formatted } overdue { formatted } toPay { formatted } questions
             banks { label balance { formatted } cameYesterday { formatted } } aging { amount { formatted minor } }
             callFirst { name net { formatted } } } }"""
    )["digest"]
    (account,) = today["banks"]
    assert f"To collect {today['toCollect']['formatted']} · overdue {today['overdue']['formatted']}" in said
    assert f"Bank {account['balance']['formatted']} ({account['label']}, till " in said
    assert f"{account['cameYesterday']['formatted']} came" in said  # yesterday, on a Monday since Saturday
    assert today["toPay"]["formatted"] in said
    assert today["questions"] == 1
    assert "1 entry needs your answer" in said
    assert all(bar["amount"]["formatted"] in said for bar in today["aging"] if bar["amount"]["minor"])
    assert (today["toCollect"]["formatted"], today["overdue"]["formatted"]) == ("₹1,59,620", "₹1,47,820")

    phone.tap("Who owes me")
    owing = phone.wait_text("from 3 customers")
    rows = firm.ask("{ whoOwesMe { nodes { name net { formatted } } } }")["whoOwesMe"]["nodes"]
    called = [row["name"] for row in today["callFirst"]]
    others = [row["name"] for row in rows if row["name"] != "Sharma Traders"]  # his money waits for an answer
    assert called == others[: len(called)] != []
    for number, row in enumerate(rows, start=1):
        assert f"{number} {row['name']}  {row['net']['formatted']}" in owing

    phone.tap(str([row["name"] for row in rows].index("Sharma Traders") + 1))
    card = phone.wait_text("Open bills")
    assert card.startswith("Sharma Traders\nTo collect ₹57,820 · 47 days overdue")
    assert "INV-107  ₹23,600 · 20 days late" in card

    phone.tap("Answer 1")
    question = phone.wait_text("₹56,840 came from Sharma Traders (ICICI ··4421")
    assert "It fits bills INV-102 ₹34,220 + INV-107 ₹23,600,\nif they cut TDS ₹980 (2% of ₹49,000" in question
    place = phone.messages().index(question)

    phone.tap("Yes")
    phone.wait_text("That was the last one about them: 1 entry is settled, ₹56,840.")
    answered = phone.messages()[place]
    assert answered.startswith("✓ ₹56,840 came from Sharma Traders")
    assert "Yes: INV-102 + INV-107, TDS 2% · Ramesh Kulkarni, today" in answered
    assert "edited" in answered
    paid = {"INV-110": 90_000_00, "INV-120": 11_800_00}
    firm.until(lambda: firm.open_bills() == paid, "that Sharma's bills are paid")
    assert conflicts(firm, "OPEN") == []
    (settled,) = conflicts(firm, "RESOLVED")
    assert settled["answerLabel"] == "Yes: INV-102 + INV-107, TDS 2%"
    assert settled["answeredBy"] == "Ramesh Kulkarni"
    assert settled["party"] == {"name": "Sharma Traders", "net": {"minor": 0}}

    phone.tap("Undo")
    again = phone.wait_text("Taken back.")
    assert phone.messages().index(again) == place
    assert "It fits bills INV-102" in again
    firm.until(lambda: firm.open_bills() == whole, "that Sharma's bills are open again")
    (reopened,) = conflicts(firm, "OPEN")
    assert reopened["party"] == {"name": "Sharma Traders", "net": {"minor": 57_820_00}}
    assert conflicts(firm, "RESOLVED") == []
    assert phone.complaints() == []
