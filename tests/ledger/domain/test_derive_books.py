"""Books beside bank and gateway: the same money told twice is one, and what the books took back is nobody's."""

from __future__ import annotations

from ledger.domain.derive import Identity
from tests.ledger.domain.test_derive import (
    BANK,
    BOOKS,
    GATEWAY,
    SHARMA,
    balance,
    bill,
    credit,
    only,
    said,
    shown,
    world,
)
from tests.ledger.domain.test_derive_cases import open_of


def test_a_cheque_that_the_books_enter_as_a_receipt_is_the_banks_clearing_of_its_number() -> None:
    receipt = said(
        BOOKS, "payment.received", "r1", amount=100_00, party=SHARMA, into="bank", method="cheque",
        paid_on="2026-09-18", references={"utr": ["004217"], "invoices": ["INV-1"]},
    )  # fmt: skip
    line = said(
        BANK, "bank.credited", "L", amount=100_00, account="4421", posted_on="2026-09-20", narration="CLG 4217",
        channel="CHEQUE", references={"tokens": ["4217"]},
    )  # fmt: skip
    made = world(bill("INV-1", 100_00), receipt, line)
    assert only(made, "receipts").allocated == 100_00
    other = Identity(
        receipt.subject, BOOKS, "payment", "r1", {**receipt.state, "data": {**receipt.data, "amount": 90_00}}
    )
    assert len(world(bill("INV-1", 100_00), other, line).tables["receipts"]) == 2


def test_a_receipt_that_the_books_took_back_gives_the_banks_line_no_party_and_no_bill() -> None:
    taken_back = said(
        BOOKS, "payment.failed", "r1", amount=0, party=SHARMA, into="bank",
        references={"utr": ["U1"], "invoices": ["INV-1"]},
    )  # fmt: skip
    made = world(bill("INV-1", 100_00), taken_back, credit("U1", 100_00))
    assert open_of(made) == {"INV-1": 100_00}
    assert {(row.amount, row.party_id is None) for row in made.tables["receipts"] if row.arrived} == {
        (100_00, True)
    }


def test_a_claim_that_names_another_customers_bill_by_chance_pays_nothing_of_his() -> None:
    other = {"id": "c2", "name": "Gupta Steel"}
    receipt = said(
        BOOKS,
        "payment.received",
        "r1",
        amount=100_00,
        party=other,
        into="cash",
        references={"invoices": ["INV-1"]},
    )
    made = world(bill("INV-1", 100_00), receipt)
    assert open_of(made) == {"INV-1": 100_00}
    assert sorted(row.receivable for row in made.tables["parties"]) == [-100_00, 100_00]
    elsewhere = said(
        GATEWAY, "payment.received", "p1", amount=100_00, party=other, references={"invoices": ["INV-1"]}
    )
    assert open_of(world(bill("INV-1", 100_00), elsewhere)) == {"INV-1": 0}


def test_what_was_kept_back_and_a_credit_note_that_a_report_knew_of_are_taken_off_once() -> None:
    report = said(
        "books:tally", "invoice.issued", "bill:1", number="INV-1", amount=50_00, party=SHARMA,
        issued_on="2026-09-01", outstanding=50_00, at="2026-10-05",
    )  # fmt: skip
    report.state["precision"] = "observed"  # type: ignore[index]
    invoice = said(
        "books:tally",
        "invoice.issued",
        "g1",
        number="INV-1",
        amount=118_00,
        party=SHARMA,
        issued_on="2026-09-01",
    )
    note = said(
        "books:tally", "credit_note.issued", "g2", number="CN-1", amount=18_00, party=SHARMA, issued_on="2026-09-10",
        references={"invoices": ["INV-1"]},
    )  # fmt: skip
    receipt = said(
        "books:tally", "payment.received", "g3", amount=48_00, party=SHARMA, into="cash", paid_on="2026-09-20",
        references={"invoices": ["INV-1"]}, deductions=[{"kind": "tds", "amount": 2_00}],
    )  # fmt: skip
    made = world(invoice, note, receipt, report)
    assert (open_of(made)["INV-1"], balance(made)) == (50_00, 50_00)


def captured(amount: int = 118_00, **more: object) -> Identity:
    more = {"paid_on": "2026-09-20", "references": {"invoices": ["INV-1"]}, **more}
    return said(GATEWAY, "payment.received", "pay_1", amount=amount, fee=2_36, **more)


def entered(amount: int, **more: object) -> Identity:
    more = {"paid_on": "2026-09-22", "settles": [{"number": "INV-1", "amount": 118_00}], **more}
    return said("books:tally", "payment.received", "r1", amount=amount, party=SHARMA, into="bank", **more)


def tally_bill(number: str = "INV-1", amount: int = 118_00, **more: object) -> Identity:
    data = {"number": number, "amount": amount, "party": SHARMA, "issued_on": "2026-09-01", **more}
    return said("books:tally", "invoice.issued", number, **data)


def test_a_capture_and_the_books_entry_of_it_are_one_receipt_gross_or_less_the_charges() -> None:
    charges = [{"kind": "bank_charge", "amount": 2_36}]
    for booked in (entered(118_00), entered(115_64, deductions=charges)):
        made = world(tally_bill(), captured(), booked)
        assert (len(made.tables["receipts"]), open_of(made), balance(made)) == (1, {"INV-1": 0}, 0)


def test_a_capture_and_an_entry_of_another_amount_bill_or_month_are_two_receipts() -> None:
    for booked in (
        entered(118_01),
        entered(118_00, paid_on="2026-10-02"),
        entered(118_00, settles=[{"number": "INV-2", "amount": 118_00}]),
    ):
        assert len(world(tally_bill(), captured(), booked).tables["receipts"]) == 2


def test_a_capture_is_not_the_entry_of_a_transfer_that_the_bank_shows() -> None:
    booked = entered(118_00, references={"utr": ["U1"]})
    made = world(tally_bill(), captured(), booked, credit("U1", 118_00))
    assert len(made.tables["receipts"]) == 2


def test_a_settlement_that_the_books_enter_as_the_gateways_money_has_arrived_with_its_line() -> None:
    razorpay = {"name": "Razorpay"}
    settlement = said(GATEWAY, "settlement.processed", "setl_1", amount=115_64, references={"utr": ["SU1"]})
    line = credit("SU1", 115_64, payer={"name": "RAZORPAY SOFTWARE"})
    owed = said(
        "books:tally",
        "invoice.issued",
        "j1",
        number="Journal 1",
        amount=118_00,
        party=razorpay,
        issued_on="2026-09-18",
    )
    paid = said(
        "books:tally", "payment.received", "r9", amount=115_64, party=razorpay, into="bank", paid_on="2026-09-20",
        settles=[{"number": "Journal 1", "amount": 118_00}], deductions=[{"kind": "bank_charge", "amount": 2_36}],
    )  # fmt: skip
    terms = shown("2026-09-01", "2026-09-30")
    made = world(settlement, line, owed, paid, terms=terms)
    assert open_of(made) == {"Journal 1": 0}
    assert only(made, "bank_lines").explained_by == "settlement"
    assert open_of(world(owed, paid, terms=terms)) == {"Journal 1": 118_00}
