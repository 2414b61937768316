"""Edits, cancellations, masters and who is who: a firm's books as they stand now, whichever file came first."""

from __future__ import annotations

import pytest

from tests.connectors.tally_books import (
    account,
    advance,
    against,
    balances,
    books,
    derived,
    events,
    export,
    ledger,
    masters,
    new,
    on_account,
    open_bills,
    voucher,
)

GUPTA, BANK, SALES = "Gupta Steel", "HDFC Bank", "Sales"


def sale(number: int, day: str, amount: int, *, party: str = GUPTA) -> str:
    return voucher(
        "Sales", number, day, (party, amount, new(f"INV-{number}", amount)), (SALES, -amount), party=party
    )


def receipt(number: int, day: str, amount: int, *parts: object, party: str = GUPTA, **more: int) -> str:
    return voucher("Receipt", number, day, (BANK, amount), (party, -amount, *parts), party=party, **more)


# ---- edits -----------------------------------------------------------------------------------------
def test_an_edited_receipt_counts_as_it_stands_now_whichever_file_came_first():
    world = [sale(1, "2026-09-01", 1000), sale(2, "2026-09-02", 1000)]
    first = voucher(
        "Receipt",
        1,
        "2026-10-01",
        (BANK, 980),
        ("TDS Receivable", 20),
        (GUPTA, -1000, against("INV-1", 1000)),
    )
    now_second = receipt(1, "2026-10-03", 900, against("INV-2", 900), alter=50)
    now_loose = receipt(1, "2026-10-03", 900, account(900), alter=60)
    for files in ([[*world, first], [now_second]], [[now_second], [*world, first]]):
        made = derived(events(*(export(*part) for part in files)))
        assert open_bills(made) == {"INV-1": 1000, "INV-2": 100}
        assert (balances(made), balances(made, "2026-10-02")) == ({GUPTA: 1100}, {GUPTA: 2000})
    made = derived(events(export(*world, first), export(now_second), export(now_loose)))
    assert (open_bills(made), on_account(made)) == ({"INV-1": 1000, "INV-2": 1000}, {GUPTA: 900})


def test_an_edit_that_gives_a_voucher_to_another_party_takes_nothing_of_the_first_along():
    at_gupta = voucher(
        "Sales", 1, "2026-09-01", (GUPTA, 1000, new("INV-1", 1000)), (SALES, -1000), party=GUPTA,
        more="<PARTYGSTIN>27AAPFU0939F1ZV</PARTYGSTIN>",
    )  # fmt: skip
    at_kaveri = voucher(
        "Sales", 1, "2026-09-01", ("Kaveri Hardware", 1000, new("INV-1", 1000)), (SALES, -1000),
        party="Kaveri Hardware", alter=50,
    )  # fmt: skip
    other = voucher(
        "Sales", 2, "2026-09-02", (GUPTA, 70, new("INV-2", 70)), (SALES, -70), party=GUPTA,
        more="<PARTYGSTIN>27AAPFU0939F1ZV</PARTYGSTIN>",
    )  # fmt: skip
    made = derived(events(export(at_gupta, other), export(at_kaveri)))
    assert balances(made) == {"Kaveri Hardware": 1000, GUPTA: 70}


def test_a_journal_edited_to_other_parties_or_fewer_leaves_nothing_of_before():
    journal = [
        voucher("Journal", 1, "2026-09-01", ("Kaveri Hardware", 500), (GUPTA, -500)),
        voucher("Journal", 1, "2026-09-01", ("Bharat Rolling", 400), (GUPTA, -400), alter=50),
        voucher("Journal", 1, "2026-09-01", ("Bad Debts", 300), (GUPTA, -300), alter=60),
    ]
    assert balances(derived(events(export(journal[0])))) == {"Kaveri Hardware": 500, GUPTA: -500}
    assert balances(derived(events(*(export(part) for part in journal[:2])))) == {
        "Bharat Rolling": 400, GUPTA: -400,
    }  # fmt: skip
    assert balances(derived(events(*(export(part) for part in reversed(journal))))) == {GUPTA: -300}
    cancelled = voucher("Journal", 1, "2026-09-01", alter=70, more="<ISCANCELLED>Yes</ISCANCELLED>")
    assert balances(derived(events(export(journal[0]), export(cancelled)))) == {}


def test_the_same_day_book_twice_with_an_overlap_adds_nothing():
    early = [sale(1, "2026-09-01", 1000), receipt(1, "2026-09-20", 400, against("INV-1", 400))]
    late = [early[1], sale(2, "2026-10-01", 500)]
    made = derived(events(export(*early), export(*late), export(*early)))
    assert open_bills(made) == {"INV-1": 600, "INV-2": 500}


# ---- masters ---------------------------------------------------------------------------------------
def test_opening_bills_advances_and_the_rest_are_taken_as_the_ledger_has_them():
    master = ledger(
        GUPTA, "Sundry Debtors", "l-1", 1200, ("OLD-1", "2026-01-05", 1000), ("OLD-A", "2026-02-01", -300)
    )
    made = books(
        master,
        receipt(1, "2026-05-01", 600, against("OLD-1", 600)),
        voucher(
            "Sales", 1, "2026-05-10", (GUPTA, 900, new("INV-1", 600), against("OLD-A", 300)), (SALES, -900)
        ),
        books_from="2026-04-01",
    )
    assert open_bills(made) == {"OLD-1": 400, "opening": 500, "INV-1": 600}
    assert balances(made) == {GUPTA: 1500}
    assert balances(made, "2026-04-02") == {GUPTA: 1200}


def test_a_renamed_ledger_is_one_party_with_one_opening_balance():
    before = export(ledger(GUPTA, "Sundry Debtors", "l-1", 1000), sale(1, "2026-09-01", 500))
    groups = masters({"Gupta Steels Pvt Ltd": "Sundry Debtors"})
    after = export(
        ledger("Gupta Steels Pvt Ltd", "Sundry Debtors", "l-1", 1000, alter=9),
        sale(2, "2026-10-01", 700, party="Gupta Steels Pvt Ltd"),
        known=groups,
    )
    for files in ((before, after), (after, before)):
        made = derived(events(*files, books_from="2026-04-01"))
        assert balances(made) == {"Gupta Steels Pvt Ltd": 2200}


def test_last_years_company_and_this_years_carry_one_bill():
    gstin = "27AAPFU0939F1ZV"
    old = export(ledger(GUPTA, "Sundry Debtors", "l-1", gstin=gstin), sale(1, "2026-03-15", 1000),
                 receipt(1, "2026-03-25", 400, against("INV-1", 400)))  # fmt: skip
    fresh = export(
        ledger(GUPTA, "Sundry Debtors", "m-1", 600, ("INV-1", "2026-03-15", 600), gstin=gstin),
        receipt(1, "2026-05-25", 250, against("INV-1", 250)),
    )
    told = [*events(old), *events(fresh, source="books:tally-2", books_from="2026-04-01")]
    made = derived(told)
    assert open_bills(made) == {"INV-1": 350}
    assert (balances(made), balances(made, "2026-04-30")) == ({GUPTA: 350}, {GUPTA: 600})


def test_advances_that_last_years_company_has_told_are_not_carried_twice():
    gstin = "27AAPFU0939F1ZV"
    old = export(
        ledger(GUPTA, "Sundry Debtors", "l-1", gstin=gstin),
        receipt(1, "2026-03-25", 500, advance("ADV-1", 300), account(200)),
    )
    fresh = export(
        ledger(GUPTA, "Sundry Debtors", "m-1", -500, ("ADV-1", "2026-03-25", -300), gstin=gstin),
        voucher(
            "Sales", 2, "2026-05-10", (GUPTA, 900, new("INV-2", 600), against("ADV-1", 300)), (SALES, -900)
        ),
    )
    told = [*events(old), *events(fresh, source="books:tally-2", books_from="2026-04-01", continues=True)]
    made = derived(told)
    assert balances(made, "2026-04-30") == {GUPTA: -500}
    assert (open_bills(made), on_account(made), balances(made)) == (
        {"INV-2": 600},
        {GUPTA: 200},
        {GUPTA: 400},
    )


# ---- who is what -----------------------------------------------------------------------------------
def test_one_ledger_that_is_sold_to_and_bought_from_keeps_one_balance():
    made = books(
        sale(1, "2026-09-01", 1000),
        voucher("Purchase", 1, "2026-09-05", ("Purchases", 300), (GUPTA, -300, new("P-9", 300))),
        receipt(1, "2026-10-01", 700, against("INV-1", 700)),
        voucher("Journal", 1, "2026-10-02", (GUPTA, 300, against("P-9", 300)), (GUPTA, -300, against("INV-1", 300))),
    )  # fmt: skip
    assert balances(made) == {}
    assert open_bills(made) == {}


def test_a_journal_between_two_parties_moves_both():
    made = books(
        sale(1, "2026-09-01", 1000),
        voucher("Purchase", 1, "2026-09-05", ("Purchases", 300), ("Bharat Rolling", -300, new("BR/1", 300))),
        voucher("Journal", 1, "2026-09-09", ("Bharat Rolling", 300, against("BR/1", 300)), (GUPTA, -300, against("INV-1", 300))),
    )  # fmt: skip
    assert open_bills(made) == {"INV-1": 700}
    assert open_bills(made, table="payables") == {}


def test_what_moves_no_party_is_left_out():
    made = books(
        voucher("Payment", 1, "2026-09-01", ("Salary", 500), (BANK, -500)),
        voucher("Receipt", 1, "2026-09-01", (BANK, 500), ("Kotak Loan", -500)),
        voucher("Receipt", 2, "2026-09-01", (BANK, 500), ("Capital", -500)),
        voucher("Contra", 1, "2026-09-01", (BANK, 500), ("Cash", -500)),
        voucher("Receipt", 3, "2026-09-01", (BANK, 5), ("Interest", -5)),
        voucher("Payment", 2, "2026-09-20", ("IGST", 50), (BANK, -50)),
        voucher("Sales", 1, "2026-09-01", ("Cash", 80), (SALES, -80)),
    )
    assert made.postings == []


@pytest.mark.parametrize("flag", ["ISOPTIONAL", "ISCANCELLED"])
def test_optional_and_cancelled_vouchers_owe_nothing(flag):
    made = books(
        voucher(
            "Sales",
            1,
            "2026-09-01",
            (GUPTA, 80, new("INV-1", 80)),
            (SALES, -80),
            more=f"<{flag}>Yes</{flag}>",
        )
    )
    assert balances(made) == {}


def test_a_day_book_and_a_report_of_open_bills_together_do_not_double():
    report = (
        "<BILLFIXED><BILLDATE>1-Sep-26</BILLDATE><BILLREF>INV-1</BILLREF><BILLPARTY>Gupta Steel</BILLPARTY></BILLFIXED>"
        "<BILLCL>-520.00</BILLCL><BILLDUE>1-Oct-26</BILLDUE><BILLOVERDUE>30</BILLOVERDUE>"
    )
    world = [
        sale(1, "2026-09-01", 1000),
        voucher("Credit Note", 1, "2026-09-10", (SALES, 70), (GUPTA, -70, against("INV-1", 70))),
        voucher("Receipt", 1, "2026-10-01", (BANK, 400), ("TDS Receivable", 10), (GUPTA, -410, against("INV-1", 410))),
    ]  # fmt: skip
    told = [export(*world), f"<ENVELOPE>{report}</ENVELOPE>".encode()]
    assert open_bills(derived(events(*told))) == {"INV-1": 520}
    assert balances(derived(events(*told))) == {GUPTA: 520}
    paid = receipt(2, "2026-11-10", 520, against("INV-1", 520))
    assert open_bills(derived(events(*told, export(paid)))) == {}
