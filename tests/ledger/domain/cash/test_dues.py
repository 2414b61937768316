"""What falls due each month: its days, what pays it, what bank lines and the law suggest."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.cash.dues import Debit, Due, bank_closed, days_of, usual_dues, usual_on, with_payments
from ledger.domain.cash.proposals import proposals

TODAY = date(2026, 11, 20)
ALL = tuple(range(1, 13))


def due(kind: str = "gst", amount: int = 45_000_00, day: int = 20, **more) -> Due:
    given = {"months": ALL, "since": date(2026, 4, 1), **more}
    return Due(UUID(int=day), kind.upper(), kind, amount, "INR", day, **given)


def test_the_last_day_stands_for_days_that_a_month_lacks() -> None:
    found = days_of(
        due(day=31, since=date(2027, 1, 15), until=date(2027, 4, 29)),
        date(2026, 1, 1),
        TODAY.replace(year=2028),
    )
    assert found == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert days_of(due(months=(3, 6)), date(2026, 4, 1), date(2027, 4, 1)) == [
        date(2026, 6, 20),
        date(2027, 3, 20),
    ]


@pytest.mark.parametrize(
    ("on", "amount", "kind", "payee", "paid"),
    [
        (19, 45_000_00, "gst", None, True),
        (13, 30_000_00, "gst", None, True),
        (12, 45_000_00, "gst", None, False),
        (27, 63_000_00, "gst", None, True),
        (20, 63_000_01, "gst", None, False),
        (20, 26_999_99, "gst", None, False),
        (20, 45_000_00, "tds", None, False),
        (20, 45_000_00, None, "nam:GSTN", False),
    ],
)
def test_a_debit_of_its_kind_near_in_day_and_amount_pays_it(on, amount, kind, payee, paid) -> None:
    debit = Debit(date(2026, 11, on), amount, kind, payee)
    (found,) = with_payments([due()], [debit], first=date(2026, 11, 1), last=date(2026, 11, 30))
    assert (found.paid == debit) is paid


def test_a_payee_is_known_again_and_another_of_the_same_kind_is_not_he() -> None:
    rent = due("rent", 50_000_00, 5, payee="nam:LANDLORD")
    first, last = date(2026, 11, 1), date(2026, 11, 30)
    for payee, kind, paid in (
        ("nam:LANDLORD", None, True), ("nam:OTHER", "rent", False), (None, "rent", True), (None, None, False),
    ):  # fmt: skip
        (found,) = with_payments(
            [rent], [Debit(date(2026, 11, 4), 50_000_00, kind, payee)], first=first, last=last
        )
        assert (found.paid is not None) is paid, (payee, kind)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 200)), max_size=8))
def test_a_debit_pays_at_most_one(rows) -> None:
    debits = [Debit(date(2026, 10, 1) + timedelta(days=on), amount * 1_000_00, "gst") for on, amount in rows]
    dues = [due(day=20), due(day=24)]
    found = with_payments(dues, debits, first=date(2026, 10, 1), last=date(2026, 11, 30))
    assert len(found) == 4
    paid = [id(one.paid) for one in found if one.paid is not None]
    assert len(paid) == len(set(paid))


def test_banks_are_closed_on_sundays_two_saturdays_and_listed_days() -> None:
    told = [bank_closed(date(2026, 11, day), {date(2026, 11, 9)}) for day in (7, 8, 9, 14, 21, 28, 30)]
    assert told == [None, "Sunday", "holiday", "second Saturday", None, "fourth Saturday", None]


def _salaries(*days: tuple[int, int]) -> list[Debit]:
    return [
        Debit(date(2026, month, day), amount, "salary", f"nam:{who}", who)
        for month, day in days
        for who, amount in (("RAVI", 30_000_00), ("SITA", 25_000_00 + month * 1_00))
    ]


def test_what_repeats_is_proposed_with_the_median_of_three() -> None:
    debits = [
        *_salaries((8, 31), (10, 1), (10, 30)),
        *(Debit(date(2026, m, d), a, "gst") for m, d, a in ((9, 19, 40_00), (10, 20, 50_00), (11, 18, 45_00))),
        *(Debit(date(2026, m, 5), 80_00, "rent", "nam:SHAH", "SHAH") for m in (9, 10, 11)),
        *(Debit(date(2026, m, 12), 9_00, None, "nam:AIRTEL", "AIRTEL") for m in (9, 10, 11)),
        *(Debit(date(2026, m, 3), 700_00, None, "nam:MILL", "MILL") for m in (9, 11)),
        *(Debit(date(2026, m, 9), 1_00 * m * m, None, "nam:SHOP", "SHOP") for m in (9, 10, 11)),
        *(Debit(date(2026, m, 2), 10_00, "own_transfer", "nam:SELF", "SELF") for m in (9, 10, 11)),
    ]  # fmt: skip
    found = [one for one in proposals(debits, [], today=TODAY) if one.amount is not None]
    assert [(one.name, one.day, one.amount) for one in found] == [
        ("Salaries", 31, 55_010_00),
        ("Rent: SHAH", 5, 80_00),
        ("GST", 20, 45_00),
        ("AIRTEL", 12, 9_00),
    ]
    assert found[2].seen == (date(2026, 9, 19), date(2026, 10, 20), date(2026, 11, 18))


def test_what_ended_or_was_told_already_is_not_proposed() -> None:
    rents = [Debit(date(2026, m, 5), 80_00, "rent", "nam:SHAH") for m in (7, 8, 9)]
    assert not [one for one in proposals(rents, [], today=TODAY) if one.amount]
    rents = [Debit(date(2026, m, 5), 80_00, "rent", "nam:SHAH") for m in (9, 10, 11)]
    for payee, proposed in (("nam:SHAH", False), ("nam:OTHER", True), (None, False)):
        found = proposals(rents, [due("rent", payee=payee)], today=TODAY)
        assert any(one.amount for one in found) is proposed


def test_the_law_is_dated_data_with_its_source_and_asks_for_amounts() -> None:
    assert all(row.law and row.source and row.about for row in usual_dues())
    assert "pf" not in {row.kind for row in usual_on(date(2015, 12, 31))}
    found = {one.name: one for one in proposals([], [due()], today=TODAY)}
    assert "GST" not in found
    assert (found["TDS"].day, found["TDS"].amount, 4 in found["TDS"].months) == (7, None, False)
    assert (found["TDS of March"].day, found["TDS of March"].months) == (30, (4,))
    assert found["Advance tax"].months == (3, 6, 9, 12)
