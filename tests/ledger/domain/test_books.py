"""What books say in their own way: edits by counter, bills entered anew, what was open when seen, cheques in hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

from ledger.domain.derive import Identity
from ledger.domain.folds import Fact, fold
from tests.ledger.domain.test_derive import balance, credit, only, said, world

TALLY, LAST_YEAR = "books:tally-2", "books:tally"
SHARMA = {"name": "Sharma Traders", "gstin": "27AAPFU0939F1ZV"}


def edit(alter: int, day: int, amount: int, event_type: str = "invoice.issued", **data: Any) -> Fact:
    return Fact(
        event_type=event_type,
        data={"amount": amount, **data},
        occurred_at=datetime(2026, 11, day, tzinfo=UTC),
        precision="day",
        sequence=alter,
        digest=bytes([alter]),
        source_event_id=f"g1:{alter}",
    )


def invoice(external_id: str, amount: int, *, source: str = TALLY, seen: str = "", **data: Any) -> Identity:
    data = {"number": "INV-7", "party": SHARMA, "issued_on": "2026-03-15", "amount": amount, **data}
    made = said(source, "invoice.issued", external_id, at=seen or "2026-03-15", **data)
    if seen:
        made.state["precision"] = "observed"  # type: ignore[index]
    return made


def receipt(external_id: str, amount: int, day: str, *, source: str = TALLY, **data: Any) -> Identity:
    data = {"amount": amount, "party": SHARMA, "into": "cash", "paid_on": day, **data}
    return said(source, "payment.received", external_id, references={"invoices": ["INV-7"]}, **data)


def test_an_edit_that_moves_a_voucher_back_is_still_the_later_word():
    facts = [edit(10, 5, 100), edit(20, 3, 250), edit(30, 4, 300)]
    for order in permutations(facts):
        state = fold(order)
        assert state is not None
        assert (state["data"]["amount"], state["event"]) == (300, "g1:30")


def test_a_voucher_that_was_voided_by_its_status_counts_again_when_it_comes_back():
    void = edit(20, 5, 100, "invoice.status_reported", status="invoice.voided")
    back = fold([edit(10, 5, 100), void, edit(30, 5, 100)])
    assert back is not None
    assert back["type"] == "invoice.issued"
    assert "status" not in back["data"]


def test_a_bill_deleted_and_entered_anew_under_its_number_stands():
    old = said(TALLY, "invoice.status_reported", "g1", **invoice("g1", 500_00).data, status="invoice.voided")
    made = world(old, invoice("g2", 450_00))
    assert (only(made, "invoices").amount, only(made, "invoices").status) == (450_00, "invoice.issued")
    assert balance(made) == 450_00


def test_two_vouchers_of_one_number_are_two_bills():
    made = world(
        invoice("g1", 500_00, number="Journal 1"),
        invoice("g2", 450_00, number="Journal 1"),
        invoice("bill:1", 500_00, number="Journal 1", seen="2026-04-01", outstanding=500_00),
    )
    assert sorted(row.amount for row in made.tables["invoices"]) == [450_00, 500_00]
    assert balance(made) == 950_00


def test_a_report_of_before_does_not_bring_a_voided_bill_back():
    old = said(TALLY, "invoice.status_reported", "g1", **invoice("g1", 500_00).data, status="invoice.voided")
    made = world(old, invoice("bill:1", 500_00, seen="2026-04-01", outstanding=500_00))
    assert only(made, "invoices").status == "invoice.voided"


def test_a_bill_carried_into_a_new_companys_opening_is_the_old_bill():
    made = world(
        invoice("g1", 600_00, source=LAST_YEAR),
        receipt("r1", 400_00, "2026-03-25", source=LAST_YEAR),
        invoice("opening#1", 200_00, seen="2026-04-01", outstanding=200_00),
    )
    row = only(made, "invoices")
    assert (row.amount, row.outstanding) == (600_00, 200_00)
    assert balance(made) == 200_00


def test_of_two_reports_the_larger_tells_the_bill_and_the_later_what_is_left():
    first = invoice("bill:1", 1000_00, seen="2026-11-01", outstanding=1000_00)
    second = invoice("bill:2", 400_00, seen="2026-11-10", outstanding=400_00)
    for reports in ((first, second), (second, first)):
        row = only(world(*reports), "invoices")
        assert (row.amount, row.outstanding) == (1000_00, 400_00)


def test_money_that_the_report_knows_of_is_not_taken_off_twice_even_if_the_bank_shows_it_later():
    reports = [
        invoice("bill:1", 1000_00, seen="2026-11-01", outstanding=1000_00),
        invoice("bill:2", 400_00, seen="2026-11-10", outstanding=400_00),
    ]
    booked = receipt("r1", 600_00, "2026-11-09", into="bank")
    booked.data["references"]["utr"] = ["HDFCN52026110900"]
    line = credit("HDFCN52026110900", 600_00)
    line.data["posted_on"] = "2026-11-12"  # type: ignore[index]
    made = world(*reports, booked, line)
    assert only(made, "invoices").outstanding == 400_00
    assert balance(made) == 400_00


def cheque(kind: str, **data: Any) -> Identity:
    data = {"number": "004217", "party": SHARMA, "dated_on": "2026-11-25", **data}
    return said(TALLY, kind, "q1", amount=500_00, references={"invoices": ["INV-7"]}, **data)


def test_a_cheque_in_hand_is_no_money_until_the_bank_shows_it():
    bill = invoice("g1", 500_00)
    for kind in ("cheque.received", "cheque.deposited"):
        made = world(bill, cheque(kind))
        assert made.tables["receipts"] == []
        assert (only(made, "invoices").outstanding, only(made, "cheques").status) == (500_00, kind)
    line = credit("X", 500_00, tokens=("004217",), channel="CHEQUE")
    shown = world(bill, cheque("cheque.deposited"), line)
    assert only(shown, "cheques").status == "cheque.cleared"
    assert only(shown, "receipts").arrived
    assert only(shown, "invoices").outstanding == 0
    assert only(shown, "receipts").received_on == date(2026, 9, 20)


def test_what_was_kept_back_beyond_the_bill_stands_on_account():
    paid = receipt("r1", 950_00, "2026-04-02", deductions=[{"kind": "tds", "amount": 50_00}])
    made = world(invoice("g1", 970_00), paid)
    assert only(made, "invoices").outstanding == 0
    assert balance(made) == 970_00 - 1000_00
    assert only(made, "parties").on_account == 30_00
    assert balance(world(paid)) == -1000_00
