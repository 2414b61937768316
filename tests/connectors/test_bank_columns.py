"""Tables whose headings nobody knows: guessed, proved where the balance allows, and read once confirmed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.bank.columns import Guess, check_columns, fingerprint
from connectors.bank.guess import guess
from connectors.contract import Inbound, Observed, load_connector
from kit.errors import Rejected
from kit.tabular import read_book
from tests.connectors.bank_layouts import OPENING, STORY, Txn, as_csv, hdfc_delimited, plain, with_balances
from tests.connectors.test_bank_properties import stories

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
BANK = load_connector("bank")
HEADING = ["Txn Day", "What for", "Slip", "Money out", "Money in", "Left"]
CONFIRMED = {"date": 0, "narration": 1, "reference": 2, "debit": 3, "credit": 4, "balance": 5}


def observe(body: bytes, **options: Any) -> Observed:
    return BANK.observe(Inbound(body), source="bank:kaveri", settings=options, now=NOW)


def kaveri(txns: Any = STORY, *, day: str = "%d/%m/%Y", heading: list[str] | None = None) -> bytes:
    rows = [["Kaveri Co-operative Bank"], [], heading or HEADING]
    for txn, balance in with_balances(txns, OPENING):
        sides = [plain(-txn.amount), ""] if txn.amount < 0 else ["", plain(txn.amount)]
        rows.append([txn.posted_on.strftime(day), txn.narration, txn.reference, *sides, plain(balance)])
    return as_csv(rows)


def guessed(body: bytes) -> Guess:
    found = guess(read_book(body).sheets[0].rows)
    assert found is not None
    return found


def test_an_unknown_table_is_quarantined_whole_with_the_guess() -> None:
    observed = observe(kaveri())
    assert not observed.observations
    (part,) = observed.unreadable
    assert (part.where, part.code) == ("", "bank.columns_unknown")
    assert "date = 1 “Txn Day”" in part.reason
    assert "proved by the balance" in part.reason
    assert len(part.reason) <= 500
    assert observed.facts["fingerprint"] == fingerprint(HEADING)
    assert observed.facts["sample_rows"] == len(STORY)


def test_a_confirmed_table_gives_the_same_lines_as_a_known_one() -> None:
    layouts = {fingerprint(HEADING): CONFIRMED}
    observed = observe(kaveri(), layouts=layouts, account="4421")
    known = observe(hdfc_delimited(STORY, OPENING), account="4421")
    assert [seen.event_id for seen in observed.observations] == [seen.event_id for seen in known.observations]
    assert (observed.facts["proven"], observed.facts["layout"]) == (True, "confirmed")


def test_another_heading_is_another_question() -> None:
    layouts = {fingerprint(HEADING): CONFIRMED}
    other = [*HEADING[:2], "Voucher", *HEADING[3:]]
    assert observe(kaveri(heading=other), layouts=layouts).unreadable[0].code == "bank.columns_unknown"
    spaced = [f"  {name.upper()} " for name in HEADING]
    assert observe(kaveri(heading=spaced), layouts=layouts).observations


def test_what_was_confirmed_goes_before_what_the_headings_say() -> None:
    rows = [
        ["Date", "Narration", "Debit", "Credit", "Balance"],
        ["01/09/26", "a", "5.00", "", "105.00"],
        ["02/09/26", "b", "", "5.00", "100.00"],
    ]
    with pytest.raises(Rejected, match="doesn't add up"):
        observe(as_csv(rows))
    turned = {fingerprint(rows[0]): {"date": 0, "narration": 1, "debit": 3, "credit": 2, "balance": 4}}
    observed = observe(as_csv(rows), layouts=turned)
    assert [seen.event_type for seen in observed.observations] == ["bank.credited", "bank.debited"]


def test_the_balance_proves_which_side_is_which_against_the_order_of_the_columns() -> None:
    swapped = kaveri(heading=["Txn Day", "What for", "Slip", "A", "B", "C"])
    found = guessed(swapped)
    assert found.is_proved
    assert {name: found.columns[name] for name in ("debit", "credit", "balance")} == {
        "debit": 3,
        "credit": 4,
        "balance": 5,
    }
    assert guessed(swapped.replace(b"155605.50", b"155605.51")).is_proved is False


def test_two_readings_that_both_add_up_prove_nothing() -> None:
    rows = [
        ["Day", "Text", "A", "B", "C"],
        ["01/09/26", "x", "5.00", "105.00", "105.00"],
        ["02/09/26", "y", "6.00", "111.00", "111.00"],
    ]
    assert guessed(as_csv(rows)).is_proved is False


@pytest.mark.parametrize(
    ("days", "date_format", "sure"),
    [
        (["09/01/2026", "09/14/2026", "09/15/2026"], "mdy", True),
        (["01/09/2026", "14/09/2026", "15/09/2026"], "dmy", True),
        (["05/09/2026", "03/10/2026", "04/10/2026"], "dmy", True),  # month first they would fall back in time
        (["01/02/2026", "01/02/2026", "01/02/2026"], "dmy", False),
        (["2026-09-01", "2026-09-02", "2026-09-03"], "dmy", True),
        (["1 Sep 2026", "2 Sep 2026", "3 Sep 2026"], "dmy", True),
    ],
)
def test_the_order_of_day_and_month_is_told_or_assumed(days: list[str], date_format: str, sure: bool) -> None:
    rows = [["Day", "Text", "Sum"], *[[day, f"line {n}", f"{n + 1}.00"] for n, day in enumerate(days)]]
    found = guessed(as_csv(rows))
    assert (found.columns.get("date_format", "dmy"), found.is_sure_of_dates) == (date_format, sure)
    assert ("assumed" in found.told()) is not sure


def test_month_first_dates_are_never_read_day_first() -> None:
    layouts = {fingerprint(HEADING): {**CONFIRMED, "date_format": "mdy"}}
    observed = observe(kaveri(day="%m/%d/%Y"), layouts=layouts)
    assert [seen.data["posted_on"] for seen in observed.observations] == [str(txn.posted_on) for txn in STORY]
    wrong = observe(kaveri([Txn(STORY[4].posted_on.replace(day=20), -100, "x"), STORY[0]]), layouts=layouts)
    assert [part.code for part in wrong.unreadable] == ["row.date"]


def test_decimal_commas_are_read_once_confirmed_and_points_refused() -> None:
    rows = [["Tag", "Text", "Betrag", "Saldo"], ["01.09.2026", "a", "1.250,50", "2.250,50"], ["02.09.2026", "b", "-200,25", "2.050,25"],
            ["03.09.2026", "c", "-50,25", "2.000,00"]]  # fmt: skip
    body = as_csv(rows, delimiter=";")
    found = guessed(body)
    assert found.is_proved
    assert found.columns == {"date": 0, "narration": 1, "amount": 2, "balance": 3, "decimal": ","}
    observed = observe(body, layouts={found.fingerprint: dict(found.columns)}, account_currency="EUR")
    assert [seen.data["amount"] for seen in observed.observations] == [125_050, 20_025, 5_025]
    pointed = body.replace(b"-200,25", b"-200.25")
    assert [
        p.code for p in observe(pointed, layouts={found.fingerprint: dict(found.columns)}).unreadable
    ] == ["amount.unreadable"]


def test_an_amount_with_a_flag_is_proved_too() -> None:
    rows = [["Day", "Text", "Way", "Sum", "Stand"]]
    for txn, balance in with_balances(STORY, OPENING):
        rows.append(
            [
                f"{txn.posted_on:%d/%m/%Y}",
                txn.narration,
                "DR" if txn.amount < 0 else "CR",
                plain(abs(txn.amount)),
                plain(balance),
            ]
        )
    found = guessed(as_csv(rows))
    assert found.is_proved
    assert found.columns == {"date": 0, "narration": 1, "flag": 2, "amount": 3, "balance": 4}


def test_serial_numbers_and_references_are_no_amounts() -> None:
    rows = [
        ["Sl", "Day", "Text", "UTR", "Sum"],
        *[[str(n), f"0{n}/09/2026", "x", f"62441234567{n}", "5.00"] for n in (1, 2, 3)],
    ]
    found = guessed(as_csv(rows))
    assert found.columns == {"date": 1, "narration": 2, "reference": 3, "amount": 4}
    assert not found.is_proved


@pytest.mark.parametrize(
    "columns",
    [
        {"date": 0, "narration": 1},
        {"date": 0, "narration": 1, "debit": 2},
        {"date": 0, "narration": 0, "amount": 2},
        {"date": 0, "narration": 1, "amount": -1},
        {"date": 0, "narration": 1, "amount": True},
        {"date": 0, "narration": 1, "amount": 9},
        {"date": 0, "narration": 1, "amount": 2, "date_format": "ydm"},
        {"date": 0, "narration": 1, "amount": 2, "price": 3},
    ],
)
def test_columns_that_make_no_statement_are_refused(columns: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as refused:
        check_columns(columns, width=6)
    assert refused.value.code == "bank.columns_invalid"
    assert refused.value.remedy


@settings(max_examples=40, deadline=None)
@given(txns=stories(), swap=st.booleans())
def test_a_guess_that_is_proved_reads_the_story_back(txns: list[Txn], swap: bool) -> None:
    heading = ["When", "Why", "Slip", *(["X", "Y"] if swap else ["Out", "In"]), "Rest"]
    body = kaveri(txns, heading=heading)
    found = guess(read_book(body).sheets[0].rows)
    if found is None or not found.is_proved:
        return
    observed = observe(body, layouts={found.fingerprint: dict(found.columns)})
    signed = [
        s.data["amount"] * (1 if s.event_type == "bank.credited" else -1) for s in observed.observations
    ]
    assert signed == [txn.amount for txn in txns]
