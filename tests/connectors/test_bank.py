"""Bank statements: every layout, both orders, twins, overdrafts, and what must be refused."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from connectors.contract import Inbound, Observed, load_connector, load_manifest
from kit.errors import Rejected, SourceBroken
from ledger.domain.checks import check_event
from tests.connectors.bank_layouts import (
    OPENING,
    STORY,
    TEXT_LAYOUTS,
    Txn,
    as_csv,
    axis_corporate,
    hdfc_delimited,
    hdfc_statement,
    html_page,
    kotak_debit_credit,
)

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
BANK = load_connector("bank")
CASES = Path(__file__).parent / "cases" / "bank"
FILES = (
    "axis_overdraft.csv", "axis_retail.csv", "axis_statement.csv", "hdfc_delimited.txt", "hdfc_statement.xls",
    "icici_current.csv", "icici_page.xls", "icici_savings.xls", "kotak_debit_credit.csv", "kotak_newest_first.csv",
    "sbi_portal.xlsx", "sbi_statement.xls",
)  # fmt: skip


def observe(body: bytes, *, source: str = "bank:hdfc", **settings: Any) -> Observed:
    observed = BANK.observe(Inbound(body), source=source, settings=settings, now=NOW)
    for seen in observed.observations:
        assert seen.event_type is not None
        check_event(seen.event_type, seen.data)
        assert seen.kind == "bank_line"
        assert seen.event_id == seen.external_id
    assert len({seen.event_id for seen in observed.observations}) == len(observed.observations)
    return observed


def ids(observed: Observed) -> list[str]:
    return [seen.event_id for seen in observed.observations]


def lines(observed: Observed) -> list[tuple[str, int, str, int | None]]:
    return [
        (
            seen.data["posted_on"],
            seen.data["amount"] * (1 if seen.event_type == "bank.credited" else -1),
            seen.data["narration"],
            seen.data.get("balance"),
        )
        for seen in observed.observations
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_fixture_is_proven_by_its_balance(name: str) -> None:
    observed = observe((CASES / name).read_bytes())
    assert observed.facts["proven"] is True
    assert observed.facts["rows"] == len(STORY)
    assert [line[1] for line in lines(observed)] == [txn.amount for txn in STORY]


@pytest.mark.parametrize("layout", TEXT_LAYOUTS)
def test_each_layout_is_called_by_its_name(layout: str) -> None:
    observed = observe(TEXT_LAYOUTS[layout](STORY, OPENING))
    assert observed.facts["layout"] == layout
    assert observed.facts["opening"] == OPENING
    assert observed.facts["closing"] == OPENING + sum(txn.amount for txn in STORY)


def test_the_same_transactions_are_the_same_rows_in_every_layout_of_the_account() -> None:
    whole = {tuple(ids(observe(write(STORY, OPENING), account="4421"))) for write in TEXT_LAYOUTS.values()}
    assert len(whole) == 1


def test_the_same_file_twice_gives_the_same_rows() -> None:
    body = hdfc_delimited(STORY, OPENING)
    assert observe(body) == observe(body)


def test_overlapping_periods_share_their_rows() -> None:
    first = ids(observe(hdfc_delimited(STORY[:5], OPENING)))
    middle = OPENING + sum(txn.amount for txn in STORY[:2])
    second = ids(observe(hdfc_delimited(STORY[2:], middle)))
    assert first[2:] == second[:3]
    assert not set(first[:2]) & set(second)


def test_a_file_with_the_newest_row_first_says_the_same() -> None:
    rows = hdfc_delimited(STORY, OPENING).decode().strip().split("\r\n")
    turned = "\r\n".join([rows[0], *reversed(rows[1:])]).encode()
    oldest, newest = observe(hdfc_delimited(STORY, OPENING)), observe(turned)
    assert newest.facts["order"] == "newest first"
    assert newest.observations == oldest.observations
    assert {**newest.facts, "order": ""} == {**oldest.facts, "order": ""}


def test_real_twins_both_stay() -> None:
    twins = [
        seen
        for seen in observe(hdfc_delimited(STORY, OPENING)).observations
        if seen.data["amount"] == 1_500_000
    ]
    assert len(twins) == 2
    assert twins[0].event_id != twins[1].event_id


def test_twins_with_the_same_balance_or_none_are_told_apart_by_their_ordinal() -> None:
    there_and_back = [Txn(date(2026, 9, 1), sign * 10_000, "FT - SELF", "") for sign in (1, -1, 1)]
    assert len(ids(observe(hdfc_delimited(there_and_back, 0)))) == 3
    bare = as_csv([["Date", "Narration", "Debit", "Credit"], *[["01/09/2026", "UPI/TEA", "10.00", ""]] * 3])
    observed = observe(bare)
    assert len(set(ids(observed))) == 3
    assert observed.facts["proven"] is False
    assert observed.facts["closing"] is None


def test_an_overdraft_runs_negative() -> None:
    observed = observe(axis_corporate(STORY, -777_656_823))
    assert observed.facts["proven"] is True
    assert observed.facts["opening"] == -777_656_823
    assert observed.observations[0].data["balance"] == -777_780_273
    flagged = observe(kotak_debit_credit(STORY, -20_000_000))
    assert flagged.observations[0].data["balance"] == -20_123_450


def test_a_balance_that_does_not_add_up_names_the_row_and_by_how_much() -> None:
    body = hdfc_delimited(STORY, OPENING).replace(b"56840.00", b"56830.00")
    with pytest.raises(Rejected) as refused:
        observe(body)
    assert refused.value.code == "statement.balance_mismatch"
    assert "Row 4 (02 Sep 2026)" in refused.value.message
    assert "₹10 more" in refused.value.message
    assert refused.value.remedy


def test_a_missing_row_is_noticed() -> None:
    rows = hdfc_delimited(STORY, OPENING).split(b"\r\n")
    with pytest.raises(Rejected, match="doesn't add up"):
        observe(b"\r\n".join([*rows[:4], *rows[5:]]))


def test_an_opening_balance_in_the_table_is_part_of_the_proof() -> None:
    body = axis_corporate(STORY, OPENING).replace(b"1,00,000.00", b"1,00,001.00")
    with pytest.raises(Rejected, match="doesn't add up"):
        observe(body)


def test_a_closing_balance_that_disagrees_is_told() -> None:
    rows = hdfc_statement(STORY, OPENING)
    rows[-3][4] = "1.00"
    assert "closing balance of ₹1" in observe(as_csv(rows)).facts["warnings"][0]


def test_a_single_row_is_proven_only_by_a_stated_balance() -> None:
    assert observe(hdfc_delimited(STORY[:1], OPENING)).facts["proven"] is False
    assert observe(as_csv(hdfc_statement(STORY[:1], OPENING))).facts["proven"] is True


def test_a_statement_without_transactions_covers_its_period() -> None:
    observed = observe(as_csv(hdfc_statement([], OPENING)))
    assert (observed.facts["rows"], observed.facts["proven"]) == (0, False)
    assert observed.facts["covered_until"] == date(2026, 9, 30)
    assert observed.facts["closing"] == OPENING


def test_a_period_that_ends_in_the_future_covers_only_what_it_shows() -> None:
    body = as_csv(hdfc_statement(STORY, OPENING)).replace(b"30/09/2026", b"31/12/2026")
    assert observe(body).facts["covered_until"] == date(2026, 9, 30)


def test_one_unreadable_row_costs_only_itself_and_the_proof() -> None:
    body = hdfc_delimited(STORY, OPENING).replace(b"56840.00", b"5684..00")
    observed = observe(body)
    assert [part.where for part in observed.unreadable] == ["row 4"]
    assert observed.facts["rows"] == len(STORY) - 1
    assert observed.facts["proven"] is False


def test_a_row_with_an_amount_and_no_date_is_named() -> None:
    body = (
        hdfc_delimited(STORY, OPENING)
        .replace(b" 02/09/26 ,NEFT", b"32/09/26,NEFT")
        .replace(b"   , 02/09/26 ", b",")
    )
    assert "row.date" in [part.code for part in observe(body).unreadable]


def test_a_decimal_comma_is_refused_not_read_a_hundredfold() -> None:
    rows = [["Date", "Details", "Debit", "Credit"], ["01/09/2026", "x", "", "1250,50"]]
    with pytest.raises(Rejected) as refused:
        observe(as_csv(rows, delimiter=";"))
    assert refused.value.code == "statement.unreadable"


def test_a_row_in_another_currency_than_the_account_is_named() -> None:
    rows = [["Date", "Details", "Debit", "Credit", "CCY"], ["01/09/2026", "x", "", "12.50", "EUR"]]
    assert observe(as_csv(rows)).observations[0].data["currency"] == "EUR"
    with pytest.raises(Rejected, match="in EUR, the statement in INR"):
        observe(as_csv(rows), account_currency="INR")
    mixed = [*rows, ["02/09/2026", "y", "", "13.50", "Rs."], ["02/09/2026", "z", "5.00", "", "INR"]]
    observed = observe(as_csv(mixed))
    assert [(part.where, part.code) for part in observed.unreadable] == [("row 2", "row.currency")]
    assert {seen.data["currency"] for seen in observed.observations} == {"INR"}


def test_a_heading_may_name_the_currency() -> None:
    heading = ["Date", "Details", "Debit (USD)", "Credit (USD)"]
    assert observe(as_csv([heading, ["01/09/26", "x", "", "5"]])).facts["currency"] == "USD"
    heading[3] = "Credit (INR)"
    with pytest.raises(Rejected, match="several currencies"):
        observe(as_csv([heading, ["01/09/26", "x", "", "5"]]))


def test_a_row_both_ways_or_with_an_unknown_flag_is_named() -> None:
    both = [["Date", "Details", "Debit", "Credit"], ["01/09/26", "x", "5", "6"], ["01/09/26", "y", "5", ""]]
    assert [part.code for part in observe(as_csv(both)).unreadable] == ["row.both_sides"]
    flags = [
        ["Date", "Details", "Amount", "Dr/Cr"],
        ["01/09/26", "x", "5", "??"],
        ["01/09/26", "y", "5", "Cr."],
    ]
    observed = observe(as_csv(flags))
    assert [part.code for part in observed.unreadable] == ["row.sign"]
    assert observed.observations[0].event_type == "bank.credited"


def test_a_negative_withdrawal_is_money_that_came_back() -> None:
    rows = [
        ["Date", "Details", "Debit", "Credit", "Balance"],
        ["01/09/26", "REVERSAL", "-50.00", "0.00", "150.00"],
    ]
    assert observe(as_csv(rows)).observations[0].event_type == "bank.credited"


def test_wrapped_remarks_join_and_footers_do_not() -> None:
    observed = observe((CASES / "icici_savings.xls").read_bytes())
    assert "INV-102/26-2" in observed.observations[1].data["narration"]
    assert observed.observations[1].data["references"]["utr"][0] == "HDFCN52026090200"
    assert "BBPS" not in observed.observations[-1].data["narration"]


def test_headings_again_on_a_new_page_are_passed_over() -> None:
    rows = hdfc_delimited(STORY, OPENING).decode().strip().split("\r\n")
    paged = "\r\n".join([*rows[:4], "Page Total,,,,,,", "", rows[0], *rows[4:]]).encode()
    assert observe(paged).observations == observe(hdfc_delimited(STORY, OPENING)).observations


def test_the_account_comes_from_the_file_else_the_settings_else_the_source() -> None:
    with_account = as_csv(hdfc_statement(STORY, OPENING))
    assert observe(with_account).observations[0].data["account"] == "50100000004421"
    assert observe(with_account).facts["account_masked"] == "··4421"
    bare = hdfc_delimited(STORY, OPENING)
    assert observe(bare, account="501000 00004421").observations[0].data["account"] == "50100000004421"
    assert observe(bare).observations[0].data["account"] == "bank:hdfc"
    assert ids(observe(bare, account="50100000004421")) == ids(observe(with_account))


def test_a_statement_of_another_account_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        observe(as_csv(hdfc_statement(STORY, OPENING)), account="99990000001111")
    assert refused.value.code == "statement.other_account"


def test_a_masked_account_agrees_with_its_digits() -> None:
    body = TEXT_LAYOUTS["sbi.portal"](STORY, OPENING)
    assert observe(body, account="30000004421").observations[0].data["account"] == "30000004421"


def test_another_banks_file_is_told() -> None:
    facts = observe(as_csv(hdfc_statement(STORY, OPENING)), source="bank:sbi").facts
    assert facts["warnings"] == ["The file looks like a statement of HDFC; the source is bank:sbi."]


def test_a_day_begins_at_midnight_of_the_business() -> None:
    seen = observe(hdfc_delimited(STORY, OPENING)).observations[0]
    assert seen.occurred_at == datetime(2026, 8, 31, 18, 30, tzinfo=UTC)
    assert (seen.precision, seen.sequence) == ("day", 0)
    with pytest.raises(SourceBroken):
        observe(hdfc_delimited(STORY, OPENING), timezone="Mars/Olympus")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "file.empty"),
        (b"%PDF-1.7 ...", "file.pdf"),
        (b"Date Narration Debit Credit Balance\n01/09/2026 UPI-TEA 10.00 90.00", "statement.no_table"),
        (b"hello\n", "statement.no_table"),
        (b"Name,Amount\nx,5\n", "statement.no_table"),
        (b"<html><body>Session expired</body></html>", "file.markup"),
    ],
)
def test_what_is_no_statement_is_refused_with_a_remedy(body: bytes, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        observe(body)
    assert refused.value.code == code
    assert refused.value.remedy


def workbook(*tables: list[list[str]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        for table in tables:
            sheet = book.add_worksheet()
            for number, row in enumerate(table):
                sheet.write_row(number, 0, row)
    return target.getvalue()


def test_a_page_named_xls_reads_like_the_text() -> None:
    page = html_page(hdfc_statement(STORY, OPENING))
    assert observe(page).observations == observe(as_csv(hdfc_statement(STORY, OPENING))).observations


def test_months_on_sheets_of_one_workbook_are_read_together() -> None:
    middle = OPENING + sum(txn.amount for txn in STORY[:4])
    observed = observe(
        workbook(hdfc_statement(STORY[4:], middle), hdfc_statement(STORY[:4], OPENING), [["notes"]])
    )
    assert ids(observed) == ids(observe(as_csv(hdfc_statement(STORY, OPENING))))
    assert observed.facts["proven"] is True
    assert observed.facts["opening"] == OPENING


def test_a_row_that_two_sheets_share_is_one_row() -> None:
    middle = OPENING + sum(txn.amount for txn in STORY[:2])
    observed = observe(workbook(hdfc_statement(STORY[:5], OPENING), hdfc_statement(STORY[2:], middle)))
    assert ids(observed) == ids(observe(as_csv(hdfc_statement(STORY, OPENING))))


def test_sheets_of_two_accounts_are_refused() -> None:
    other = [[cell.replace("4421", "1111") for cell in row] for row in hdfc_statement(STORY, OPENING)]
    with pytest.raises(Rejected) as refused:
        observe(workbook(hdfc_statement(STORY, OPENING), other))
    assert refused.value.code == "statement.several_accounts"


def test_utf16_text_reads_alike() -> None:
    text = hdfc_delimited(STORY, OPENING).decode()
    for encoding in ("utf-16", "utf-16-le", "utf-8-sig"):
        assert observe(text.encode(encoding)).observations == observe(text.encode()).observations


def test_hostile_narrations_stay_text() -> None:
    story = [replace(STORY[0], narration='=HYPERLINK("http://x","y") <b>&\u202e x\x07y')]
    narration = observe(hdfc_delimited(story, OPENING)).observations[0].data["narration"]
    assert narration.startswith("=HYPERLINK(")
    assert narration.isprintable()


def test_the_manifest_says_that_only_files_come_in() -> None:
    manifest = load_manifest("bank")
    assert (manifest.family, manifest.via, manifest.needs_secret) == ("bank", ("file", "chat"), False)
