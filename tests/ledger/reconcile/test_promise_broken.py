"""A promised day that passed without the money, or without all of it."""

import pytest

from kit.ids import derived
from tests.ledger.reconcile.firms import labels

RULE = "promise_broken"
SHARMA = str(derived("standard:books", "party", "C-1"))
BANK = "bank:icici"


async def promised(firm, *, amount=None, on="2026-11-21"):
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", 100_000)
    money = {"amount": amount, "currency": "INR"} if amount else {}
    await firm.decide("promise.made", "promise", "p1", party=SHARMA, on=on, **money)
    await firm.settle()


async def pay(firm, amount, on="2026-11-21"):
    await firm.say(
        "payment:razorpay", "payment.received", f"pay{amount}", amount=amount, currency="INR", paid_on=on,
        references={"invoices": ["INV-1"]}, party={"id": "x", "name": "x"},
    )  # fmt: skip
    await firm.decide(
        "parties.linked", "decision", "l1", subjects=[SHARMA, str(derived("payment:razorpay", "party", "x"))]
    )
    await firm.settle()


async def test_it_asks_the_morning_after_and_not_before(firm):
    await promised(firm)
    await firm.settle(hours=34)  # the evening of the 21st
    assert await firm.asked(RULE) == []
    await firm.settle(hours=8)
    found = await firm.only(RULE)
    assert found.title == "Sharma Traders promised for 21 Nov, and ₹1,000 has not come"
    assert found.lines == ("When will they pay?",)
    assert labels(found)[:3] == [
        "I will call again",
        "Promised again: in 3 days",
        "Promised again: in a week",
    ]


async def test_a_part_is_not_the_whole_and_any_money_keeps_a_promise_without_an_amount(firm):
    await promised(firm, amount=80_000)
    await pay(firm, 50_000)
    await firm.settle(days=3)
    found = await firm.only(RULE)
    assert found.title == "Sharma Traders promised ₹800 for 21 Nov, and ₹300 has not come"
    assert "Of it ₹500 came." in found.lines


async def test_money_since_keeps_it(firm):
    await promised(firm)
    await pay(firm, 50_000)
    await firm.settle(days=3)
    assert await firm.asked(RULE) == []


async def test_it_waits_for_the_bank_s_statement(firm):
    await firm.connect(BANK)
    line = {"amount": 5, "currency": "INR", "account": "4421", "narration": "INTEREST"}
    await firm.say(
        BANK, "bank.credited", "l1", posted_on="2026-11-18", covered=("2026-11-01", "2026-11-18"), **line
    )
    await promised(firm)
    await firm.settle(days=3)
    assert await firm.asked(RULE) == []
    await firm.say(
        BANK, "bank.credited", "l2", posted_on="2026-11-22", covered=("2026-11-18", "2026-11-22"), **line
    )
    await firm.settle()
    await firm.settle()
    assert len(await firm.asked(RULE)) == 1


async def test_it_clears_when_the_money_comes(firm):
    await promised(firm)
    await firm.settle(days=3)
    await pay(firm, 100_000, on="2026-11-23")
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_a_new_promise_waits_and_undo_brings_the_old_one_back(firm):
    await promised(firm)
    await firm.settle(days=3)
    question = await firm.answer(RULE, "three_days")
    rows = await firm.run("SELECT promise_on::text FROM parties WHERE business_id = $1")
    assert rows[0][0] == "2026-11-26"
    await firm.settle(days=1)
    assert await firm.asked(RULE) == []
    await firm.undo(question)
    rows = await firm.run("SELECT promise_on::text FROM parties WHERE business_id = $1")
    assert rows[0][0] == "2026-11-21"
    assert len(await firm.asked(RULE)) == 1


async def test_the_new_promise_broken_too_is_asked_again(firm):
    await promised(firm)
    await firm.settle(days=3)
    await firm.answer(RULE, "three_days")
    await firm.settle(days=2)
    await firm.sweep()
    assert await firm.asked(RULE) == [], "the new day is still to come"
    await firm.settle(days=2)
    assert "for 26 Nov" in (await firm.only(RULE)).title


async def test_no_answer_is_logged_and_asked_again_tomorrow(firm):
    await promised(firm)
    await firm.settle(days=3)
    await firm.answer(RULE, "no_answer")
    rows = await firm.run(
        "SELECT state -> 'data' ->> 'outcome' FROM identities WHERE business_id = $1 AND kind = 'call'"
    )
    assert [row[0] for row in rows] == ["no_answer"]
    await firm.settle(hours=25)
    assert len(await firm.asked(RULE)) == 1


@pytest.mark.parametrize(("key", "seen"), [("own-1", 1), ("own-2", 0)])
async def test_a_rep_sees_it_of_his_own_customers_only(firm, key, seen):
    await promised(firm)
    await firm.settle(days=3)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine if key == "own-1" else other)) == seen
