"""One bill of several sources: short forms of its number, a new year's books, and opening sums with bills listed apart."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from ledger.domain.derive import Derived, Identity
from ledger.domain.derive.short_forms import Short, shortened
from tests.ledger.domain.test_derive import BOOKS, SHARMA, balance, bill, credit, only, said, world

CRM, SHEET, TALLY, TALLY_2 = "crm:hubspot", "books:spreadsheet", "books:tally", "books:tally-2"
GSTIN = "27AAPFU0939F1ZV"
WHO = {"name": "Sharma Traders", "gstin": GSTIN}


@pytest.mark.parametrize(
    ("number", "short"),
    [
        ("INV-102/26-27", Short("INV", "102")),
        ("inv 102", Short("INV", "102")),
        ("102", Short("", "102")),
        ("INV-102/2026-27", Short("INV", "102")),
        ("SI/2627/0102", Short("SI", "102")),
        ("2026/102", Short("", "102")),
        ("Bill No. 102", Short("", "102")),
        ("INV-12/26-27", Short("INV", "12")),
        ("INV-102/25-26", None),  # another year's: its numbers say something that a short form doesn't
        ("INV-102-7", None),
        ("Journal", None),
    ],
)
def test_the_short_form_of_a_number(number: str, short: Short | None) -> None:
    assert shortened(number, 2026) == short


def told(source: str, number: str, amount: int = 118_00, *, on: str = "2026-09-01", **more: Any) -> Identity:
    more = {"party": WHO, "number": number, "issued_on": on, **more}
    return said(source, "invoice.issued", f"{source}:{number}:{on}", amount=amount, **more)


def amounts(made: Derived) -> list[int]:
    return sorted(row.amount for row in made.tables["invoices"])


def test_short_forms_of_three_sources_are_one_bill_with_three_claims() -> None:
    made = world(told(BOOKS, "INV-102/26-27"), told(CRM, "inv 102", on="2026-09-03"), told(SHEET, "102"))
    assert amounts(made) == [118_00]
    assert len({row.row_id for row in made.tables["claims"] if row.row_kind == "invoice"}) == 1


@pytest.mark.parametrize(
    "other",
    [
        told(CRM, "inv 102", 118_01),
        told(CRM, "inv 102", on="2026-09-08"),
        told(CRM, "inv 103"),
        told(CRM, "cr 102"),
        told(CRM, "inv 102", party={"name": "Sharma Steel"}),
        told(BOOKS, "102"),  # the same source tells both
        told(CRM, "inv 102", currency="USD"),
    ],
    ids=["amount", "day", "count", "series", "party", "source", "currency"],
)
def test_a_short_form_of_something_else_stays_apart(other: Identity) -> None:
    assert len(world(told(BOOKS, "INV-102/26-27"), other).tables["invoices"]) == 2


def test_a_short_form_that_could_mean_two_bills_means_none() -> None:
    made = world(told(BOOKS, "A-102"), told(BOOKS, "B-102"), told(CRM, "102"))
    assert amounts(made) == [118_00] * 3
    made = world(told(BOOKS, "A-102"), told(SHEET, "B-102"), told(CRM, "102"))
    assert amounts(made) == [118_00] * 3


def test_money_that_cites_the_short_form_pays_the_bill() -> None:
    made = world(told(BOOKS, "INV-102/26-27"), told(CRM, "A102/26-27"), told(SHEET, "102"))
    assert len(made.tables["invoices"]) == 3
    made = world(
        told(BOOKS, "INV-1022/26-27"), told(SHEET, "inv1022"), credit("N1", 118_00, tokens=("INV1022",))
    )
    assert only(made, "invoices").status == "invoice.paid"


def opening_bill(number: str, amount: int, *, on: str, source: str = TALLY_2, **more: Any) -> Identity:
    """A bill among the opening balances of a company whose books begin on 1 April, as Tally's ledger master tells it."""
    data = {
        "party": WHO, "number": number, "issued_on": on, "outstanding": amount, "record": "ledger:g1", **more,
    }  # fmt: skip
    made = said(source, "invoice.issued", f"opening#{number}", at="2026-04-01", amount=amount, **data)
    made.state["precision"] = "observed"  # type: ignore[index]
    return made


def lump(amount: int, *, source: str = TALLY_2, on: str = "2026-04-01", **more: Any) -> Identity:
    data = {"party": WHO, "side": "receivable", "as_on": on, **more}
    name = f"opening:{more.get('record')}"
    return said(source, "opening.stated", name, kind="opening", at=on, amount=amount, **data)


def old(number: str, amount: int, *, on: str = "2026-03-12", source: str = TALLY) -> Identity:
    return told(source, number, amount, on=on)


@pytest.mark.parametrize(
    "day", ["2026-03-12", "2026-04-01"], ids=["its own date", "the date of the new books"]
)
def test_a_new_year_brings_the_same_bill_again_and_it_is_one(day: str) -> None:
    made = world(old("INV-102", 118_00), opening_bill("INV-102", 118_00, on=day))
    row = only(made, "invoices")
    assert (row.amount, row.outstanding, row.issued_on) == (118_00, 118_00, date(2026, 3, 12))
    assert balance(made) == 118_00


def test_what_was_paid_before_the_new_year_is_taken_off_once() -> None:
    paid = said(TALLY, "payment.received", "r1", amount=18_00, party=WHO, into="cash", paid_on="2026-03-20",
                references={"invoices": ["INV-102"]})  # fmt: skip
    for day in ("2026-03-12", "2026-04-01"):
        made = world(old("INV-102", 118_00), paid, opening_bill("INV-102", 100_00, on=day))
        assert only(made, "invoices").outstanding == 100_00


def test_numbers_begin_again_with_the_year() -> None:
    made = world(old("INV-1", 118_00), told(TALLY_2, "INV-1", 118_00, on="2026-04-01"))
    assert amounts(made) == [118_00, 118_00]  # a voucher of the new year, not a bill carried over
    made = world(old("INV-1", 100_00), opening_bill("INV-1", 118_00, on="2026-04-01"))
    assert amounts(made) == [100_00, 118_00]  # more than the old bill ever was


def test_a_lump_sum_is_less_by_the_bills_that_last_years_books_list() -> None:
    made = world(old("INV-102", 118_00), old("INV-103", 50_00), lump(200_00, record="ledger:g1"))
    assert amounts(made) == [32_00, 50_00, 118_00]
    assert balance(made) == 200_00
    assert sum(entry.amount for entry in made.books) == 200_00


def test_what_was_paid_of_them_before_makes_room_in_it() -> None:
    paid = said(TALLY, "payment.received", "r1", amount=18_00, party=WHO, into="cash", paid_on="2026-03-20")
    made = world(old("INV-102", 118_00), paid, lump(100_00))
    assert balance(made) == 100_00
    later = said(TALLY, "payment.received", "r1", amount=18_00, party=WHO, into="cash", paid_on="2026-04-20")
    assert balance(world(old("INV-102", 118_00), later, lump(118_00))) == 100_00


def test_bills_of_its_own_record_were_left_out_of_it_already() -> None:
    made = world(lump(200_00, record="ledger:g1"), opening_bill("INV-102", 118_00, on="2026-03-12"))
    assert balance(made) == 318_00
    made = world(
        lump(200_00, record="ledger:g1"), opening_bill("INV-102", 118_00, on="2026-03-12"),
        old("INV-102", 118_00), old("INV-103", 50_00),
    )  # fmt: skip
    assert amounts(made) == [50_00, 118_00, 150_00]
    assert balance(made) == 318_00


def test_the_same_sheet_with_a_sum_and_its_bills_counts_them_once() -> None:
    made = world(lump(200_00, source=SHEET, on="2026-03-31"), old("INV-102", 118_00, source=SHEET))
    assert amounts(made) == [82_00, 118_00]


def test_bills_of_after_the_day_are_on_top() -> None:
    made = world(
        lump(200_00), old("INV-102", 118_00, on="2026-04-01"), old("INV-103", 10_00, on="2026-05-01")
    )
    assert balance(made) == 328_00


def test_two_sources_that_state_the_same_opening_balance_state_it_once() -> None:
    made = world(lump(200_00), lump(200_00, source=SHEET, on="2026-03-31"))
    assert balance(made) == 200_00


def test_two_ledgers_of_one_party_in_one_company_add_up() -> None:
    one, other = lump(200_00, record="ledger:g1"), lump(70_00, record="ledger:g2")
    assert balance(world(one, other)) == 270_00
    made = world(one, other, old("INV-102", 118_00))
    assert balance(made) == 270_00


def test_what_only_a_crm_lists_of_it_is_still_owed_by_the_books() -> None:
    made = world(lump(200_00), old("INV-102", 118_00, source=CRM))
    assert balance(made) == 200_00
    assert sum(entry.amount for entry in made.books) == 200_00


def test_bills_that_were_paid_voided_or_drafted_leave_it_whole() -> None:
    for status in ("invoice.paid", "invoice.voided", "invoice.draft"):
        crm = told(CRM, "INV-1", 50_00, on="2026-03-12", status=status)
        made = world(lump(200_00), crm)
        assert [row.amount for row in made.tables["invoices"] if row.kind == "opening"] == [200_00]


@pytest.mark.parametrize("seed", range(40))
def test_any_order_gives_the_same_rows(seed: int) -> None:
    chance = random.Random(seed)
    pool = [
        told(BOOKS, "INV-102/26-27"), told(CRM, "inv 102"), told(SHEET, "102"), told(CRM, "B-102"),
        old("INV-1", 118_00), old("INV-2", 70_00), opening_bill("INV-1", 100_00, on="2026-04-01"),
        opening_bill("INV-2", 70_00, on="2026-03-12"), lump(200_00, record="ledger:g1"),
        lump(150_00, source=SHEET, on="2026-03-31"), lump(30_00, record="ledger:g2"), bill("INV-9", 5_00, party=SHARMA),
        said(TALLY, "payment.received", "r1", amount=18_00, party=WHO, into="cash", paid_on="2026-03-20"),
    ]  # fmt: skip
    some = chance.sample(pool, chance.randrange(2, len(pool) + 1))
    shuffled = some + chance.sample(some, len(some) // 2)
    chance.shuffle(shuffled)
    unique = {identity.subject: identity for identity in shuffled}.values()
    made, again = world(*some), world(*unique)
    assert (made.tables, made.postings, made.books) == (again.tables, again.postings, again.books)
