"""The simulated firms are what they claim to be: the same for a seed, with a truth that adds up."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.matching.firms import firm
from tests.matching.judging import NEAR, Books, Said, is_right
from tests.matching.papers import Bill, cuts, plainest
from tests.matching.paying import BOOKS
from tests.matching.remarks import bill_number, serial_of, written
from tests.matching.trades import HELD_OUT, SHOWN, Trade
from tests.matching.truth import START_OF_TIME, Part, Truth

EVERY = (*SHOWN, *HELD_OUT)


def test_a_seed_tells_one_story() -> None:
    one, same, other = (firm(SHOWN[0], seed, size=0.4) for seed in (3, 3, 4))
    assert (one.lines, one.told) == (same.lines, same.told)
    assert one.lines != other.lines


@pytest.mark.parametrize("trade", EVERY, ids=lambda trade: trade.name)
def test_a_firm_lives_for_over_a_year_and_takes_some_hundred_credits(trade: Trade) -> None:
    story = firm(trade, 1)
    assert 365 <= (story.until - story.start).days <= 18 * 31
    assert 450 <= sum(line.truth is not None for line in story.lines) <= 900


def test_two_in_five_parties_pay_on_account_or_oldest_first() -> None:
    habits = [habit for trade in EVERY for seed in range(4) for habit in firm(trade, seed).habits.values()]
    assert sum(habit != "bill_wise" for habit in habits) / len(habits) >= 0.4


@pytest.mark.parametrize("trade", EVERY, ids=lambda trade: trade.name)
def test_money_and_bills_add_up(trade: Trade) -> None:
    story = firm(trade, 2)
    amounts = {
        told.external_id: told.data["amount"] for told in story.told if told.event_type == "invoice.issued"
    }
    assert len(amounts) == len(story.numbers)
    closed: dict[str, int] = defaultdict(int)
    for line in story.lines:
        assert (line.truth is not None) == (line.amount > 0)
        if line.truth is None or line.truth.returned_on is not None:
            continue
        cash = sum(part.amount for part in line.truth.parts if part.kind == "receipt")
        assert cash <= line.amount
        if line.truth.kind == "bills" and line.truth.how != "overpaid":
            assert cash == line.amount
        for part in line.truth.parts:
            assert part.amount > 0
            closed[part.bill] += part.amount
    assert all(closed[bill] <= amounts[bill] + NEAR for bill in closed)
    assert {told.source for told in story.told} >= {BOOKS}


@pytest.mark.parametrize(
    "how", ["exact", "several", "cut", "part", "trouble", "round", "own_transfer", "financier", "brother"]
)
def test_everything_that_happens_in_a_town_happens(how: str) -> None:
    stories = [firm(trade, seed) for trade in EVERY for seed in (1, 2)]
    truths = [line.truth for story in stories for line in story.lines if line.truth is not None]
    assert any(truth.how == how for truth in truths)
    assert any(truth.returned_on for truth in truths)
    assert any(truth.booked_on for truth in truths)
    unknown = sum(not truth.explainable for truth in truths) / len(truths)
    assert 0.05 < unknown < 0.30


def _bill(key: str, amount: int, base: int, day: int = 1) -> Bill:
    when = START_OF_TIME.replace(day=day)
    return Bill(key, key, "C1", when, when, base, amount, amount, when)


def test_the_accountant_takes_the_plainest_explanation_and_the_older_of_two_alike() -> None:
    bills = [_bill("B1", 118_000, 100_000), _bill("B2", 118_000, 100_000, 2), _bill("B3", 59_000, 50_000, 3)]
    rules = cuts([2000, 10000], government=True, discount=False)
    assert plainest(118_000, bills, rules) == [(frozenset(["B1"]), ())]
    assert plainest(177_000, bills, rules) == [(frozenset(["B1", "B3"]), ())]
    assert plainest(116_000, bills, rules) == [
        (frozenset(["B1"]), ("tds",)),
        (frozenset(["B1"]), ("gst_tds",)),
    ]
    assert plainest(54_000, bills, rules) == [(frozenset(["B3"]), ("tds",))]
    assert plainest(12_345, bills, rules) == []


def test_a_result_is_right_only_with_the_party_the_bills_and_the_amounts() -> None:
    truth = Truth("bills", "cut", "C1", (Part("B1", 116_000), Part("B1", 2_000, "tds")))
    good = {("B1", "receipt"): 116_000, ("B1", "tds"): 2_000}
    day, books = START_OF_TIME, Books()

    def judged(party: str, shares: dict[tuple[str, str], int]) -> bool:
        return is_right(truth, Said(party, shares=shares), books, on=day, proposed=False)

    assert judged("C1", good)
    assert judged("C1", {**good, ("B1", "tds"): 1_900})
    assert not judged("C2", good)
    assert not judged("C1", {("B1", "receipt"): 116_000})
    assert not judged("C1", {("B1", "receipt"): 116_000, ("B1", "cash_discount"): 2_000})
    assert not judged("C1", {("B2", "receipt"): 116_000, ("B2", "tds"): 2_000})
    assert not judged("C1", {})


def test_money_of_who_pays_on_account_touches_no_bill_once_that_is_known() -> None:
    truth = Truth("on_account", "round", "C1", (Part("B1", 50_000),))
    books = Books(
        {"B1": 10_000, "B2": 0},
        {"B1": START_OF_TIME, "B2": START_OF_TIME.replace(day=9)},
        {"B1": "C1", "B2": "C1"},
    )
    newer = Said("C1", shares={("B2", "receipt"): 50_000, ("B1", "receipt"): 1_000})
    older = Said("C1", shares={("B1", "receipt"): 50_000})
    assert is_right(truth, Said("C1"), books, on=START_OF_TIME, proposed=False)
    assert is_right(truth, older, books, on=START_OF_TIME, proposed=False)
    assert not is_right(truth, newer, books, on=START_OF_TIME, proposed=False)
    books.habits["C1"] = "on_account"
    assert not is_right(truth, older, books, on=START_OF_TIME, proposed=False)


@pytest.mark.parametrize("form", range(5))
def test_a_number_is_written_as_people_write_it(form: int) -> None:
    number = bill_number(form, 102, 2026)
    ways = {written(number, style) for style in range(6)}
    assert number in ways
    assert all("102" in way for way in ways)
    assert "102" in serial_of(number)
