"""The model of payments: it looks at nothing that came later, its intervals hold, and structure pays off."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.forecast.evaluate import evaluate, walk
from ledger.domain.forecast.expect import expect
from ledger.domain.forecast.history import Bill
from tests.ledger.domain.forecast.worlds import START, WORLDS, world

STRUCTURED = (
    "drift",
    "regimes",
    "month_end",
    "cheque_run",
    "two_runs",
    "by_amount",
    "batches",
    "from_issue",
    "mixed",
)


@pytest.mark.parametrize("name", WORLDS)
def test_four_payments_of_five_fall_within_the_interval(name: str) -> None:
    score = evaluate(world(name, 3))["issued"]
    assert 0.75 <= score.within / score.count <= 0.86


@pytest.mark.parametrize("name", STRUCTURED)
def test_where_there_is_something_to_learn_each_customers_median_is_beaten(name: str) -> None:
    assert evaluate(world(name, 3))["issued"].better > 0


def test_over_all_structured_worlds_the_median_is_beaten_by_more_than_fifteen_in_a_hundred() -> None:
    better = [evaluate(world(name, 4))["issued"].better for name in STRUCTURED]
    assert sum(better) / len(better) > 0.15


def test_in_pure_noise_nothing_is_won_and_little_is_lost() -> None:
    assert -0.03 < evaluate(world("noise", 3))["issued"].better < 0.03


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(WORLDS)), cut=st.integers(60, 300))
def test_what_happens_on_a_day_or_later_changes_no_forecast_made_on_it(
    seed: int, name: str, cut: int
) -> None:
    bills = world(name, seed, customers=8, bills=250, days=365)
    day, random = START + cut, Random(seed)
    altered = [_altered(bill, day, random) for bill in bills]
    assert _until(bills, day) == _until(altered, day)


def _altered(bill: Bill, day: int, random: Random) -> Bill:
    """Change all that a forecaster on the morning of `day` can't know: payments from that day on."""
    if bill.paid is not None and bill.paid < day:
        return bill
    return replace(bill, paid=random.choice([None, max(day, bill.issued) + random.randrange(200)]))


def _until(bills: list[Bill], day: int) -> list[object]:
    return [(key, stage, on, ours, rules) for key, stage, on, ours, rules in walk(bills) if on <= day]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(100, 300))
def test_the_mornings_expectation_knows_nothing_of_the_days_after(seed: int, cut: int) -> None:
    bills = world("mixed", seed, customers=8, bills=250, days=365)
    today, random = START + cut, Random(seed)
    later = [bill if bill.issued <= today else replace(bill, amount=1) for bill in bills]
    altered = [_altered(bill, today + 1, random) for bill in later]
    assert expect(bills, today) == expect(altered, today)


def test_a_bill_that_is_late_already_is_expected_from_today_on() -> None:
    bills = [
        Bill("a", START + 10 * i, START + 10 * i + 30, 100_00, START + 10 * i + 50 + i % 3) for i in range(30)
    ]
    bills.append(Bill("a", START + 300, START + 330, 100_00))
    for late in (0, 19, 50, 400):
        found = expect(bills, START + 330 + late)[30]
        assert START + 330 + late <= found.low <= found.expected <= found.high
    assert expect(bills, START + 330)[30].expected in range(START + 349, START + 353)
    assert expect(bills, START + 380)[30].expected > START + 380


ODD = {
    "nothing": [],
    "one open bill": [Bill("a", START, START + 30, 5)],
    "one paid bill": [Bill("a", START, START + 30, 5, START + 40)],
    "all unpaid": [Bill(i % 3, START + i, START + i + 30, 5) for i in range(90)],
    "paid before issue": [Bill(i % 3, START + i, START + i + 30, 5, START + i - 7) for i in range(90)],
    "due before issue": [Bill(i % 3, START + i, START + i - 30, 5, START + i + 7) for i in range(90)],
    "years late": [Bill(i % 3, START + i, START + i + 30, 5, START + i + 4000 * (i % 2)) for i in range(90)],
    "all strangers": [Bill(i, START + i, START + i + 30, 5, START + i + 35) for i in range(90)],
    "no amounts": [Bill("a", START + i, START + i + 30, 0, START + i + 35) for i in range(90)],
    "credit": [Bill("a", START + i, START + i + 30, -500, START + i + 35) for i in range(90)],
    "one day": [Bill("a", START, START, 5, START) for _ in range(90)],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_histories_are_borne(name: str) -> None:
    bills = ODD[name]
    scores = evaluate(bills)
    assert scores["issued"].count == sum(bill.paid is not None for bill in bills)
    for day in (START, START + 45, START + 500):
        for place, found in expect(bills, day).items():
            assert found.low <= found.expected <= found.high
            assert found.expected >= min(day, bills[place].issued)


def test_the_same_bills_give_the_same_forecasts() -> None:
    bills = world("mixed", 2, bills=400)
    assert list(walk(bills)) == list(walk(list(bills)))
