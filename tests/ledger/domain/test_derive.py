"""Stage two on small worlds: what is one, what is two, what is paid, and what is only said."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from ledger.domain.derive import Derived, Identity, Terms, derive
from ledger.domain.derive.model import Coverage
from ledger.domain.events import subject_id

SHARMA = {"id": "c1", "name": "Sharma Traders"}
BOOKS, GATEWAY, BANK = "standard:books", "payment:razorpay", "bank:icici"


def said(
    source: str,
    event_type: str,
    external_id: str,
    kind: str | None = None,
    at: str = "2026-10-05",
    **data: Any,
) -> Identity:
    kind = kind or event_type.partition(".")[0].replace("bank", "bank_line")
    data = {"currency": "INR", **data} if "amount" in data else data
    state = {
        "type": event_type,
        "at": f"{at}T06:00:00+00:00",
        "event": external_id,
        "word": None,
        "precision": "instant",
        "data": data,
    }
    return Identity(subject_id(source, kind, external_id), source, kind, external_id, state)


def bill(number: str, amount: int, **more: Any) -> Identity:
    more = {"party": SHARMA, "issued_on": "2026-09-01", "due_on": "2026-09-15", **more}
    return said(BOOKS, "invoice.issued", number, number=number, amount=amount, **more)


def credit(ref: str, amount: int, *, tokens: tuple[str, ...] = (), **more: Any) -> Identity:
    references = {"utr": [ref], "tokens": list(tokens)}
    return said(
        BANK,
        "bank.credited",
        ref,
        amount=amount,
        account="4421",
        posted_on="2026-09-20",
        narration=f"NEFT {ref}",
        references=references,
        **more,
    )


def decide(event_type: str, **data: Any) -> Identity:
    return said("operator", event_type, f"d-{event_type}-{len(str(data))}", kind="decision", **data)


def only(made: Derived, table: str) -> Any:
    (row,) = made.tables[table]
    return row


def world(*identities: Identity, terms: Terms | None = None) -> Derived:
    return derive(identities, terms or Terms())


def balance(made: Derived) -> int:
    return sum(posting.amount for posting in made.postings if posting.side == "receivable")


def test_the_same_money_in_books_and_bank_is_one_receipt_with_two_claims() -> None:
    books = said(
        BOOKS,
        "payment.received",
        "r1",
        amount=118_00,
        party=SHARMA,
        into="bank",
        references={"utr": ["hdfcn001"], "invoices": ["INV-1"]},
    )
    made = world(bill("INV-1", 118_00), books, credit("HDFCN001", 118_00))
    receipt = only(made, "receipts")
    assert (receipt.arrived, receipt.allocated) == (True, 118_00)
    assert [claim.source for claim in made.tables["claims"] if claim.row_id == receipt.id] in (
        [BOOKS, BANK],
        [BANK, BOOKS],
    )
    assert only(made, "invoices").status == "invoice.paid"
    assert balance(made) == 0


def shown(since: str, until: str, *, bank: str = "icici", account: str | None = "000405004421") -> Terms:
    return Terms(coverage=(Coverage(bank, account, date.fromisoformat(since), date.fromisoformat(until)),))


def received(**more: Any) -> Identity:
    more = {"paid_on": "2026-09-20", "references": {"invoices": ["INV-1"]}, **more}
    return said(BOOKS, "payment.received", "r1", amount=118_00, party=SHARMA, into="bank", **more)


@pytest.mark.parametrize(
    ("terms", "arrived"),
    [
        (Terms(), True),  # no bank is connected: nobody knows better than the books
        (shown("2026-09-01", "2026-09-30"), False),  # its statement shows those days, and not the money
        (shown("2026-09-21", "2026-09-30"), True),  # the statement begins later
        (shown("2026-09-01", "2026-09-22"), True),  # on its way: the statement ends two days later
        (shown("2026-09-01", "2026-09-24"), False),
    ],
)
def test_a_books_receipt_into_a_bank_counts_until_the_bank_shows_the_days_and_not_the_money(
    terms, arrived
) -> None:
    made = world(bill("INV-1", 118_00), received(), terms=terms)
    assert only(made, "receipts").arrived is arrived
    assert only(made, "invoices").outstanding == (0 if arrived else 118_00)


@pytest.mark.parametrize(
    ("ledger", "arrived"),
    [("ICICI Bank", False), ("Bank A/c 4421", False), ("HDFC Bank", True), (None, False)],
)
def test_a_statement_says_nothing_of_another_bank(ledger, arrived) -> None:
    made = world(bill("INV-1", 118_00), received(account=ledger), terms=shown("2026-09-01", "2026-09-30"))
    assert only(made, "receipts").arrived is arrived


def test_money_of_one_amount_and_name_within_days_is_one_receipt_where_no_reference_says_so() -> None:
    line = credit("N1", 118_00, payer={"name": "SHARMATRADERS"})
    made = world(
        bill("INV-1", 118_00), received(paid_on="2026-09-19"), line, terms=shown("2026-09-01", "2026-09-30")
    )
    assert only(made, "receipts").arrived is True
    assert only(made, "invoices").status == "invoice.paid"


@pytest.mark.parametrize(
    "more",
    [
        {"payer": {"name": "GUPTA STEEL"}},  # another name
        {"payer": {"name": "SHARMA TRADERS"}, "amount": 118_01},
        {"payer": {"name": "TRADERS LIMITED"}},  # words that everybody bears, though he has one of his own
        {"payer": {"name": "SHARMA TRADERS"}, "posted_on": "2026-09-28"},
    ],
)
def test_money_that_differs_in_amount_name_or_time_is_not_taken_for_the_same(more) -> None:
    data = {"amount": 118_00, "posted_on": "2026-09-20", **more}
    line = said(
        BANK, "bank.credited", "N1", account="4421", narration="NEFT", references={"utr": ["N1"]}, **data
    )
    made = world(bill("INV-1", 118_00), received(), line, terms=shown("2026-09-01", "2026-09-30"))
    assert len(made.tables["receipts"]) == 2


def test_two_parties_of_one_name_are_not_told_apart_by_the_bank_so_nothing_is_joined() -> None:
    other = said(
        BOOKS, "payment.received", "r2", amount=118_00, into="bank", paid_on="2026-09-20",
        party={"id": "c2", "name": "Sharma Steel"},
    )  # fmt: skip
    made = world(received(), other, credit("N1", 118_00, payer={"name": "SHARMA"}))
    assert len(made.tables["receipts"]) == 3


def test_of_two_equal_receipts_of_one_party_each_takes_the_nearest_line() -> None:
    lines = [
        said(BANK, "bank.credited", name, amount=118_00, account="4421", posted_on=day, narration="x",
             payer={"name": "SHARMA TRADERS"}, references={"utr": [name]})
        for name, day in (("N1", "2026-09-20"), ("N2", "2026-09-23"))
    ]  # fmt: skip
    second = said(
        BOOKS, "payment.received", "r2", amount=118_00, into="bank", paid_on="2026-09-23", party=SHARMA
    )
    made = world(received(), second, *lines)
    assert [len(made.tables["receipts"]), sum(row.amount for row in made.tables["receipts"])] == [2, 236_00]


def test_what_the_books_say_was_kept_back_closes_the_bill_without_being_money() -> None:
    receipt = received(deductions=[{"kind": "tds", "amount": 2_00}])
    made = world(bill("INV-1", 120_00), receipt)
    assert only(made, "invoices").status == "invoice.paid"
    assert only(made, "receipts").amount == 118_00
    assert {(row.kind, row.amount) for row in made.tables["allocations"]} == {
        ("receipt", 118_00),
        ("tds", 2_00),
    }
    assert balance(made) == 0


def test_a_deduction_is_counted_once_however_many_tell_of_the_money() -> None:
    receipt = received(
        deductions=[{"kind": "tds", "amount": 2_00}], references={"utr": ["N1"], "invoices": ["INV-1"]}
    )
    made = world(bill("INV-1", 130_00), receipt, credit("N1", 118_00))
    assert only(made, "invoices").outstanding == 10_00


def test_a_vendors_credit_note_lowers_what_we_owe_him() -> None:
    vendor = {"id": "v1", "name": "Patil Paper"}
    theirs = {"party": vendor, "currency": "INR", "issued_on": "2026-09-02"}
    made = world(
        said(BOOKS, "bill.received", "b1", number="P-9", amount=100_00, **theirs),
        said(BOOKS, "credit_note.issued", "n1", number="DN-1", amount=30_00, side="payable",
             references={"bills": ["P-9"]}, **theirs),
        said(BOOKS, "credit_note.issued", "n2", number="DN-2", amount=5_00, side="payable", **theirs),
    )  # fmt: skip
    assert {row.number: row.outstanding for row in made.tables["payables"]} == {
        "P-9": 70_00,
        "DN-1": 0,
        "DN-2": -5_00,
    }
    assert only(made, "parties").payable == 65_00
    assert sum(posting.amount for posting in made.postings if posting.side == "payable") == 65_00
    assert made.tables["invoices"] == []


def test_a_voided_credit_note_leaves_the_bill_open() -> None:
    note = {"number": "CN-1", "party": SHARMA, "issued_on": "2026-09-02", "amount": 18_00}
    made = world(
        bill("INV-1", 118_00),
        said(BOOKS, "credit_note.voided", "CN-1", references={"invoices": ["INV-1"]}, **note),
    )
    assert {row.number: row.outstanding for row in made.tables["invoices"]} == {"INV-1": 118_00, "CN-1": 0}


def test_records_that_their_own_source_merged_are_one_party() -> None:
    stayed = said("crm:hubspot", "party.upserted", "20", name="Sharma Traders Pvt Ltd")
    went = said("crm:hubspot", "party.merged", "10", name="Sharma Trader", into="20")
    deal = said(
        "crm:hubspot",
        "invoice.issued",
        "i1",
        number="C-1",
        amount=5_00,
        issued_on="2026-09-01",
        party={"id": "10"},
    )
    made = world(stayed, went, deal)
    assert only(made, "parties").name == "Sharma Traders Pvt Ltd"
    assert len(made.tables["party_identities"]) == 2


def test_cash_by_the_books_has_arrived() -> None:
    books = said(
        BOOKS,
        "payment.received",
        "r1",
        amount=118_00,
        party=SHARMA,
        into="cash",
        references={"invoices": ["INV-1"]},
    )
    assert only(world(bill("INV-1", 118_00), books), "invoices").outstanding == 0


def test_a_settlement_explains_its_bank_credit_and_is_never_counted_twice() -> None:
    payment = said(GATEWAY, "payment.received", "pay_1", amount=118_00, references={"invoices": ["INV-1"]})
    settlement = said(
        GATEWAY, "settlement.processed", "setl_1", amount=115_22, references={"utr": ["axiscn9"]}
    )
    made = world(bill("INV-1", 118_00), payment, settlement, credit("AXISCN9", 115_22))
    assert only(made, "bank_lines").explained_by == "settlement"
    assert only(made, "settlements").bank_amount == 115_22
    assert only(made, "receipts").amount == 118_00


def test_a_refund_gives_the_bill_back_on_its_day_and_not_before() -> None:
    payment = said(
        GATEWAY,
        "payment.received",
        "pay_1",
        at="2026-09-10",
        amount=100_00,
        references={"invoices": ["INV-1"]},
    )
    refund = said(GATEWAY, "refund.processed", "rf1", at="2026-10-02", amount=40_00, payment="pay_1")
    made = world(bill("INV-1", 100_00), payment, refund)
    assert only(made, "invoices").outstanding == 40_00
    by_day = {
        posting.effective_on.isoformat(): posting.amount
        for posting in made.postings
        if posting.kind != "invoice"
    }
    assert by_day == {"2026-09-10": -100_00, "2026-10-02": 40_00}


def test_a_bounced_cheque_reopens_the_bill() -> None:
    cheque = said(
        BOOKS,
        "cheque.returned",
        "q1",
        amount=100_00,
        number="000123",
        party=SHARMA,
        on="2026-09-25",
        references={"invoices": ["INV-1"]},
    )
    line = said(
        BANK,
        "bank.credited",
        "L",
        amount=100_00,
        account="4421",
        posted_on="2026-09-20",
        narration="CLG 000123",
        channel="CHEQUE",
        references={"tokens": ["000123"]},
    )
    made = world(bill("INV-1", 100_00), cheque, line)
    assert only(made, "receipts").status == "payment.reversed"
    assert only(made, "invoices").outstanding == 100_00
    assert only(made, "cheques").status == "cheque.returned"


def test_a_number_in_the_narration_matches_by_itself() -> None:
    made = world(bill("INV-102", 342_20), credit("UTR1", 342_20, tokens=("INV102",)))
    assert only(made, "allocations").why == "narration"


def test_bare_digits_in_a_narration_need_the_exact_amount() -> None:
    assert world(bill("10234", 500_00), credit("UTR1", 400_00, tokens=("10234",))).tables["allocations"] == []
    assert (
        only(world(bill("10234", 500_00), credit("UTR1", 500_00, tokens=("10234",))), "allocations").amount
        == 500_00
    )


def test_a_number_that_two_customers_share_is_not_guessed() -> None:
    other = bill("INV-1", 90_00, party={"id": "c2", "name": "Gupta Steel"})
    other = Identity(subject_id(BOOKS, "invoice", "x"), BOOKS, "invoice", "x", other.state)
    made = world(bill("INV-1", 90_00), other, credit("UTR1", 90_00, tokens=("INV1",)))
    assert made.tables["allocations"] == []
    assert only(made, "bank_lines").explained_by is None


def test_real_twins_in_the_bank_stay_two() -> None:
    first, second = credit("UTR1", 50_00), credit("UTR1", 50_00)
    second = Identity(UUID(int=second.subject.int ^ 1), BANK, "bank_line", "twin", second.state)
    assert len(world(first, second).tables["receipts"]) == 2


def test_two_books_receipts_under_one_transfer_are_that_transfer() -> None:
    parts = [
        said(
            BOOKS,
            "payment.received",
            f"r{n}",
            amount=amount,
            party=SHARMA,
            into="bank",
            references={"utr": ["N1"], "invoices": [f"INV-{n}"]},
        )
        for n, amount in ((1, 60_00), (2, 40_00))
    ]
    made = world(bill("INV-1", 60_00), bill("INV-2", 40_00), *parts, credit("N1", 100_00))
    assert only(made, "receipts").amount == 100_00
    assert {invoice.outstanding for invoice in made.tables["invoices"]} == {0}


def test_a_decision_sets_money_and_tax_deducted_against_a_bill() -> None:
    invoice, line = bill("INV-1", 118_00, base=100_00), credit("UTR1", 116_00)
    lines = [
        {"document": str(invoice.subject), "amount": 116_00},
        {"document": str(invoice.subject), "amount": 2_00, "kind": "tds"},
    ]
    decided = decide("allocation.decided", receipt=str(line.subject), lines=lines)
    made = world(invoice, line, decided)
    assert only(made, "invoices").status == "invoice.paid"
    assert {(row.kind, row.amount) for row in made.tables["allocations"]} == {
        ("receipt", 116_00),
        ("tds", 2_00),
    }
    assert only(made, "bank_lines").explained_by == "receipt"


def test_money_on_account_reduces_the_net_and_leaves_the_bill_open() -> None:
    invoice, line = bill("INV-1", 142_00), credit("UTR1", 60_00)
    decided = decide(
        "allocation.decided", receipt=str(line.subject), lines=[], party=str(subject_id(BOOKS, "party", "c1"))
    )
    made = world(invoice, line, decided)
    party = only(made, "parties")
    assert (party.open_bills, party.on_account, party.receivable) == (142_00, 60_00, 82_00)
    assert balance(made) == 82_00


def test_what_is_not_a_sale_belongs_to_nobody() -> None:
    line = credit("UTR1", 60_00)
    made = world(line, decide("line.classified", line=str(line.subject), **{"as": "loan"}))
    assert only(made, "bank_lines").explained_by == "decision"
    assert made.postings == []


def test_a_rejected_link_stays_apart() -> None:
    books = said(
        BOOKS, "payment.received", "r1", amount=50_00, party=SHARMA, into="bank", references={"utr": ["UTR1"]}
    )
    line = credit("UTR1", 50_00)
    rejected = decide("link.rejected", subjects=[str(books.subject), str(line.subject)])
    assert len(world(books, line, rejected).tables["receipts"]) == 2


def test_a_rupee_short_closes_as_round_off_and_two_do_not() -> None:
    made = world(bill("INV-101", 100_60), credit("UTR1", 100_00, tokens=("INV101",)))
    assert only(made, "invoices").outstanding == 0
    assert (
        world(bill("INV-101", 102_00), credit("UTR1", 100_00, tokens=("INV101",)))
        .tables["invoices"][0]
        .outstanding
        == 2_00
    )


def test_an_identical_gstin_joins_and_a_person_can_part() -> None:
    gstin = "27AAPFU0939F1ZV"
    books = said(BOOKS, "party.upserted", "c1", name="Sharma Traders", gstin=gstin)
    crm = said("crm:demo", "party.upserted", "77", name="SHARMA TRADERS (Pune)", gstin=gstin.lower())
    made = world(books, crm)
    assert only(made, "parties").name == "Sharma Traders"
    assert {row.source for row in made.tables["party_identities"]} == {BOOKS, "crm:demo"}
    parted = decide("parties.unlinked", subjects=[str(books.subject), str(crm.subject)])
    assert len(world(books, crm, parted).tables["parties"]) == 2


def test_the_same_pan_is_a_group_of_separate_ledgers() -> None:
    one = said(BOOKS, "party.upserted", "c1", name="Sharma Pune", gstin="27AAPFU0939F1ZV")
    two = said(BOOKS, "party.upserted", "c2", name="Sharma Nagpur", gstin="27AAPFU0939F2ZU")
    assert {row.pan for row in world(one, two).tables["parties"]} == {"AAPFU0939F"}
    assert len(world(one, two).tables["parties"]) == 2


def test_a_crm_claim_moves_no_money() -> None:
    deal = said(
        "crm:demo",
        "deal.status_reported",
        "D1",
        name="Deal",
        status="invoice.paid",
        amount=100_00,
        references={"invoices": ["INV-1"]},
    )
    invoice = bill("INV-1", 100_00)
    made = world(invoice, deal)
    assert only(made, "invoices").outstanding == 100_00
    claims = {claim.source: claim.status for claim in made.tables["claims"] if claim.row_kind == "invoice"}
    assert claims == {BOOKS: "invoice.issued", "crm:demo": "invoice.paid"}


def test_what_the_sheet_says_was_paid_before_is_not_paid_twice() -> None:
    sheet = said(
        "books:spreadsheet",
        "invoice.issued",
        "s1",
        at="2026-10-01",
        number="INV-1",
        amount=100_00,
        paid=40_00,
        party={"name": "Sharma Traders"},
        issued_on="2026-08-01",
    )
    earlier = said(
        GATEWAY, "payment.received", "p0", at="2026-09-01", amount=40_00, references={"invoices": ["INV-1"]}
    )
    assert only(world(sheet), "invoices").outstanding == 60_00
    assert only(world(sheet, earlier), "invoices").outstanding == 60_00


def test_two_currencies_are_never_added() -> None:
    made = world(bill("INV-1", 100_00), bill("INV-2", 50_00, currency="USD"))
    party = only(made, "parties")
    assert (party.currency, party.open_bills) == ("INR", 100_00)
    dollars = credit("UTR9", 50_00, tokens=("INV2",), currency="INR")
    assert world(bill("INV-2", 50_00, currency="USD"), dollars).tables["allocations"] == []


def test_dues_are_paid_oldest_first() -> None:
    dues = [
        {"due_on": "2026-12-01", "amount": 30_00, "label": "Retention"},
        {"due_on": "2026-09-15", "amount": 70_00},
    ]
    made = world(
        bill("INV-1", 100_00, dues=dues),
        credit("U", 80_00),
        said(GATEWAY, "payment.received", "p", amount=80_00, references={"invoices": ["INV-1"]}),
    )
    assert [(due.label, due.outstanding) for due in made.tables["dues"]] == [(None, 0), ("Retention", 20_00)]
    assert only(made, "invoices").due_on.isoformat() == "2026-12-01"
