"""The empty canonical workbook, ready to be filled: headings, examples that aren't read, and lists to choose from."""

from __future__ import annotations

import io
from datetime import date, datetime

import xlsxwriter

from connectors.spreadsheet.columns import CANONICAL

_TYPES = ["Invoice", "Bill", "Opening receivable", "Opening payable", "Credit note", "Party"]
_WIDTHS = {"Type": 20, "Party": 32, "Number": 18, "GSTIN": 20, "Email": 28, "Notes": 36}
_LAST_ROW = 5_000
_EXAMPLES: tuple[dict[str, str | float | date], ...] = (
    {
        "Type": "# Invoice", "Party": "Sharma Traders", "Number": "INV-102/26-27", "Date": date(2026, 9, 1),
        "Due date": date(2026, 10, 1), "Amount": 34_220.00, "Taxable value": 29_000.00, "Paid so far": 0.00,
        "Phone": "98xxxxxx01", "Notes": "A row that begins with # is not read: delete it or leave it",
    },
    {
        "Type": "# Party", "Party": "Gupta Steel", "GSTIN": "15 characters", "Email": "accounts@gupta.example",
        "Terms (days)": 30,
    },
)  # fmt: skip


def template_workbook(*, now: datetime) -> bytes:
    """Return the template as XLSX; `now` is written as its date of making."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"title": "Open items for Munshi", "created": now.replace(tzinfo=None)})
    _write_rows(book)
    _write_guide(book)
    book.close()
    return target.getvalue()


def _write_rows(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet("Open items")
    heading = book.add_format({"bold": True, "bg_color": "#E8F0E4", "bottom": 1})
    grey = book.add_format({"font_color": "#888888", "italic": True})
    grey_day = book.add_format({"font_color": "#888888", "italic": True, "num_format": "dd/mm/yyyy"})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    money = book.add_format({"num_format": "#,##0.00"})
    as_text = book.add_format({"num_format": "@"})
    formats = {
        "Date": day, "Due date": day, "Amount": money, "Taxable value": money, "Paid so far": money,
        "Number": as_text, "GSTIN": as_text, "PAN": as_text, "Phone": as_text,
    }  # fmt: skip
    for column, (name, meaning) in enumerate(CANONICAL.items()):
        sheet.set_column(column, column, _WIDTHS.get(name, 14), formats.get(name))
        sheet.write_string(0, column, name, heading)
        if meaning:
            sheet.write_comment(0, column, meaning)
        for number, example in enumerate(_EXAMPLES, start=1):
            value = example.get(name)
            if isinstance(value, date):
                sheet.write_datetime(number, column, datetime(value.year, value.month, value.day), grey_day)  # noqa: DTZ001
            elif value is not None:
                sheet.write(number, column, value, grey)
        _validate(sheet, column, name)
    sheet.freeze_panes(1, 2)


def _validate(sheet: xlsxwriter.worksheet.Worksheet, column: int, name: str) -> None:
    rule: dict[str, object]
    if name == "Type":
        rule = {"validate": "list", "source": _TYPES, "error_message": "Choose one of the list."}
    elif name in ("Date", "Due date"):
        rule = {
            "validate": "date", "criteria": "between", "minimum": date(1990, 1, 1), "maximum": date(2099, 12, 31),
            "error_message": "Write a date, day first: 31/12/2026.",
        }  # fmt: skip
    elif name in ("Amount", "Taxable value", "Paid so far"):
        rule = {
            "validate": "decimal", "criteria": ">=", "value": 0, "error_message": "Write rupees, without a minus.",
        }  # fmt: skip
    elif name == "Terms (days)":
        rule = {
            "validate": "integer", "criteria": "between", "minimum": 0, "maximum": 3_650,
            "error_message": "Write a number of days.",
        }  # fmt: skip
    else:
        return
    sheet.data_validation(3, column, _LAST_ROW, column, {"ignore_blank": True, **rule})


def _write_guide(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet("How to fill it")
    sheet.set_column(0, 0, 110)
    for row, line in enumerate(
        (
            "One row for each unpaid invoice, unpaid bill, opening balance, credit note or party.",
            "Amounts in rupees. Dates day first: 31/12/2026.",
            "Columns may stand in any order; those that you don't need may go.",
            "Write a party's name the same way everywhere: the name is how rows are known to belong together.",
            "Send the whole file again whenever it changes: what is known adds nothing, what changed is updated.",
            "A row taken out of the file is not taken out of the books: write a credit note or mark it paid.",
        )
    ):
        sheet.write_string(row, 0, line)
