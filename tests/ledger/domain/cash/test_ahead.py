"""The days ahead: what comes and goes adds up, late money never helps an earlier day, the fewest who would cover."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.cash.ahead import (
    MOST_NAMES,
    Candidate,
    Payment,
    Receipt,
    by_week,
    cover,
    first_at_risk,
    first_short,
    project,
)

TODAY = date(2026, 11, 20)
DAYS = 56
AMOUNTS = st.integers(1, 10**9)
ON = st.integers(-20, 80)


def _day(place: int) -> date:
    return TODAY + timedelta(days=place)


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    early, on, late = sorted(draw(st.tuples(ON, ON, ON)))
    return Receipt(draw(AMOUNTS), _day(on), _day(early), _day(late))


PAYMENTS = st.builds(Payment, AMOUNTS, ON.map(_day), st.just("bill"))
OPENING = st.integers(-(10**9), 10**9)


@given(OPENING, st.lists(receipts()), st.lists(PAYMENTS))
def test_what_comes_and_goes_is_the_difference_between_the_ends(opening, come, go) -> None:
    days = project(opening, come, go, today=TODAY, days=DAYS)
    assert [day.first for day in days] == [_day(place) for place in range(DAYS)]
    left = opening
    for day in days:
        left += day.came - day.paid
        assert day.closing == left
        assert day.low <= day.closing <= day.high
    weeks = by_week(days)
    assert len(weeks) == 8
    assert sum(week.came - week.paid for week in weeks) == days[-1].closing - opening
    assert [week.closing for week in weeks] == [day.closing for day in days[6::7]]
    inside = [one for one in come if one.on <= _day(DAYS - 1)]
    assert sum(day.came for day in days) == sum(one.amount for one in inside)


@given(OPENING, st.lists(receipts(), min_size=1), st.lists(PAYMENTS), st.data())
def test_moving_a_receipt_later_never_improves_a_day(opening, come, go, data) -> None:
    before = project(opening, come, go, today=TODAY, days=DAYS)
    place = data.draw(st.integers(0, len(come) - 1))
    by = timedelta(days=data.draw(st.integers(0, 60)))
    one = come[place]
    come[place] = replace(one, on=one.on + by, early=one.early + by, late=one.late + by)
    after = project(opening, come, go, today=TODAY, days=DAYS)
    for was, now in zip(before, after, strict=True):
        assert now.closing <= was.closing
        assert (now.low, now.high) <= (was.low, was.high)
    short, then = first_short(before), first_short(after)
    assert short is None or (then is not None and then.on <= short.on)


def test_without_a_bank_nothing_is_left_and_nothing_is_short() -> None:
    days = project(None, [], [Payment(5_00, TODAY, "bill")], today=TODAY, days=7)
    assert days[0].paid == 5_00
    assert {day.closing for day in days} == {None}
    assert first_short(days) is None
    assert first_at_risk(days) is None


def test_the_first_short_day_is_told_and_the_sooner_one_if_customers_pay_late() -> None:
    come = [Receipt(90_00, _day(2), _day(1), _day(9))]
    go = [Payment(100_00, _day(3), "bill"), Payment(50_00, _day(6), "due", "GST", True)]
    days = project(20_00, come, go, today=TODAY, days=14)
    short, risk = first_short(days), first_at_risk(days)
    assert (short.on, short.amount) == (_day(6), 40_00)
    assert (risk.on, risk.amount) == (_day(3), 80_00)


def _who(*amounts: int) -> list[Candidate]:
    return [Candidate(UUID(int=i + 1), f"C{i}", amount, (i,)) for i, amount in enumerate(amounts)]


def test_the_fewest_customers_who_pay_first_cover_it() -> None:
    assert [one.name for one in cover(45_000, _who(20_000, 30_000, 40_000))] == ["C0", "C1"]
    assert [one.name for one in cover(45_000, _who(10_000, 20_000, 50_000))] == ["C2"]
    assert [one.name for one in cover(45_000, _who(10_000, 20_000, 40_000))] == ["C0", "C2"]
    assert cover(45_000, _who(10_000, 20_000)) == ()
    assert cover(60, _who(*[10] * 6)) == ()


@given(st.integers(1, 100), st.lists(st.integers(0, 60), max_size=9))
def test_no_smaller_company_would_do(short, amounts) -> None:
    who = _who(*amounts)
    found = cover(short, who)
    sizes = [
        size
        for size in range(1, MOST_NAMES + 1)
        if any(sum(one.amount for one in some) >= short for some in combinations(who, size))
    ]
    assert len(found) == min(sizes, default=0)
    assert not found or sum(one.amount for one in found) >= short
