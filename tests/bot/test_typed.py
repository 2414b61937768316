"""Amounts, days and transfer numbers as people type them, and what is none of them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import typed
from kit.money import format_minor

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "rupees"),
    [
        ("48,020", "48020"), ("48020.50", "48020.50"), ("₹ 48,020/-", "48020"), ("rs.500", "500"), ("Rs 500", "500"),
        ("1.5 lakh", "150000"), ("1.5lakh", "150000"), ("50k", "50000"), ("50 K", "50000"), ("48 hazaar", "48000"),
        ("४८,०२०", "48020"), ("डेढ़ लाख", "150000"), ("ढाई हज़ार", "2500"), ("साढ़े तीन लाख", "350000"),
        ("2 lakh 30 hazaar", "230000"), ("2 lakh 30 hazaar 500", "230500"), ("1 cr", "10000000"), ("pachas hazar", "50000"),
        ("ek lakh", "100000"), ("sava lakh", "125000"), ("paanch sau", "500"), ("12,40,500", "1240500"), ("1,200.5", "1200.5"),
        ("500 rupaye", "500"), ("५०० रुपये", "500"), ("INR 7", "7"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_indians_write_it(text: str, rupees: str) -> None:
    assert typed.amount(text) == round(float(rupees) * 100)


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "sharma", "12,3", "1,5 lakh", "1 lakh 20", "48.020", "-500", "5 5", "lakh", "k", "50k lakh", "1e9",
        "9" * 30, "30 hazaar 2 lakh", "₹", "18/11", "\u202e500x", "500 sharma", "1..5", "nan", "inf",
    ],
)  # fmt: skip
def test_what_is_no_amount_or_may_be_another_is_not_guessed(text: str) -> None:
    assert typed.amount(text) is None


@given(st.integers(1, 10**15))
def test_every_amount_that_we_write_is_read_back(minor: int) -> None:
    assert typed.amount(format_minor(minor)) == minor


@given(st.text(max_size=400))
def test_whatever_is_typed_is_read_or_refused_without_a_fault(text: str) -> None:
    found = typed.amount(text)
    assert found is None or found > 0
    for meant in (typed.AHEAD, typed.BEHIND, typed.NEAR):
        on = typed.day(text, FRIDAY, meant=meant)
        assert on is None or isinstance(on, date)
    typed.day_and_amount(text, FRIDAY)
    assert typed.utr(text) is None or len(typed.utr(text) or "") in (12, 16, 22)
    assert typed.cheque_number(text) is None or (typed.cheque_number(text) or "").isdigit()


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("today", (2026, 11, 20)), ("kal", (2026, 11, 21)), ("कल", (2026, 11, 21)), ("parson", (2026, 11, 22)),
        ("monday", (2026, 11, 23)), ("somvar", (2026, 11, 23)), ("सोमवार", (2026, 11, 23)), ("next monday", (2026, 11, 23)),
        ("somvar ko", (2026, 11, 23)), ("friday", (2026, 11, 27)), ("next week", (2026, 11, 27)), ("agle hafte", (2026, 11, 27)),
        ("25th", (2026, 11, 25)), ("25 tarikh", (2026, 11, 25)), ("25 तारीख", (2026, 11, 25)), ("२५ तारीख को", (2026, 11, 25)),
        ("on the 3rd", (2026, 12, 3)), ("18/11", (2027, 11, 18)), ("21/11", (2026, 11, 21)), ("18-11-2026", (2026, 11, 18)),
        ("18.11.26", (2026, 11, 18)), ("5 dec", (2026, 12, 5)), ("dec 5", (2026, 12, 5)), ("5 दिसंबर", (2026, 12, 5)),
        ("2026-12-05", (2026, 12, 5)), ("3 days", (2026, 11, 23)), ("3 din baad", (2026, 11, 23)), ("in 2 weeks", (2026, 12, 4)),
        ("do hafte", (2026, 12, 4)), ("month end", (2026, 11, 30)), ("Day after tomorrow", (2026, 11, 22)),
        ("31", (2026, 12, 31)), ("5th jan", (2027, 1, 5)),
    ],
)  # fmt: skip
def test_a_day_to_come_is_read(text: str, on: tuple[int, int, int]) -> None:
    assert typed.day(text, FRIDAY) == date(*on)


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("today", (2026, 11, 20)), ("kal", (2026, 11, 19)), ("परसों", (2026, 11, 18)), ("yesterday", (2026, 11, 19)),
        ("day before", (2026, 11, 18)), ("monday", (2026, 11, 16)), ("friday", (2026, 11, 13)), ("18/11", (2026, 11, 18)),
        ("18 nov", (2026, 11, 18)), ("25 dec", (2025, 12, 25)), ("25", (2026, 10, 25)), ("3 din pehle", (2026, 11, 17)),
        ("3 days ago", (2026, 11, 17)), ("18/11/2026", (2026, 11, 18)),
    ],
)  # fmt: skip
def test_a_day_that_has_been_is_read(text: str, on: tuple[int, int, int]) -> None:
    assert typed.day(text, FRIDAY, meant=typed.BEHIND) == date(*on)


def test_a_cheques_day_is_the_nearest_one() -> None:
    assert typed.day("28/11", FRIDAY, meant=typed.NEAR) == date(2026, 11, 28)
    assert typed.day("18/11", FRIDAY, meant=typed.NEAR) == date(2026, 11, 18)
    assert typed.day("5 jan", FRIDAY, meant=typed.NEAR) == date(2027, 1, 5)


@pytest.mark.parametrize(
    "text",
    ["", "sharma", "12/13/2026", "32", "30 feb", "18/11/20266", "48,020", "0 days", "1 2 3 4", "99/99"],
)
def test_what_is_no_day_is_not_guessed(text: str) -> None:
    assert typed.day(text, FRIDAY) is None


def test_a_day_may_have_an_amount_with_it() -> None:
    assert typed.day_and_amount("friday 50k", FRIDAY) == (date(2026, 11, 27), 5_000_000)
    assert typed.day_and_amount("1.5 lakh by 25th", FRIDAY) == (date(2026, 11, 25), 15_000_000)
    assert typed.day_and_amount("25 tarikh", FRIDAY) == (date(2026, 11, 25), None)
    assert typed.day_and_amount("soon", FRIDAY) == (None, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("HDFCN52026111800", "HDFCN52026111800"), ("utr: hdfcn52026111800", "HDFCN52026111800"),
        ("6324 1234 5678", "632412345678"), ("UPI ref 632412345678 thanks", "632412345678"),
        ("N322260001234567", "N322260001234567"), ("HDFCR52026111812345678", "HDFCR52026111812345678"),
        ("sharma traders paid", None), ("12345", None), ("98200 12345", None), ("INTERNATIONALIST", None),
    ],
)  # fmt: skip
def test_a_transfers_number_is_found_in_what_is_typed(text: str, number: str | None) -> None:
    assert typed.utr(text) == number


def test_a_cheques_number_is_its_digits() -> None:
    assert typed.cheque_number("No. 004512") == "004512"
    assert typed.cheque_number("chq 004512") == "004512"
    assert typed.cheque_number("HDFC") is None
