"""Money that names a bill and isn't what the bill asks."""

from datetime import date

import pytest

from ledger.domain.vocabulary import STATUSES
from ledger.reconcile.effects import Subject, plan
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.offers import offers

RULE = "amount_mismatch"


async def paid(books, bill_amount, money, *, base=None, why="invoice_number"):
    party = await books.party("Sharma Traders")
    bill = await books.invoice(party, "INV-102", bill_amount, base=base)
    receipt = await books.receipt(party, money)
    await books.allocate(receipt, bill, min(money, bill_amount), why=why)
    await books.judge(receipt, bill)
    await books.after(seconds=30)
    return bill, receipt


async def test_short_by_tds_proposes_the_rate(books):
    bill, receipt = await paid(books, 1_180_000, 1_080_000, base=1_000_000)
    found = await books.only(RULE)
    assert found["status"] == "open"
    assert sorted(found["subjects"]) == sorted([bill, receipt])
    (best,) = found["evidence"]["candidates"]
    assert best["cut"] == {
        "amount": 100_000,
        "percent": "10%",
        "base": 1_000_000,
        "why": "s.393 professional fees",
    }
    assert best["lines"] == [{"document": str(bill), "number": "INV-102", "amount": 100_000, "kind": "tds"}]


async def test_a_rupee_of_rounding_in_tds_is_allowed(books):
    await paid(books, 1_180_050, 1_160_000, base=1_000_042)
    assert (await books.only(RULE))["evidence"]["candidates"][0]["cut"]["amount"] == 20_050


async def test_tds_cut_on_gst_as_well_is_named_a_mistake(books):
    await paid(books, 1_180_000, 1_062_000, base=1_000_000)
    best = (await books.only(RULE))["evidence"]["candidates"][0]
    assert best["mistaken"]
    assert best["cut"]["base"] == 1_180_000


async def test_both_cuts_on_one_bill_are_found(books):
    await paid(books, 1_180_000, 1_060_000, base=1_000_000)
    best = (await books.only(RULE))["evidence"]["candidates"][0]
    assert [(line["kind"], line["amount"]) for line in best["lines"]] == [
        ("tds", 100_000),
        ("gst_tds", 20_000),
    ]


async def test_a_part_payment_a_rupee_and_a_decided_allocation_are_no_question(books):
    await paid(books, 1_000_000, 600_000)
    await paid(books, 1_000_000, 999_950)
    await paid(books, 1_000_000, 900_000, why="decided")
    assert await books.conflicts() == []


async def test_too_much_money_is_asked_and_cleared_once_it_is_used(books):
    _, receipt = await paid(books, 1_000_000, 1_050_000)
    assert (await books.only(RULE))["evidence"]["over"] == 50_000
    await books.set("receipts", receipt, allocated=1_050_000)
    assert await books.judge(receipt) == ["conflict.cleared"]


async def test_the_rest_coming_later_clears_it_and_a_different_rest_opens_it_again(books):
    bill, receipt = await paid(books, 1_000_000, 900_000)
    found = await books.only(RULE)
    await books.answer(found["id"], "still_due")
    assert await books.judge(receipt, bill) == []
    await books.set("invoices", bill, outstanding=50_000)
    assert await books.judge(receipt, bill) == ["conflict.reopened"]
    party = found["party_id"]
    rest = await books.receipt(party, 50_000, received_on=date(2026, 11, 19))
    await books.allocate(rest, bill, 50_000)
    assert await books.judge(rest, bill, receipt) == ["conflict.cleared"]


def buttons(found):
    return {offer.label: offer for offer in offers(shipped_rules()[RULE], found["evidence"], STATUSES)}


def planned(found, label):
    """Return what a button appends, and after how long it asks again."""
    subject = Subject(
        found["id"], "?", found["evidence"], tuple(found["subjects"]), found["amount"], "INR", found["party_id"],
        date(2026, 11, 20),
    )  # fmt: skip
    made = plan(buttons(found)[label], subject)
    events = [(event.event_type, event.data["kind"], event.data["amount"]) for event in made.events]
    return events, made.ask_again


@pytest.mark.parametrize(
    ("bill", "money", "base", "kind"),
    [
        (1_180_000, 1_177_050, 1_000_000, "bank_charge"),
        (1_180_400, 1_180_000, 1_000_339, "round_off"),
        (1_180_000, 1_150_500, 1_000_000, "cash_discount"),
        (1_180_000, 1_155_000, 1_000_000, "cash_discount"),
        (1_180_000, 1_100_000, 1_000_000, "still_due"),
    ],
)
async def test_the_likely_reason_comes_first(books, bill, money, base, kind):
    await paid(books, bill, money, base=base)
    found = await books.only(RULE)
    best = found["evidence"]["candidates"][0]
    assert best["shape"] == kind
    first = next(iter(buttons(found).values()))
    assert first.label == "Yes"
    events, _ = planned(found, "Yes")
    assert events == ([] if kind == "still_due" else [("deduction.accepted", kind, bill - money)])


async def test_a_discount_needs_the_owner_also_where_it_is_proposed(books):
    await paid(books, 1_180_000, 1_150_500, base=1_000_000)
    found = buttons(await books.only(RULE))
    assert found["Yes"].answer.permission == found["Goods were short"].answer.permission
    assert "Discount, let it go" not in found
    assert found["They cut TDS"].answer.permission != found["Yes"].answer.permission


async def test_every_reason_can_be_given_claimed_and_refused(books):
    await paid(books, 1_180_000, 1_123_456, base=1_000_000)
    found = await books.only(RULE)
    assert found["evidence"]["candidates"] == []
    short = 56_544
    for label, kind in (
        ("They cut TDS", "tds"),
        ("Rate difference", "rate_difference"),
        ("Goods were short", "shortage"),
        ("Goods returned", "goods_returned"),
        ("Freight", "freight"),
        ("Retention money", "retention"),
        ("Bank charge", "bank_charge"),
        ("Rounded off", "round_off"),
        ("Financier's charge", "financier_charge"),
        ("Discount, let it go", "cash_discount"),
    ):
        assert planned(found, label)[0] == [("deduction.accepted", kind, short)]
    claimed, again = planned(found, "They claim a cut, not agreed yet")
    assert claimed == [("deduction.claimed", "rate_difference", short)]
    assert again is not None
    assert planned(found, "Not agreed, it is still due")[0] == [
        ("deduction.refused", "rate_difference", short)
    ]
