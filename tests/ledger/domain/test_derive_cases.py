"""What a careful accountant expects of the awkward cases: each world is small, each sum is checked to the paisa."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

import pytest

from ledger.domain.derive import Derived, Identity
from ledger.domain.events import subject_id
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
    world,
)

CRM = "crm:demo"


def paid(name: str, amount: int, *numbers: str, at: str = "2026-09-20", **more: Any) -> Identity:
    references = {"invoices": list(numbers)}
    return said(GATEWAY, "payment.received", name, at=at, amount=amount, references=references, **more)


def decided(event_type: str, name: str, *, at: str = "2026-10-05", **data: Any) -> Identity:
    return said("operator", event_type, name, kind="decision", at=at, **data)


def cash(name: str, amount: int, *numbers: str, utr: str, at: str = "2026-09-20") -> Identity:
    references = {"utr": [utr], "invoices": list(numbers)}
    return said(
        BOOKS,
        "payment.received",
        name,
        at=at,
        amount=amount,
        party=SHARMA,
        into="bank",
        references=references,
    )


def open_of(made: Derived) -> dict[str, int]:
    return {row.number: row.outstanding for row in made.tables["invoices"]}


def on(made: Derived, day: str) -> dict[str, int]:
    """The receivable on a day, by bill number; what is on account under its party's name."""
    names = {row.id: row.number for row in made.tables["invoices"]}
    sums: dict[str, int] = defaultdict(int)
    for posting in made.postings:
        if posting.side == "receivable" and posting.effective_on <= date.fromisoformat(day):
            sums[names.get(posting.document_id, "on account")] += posting.amount
    return {name: amount for name, amount in sums.items() if amount}


def test_a_bill_whose_cheque_bounced_and_that_was_paid_anew_is_paid() -> None:
    cheque = said(
        BOOKS, "cheque.returned", "q1", amount=100_00, number="000123", party=SHARMA, on="2026-09-25",
        references={"invoices": ["INV-101"]},
    )  # fmt: skip
    line = said(
        BANK, "bank.credited", "L", amount=100_00, account="4421", posted_on="2026-09-20", narration="CLG 000123",
        channel="CHEQUE", references={"tokens": ["000123"]},
    )  # fmt: skip
    made = world(bill("INV-101", 100_00), cheque, line, paid("p2", 100_00, "INV-101", at="2026-09-24"))
    assert open_of(made) == {"INV-101": 0}
    assert balance(made) == 0
    assert sum(on(made, "2026-09-22").values()) == 0


def test_a_replaced_cheque_that_the_bank_had_credited_stays_returned() -> None:
    cheque = said(
        BOOKS, "cheque.replaced", "q1", amount=100_00, number="000123", party=SHARMA, on="2026-09-28",
        references={"invoices": ["INV-1"]},
    )  # fmt: skip
    line = said(
        BANK, "bank.credited", "L", amount=100_00, account="4421", posted_on="2026-09-20", narration="CLG 000123",
        channel="CHEQUE", references={"tokens": ["000123"]},
    )  # fmt: skip
    made = world(bill("INV-1", 100_00), cheque, line)
    assert only(made, "receipts").status == "payment.reversed"
    assert open_of(made) == {"INV-1": 100_00}
    assert world(bill("INV-1", 100_00), cheque).tables["receipts"] == []


def test_a_cheque_without_a_number_stops_nothing() -> None:
    cheque = said(BOOKS, "cheque.cleared", "q1", amount=100_00, party=SHARMA, on="2026-09-25")
    assert only(world(bill("INV-1", 100_00), cheque), "receipts").arrived


def test_a_refund_that_two_sources_tell_is_one_refund() -> None:
    payment = paid("p1", 100_00, "INV-1")
    payment = Identity(
        payment.subject, payment.source, "payment", "p1",
        {**payment.state, "data": {**payment.data, "references": {"invoices": ["INV-1"], "utr": ["U1"]}}},
    )  # fmt: skip
    books = cash("r1", 100_00, "INV-1", utr="U1")
    books = Identity(
        books.subject, BOOKS, "payment", "r1", {**books.state, "data": {**books.data, "refunded": 40_00}}
    )
    refund = said(GATEWAY, "refund.processed", "rf1", amount=40_00, payment="p1")
    made = world(bill("INV-1", 100_00), payment, books, refund, credit("U1", 100_00))
    assert only(made, "receipts").refunded == 40_00
    assert open_of(made) == {"INV-1": 40_00}


def test_a_lost_dispute_comes_on_top_of_what_the_gateway_says_it_refunded() -> None:
    payment = paid("p1", 100_00, "INV-1", refunded=30_00)
    lost = said(GATEWAY, "dispute.lost", "d1", amount=60_00, payment="p1")
    made = world(bill("INV-1", 100_00), payment, lost)
    assert only(made, "receipts").refunded == 90_00
    lost = said(GATEWAY, "dispute.lost", "d1", amount=100_00, payment="p1")
    refund = said(GATEWAY, "refund.processed", "rf1", amount=30_00, payment="p1")
    made = world(bill("INV-1", 100_00), payment, lost, refund)
    assert (only(made, "receipts").refunded, balance(made)) == (100_00, 100_00)


def test_rounding_goes_with_the_money_that_it_rounded() -> None:
    reversed_ = said(
        GATEWAY, "payment.reversed", "p1", at="2026-09-25", amount=100_00, references={"invoices": ["INV-1"]}
    )
    assert open_of(world(bill("INV-1", 100_60), reversed_)) == {"INV-1": 100_60}


def test_what_is_written_off_and_then_paid_is_paid() -> None:
    invoice = bill("INV-1", 100_00)
    given_up = decided(
        "writeoff.approved",
        "w",
        at="2026-10-01",
        document=str(invoice.subject),
        amount=100_00,
        currency="INR",
    )
    made = world(invoice, given_up, paid("p", 100_00, "INV-1", at="2026-10-10"))
    row = only(made, "invoices")
    assert (row.status, row.paid_on) == ("invoice.paid", date(2026, 10, 10))
    assert only(made, "parties").on_account == 0
    assert [sum(on(made, day).values()) for day in ("2026-09-30", "2026-10-05", "2026-10-10")] == [
        100_00,
        0,
        0,
    ]
    again = {"at": "2026-10-10", "on": "2026-10-20", "references": {"invoices": ["INV-1"]}}
    bounced = said(GATEWAY, "payment.reversed", "p", amount=100_00, **again)
    made = world(invoice, given_up, bounced)
    assert only(made, "invoices").status == "invoice.written_off"
    assert [sum(on(made, day).values()) for day in ("2026-10-10", "2026-10-20")] == [0, 0]
    made = world(invoice, given_up)
    assert (only(made, "invoices").status, only(made, "parties").usual_days_late) == (
        "invoice.written_off",
        None,
    )


def test_an_advance_stands_on_account_until_the_bill_is_made() -> None:
    made = world(bill("INV-1", 100_00, issued_on="2026-09-20"), paid("p", 100_00, "INV-1", at="2026-09-05"))
    assert on(made, "2026-09-10") == {"on account": -100_00}
    assert on(made, "2026-09-20") == {}
    note = said(
        BOOKS, "credit_note.issued", "cn", number="CN-1", party=SHARMA, issued_on="2026-09-01", amount=30_00,
        references={"invoices": ["INV-1"]},
    )  # fmt: skip
    made = world(bill("INV-1", 100_00, issued_on="2026-09-20"), note)
    assert (on(made, "2026-09-10"), on(made, "2026-09-20")) == ({"CN-1": -30_00}, {"INV-1": 70_00})


def test_what_is_left_of_a_credit_note_is_the_customers() -> None:
    note = said(
        BOOKS, "credit_note.issued", "cn", number="CN-1", party=SHARMA, issued_on="2026-09-10", amount=150_00,
        references={"invoices": ["INV-1"]},
    )  # fmt: skip
    party = only(world(bill("INV-1", 100_00), note), "parties")
    assert (party.open_bills, party.on_account, party.receivable) == (0, 50_00, -50_00)
    voided = Identity(
        note.subject, BOOKS, "credit_note", "cn",
        {**note.state, "data": {**note.data, "status": "invoice.voided"}},
    )  # fmt: skip
    assert only(world(bill("INV-1", 100_00), voided), "parties").receivable == 100_00


def test_money_never_pays_a_credit_note() -> None:
    note = said(
        GATEWAY, "credit_note.issued", "x1", number="CN-1", party=SHARMA, issued_on="2026-09-10", amount=50_00
    )
    payment = said(
        GATEWAY, "payment.received", "p", amount=50_00, party=SHARMA, references={"documents": ["x1"]}
    )
    receipt = decided(
        "allocation.decided", "d", receipt=str(payment.subject),
        lines=[{"document": str(note.subject), "amount": 50_00}],
    )  # fmt: skip
    for made in (world(note, payment), world(note, payment, receipt)):
        assert made.tables["allocations"] == []
        assert only(made, "parties").on_account == 100_00


@pytest.mark.parametrize("amount", [30_00, 60_00])
def test_a_bill_revised_below_what_was_paid_leaves_the_rest_on_account(amount: int) -> None:
    party = only(world(bill("INV-1", amount), paid("p", 100_00, "INV-1")), "parties")
    assert (party.open_bills, party.on_account) == (0, 100_00 - amount)


def test_money_for_a_voided_bill_goes_to_the_others_it_names_and_then_on_account() -> None:
    voided = said(BOOKS, "invoice.voided", "INV-1", number="INV-1", amount=60_00, party=SHARMA)
    made = world(voided, bill("INV-2", 50_00), paid("p", 110_00, "INV-1", "INV-2"))
    party = only(made, "parties")
    assert (party.open_bills, party.on_account, balance(made)) == (0, 60_00, -60_00)


def test_an_expired_link_or_a_crm_draft_ends_no_debt_of_the_books() -> None:
    party = {**SHARMA, "gstin": "27AAPFU0939F1ZV"}
    books = bill("INV-1", 100_00, party=party)
    for source, status in ((GATEWAY, "invoice.voided"), (CRM, "invoice.draft")):
        other = said(
            source, "invoice.status_reported", "x", number="INV-1", amount=100_00, party=party, status=status,
            issued_on="2026-09-01",
        )  # fmt: skip
        assert open_of(world(books, other)) == {"INV-1": 100_00}
    voided = said(BOOKS, "invoice.voided", "INV-1", number="INV-1", amount=100_00, party=party)
    sheet = said(
        "books:spreadsheet",
        "invoice.issued",
        "s",
        number="INV-1",
        amount=100_00,
        party=party,
        issued_on="2026-09-01",
    )
    assert open_of(world(voided, sheet)) == {"INV-1": 0}


def test_the_same_number_in_two_years_is_two_bills() -> None:
    last = bill("INV-102", 300_00, issued_on="2026-02-10", due_on="2026-02-25")
    this = said(
        BOOKS,
        "invoice.issued",
        "other",
        number="INV-102",
        party=SHARMA,
        issued_on="2026-05-11",
        amount=500_00,
    )
    made = world(last, this)
    assert only(made, "parties").open_bills == 800_00
    made = world(last, this, paid("p", 300_00, "INV-102", at="2026-05-20"))
    assert only(made, "parties").open_bills == 500_00
    made = world(last, this, paid("p", 300_00, "INV-102"), paid("q", 450_00, "INV-102", at="2026-09-25"))
    assert only(made, "parties").open_bills == 50_00
    assert world(last, this, paid("p", 123_00, "INV-102")).tables["allocations"] == []


def test_two_receipts_of_one_transfer_each_pay_their_own_bill() -> None:
    parts = [cash("r1", 60_00, "INV-1", utr="N1"), cash("r2", 40_00, "INV-2", utr="N1")]
    made = world(bill("INV-1", 80_00), bill("INV-2", 40_00), *parts, credit("N1", 100_00))
    assert open_of(made) == {"INV-1": 20_00, "INV-2": 0}


def test_two_lines_and_one_receipt_of_a_reference_are_two_sums_of_money() -> None:
    made = world(
        bill("INV-1", 100_00), cash("r", 100_00, "INV-1", utr="N1"), credit("N1", 100_00),
        said(BANK, "bank.credited", "L2", amount=100_00, account="4421", posted_on="2026-09-20", narration="NEFT N1",
             references={"utr": ["N1"]}),
    )  # fmt: skip
    assert [row.amount for row in made.tables["receipts"]] == [100_00, 100_00]
    assert open_of(made) == {"INV-1": 0}


def test_a_narration_with_several_numbers_pays_the_one_of_exactly_that_amount() -> None:
    bills = [bill("INV-101", 70_00), bill("INV-102", 50_00)]
    made = world(*bills, credit("U", 50_00, tokens=("INV101", "INV102")))
    assert open_of(made) == {"INV-101": 70_00, "INV-102": 0}
    made = world(*bills, credit("U", 120_00, tokens=("INV101", "INV102")))
    assert open_of(made) == {"INV-101": 0, "INV-102": 0}
    # Less than what is named comes to: of which bill it is short is asked.
    made = world(*bills, credit("U", 90_00, tokens=("INV101", "INV102")))
    assert open_of(made) == {"INV-101": 70_00, "INV-102": 50_00}
    assert only(made, "bank_lines").explained_by is None


def test_a_bill_that_is_paid_twice_says_whose_the_second_money_is() -> None:
    second = credit("U2", 50_00, tokens=("INV101",))
    made = world(bill("INV-101", 50_00), paid("p", 50_00, "INV-101", at="2026-09-10"), second)
    party = only(made, "parties")
    assert (party.open_bills, party.on_account) == (0, 50_00)
    assert only(made, "bank_lines").explained_by == "receipt"


def test_the_last_word_on_a_line_counts() -> None:
    line, invoice = credit("U", 50_00), bill("INV-1", 50_00)
    lines = [{"document": str(invoice.subject), "amount": 50_00}]
    loan = decided("line.classified", "a", at="2026-10-01", line=str(line.subject), **{"as": "loan"})
    sale = decided("allocation.decided", "b", at="2026-10-02", receipt=str(line.subject), lines=lines)
    later = decided("line.classified", "c", at="2026-10-03", line=str(line.subject), **{"as": "capital"})
    assert open_of(world(invoice, line, loan, sale)) == {"INV-1": 0}
    made = world(invoice, line, loan, sale, later)
    assert (open_of(made), only(made, "receipts").classified) == ({"INV-1": 50_00}, "capital")


def test_the_last_of_two_decisions_counts_and_none_sets_more_than_there_is() -> None:
    line, one, two = credit("U", 50_00), bill("INV-1", 80_00), bill("INV-2", 30_00)
    lines = [{"document": str(one.subject), "amount": 900_00}]
    first = decided("allocation.decided", "a", at="2026-10-01", receipt=str(line.subject), lines=lines)
    assert open_of(world(line, one, two, first)) == {"INV-1": 30_00, "INV-2": 30_00}
    lines = [{"document": str(two.subject), "amount": 900_00}]
    second = decided("allocation.decided", "b", at="2026-10-02", receipt=str(line.subject), lines=lines)
    made = world(line, one, two, first, second)
    assert open_of(made) == {"INV-1": 80_00, "INV-2": 0}
    assert only(made, "parties").on_account == 20_00


def test_a_dispute_raised_again_is_open_again() -> None:
    invoice = bill("INV-1", 50_00)
    words = [
        decided(f"dispute.{word}", f"{n}", at=f"2026-10-0{n}", document=str(invoice.subject))
        for n, word in enumerate(("raised", "settled", "raised"), start=1)
    ]
    assert only(world(invoice, *words), "invoices").status == "invoice.disputed"
    assert only(world(invoice, *words[:2]), "invoices").status == "invoice.issued"


def test_parties_parted_stay_parted_though_a_third_shares_their_gstin() -> None:
    gstin = "27AAPFU0939F1ZV"
    rows = [said(source, "party.upserted", "1", name=source, gstin=gstin) for source in (BOOKS, CRM, "crm:x")]
    for one in rows:
        for other in rows:
            if one.subject < other.subject:
                subjects = [str(one.subject), str(other.subject)]
                parted = decided("parties.unlinked", "u", at="2026-10-01", subjects=subjects)
                assert len(world(*rows, parted).tables["parties"]) == 2
                linked = decided("parties.linked", "l", at="2026-10-02", subjects=subjects)
                assert len(world(*rows, parted, linked).tables["parties"]) == 1
                earlier = decided("parties.linked", "l", at="2026-09-02", subjects=subjects)
                assert len(world(*rows, parted, earlier).tables["parties"]) == 2


def test_money_parted_stays_parted_though_a_third_source_names_both() -> None:
    books, line = cash("r", 50_00, utr="U"), credit("U", 50_00)
    capture = said(GATEWAY, "payment.received", "p", amount=50_00, references={"utr": ["U"]})
    subjects = [str(books.subject), str(line.subject)]
    rejected = decided("link.rejected", "x", at="2026-10-02", subjects=subjects)
    confirmed = decided("link.confirmed", "y", at="2026-10-01", subjects=subjects)
    made = world(books, line, capture, rejected, confirmed)
    rows = {claim.subject: claim.row_id for claim in made.tables["claims"]}
    assert rows[books.subject] != rows[line.subject]


def test_a_settlement_takes_the_line_of_its_own_amount() -> None:
    settled = [
        said(GATEWAY, "settlement.processed", name, amount=amount, references={"utr": ["S1"]})
        for name, amount in (("a", 100_00), ("b", 90_00), ("c", 80_00))
    ]
    made = world(*settled, credit("S1", 90_00))
    assert [row.amount for row in made.tables["settlements"] if row.bank_line_id] == [90_00]


def test_what_the_sheet_says_was_paid_stands_though_an_earlier_payment_was_given_back() -> None:
    sheet = said(
        "books:spreadsheet", "invoice.issued", "s1", at="2026-10-01", number="INV-1", amount=100_00, paid=100_00,
        party={"name": "Sharma Traders"}, issued_on="2026-08-01",
    )  # fmt: skip
    refund = said(GATEWAY, "refund.processed", "rf", at="2026-09-05", amount=100_00, payment="p0")
    made = world(sheet, paid("p0", 100_00, "INV-1", at="2026-09-01"), refund)
    assert open_of(made) == {"INV-1": 0}
    assert balance(made) == 0


def test_a_promise_of_a_linked_party_is_the_partys() -> None:
    other = said(CRM, "party.upserted", "77", name="Sharma")
    books = subject_id(BOOKS, "party", "c1")
    linked = decided("parties.linked", "l", subjects=[str(books), str(other.subject)])
    promise = said(
        "operator", "promise.made", "pr", kind="promise", party=str(other.subject), on="2026-11-20"
    )
    made = world(bill("INV-1", 10_00), other, linked, promise)
    assert only(made, "parties").promise_on == date(2026, 11, 20)


def test_a_payout_pays_part_of_the_bill_it_names_without_naming_its_vendor() -> None:
    owed = said(
        BOOKS, "bill.received", "b1", number="V-1001", party={"id": "v1", "name": "Vendor"}, issued_on="2026-09-01",
        amount=100_00,
    )  # fmt: skip
    payout = said(BOOKS, "payout.processed", "po", amount=40_00, references={"bills": ["v1001"]})
    made = world(owed, payout)
    assert only(made, "payables").outstanding == 60_00
    assert only(made, "parties").payable == 60_00
