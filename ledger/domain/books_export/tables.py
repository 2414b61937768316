"""The same vouchers as a table for people: one row a ledger line, with totals; XLSX or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import xlsxwriter

from ledger.domain.books_export.tally_xml import rupees
from ledger.domain.books_export.voucher import Voucher, plain

HEADINGS = (
    "Date", "Voucher", "Party", "Ledger", "Debit", "Credit", "Bills", "Reference", "Narration", "Why it is here",
    "In the import file", "Id",
)  # fmt: skip
_WIDTHS = (12, 10, 28, 28, 14, 14, 34, 22, 50, 50, 28, 38)
_MONEY = (4, 5)
_FORMULA = ("=", "+", "-", "@", "\t")


@dataclass(frozen=True, slots=True)
class Told:
    """A voucher with why it is to be entered, and what keeps it out of the import file (empty: nothing)."""

    voucher: Voucher
    why: str
    waits: str


@dataclass(frozen=True, slots=True)
class _Row:
    on: date
    debit: int
    credit: int
    before: tuple[str, str, str]
    after: tuple[str, str, str, str, str, str]


def _rows(told: Iterable[Told]) -> list[_Row]:
    """Return one row a voucher line; amounts in paise."""
    found: list[_Row] = []
    for one in told:
        voucher = one.voucher
        for line in voucher.lines:
            bills = ", ".join(f"{bill.name or bill.type} {rupees(bill.amount)}" for bill in line.bills)
            reference = line.instrument.number if line.instrument else ""
            after = (bills, reference, voucher.narration, one.why, one.waits or "yes", str(voucher.mark))
            before = (voucher.type, voucher.party, line.ledger)
            found.append(_Row(voucher.on, max(line.amount, 0), max(-line.amount, 0), before, after))
    return found


def workbook(told: Iterable[Told], *, title: str, now: datetime) -> bytes:
    """Return the XLSX; `now` is written as its date of making."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": title, "created": now.replace(tzinfo=None)})
    sheet = book.add_worksheet("To enter")
    heading = book.add_format({"bold": True, "bg_color": "#E8F0E4", "bottom": 1})
    money = book.add_format({"num_format": "#,##0.00"})
    total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    found = _rows(told)
    for column, name in enumerate(HEADINGS):
        sheet.set_column(column, column, _WIDTHS[column])
        sheet.write_string(0, column, name, heading)
    for number, row in enumerate(found, start=1):
        # Days as Excel counts them: no time zone is in it.
        sheet.write_number(number, 0, (row.on - date(1899, 12, 30)) // timedelta(days=1), day)
        for column, paise in zip(_MONEY, (row.debit, row.credit), strict=True):
            if paise:
                sheet.write_number(number, column, paise / 100, money)
        for first, texts in ((1, row.before), (_MONEY[-1] + 1, row.after)):
            for column, text in enumerate(texts, start=first):
                sheet.write_string(number, column, plain(text, 2_000))
    last = len(found) + 1
    sheet.write_string(last, 3, "Total", total)
    for column, paise in zip(_MONEY, _sums(found), strict=True):
        sheet.write_number(last, column, paise / 100, total)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(last - 1, 1), len(HEADINGS) - 1)
    book.close()
    return target.getvalue()


def csv_file(told: Iterable[Told]) -> bytes:
    """Return the CSV, UTF-8 with its mark, so that Excel reads ₹ and Hindi; a text that would be a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    found = _rows(told)
    for row in found:
        writer.writerow(_cells(row))
    debit, credit = _sums(found)
    writer.writerow(["", "", "", "Total", rupees(debit), rupees(credit), *[""] * (len(HEADINGS) - 6)])
    return out.getvalue().encode("utf-8-sig")


def _sums(found: Iterable[_Row]) -> tuple[int, int]:
    return sum(row.debit for row in found), sum(row.credit for row in found)


def _cells(row: _Row) -> list[str]:
    money = [rupees(paise) if paise else "" for paise in (row.debit, row.credit)]
    return [f"{row.on:%d/%m/%Y}", *map(_harmless, row.before), *money, *map(_harmless, row.after)]


def _harmless(text: str) -> str:
    text = plain(text, 2_000)
    return f"'{text}" if text.startswith(_FORMULA) else text
