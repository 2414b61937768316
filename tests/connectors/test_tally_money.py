"""What an accountant expects of a firm's vouchers: each world is small, each sum and each bill is checked to the paisa."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.connectors.tally_books import (
    account,
    advance,
    against,
    balances,
    books,
    derived,
    due_days,
    events,
    export,
    new,
    on_account,
    open_bills,
    read,
    voucher,
)

GUPTA, BANK, SALES = "Gupta Steel", "HDFC Bank", "Sales"


def sale(number: int, day: str, amount: int, *, party: str = GUPTA) -> str:
    return voucher(
        "Sales", number, day, (party, amount, new(f"INV-{number}", amount)), (SALES, -amount), party=party
    )


def receipt(number: int, day: str, amount: int, *parts: object, party: str = GUPTA, **more: int) -> str:
    return voucher("Receipt", number, day, (BANK, amount), (party, -amount, *parts), party=party, **more)


# ---- which bill, how much --------------------------------------------------------------------------
def test_a_receipt_closes_of_each_bill_what_tally_says_and_the_rest_stays_on_account():
    made = books(
        sale(1, "2026-09-01", 1000),
        sale(2, "2026-09-05", 1000),
        receipt(1, "2026-10-01", 1500, against("INV-2", 1000), against("INV-1", 300), account(200)),
    )
    assert open_bills(made) == {"INV-1": 700}
    assert on_account(made) == {GUPTA: 200}
    assert balances(made) == {GUPTA: 500}
    assert balances(made, "2026-09-30") == {GUPTA: 2000}


def test_one_receipt_for_five_bills_and_two_receipts_for_one():
    sales = [sale(n, f"2026-09-0{n}", 100 * n) for n in range(1, 6)]
    parts = [against(f"INV-{n}", 100 * n if n < 5 else 150) for n in range(1, 6)]
    made = books(*sales, receipt(1, "2026-10-01", 1150, *parts))
    assert open_bills(made) == {"INV-5": 350}
    made = books(
        *sales, receipt(1, "2026-10-01", 1150, *parts), receipt(2, "2026-10-09", 350, against("INV-5", 350))
    )
    assert open_bills(made) == {}
    assert balances(made, "2026-10-05") == {GUPTA: 350}


def test_a_bill_of_ours_that_another_customers_receipt_names_by_chance_is_not_paid_by_it():
    made = books(
        sale(7, "2026-09-01", 1000, party="Kaveri Hardware"),
        receipt(1, "2026-10-01", 1000, against("INV-7", 1000)),  # an older bill of Gupta's, not in the file
    )
    assert balances(made) == {"Kaveri Hardware": 1000, GUPTA: -1000}
    assert open_bills(made) == {"INV-7": 1000}


def test_a_sale_of_several_references_has_several_bills_and_a_receipt_pays_its_own():
    made = books(
        voucher(
            "Sales", 1, "2026-09-01", (GUPTA, 1000, new("A", 600, period="30 Days"), new("B", 400, period="60 Days")),
            (SALES, -1000),
        ),
        receipt(1, "2026-10-01", 400, against("B", 400)),
    )  # fmt: skip
    assert open_bills(made) == {"A": 600}


# ---- advances --------------------------------------------------------------------------------------
def test_an_advance_is_taken_by_the_bill_that_names_it():
    told = receipt(1, "2026-09-01", 500, advance("ADV-1", 500))
    made = books(told)
    assert (on_account(made), balances(made)) == ({GUPTA: 500}, {GUPTA: -500})
    later = voucher(
        "Sales", 9, "2026-09-10", (GUPTA, 1800, new("INV-9", 1300), against("ADV-1", 500)), (SALES, -1800)
    )
    made = books(told, later)
    assert open_bills(made) == {"INV-9": 1300}
    assert on_account(made) == {}
    assert balances(made, "2026-09-05") == {GUPTA: -500}
    paid = receipt(2, "2026-10-01", 1300, against("INV-9", 1300))
    assert open_bills(books(told, later, paid)) == {}


def test_an_advance_less_tds_is_taken_whole():
    made = books(
        voucher(
            "Receipt", 1, "2026-09-01", (BANK, 900), ("TDS Receivable", 100), (GUPTA, -1000, advance("ADV-1", 1000))
        ),
        voucher("Sales", 9, "2026-09-10", (GUPTA, 1500, new("INV-9", 500), against("ADV-1", 1000)), (SALES, -1500)),
    )  # fmt: skip
    assert balances(made) == {GUPTA: 500}
    assert open_bills(made) == {"INV-9": 500}
    assert on_account(made) == {}


def test_an_advance_is_paid_back():
    made = books(
        receipt(1, "2026-09-01", 500, advance("ADV-1", 500)),
        voucher("Payment", 1, "2026-09-20", (GUPTA, 500, against("ADV-1", 500)), (BANK, -500)),
    )
    assert (open_bills(made), on_account(made), balances(made)) == ({}, {}, {})
    assert balances(made, "2026-09-10") == {GUPTA: -500}


def test_money_on_account_is_set_against_bills_by_a_journal_later():
    world = [
        sale(1, "2026-09-01", 1000),
        sale(2, "2026-09-02", 1000),
        receipt(1, "2026-09-20", 1500, account(1500)),
    ]
    made = books(*world)
    assert (open_bills(made), on_account(made)) == ({"INV-1": 1000, "INV-2": 1000}, {GUPTA: 1500})
    journal = voucher(
        "Journal", 1, "2026-10-01", (GUPTA, 1200, account(1200)),
        (GUPTA, -1200, against("INV-2", 1000), against("INV-1", 200)),
    )  # fmt: skip
    made = books(*world, journal)
    assert open_bills(made) == {"INV-1": 800}
    assert on_account(made) == {GUPTA: 300}
    assert balances(made) == {GUPTA: 500} == balances(made, "2026-09-25")


def test_a_bill_is_carried_to_another_name_with_more_time():
    made = books(
        sale(1, "2026-09-01", 1000),
        voucher("Journal", 1, "2026-10-01", (GUPTA, 1000, new("INV-1/R", 1000)), (GUPTA, -1000, against("INV-1", 1000))),
        receipt(1, "2026-10-20", 400, against("INV-1/R", 400)),
    )  # fmt: skip
    assert open_bills(made) == {"INV-1/R": 600}
    assert balances(made) == {GUPTA: 600}


# ---- tax cut both ways -----------------------------------------------------------------------------
def test_a_customer_cuts_tds_and_gst_tds_on_the_receipt():
    made = books(
        sale(1, "2026-09-01", 1180),
        voucher(
            "Receipt", 1, "2026-10-01", (BANK, 1140), ("TDS Receivable", 20), ("GST TDS", 20),
            (GUPTA, -1180, against("INV-1", 1180)),
        ),
    )  # fmt: skip
    assert (open_bills(made), balances(made)) == ({}, {})
    assert {(row.kind, row.amount) for row in made.tables["allocations"]} == {
        ("receipt", 1140_00), ("tds", 20_00), ("gst_tds", 20_00),
    }  # fmt: skip


def test_tds_cut_on_several_bills_closes_each_of_them():
    made = books(
        sale(1, "2026-09-01", 1000),
        sale(2, "2026-09-02", 1000),
        sale(3, "2026-09-03", 1000),
        voucher(
            "Receipt", 1, "2026-10-01", (BANK, 2340), ("TDS Receivable", 60),
            (GUPTA, -2400, against("INV-1", 1000), against("INV-2", 1000), against("INV-3", 400)),
        ),
    )  # fmt: skip
    assert open_bills(made) == {"INV-3": 600}
    assert balances(made) == {GUPTA: 600}


def test_tds_of_two_receipts_under_one_transfer_counts_for_both():
    bank = "<BANKALLOCATIONS.LIST><TRANSACTIONTYPE>Inter Bank Transfer</TRANSACTIONTYPE><INSTRUMENTNUMBER>EXMPN52026100100</INSTRUMENTNUMBER></BANKALLOCATIONS.LIST>"
    parts = [
        voucher(
            "Receipt", n, "2026-10-01", (BANK, 980), ("TDS Receivable", 20), (GUPTA, -1000, against(f"INV-{n}", 1000)),
            bank=bank,
        )
        for n in (1, 2)
    ]  # fmt: skip
    made = books(sale(1, "2026-09-01", 1000), sale(2, "2026-09-02", 1000), *parts)
    assert (open_bills(made), balances(made)) == ({}, {})


def test_tds_that_the_books_enter_later_by_a_journal_closes_its_bill():
    made = books(
        sale(1, "2026-09-01", 1180),
        sale(2, "2026-09-01", 1180),
        receipt(1, "2026-10-01", 1160, against("INV-2", 1160)),
        voucher("Journal", 1, "2026-11-15", ("TDS Receivable", 20), (GUPTA, -20, against("INV-2", 20))),
    )
    assert open_bills(made) == {"INV-1": 1180}


def test_we_cut_tds_in_the_purchase_voucher_or_by_a_journal():
    advocate = "Om Advocates"
    in_voucher = voucher(
        "Purchase", 1, "2026-09-01", ("Legal Fees", 50_000), ("IGST", 9_000), ("TDS Payable 194J", -5_000),
        (advocate, -54_000, new("OA/1", 54_000)), party=advocate,
    )  # fmt: skip
    made = books(in_voucher)
    assert balances(made) == {advocate: -54_000}
    whole = voucher(
        "Purchase",
        2,
        "2026-09-01",
        ("Purchases", 100_000),
        ("Bharat Rolling", -100_000, new("BR/2", 100_000)),
    )
    cut = voucher(
        "Journal",
        1,
        "2026-09-01",
        ("Bharat Rolling", 2_000, against("BR/2", 2_000)),
        ("TDS Payable 194C", -2_000),
    )
    paid = voucher(
        "Payment", 1, "2026-09-30", ("Bharat Rolling", 98_000, against("BR/2", 98_000)), (BANK, -98_000)
    )
    made = books(whole, cut)
    assert open_bills(made, table="payables") == {"BR/2": 98_000}
    made = books(whole, cut, paid)
    assert (open_bills(made, table="payables"), balances(made)) == ({}, {})
    assert balances(made, "2026-09-15") == {"Bharat Rolling": -98_000}
    deposit = voucher("Payment", 2, "2026-10-07", ("TDS Payable 194C", 2_000), (BANK, -2_000))
    assert balances(books(whole, cut, paid, deposit)) == {}


def test_the_tax_of_a_purchase_isnt_lessened_by_the_tds_among_it():
    (event,) = read(
        export(
            voucher(
                "Purchase", 1, "2026-09-01", ("Legal Fees", 50_000), ("IGST", 9_000), ("TDS Payable 194J", -5_000),
                ("Om Advocates", -54_000, new("OA/1", 54_000)),
            )
        )
    ).events  # fmt: skip
    assert event.data.get("tax") in (None, 900_000)


def test_we_cut_tds_when_paying_an_advance_to_a_vendor():
    made = books(
        voucher(
            "Payment", 1, "2026-09-01", ("Bharat Rolling", 1000, advance("ADV/B", 1000)), (BANK, -990),
            ("TDS Payable 194C", -10),
        ),
        voucher(
            "Purchase", 1, "2026-09-20", ("Purchases", 5000),
            ("Bharat Rolling", -5000, new("BR/1", 4000), against("ADV/B", 1000)),
        ),
    )  # fmt: skip
    assert open_bills(made, table="payables") == {"BR/1": 4000}
    assert balances(made) == {"Bharat Rolling": -4000}
    assert balances(made, "2026-09-10") == {"Bharat Rolling": 1000}


# ---- less than the bill ----------------------------------------------------------------------------
def test_credit_notes_with_and_without_a_bill():
    world = [sale(1, "2026-09-01", 1000), sale(2, "2026-09-02", 1000)]
    named = voucher(
        "Credit Note",
        1,
        "2026-09-10",
        (SALES, 300),
        (GUPTA, -300, against("INV-2", 200), against("INV-1", 100)),
    )
    loose = voucher("Credit Note", 2, "2026-09-11", (SALES, 50), (GUPTA, -50, account(50)))
    made = books(*world, named, loose)
    assert open_bills(made) == {"INV-1": 900, "INV-2": 800, "2": -50}
    assert on_account(made) == {GUPTA: 50}
    fresh = voucher("Credit Note", 3, "2026-09-12", (SALES, 70), (GUPTA, -70, new("CN-3", 70)))
    taken = voucher(
        "Sales", 4, "2026-09-20", (GUPTA, 500, new("INV-4", 430), against("CN-3", 70)), (SALES, -500)
    )
    made = books(*world, fresh, taken)
    assert open_bills(made) == {"INV-1": 1000, "INV-2": 1000, "INV-4": 430}


def test_a_debit_note_under_a_bills_name_is_paid_with_it_or_stands_on_it():
    note = voucher("Debit Note", 1, "2026-09-15", (GUPTA, 50, against("INV-1", 50)), (SALES, -50))
    made = books(sale(1, "2026-09-01", 1000), note, receipt(1, "2026-10-01", 1050, against("INV-1", 1050)))
    assert (open_bills(made), balances(made)) == ({}, {})
    made = books(sale(1, "2026-09-01", 1000), note, receipt(1, "2026-10-01", 1000, against("INV-1", 1000)))
    assert balances(made) == {GUPTA: 50}
    assert sum(open_bills(made).values()) == 50


def test_discount_charges_and_rounding_beside_a_receipt_close_the_bill():
    made = books(
        voucher("Sales", 1, "2026-09-01", (GUPTA, Decimal("1000.60"), new("INV-1", Decimal("1000.60"))), (SALES, Decimal("-1000.60"))),
        voucher(
            "Receipt", 1, "2026-10-01", (BANK, 970), ("Discount", 20), ("Bank Charges", 10), ("Rounding Off", Decimal("0.60")),
            (GUPTA, Decimal("-1000.60"), against("INV-1", Decimal("1000.60"))),
        ),
    )  # fmt: skip
    assert (open_bills(made), balances(made)) == ({}, {})
    kinds = {row.kind for row in made.tables["allocations"]}
    assert kinds == {"receipt", "cash_discount", "bank_charge", "round_off"}


def test_paise_that_tally_leaves_open_stay_open_and_are_not_given_twice():
    half = Decimal("999.50")
    world = [sale(1, "2026-09-01", 1000), receipt(1, "2026-10-01", half, against("INV-1", half))]  # type: ignore[arg-type]
    assert balances(books(*world)) == {GUPTA: Decimal("0.50")}
    later = voucher(
        "Journal", 1, "2026-10-31", ("Rounding Off", Decimal("0.50")),
        (GUPTA, Decimal("-0.50"), against("INV-1", Decimal("0.50"))),
    )  # fmt: skip
    assert (balances(books(*world, later)), open_bills(books(*world, later))) == ({}, {})


# ---- cheques that come back ------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["Payment", "Journal"])
def test_a_cheque_that_came_back_opens_its_bill_again_with_its_old_date(kind):
    world = [
        sale(1, "2026-09-01", 1000),
        receipt(1, "2026-09-20", 1000, against("INV-1", 1000)),
        voucher(kind, 5, "2026-09-25", (GUPTA, 1000, against("INV-1", 1000)), (BANK, -1000)),
    ]
    made = books(*world)
    assert open_bills(made) == {"INV-1": 1000}
    assert due_days(made) == {"INV-1": date(2026, 9, 1)}
    assert [balances(made, day) for day in ("2026-09-22", "2026-09-26")] == [{}, {GUPTA: 1000}]
    made = books(*world, receipt(2, "2026-10-10", 1000, against("INV-1", 1000)))
    assert (open_bills(made), balances(made), on_account(made)) == ({}, {}, {})


def test_a_bounced_receipt_that_is_cancelled_opens_its_bill_and_one_deleted_too():
    world = [sale(1, "2026-09-01", 1000), receipt(1, "2026-09-20", 1000, against("INV-1", 1000))]
    cancelled = voucher("Receipt", 1, "2026-09-20", alter=50, more="<ISCANCELLED>Yes</ISCANCELLED>")
    made = derived(events(export(*world), export(cancelled)))
    assert (open_bills(made), balances(made)) == ({"INV-1": 1000}, {GUPTA: 1000})
