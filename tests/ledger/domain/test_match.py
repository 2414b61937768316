"""What matches itself, and what doesn't: money without a reference, on small worlds, to the paisa."""

from __future__ import annotations

from typing import Any

from ledger.domain.derive import Derived, Identity
from ledger.domain.events import subject_id
from tests.ledger.domain.test_derive import BANK, BOOKS, SHARMA, balance, bill, only, said, world

GUPTA = {"id": "c2", "name": "Gupta Steel Pvt Ltd"}
SHARMA_ID = str(subject_id(BOOKS, "party", "c1"))


def came(ref: str, amount: int, *, on: str = "2026-09-20", **payer: str) -> Identity:
    payer = payer or {"name": "SHARMA TRADERS"}
    return said(
        BANK, "bank.credited", ref, amount=amount, account="4421", posted_on=on, narration=f"NEFT {ref}",
        references={"utr": [ref]}, payer=payer,
    )  # fmt: skip


def went(ref: str, amount: int, *, on: str = "2026-09-20", **more: Any) -> Identity:
    more = {"payer": {"name": "MEHTA PAPERS"}, "account": "4421", **more}
    return said(
        BANK, "bank.debited", ref, amount=amount, posted_on=on, narration=f"NEFT {ref}",
        references={"utr": [ref]}, **more,
    )  # fmt: skip


def decided(event_type: str, name: str = "d1", **data: Any) -> Identity:
    return said("operator", event_type, name, kind="decision", **data)


def of(made: Derived, ref: str) -> Any:
    line = next(row for row in made.tables["bank_lines"] if row.anchor == subject_id(BANK, "bank_line", ref))
    return next((row for row in made.tables["receipts"] if row.id == line.explained_id), None)


def open_of(made: Derived) -> dict[str, int]:
    return {row.number: row.outstanding for row in made.tables["invoices"]}


def answered(ref: str, party: str = SHARMA_ID, **more: Any) -> Identity:
    receipt = str(subject_id(BANK, "bank_line", ref))
    return decided("allocation.decided", f"a{ref}", receipt=receipt, lines=[], party=party, **more)


def test_one_bill_of_just_the_amount_under_the_name_that_the_bank_writes() -> None:
    made = world(bill("INV-1", 34_220_00), bill("INV-2", 23_600_00), came("U1", 23_600_00))
    assert open_of(made) == {"INV-1": 34_220_00, "INV-2": 0}
    assert of(made, "U1").why == "similar_name"
    assert "amount exact · 5 days after due · similar name" in of(made, "U1").evidence


def test_a_name_that_the_bank_cut_still_tells() -> None:
    made = world(bill("INV-1", 100_00, party=GUPTA), came("U1", 100_00, name="GUPTASTEELPVTL"))
    assert open_of(made) == {"INV-1": 0}


def test_a_name_alone_is_never_enough() -> None:
    made = world(bill("INV-1", 34_220_00), came("U1", 20_000_00))
    assert of(made, "U1") is None
    assert open_of(made) == {"INV-1": 34_220_00}


def test_two_customers_of_one_beginning_are_asked_about() -> None:
    other = {"id": "c3", "name": "Sharma Traders Nagpur"}
    line = came("U1", 500_00, name="SHARMA TRA")
    made = world(bill("INV-1", 500_00), bill("INV-2", 500_00, party=other), line)
    assert of(made, "U1") is None
    exact = world(bill("INV-1", 500_00), bill("INV-2", 700_00, party=other), line)
    assert open_of(exact) == {"INV-1": 0, "INV-2": 700_00}


def test_a_bill_made_out_after_the_money_came_is_not_paid_by_it() -> None:
    made = world(bill("INV-1", 500_00, issued_on="2026-09-21"), came("U1", 500_00))
    assert open_of(made) == {"INV-1": 500_00}


def test_an_answer_teaches_the_payers_address_and_name() -> None:
    handle = {"name": "RAMESH K SHARMA", "vpa": "rk@okicici"}
    first, second = came("U1", 100_00, **handle), came("U2", 23_600_00, on="2026-09-25", **handle)
    bills = bill("INV-1", 34_220_00), bill("INV-2", 23_600_00)
    assert of(world(*bills, first, second), "U2") is None
    made = world(*bills, first, second, answered("U1"))
    assert open_of(made) == {"INV-1": 34_220_00, "INV-2": 0}
    assert "known payer (UPI)" in of(made, "U2").evidence
    once = world(*bills, first, second, answered("U1", learn="once"))
    assert of(once, "U2") is None


def test_a_payer_who_pays_for_two_firms_is_asked_unless_one_bill_fits() -> None:
    lines = [
        came(f"U{n}", amount, vpa="both@ybl")
        for n, amount in ((1, 1_00), (2, 2_00), (3, 700_00), (4, 999_00))
    ]
    gupta = str(subject_id(BOOKS, "party", "c2"))
    made = world(
        bill("INV-1", 500_00), bill("INV-2", 700_00, party=GUPTA), *lines, answered("U1"), answered("U2", gupta)
    )  # fmt: skip
    assert of(made, "U3").party_id == of(made, "U2").party_id
    assert of(made, "U4") is None


def test_what_a_known_payer_pays_while_nothing_is_open_stands_on_account() -> None:
    made = world(
        said(BOOKS, "party.upserted", "c1", name="Sharma Traders"),
        came("U1", 10_00),
        came("U2", 99_00),
        answered("U1"),
    )
    assert of(made, "U2").why == "advance"
    assert balance(made) == -109_00


def test_all_open_bills_and_the_only_set_that_fits() -> None:
    bills = [bill(f"INV-{n}", amount) for n, amount in ((1, 12_345_00), (2, 23_456_00), (3, 34_567_00))]
    seen = came("U0", 1_00), answered("U0")
    whole = world(*bills, *seen, came("U1", 70_368_00))
    assert sum(open_of(whole).values()) == 0
    two = world(*bills, *seen, came("U1", 46_912_00))
    assert open_of(two) == {"INV-1": 0, "INV-2": 23_456_00, "INV-3": 0}
    assert of(two, "U1").why == "subset"


def test_two_sets_that_fit_are_asked_about() -> None:
    bills = [bill(f"INV-{n}", amount) for n, amount in ((1, 100_00), (2, 300_00), (3, 150_00), (4, 250_00))]
    made = world(*bills, came("U0", 1_00), answered("U0"), came("U1", 400_00))
    assert of(made, "U1") is None


def test_of_bills_of_one_amount_the_oldest_is_paid() -> None:
    bills = [bill(f"INV-10{n}", 11_800_00, due_on=None, issued_on=f"2026-0{n}-01") for n in (7, 6, 8)]
    seen = came("U0", 1_00), answered("U0")
    made = world(*bills, *seen, came("U1", 11_800_00))
    assert open_of(made) == {"INV-106": 0, "INV-107": 11_800_00, "INV-108": 11_800_00}
    soon = bill("INV-105", 11_800_00, due_on=None, issued_on="2026-06-05")
    assert of(world(*bills, soon, *seen, came("U1", 11_800_00)), "U1") is None
    named = said(
        BANK, "bank.credited", "U1", amount=11_800_00, account="4421", posted_on="2026-09-20",
        narration="NEFT U1 SHARMA TRADERS bill no 105", payer={"name": "SHARMA TRADERS"},
    )  # fmt: skip
    assert open_of(world(*bills, soon, *seen, named))["INV-105"] == 0


def test_several_even_sums_on_account_show_a_habit_but_not_against_a_bill_that_fits() -> None:
    bills = [bill("INV-1", 40_350_00), bill("INV-2", 30_000_00), bill("INV-3", 25_680_00)]
    first, second, third = (
        came(f"U{n}", amount, on=f"2026-09-2{n}")
        for n, amount in ((1, 10_000_00), (2, 5_000_00), (3, 20_000_00))
    )
    assert of(world(*bills, first, answered("U1"), second), "U2") is None
    made = world(*bills, first, answered("U1"), second, answered("U2"), third)
    assert of(made, "U3").why == "on_account"
    assert "pays on account, as the last times" in of(made, "U3").evidence
    assert only(made, "parties").habit == "on_account"
    odd = world(*bills, first, answered("U1"), second, answered("U2"), came("U3", 12_345_67))
    assert of(odd, "U3") is None
    exact = world(*bills, first, answered("U1"), second, answered("U2"), came("U3", 40_350_00))
    assert open_of(exact)["INV-1"] == 0


def test_numbers_in_the_narration_with_a_deduction_and_a_bill_that_was_cut_off() -> None:
    bills = [
        bill(f"INV-10{n}", amount * 118, base=amount * 100) for n, amount in ((1, 49_00), (2, 33_37), (3, 27_11), (4, 81_00))
    ]  # fmt: skip

    def line(amount: int, *tokens: str) -> Identity:
        return said(
            BANK, "bank.credited", "U1", amount=amount, account="4421", posted_on="2026-09-20",
            narration="NEFT", references={"tokens": list(tokens)},
        )  # fmt: skip

    both = world(*bills, line((49_00 + 33_37) * 116, "INV101", "INV102"))
    assert open_of(both) == {"INV-101": 0, "INV-102": 0, "INV-103": 27_11 * 118, "INV-104": 81_00 * 118}
    assert of(both, "U1").why == "deduction"
    three = world(*bills, line((49_00 + 33_37 + 27_11) * 118, "INV101", "INV102"))
    assert open_of(three) == {"INV-101": 0, "INV-102": 0, "INV-103": 0, "INV-104": 81_00 * 118}
    assert world(*bills, line(9_999_00, "INV101", "INV102")).tables["allocations"] == []


def test_a_deduction_that_was_accepted_before_is_known_the_next_time() -> None:
    bills = [bill("INV-1", 11_800_00, base=10_000_00), bill("INV-2", 23_600_00, base=20_000_00)]
    seen = came("U0", 10_800_00)
    first = str(subject_id(BOOKS, "invoice", "INV-1"))
    lines = [
        {"document": first, "amount": 10_800_00, "kind": "receipt"},
        {"document": first, "amount": 1_000_00, "kind": "tds"},
    ]
    answer = decided("allocation.decided", receipt=str(subject_id(BANK, "bank_line", "U0")), lines=lines)
    later = came("U1", 21_600_01, on="2026-09-25")
    assert of(world(*bills, seen, later), "U1") is None
    made = world(*bills, seen, answer, later)
    assert open_of(made) == {"INV-1": 0, "INV-2": 0}
    assert of(made, "U1").why == "deduction"
    assert "TDS 10%, as before" in of(made, "U1").evidence
    assert sum(row.amount for row in made.tables["allocations"] if row.kind == "tds") == 2_999_99


def test_a_part_of_the_only_bill_unless_a_deduction_explains_it() -> None:
    row, seen = bill("INV-1", 11_800_00, base=10_000_00), (came("U0", 1_00, name="RK"), answered("U0"))
    payer = {"vpa": "rk@ybl"}
    seen = (came("U0", 1_00, **payer), answered("U0"))
    part = world(row, *seen, came("U1", 4_321_00, **payer))
    assert open_of(part) == {"INV-1": 7_479_00}
    assert of(part, "U1").why == "part_payment"
    cut = world(row, *seen, came("U1", 10_800_00, **payer))
    assert of(cut, "U1") is None
    round_sum = world(row, *seen, came("U1", 5_000_00, **payer))
    assert of(round_sum, "U1") is None


def test_habits_oldest_first_and_on_account() -> None:
    bills = [bill("INV-1", 400_00), bill("INV-2", 300_00, due_on="2026-09-14"), bill("INV-3", 500_00)]
    seen = came("U0", 1_00), answered("U0")
    habit = decided("habit.decided", "h1", party=SHARMA_ID, habit="oldest_first")
    oldest = world(*bills, *seen, habit, came("U1", 500_00))
    assert open_of(oldest)["INV-2"] == 0
    assert sum(open_of(oldest).values()) == 700_00
    later = said(
        "operator",
        "habit.decided",
        "h2",
        kind="decision",
        at="2026-10-06",
        party=SHARMA_ID,
        habit="on_account",
    )
    account = world(*bills, *seen, habit, later, came("U1", 500_00))
    assert sum(open_of(account).values()) == 1_200_00
    assert balance(account) == 699_00 - 0
    assert only(account, "parties").habit == "on_account"


def test_what_a_person_rejected_does_not_come_back() -> None:
    line, no = str(subject_id(BANK, "bank_line", "U1")), str(subject_id(BOOKS, "invoice", "INV-1"))
    world_of = [bill("INV-1", 500_00), came("U1", 500_00)]
    assert open_of(world(*world_of)) == {"INV-1": 0}
    assert open_of(world(*world_of, decided("link.rejected", subjects=[line, no]))) == {"INV-1": 500_00}
    assert of(world(*world_of, decided("link.rejected", subjects=[line, SHARMA_ID])), "U1") is None


def test_a_payer_classified_once_is_known_for_what_he_is() -> None:
    lines = came("U1", 500_00, vpa="me@ybl"), came("U2", 700_00, vpa="me@ybl")
    line = str(subject_id(BANK, "bank_line", "U1"))
    made = world(*lines, decided("line.classified", line=line, **{"as": "own_transfer"}))
    assert {row.classified for row in made.tables["receipts"]} == {"own_transfer"}
    assert {row.explained_by for row in made.tables["bank_lines"]} == {"decision", "own_transfer"}
    once = world(*lines, decided("line.classified", line=line, learn="once", **{"as": "own_transfer"}))
    assert {row.classified for row in once.tables["receipts"]} == {"own_transfer", None}


def test_money_between_two_accounts_of_ours_explains_itself() -> None:
    out = went("U1", 500_00, account="9999", payer={"name": "OUR OWN FIRM"})
    made = world(out, said(
        "bank:hdfc", "bank.credited", "U1", amount=500_00, account="4421", posted_on="2026-09-20", narration="NEFT U1",
        references={"utr": ["U1"]}, payer={"name": "OUR OWN FIRM"},
    ))  # fmt: skip
    assert [row.explained_by for row in made.tables["bank_lines"]] == ["own_transfer", "own_transfer"]
    assert only(made, "receipts").classified == "own_transfer"
    assert made.tables["payouts"] == []


def test_a_cheque_that_the_bank_took_back_reopens_its_bill() -> None:
    cheque = {
        "channel": "CHEQUE",
        "references": {"tokens": ["000123"]},
        "account": "4421",
        "payer": {"name": "SHARMA TRADERS"},
    }
    paid_in = said(
        BANK, "bank.credited", "C1", amount=500_00, posted_on="2026-09-20", narration="CLG 000123", **cheque
    )
    back = said(
        BANK,
        "bank.debited",
        "C2",
        amount=500_00,
        posted_on="2026-09-23",
        narration="CHQ RET 000123",
        **cheque,
    )
    before, after = world(bill("INV-1", 500_00), paid_in), world(bill("INV-1", 500_00), paid_in, back)
    assert open_of(before) == {"INV-1": 0}
    assert open_of(after) == {"INV-1": 500_00}
    assert only(after, "receipts").status == "payment.reversed"
    assert {row.explained_by for row in after.tables["bank_lines"]} == {"receipt", "returned"}
    again = world(bill("INV-1", 500_00), paid_in, back, came("U9", 500_00, on="2026-09-28"))
    assert open_of(again) == {"INV-1": 0}


def test_a_debit_to_a_vendor_pays_the_bill_of_just_its_amount() -> None:
    owed = said(
        BOOKS, "bill.received", "B1", number="MP/77", amount=9_000_00, party={"id": "v1", "name": "Mehta Papers"},
        issued_on="2026-09-01",
    )  # fmt: skip
    made = world(owed, went("U1", 9_000_00))
    assert only(made, "payables").outstanding == 0
    assert only(made, "payouts").why == "similar_name"
    other = world(owed, went("U1", 8_000_00))
    assert other.tables["payouts"] == []
    assert only(other, "bank_lines").explained_by is None


def test_interest_by_the_banks_own_words_is_not_asked_about() -> None:
    line = said(
        BANK, "bank.credited", "I1", amount=52_00, account="4421", posted_on="2026-09-30",
        narration="INT.PD:01-07-2026 TO 30-09-2026",
    )  # fmt: skip
    made = world(line)
    assert only(made, "bank_lines").explained_by == "interest"
    assert only(made, "receipts").evidence == "the bank says: interest paid"


def test_a_branchs_name_on_a_cheque_line_needs_a_bill_of_just_the_amount() -> None:
    def cheque(ref: str, amount: int) -> Identity:
        return said(
            BANK, "bank.credited", ref, amount=amount, account="4421", posted_on="2026-09-20", channel="CHEQUE",
            narration="BY CLEARING HADAPSAR", references={"tokens": [ref]}, payer={"name": "HADAPSAR"},
        )  # fmt: skip

    known = cheque("000001", 1_00), answered("000001")
    bills = bill("INV-1", 34_220_00), bill("INV-2", 23_601_00)
    made = world(*bills, *known, cheque("000002", 23_601_00), cheque("000003", 5_000_00))
    assert open_of(made) == {"INV-1": 34_220_00, "INV-2": 0}
    assert of(made, "000003") is None


def test_what_was_set_off_is_gone_before_later_money_is_matched_and_not_before_earlier() -> None:
    bills = bill("INV-1", 1_000_00, issued_on="2026-08-01"), bill("INV-2", 1_000_00, issued_on="2026-09-12")
    party = {"id": "c1", "name": "Sharma Traders"}
    owed = said(
        BOOKS, "bill.received", "B1", number="B1", amount=1_000_00, party=party, issued_on="2026-09-01"
    )
    agreed = decided("setoff.agreed", "s1", party=SHARMA_ID, on="2026-09-10", amount=1_000_00, currency="INR")
    seen = came("U0", 1_00, on="2026-08-01"), answered("U0")
    made = world(*bills, owed, agreed, *seen, came("U1", 1_000_00))
    assert open_of(made) == {"INV-1": 0, "INV-2": 0}
    assert only(made, "payables").outstanding == 0
    assert balance(made) == -1_00
    rest = decided("setoff.agreed", "s1", party=SHARMA_ID, on="2026-09-10", amount=400_00, currency="INR")
    assert open_of(world(bills[0], owed, rest, came("U1", 600_00))) == {"INV-1": 0}
    before = world(*bills, owed, agreed, *seen, came("U1", 1_000_00, on="2026-09-05"))
    assert open_of(before) == {"INV-1": 0, "INV-2": 1_000_00}
    assert only(before, "payables").outstanding == 1_000_00


def test_a_credit_note_of_later_takes_nothing_back_of_what_a_bill_was_paid_before() -> None:
    def note(amount: int, on: str = "2026-09-25") -> Identity:
        return said(
            BOOKS, "credit_note.issued", "CN1", number="CN1", amount=amount, issued_on=on,
            party={"id": "c1", "name": "Sharma Traders"}, references={"invoices": ["INV-1"]},
        )  # fmt: skip

    row, paid = bill("INV-1", 1_000_00), came("U1", 1_000_00)
    part = world(row, note(200_00), paid)
    assert (open_of(part)["INV-1"], balance(part)) == (0, -200_00)
    assert "before a later credit note" in of(part, "U1").evidence
    whole = world(row, note(1_000_00), paid)
    assert (open_of(whole)["INV-1"], balance(whole)) == (0, -1_000_00)
    less = world(row, note(200_00), came("U1", 800_00))
    assert (open_of(less)["INV-1"], balance(less)) == (0, 0)
    earlier = world(row, note(200_00, on="2026-09-18"), paid)
    assert of(earlier, "U1") is None
    other = bill("INV-2", 1_000_00, issued_on="2026-09-02")
    assert of(world(row, other, note(200_00), paid), "U1") is None


def test_a_bill_that_was_written_off_is_paid_only_where_nothing_else_is_open() -> None:
    gone = decided(
        "writeoff.approved", "w1", at="2026-09-18", document=str(subject_id(BOOKS, "invoice", "INV-1")),
        amount=500_00, currency="INR",
    )  # fmt: skip
    old, seen = (
        bill("INV-1", 500_00, issued_on="2026-07-01"),
        (came("U0", 1_00, on="2026-08-01"), answered("U0")),
    )
    new = bill("INV-2", 500_00, issued_on="2026-09-10")
    made = world(old, new, gone, *seen, came("U1", 500_00))
    assert open_of(made) == {"INV-1": 0, "INV-2": 0}
    assert balance(made) == -1_00
    assert sum(row.amount for row in made.postings if row.kind == "write_off") == -500_00
    habit = decided("habit.decided", "h1", at="2026-09-01", party=SHARMA_ID, habit="oldest_first")
    assert open_of(world(old, new, gone, habit, *seen, came("U1", 500_00)))["INV-2"] == 0
    after_all = world(old, gone, *seen, came("U1", 500_00))
    assert of(after_all, "U1").why == "known_payer"
    assert sum(row.amount for row in after_all.postings if row.kind == "write_off") == 0
    before = world(old, new, gone, *seen, came("U1", 500_00, on="2026-09-12"))
    assert open_of(before) == {"INV-1": 0, "INV-2": 500_00}


def test_rupees_for_a_bill_in_dollars_are_no_money_on_account_by_themselves() -> None:
    seen = came("U0", 1_00), answered("U0")
    made = world(bill("INV-1", 1_000_00, currency="USD"), *seen, came("U1", 83_000_00))
    assert of(made, "U1") is None
    line, no = str(subject_id(BANK, "bank_line", "U1")), str(subject_id(BOOKS, "invoice", "INV-1"))
    parted = decided("link.rejected", subjects=[line, no])
    assert of(world(bill("INV-1", 500_00), *seen, parted, came("U1", 500_00)), "U1") is None


def test_a_returned_cheque_that_the_books_charge_again_counts_once() -> None:
    line = {
        "channel": "CHEQUE",
        "references": {"tokens": ["000123"]},
        "account": "4421",
        "payer": {"name": "SHARMA TRADERS"},
    }
    entered = said(
        BOOKS, "payment.received", "R1", amount=500_00, party=SHARMA, into="bank", paid_on="2026-09-20", method="cheque",
        references={"utr": ["000123"]}, settles=[{"number": "INV-1", "amount": 500_00}],
    )  # fmt: skip
    world_of = [
        bill("INV-1", 500_00), entered,
        said(BANK, "bank.credited", "C1", amount=500_00, posted_on="2026-09-20", narration="CLG 000123", **line),
        said(BANK, "bank.debited", "C2", amount=500_00, posted_on="2026-09-23", narration="CHQ RET 000123", **line),
    ]  # fmt: skip
    again = said(
        BOOKS, "invoice.issued", "P9", number="INV-1 RTN", amount=500_00, party=SHARMA, issued_on="2026-09-23",
        voucher="Payment 9",
    )  # fmt: skip
    assert balance(world(*world_of)) == 500_00
    assert balance(world(*world_of, again)) == 500_00
