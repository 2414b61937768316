"""The canonical spreadsheet: headings in many words, every type of row, and identities that stay."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, Observation, Observed, load_connector, load_manifest
from connectors.spreadsheet.columns import CANONICAL, SYNONYMS, type_of_name
from connectors.spreadsheet.rows import financial_year, name_key
from connectors.spreadsheet.template import template_workbook
from kit.errors import Rejected
from kit.tabular import header_key, read_book
from ledger.domain.checks import check_event
from tests.connectors.bank_layouts import as_csv

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
SHEET = load_connector("spreadsheet")
GSTIN = "27AAPFU0939F1ZV"
INVOICE = ["Invoice", "Sharma Traders", "INV-102/26-27", "01/09/2026", "34,220.00"]
HEADINGS = ["Type", "Party", "Number", "Date", "Amount"]


def observe(body: bytes, filename: str | None = None, *, now: datetime = NOW) -> Observed:
    observed = SHEET.observe(
        Inbound(body, filename=filename), source="books:spreadsheet", settings={}, now=now
    )
    for seen in observed.observations:
        assert seen.event_type is not None
        check_event(seen.event_type, seen.data)
        assert seen.precision == "observed"
    return observed


def rows(*cells: Sequence[str], headings: Sequence[str] = HEADINGS) -> bytes:
    return as_csv([list(headings), *map(list, cells)])


def only(observed: Observed) -> Observation:
    assert len(observed.observations) == 1, observed.unreadable
    return observed.observations[0]


def sheets(**named: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": datetime.fromisoformat("2026-11-19T10:00")})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, table in named.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(table):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, place, cell, day)
                else:
                    sheet.write(number, place, cell)
    book.close()
    return target.getvalue()


def test_a_full_invoice_row_becomes_a_full_event() -> None:
    body = rows(
        [*INVOICE, "01/10/2026", "29,000.00", "4,220", GSTIN, "AAPFU0939F", "98200 00000", "a@b.example", "", "by hand"],
        headings=[
            *HEADINGS, "Due date", "Taxable value", "Paid so far", "GSTIN", "PAN", "Phone", "Email", "Terms (days)",
            "Notes",
        ],
    )  # fmt: skip
    seen = only(observe(body))
    assert (seen.event_type, seen.kind) == ("invoice.issued", "invoice")
    assert seen.external_id == "SHARMATRADERS/INV1022627/2026-27"
    assert seen.data == {
        "number": "INV-102/26-27",
        "party": {
            "name": "Sharma Traders", "gstin": GSTIN, "pan": "AAPFU0939F", "phone": "98200 00000", "email": "a@b.example",
        },
        "issued_on": "2026-09-01",
        "due_on": "2026-10-01",
        "amount": 3_422_000,
        "currency": "INR",
        "base": 2_900_000,
        "paid": 422_000,
        "description": "by hand",
    }  # fmt: skip


def test_every_type_of_row_has_its_event() -> None:
    body = rows(
        INVOICE,
        ["Bill", "Gupta Steel", "77", "02/09/2026", "1000"],
        ["Credit note", "Sharma Traders", "CN-1", "03/09/2026", "-500"],
        ["Opening receivable", "Verma", "", "31/03/2026", "10"],
        ["Opening payable", "Verma", "", "", "20"],
        ["Vendor", "Gupta Steel", "", "", ""],
    )
    found = {(seen.event_type, seen.external_id): seen.data for seen in observe(body).observations}
    assert found.keys() == {
        ("invoice.issued", "SHARMATRADERS/INV1022627/2026-27"),
        ("bill.received", "GUPTASTEEL/77/2026-27"),
        ("credit_note.issued", "SHARMATRADERS/CN1/2026-27"),
        ("opening.stated", "VERMA/receivable"),
        ("opening.stated", "VERMA/payable"),
        ("party.upserted", "GUPTASTEEL"),
    }
    assert found["credit_note.issued", "SHARMATRADERS/CN1/2026-27"]["amount"] == 50_000
    assert found["opening.stated", "VERMA/receivable"]["as_on"] == "2026-03-31"
    assert found["opening.stated", "VERMA/payable"]["as_on"] == "2026-11-20"
    assert found["party.upserted", "GUPTASTEEL"] == {"name": "Gupta Steel", "roles": ["vendor"]}


@pytest.mark.parametrize(
    "headings",
    [
        ["Customer", "Invoice No.", "Inv date", "Invoice amount"],
        ["Bill date", "Customer name", "BILL NO", "Total (₹)"],
        ["Client", "Invoice Number", "Date", "Grand Total"],
        ["Buyer name", "Ref. No.", "Dated", "Outstanding"],
        ["Amount due", "Invoice", "Customer", "Issue date"],
    ],
)
def test_headings_are_known_by_many_names_in_any_order(headings: list[str]) -> None:
    values = {"party": "Sharma", "number": "7", "date": "1 Sep 2026", "amount": "100", "outstanding": "100"}
    roles = [next(role for role, names in SYNONYMS.items() if header_key(name) in names) for name in headings]
    seen = only(observe(rows([values[role] for role in roles], headings=headings)))
    assert (seen.event_type, seen.data["amount"], seen.data["number"]) == ("invoice.issued", 10_000, "7")


def test_the_heading_need_not_be_the_first_row() -> None:
    body = b"Sharma and Sons,,,,\r\nOpen items as on 31/03/2026,,,,\r\n\r\n" + rows(INVOICE)
    assert only(observe(body)).data["amount"] == 3_422_000


@pytest.mark.parametrize(
    ("cells", "paid", "amount"),
    [
        (["100", "40", ""], 6_000, 10_000),
        (["100", "", "30"], 3_000, 10_000),
        (["", "70", "30"], 3_000, 10_000),
        (["", "70", ""], 0, 7_000),
        (["100", "", ""], 0, 10_000),
        (["100", "40", "60"], 6_000, 10_000),
    ],
)
def test_outstanding_and_paid_give_each_other(cells: list[str], paid: int, amount: int) -> None:
    body = rows(
        ["Invoice", "S", "1", "01/09/2026", *cells], headings=[*HEADINGS, "Outstanding", "Paid so far"]
    )
    data = only(observe(body)).data
    assert (data["paid"], data["amount"]) == (paid, amount)


def test_a_column_called_due_holds_what_its_values_say() -> None:
    heading = ["Type", "Party", "Number", "Date", "Amount", "Due"]
    assert only(observe(rows([*INVOICE, "01/10/2026"], headings=heading))).data["due_on"] == "2026-10-01"
    assert only(observe(rows([*INVOICE, "220"], headings=heading))).data["paid"] == 3_400_000


def test_credit_days_give_the_due_date() -> None:
    body = rows([*INVOICE, "30 days"], headings=[*HEADINGS, "Terms (days)"])
    assert only(observe(body)).data["due_on"] == "2026-10-01"
    body = rows(["Party", "Sharma", "45"], headings=["Type", "Party", "Credit period"])
    assert only(observe(body)).data["terms_days"] == 45


def test_the_type_comes_from_the_sheet_the_file_or_the_party_column() -> None:
    table = [["Party", "Number", "Date", "Amount"], ["S", "1", date(2026, 9, 1), 100]]
    masters = [["Party", "GSTIN", "Terms (days)"], ["S", GSTIN, 30]]
    observed = observe(sheets(Invoices=table, Bills=table, Parties=masters))
    assert [seen.event_type for seen in observed.observations] == [
        "invoice.issued",
        "bill.received",
        "party.upserted",
    ]
    plain = as_csv([["Party", "Number", "Date", "Amount"], ["S", "1", "01/09/2026", "100"]])
    assert only(observe(plain, "Sales Nov.csv")).event_type == "invoice.issued"
    assert only(observe(plain, "payables.csv")).event_type == "bill.received"
    vendor = as_csv([["Vendor", "Number", "Date", "Amount"], ["S", "1", "01/09/2026", "100"]])
    assert only(observe(vendor)).event_type == "bill.received"
    balances = as_csv([["Debtors as on 31/03/2026"], ["Party", "Balance"], ["S", "100"]])
    seen = only(observe(balances, "Debtors.csv"))
    assert (seen.event_type, seen.data["as_on"]) == ("opening.stated", "2026-03-31")


def test_a_type_that_nothing_tells_is_not_guessed() -> None:
    plain = as_csv([["Party name", "Bill no", "Date", "Amount"], ["S", "1", "01/09/2026", "100"]])
    assert type_of_name("Open bills") is None
    for name in (None, "x.csv", "Open bills.csv"):
        with pytest.raises(Rejected, match="It isn't said whether"):
            observe(plain, name)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["Invoice", "", "1", "01/09/2026", "5"], "row.party_missing"),
        (["Invoice", "...", "1", "01/09/2026", "5"], "row.party_missing"),
        (["Invoice", "S", "", "01/09/2026", "5"], "row.number_missing"),
        (["Invoice", "S", "1", "", "5"], "row.date_missing"),
        (["Invoice", "S", "1", "31/02/2026", "5"], "row.date"),
        (["Invoice", "S", "1", "01/09/1926", "5"], "row.date"),
        (["Invoice", "S", "1", "01/09/2026", ""], "row.amount_missing"),
        (["Invoice", "S", "1", "01/09/2026", "five"], "row.amount"),
        (["Invoice", "S", "1", "01/09/2026", "1.005"], "row.amount"),
        (["Invoice", "S", "1", "01/09/2026", "1e400000"], "row.amount"),
        (["Invoice", "S", "1", "01/09/2026", "-5"], "row.amount_negative"),
        (["Opening receivable", "S", "", "", "-5"], "row.amount_negative"),
        (["Opening payable", "S", "", "", ""], "row.amount_missing"),
        (["Loan", "S", "1", "01/09/2026", "5"], "row.type"),
        (["", "S", "1", "01/09/2026", "5"], "row.type_missing"),
        (["Invoice", "S" * 300, "1", "01/09/2026", "5"], "row.too_long"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_is_kept(cells: list[str], code: str) -> None:
    observed = observe(rows(INVOICE, cells))
    assert [(part.where, part.code) for part in observed.unreadable] == [("row 3", code)]
    assert only(observed).data["number"] == "INV-102/26-27"


def test_a_bad_row_of_a_workbook_is_named_with_its_sheet() -> None:
    body = sheets(
        Invoices=[["Party", "Number", "Date", "Amount"], ["S", 1, date(2026, 9, 1), 5], ["T", 2, "soon", 5]]
    )
    observed = observe(body)
    assert [part.where for part in observed.unreadable] == ["Invoices row 3"]
    assert only(observed).data["number"] == "1"


def test_contradicting_rows_are_both_named_and_none_is_taken() -> None:
    observed = observe(rows(INVOICE, [*INVOICE[:4], "1"], ["Invoice", "Other", "1", "01/09/2026", "5"]))
    assert [part.where for part in observed.unreadable] == ["row 2", "row 3"]
    assert only(observed).data["party"] == {"name": "Other"}


def test_equal_rows_count_once_and_sums_and_comments_are_left_out() -> None:
    observed = observe(
        rows(INVOICE, INVOICE, ["# Invoice", "x", "1", "bad", "bad"], ["", "Grand total", "", "", "9"])
    )
    assert (observed.facts["rows"], observed.facts["repeated"], observed.facts["sums_left_out"]) == (1, 1, 1)


def test_a_file_that_says_nothing_is_refused() -> None:
    for body, code in (
        (b"hello", "sheet.no_headings"),
        (rows(["Invoice", "S", "1", "bad", "5"]), "sheet.unreadable"),
        (b"", "file.empty"),
    ):
        with pytest.raises(Rejected) as refused:
            observe(body)
        assert refused.value.code == code
        assert refused.value.remedy
    assert observe(rows()).facts["rows"] == 0


def test_the_same_sheet_again_adds_nothing_and_a_changed_row_is_a_new_event_of_the_same_thing() -> None:
    first, again = observe(rows(INVOICE)), observe(rows(INVOICE), now=NOW + timedelta(days=1))
    assert [seen.event_id for seen in first.observations] == [seen.event_id for seen in again.observations]
    changed = only(observe(rows([*INVOICE[:4], "35,000"])))
    assert changed.external_id == only(first).external_id
    assert changed.event_id != only(first).event_id


def test_a_workbook_speaks_from_when_it_was_saved_a_text_from_when_it_came() -> None:
    body = sheets(Invoices=[["Party", "Number", "Date", "Amount"], ["S", 1, date(2026, 9, 1), 5]])
    assert only(observe(body)).occurred_at == datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
    early = datetime(2026, 11, 1, tzinfo=UTC)
    assert only(observe(body, now=early)).occurred_at == early
    assert only(observe(rows(INVOICE))).occurred_at == NOW


def test_numbers_restart_with_the_financial_year() -> None:
    assert financial_year(date(2026, 3, 31)) == "2025-26"
    assert financial_year(date(2026, 4, 1)) == "2026-27"
    body = rows(["Invoice", "S", "1", "31/03/2026", "5"], ["Invoice", "S", "1", "01/04/2026", "6"])
    assert len({seen.external_id for seen in observe(body).observations}) == 2


def test_names_of_one_party_are_one_and_marks_of_other_scripts_count() -> None:
    assert name_key("M/s. Sharma  Traders") == name_key("m/s sharma traders")
    assert name_key("शर्मा") != name_key("शरम")


def test_an_odd_gstin_is_kept_and_told() -> None:
    observed = observe(rows([*INVOICE, "27AAPFU0939F1ZX"], headings=[*HEADINGS, "GST No"]))
    assert only(observed).data["party"]["gstin"] == "27AAPFU0939F1ZX"
    assert "doesn't look right" in observed.facts["warnings"][0]
    assert "warnings" not in observe(rows([*INVOICE, GSTIN], headings=[*HEADINGS, "GST No"])).facts


def test_formulas_of_strangers_stay_text() -> None:
    body = rows(["Invoice", '=HYPERLINK("http://x")', "@SUM(1)", "01/09/2026", "5"])
    data = only(observe(body)).data
    assert (data["party"]["name"], data["number"]) == ('=HYPERLINK("http://x")', "@SUM(1)")


def test_the_template_holds_the_canonical_columns_and_reads_as_empty() -> None:
    body = template_workbook(now=NOW)
    book = read_book(body)
    assert book.sheets[0].rows[0] == list(CANONICAL)
    observed = observe(body)
    assert (observed.facts["rows"], observed.unreadable) == (0, [])
    assert all(any(header_key(name) in names for names in SYNONYMS.values()) for name in CANONICAL)


def test_a_filled_template_is_read() -> None:
    table: list[list[Any]] = [
        list(CANONICAL),
        ["# Invoice"],
        ["Invoice", "S", 102, date(2026, 9, 1), "", 34220.5],
    ]
    data = only(observe(sheets(**{"Open items": table}))).data
    assert (data["number"], data["amount"], data["paid"]) == ("102", 3_422_050, 0)


def test_the_manifest_says_that_only_files_come_in() -> None:
    manifest = load_manifest("spreadsheet")
    assert (manifest.family, manifest.via) == ("books", ("file", "chat"))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=16), min_size=5, max_size=5
        ),
        max_size=8,
    )
)
def test_rows_of_anything_are_read_or_named(cells: list[list[str]]) -> None:
    observed = observe(rows(INVOICE, *(["Invoice", *row[1:]] for row in cells)))
    assert observed.observations or observed.unreadable


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Invoice", "Bill", "Credit note"]),
            st.text("ABCxyzé ", min_size=1, max_size=10).map(lambda text: f"P{text}".strip()),
            st.integers(1, 10**6),
            st.dates(date(2000, 1, 1), date(2090, 1, 1)),
            st.integers(0, 10**12),
        ),
        unique_by=lambda row: (row[0], name_key(row[1]), row[2], financial_year(row[3])),
        max_size=10,
    )
)
def test_what_was_written_is_read_back_exactly(cells: list[tuple[str, str, int, date, int]]) -> None:
    body = rows(
        *(
            [kind, party, str(number), f"{day:%d-%m-%Y}", f"{minor / 100:.2f}"]
            for kind, party, number, day, minor in cells
        )
    )
    found = [
        (
            seen.kind,
            seen.data["party"]["name"],
            seen.data["number"],
            seen.data["issued_on"],
            seen.data["amount"],
        )
        for seen in observe(body).observations
    ]
    assert found == [
        (kind.lower().replace(" ", "_"), " ".join(party.split()), str(number), day.isoformat(), minor)
        for kind, party, number, day, minor in cells
    ]
