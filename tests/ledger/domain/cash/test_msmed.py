"""Interest by the MSMED Act and the limits of s.43B(h): days, dated rates, monthly rests."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.cash.msmed import (
    BankRate,
    deductible_until,
    interest,
    last_day,
    published_rates,
    rate_on,
    year_end,
)

RATES = (BankRate(600, date(2020, 1, 1), None, "test"),)


def test_forty_five_days_at_most_and_fifteen_where_nothing_was_agreed() -> None:
    bill = date(2026, 1, 1)
    assert last_day(bill, None) == date(2026, 1, 16)
    assert last_day(bill, date(2026, 1, 31)) == date(2026, 1, 31)
    assert last_day(bill, date(2026, 4, 1)) == date(2026, 2, 15)
    assert last_day(bill, date(2025, 12, 1)) == bill


@pytest.mark.parametrize(
    ("day", "hundredths"),
    [
        (date(2023, 2, 7), None), (date(2023, 2, 8), 675), (date(2025, 2, 6), 675), (date(2025, 4, 8), 650),
        (date(2025, 4, 9), 625), (date(2025, 6, 6), 575), (date(2025, 12, 5), 550), (date(2026, 2, 5), 550),
        (date(2026, 2, 6), None),
    ],
)  # fmt: skip
def test_rates_are_dated_and_unknown_beyond_what_was_checked(day, hundredths) -> None:
    found = rate_on(day, published_rates())
    assert (found.hundredths if found else None) == hundredths
    own = (*published_rates(), BankRate(525, date(2026, 2, 6), None, "confirmed"))
    assert rate_on(date(2026, 11, 20), own).hundredths == 525


def test_interest_compounds_each_month_at_three_times_the_bank_rate() -> None:
    last = date(2025, 12, 31)
    # 18% a year of ₹1,00,000: January 31 days, then February 28 days on what has grown.
    january = round(1_00_000_00 * 18 * 31 / 36_500)
    february = round((1_00_000_00 + january) * 18 * 28 / 36_500)
    assert interest(1_00_000_00, [], last=last, today=date(2026, 1, 31), rates=RATES).amount == january
    found = interest(1_00_000_00, [], last=last, today=date(2026, 2, 28), rates=RATES)
    assert (found.amount, found.first, found.until) == (
        january + february,
        date(2026, 1, 1),
        date(2026, 2, 28),
    )


def test_what_came_off_bears_none_from_its_day_and_early_money_none_at_all() -> None:
    last, today = date(2025, 12, 31), date(2026, 1, 31)
    half = interest(50_000_00, [], last=last, today=today, rates=RATES).amount
    assert interest(1_00_000_00, [(last, 50_000_00)], last=last, today=today, rates=RATES).amount == half
    part = interest(1_00_000_00, [(date(2026, 1, 11), 50_000_00)], last=last, today=today, rates=RATES).amount
    assert part == round(1_00_000_00 * 18 * 10 / 36_500 + 50_000_00 * 18 * 21 / 36_500)


def test_it_stops_where_no_rate_is_known_and_says_from_when_it_is_wanted() -> None:
    found = interest(
        1_00_000_00, [], last=date(2026, 1, 6), today=date(2026, 11, 20), rates=published_rates()
    )
    assert (found.until, found.rate_wanted_from) == (date(2026, 2, 5), date(2026, 2, 6))
    assert found.amount == round(1_00_000_00 * 3 * 550 * 30 / (10_000 * 365))


@given(
    st.integers(1, 10**9),
    st.integers(0, 800),
    st.lists(st.tuples(st.integers(0, 800), st.integers(1, 10**8)), max_size=4),
)
def test_interest_only_grows_and_payments_only_lessen_it(amount, days, paid) -> None:
    last = date(2024, 1, 15)
    off = [(last + timedelta(days=on), part) for on, part in paid]
    today = last + timedelta(days=days)
    found = interest(amount, off, last=last, today=today, rates=RATES).amount
    assert 0 <= found <= interest(amount, [], last=last, today=today, rates=RATES).amount
    assert found <= interest(amount, off, last=last, today=today + timedelta(days=1), rates=RATES).amount


def test_paying_late_but_within_the_year_still_counts_in_it() -> None:
    assert (year_end(date(2026, 3, 31)), year_end(date(2026, 4, 1))) == (date(2026, 3, 31), date(2027, 3, 31))
    assert deductible_until(date(2026, 5, 1), date(2026, 6, 15)) == date(2027, 3, 31)
    assert deductible_until(date(2026, 3, 20), date(2026, 5, 4)) == date(2026, 5, 4)
