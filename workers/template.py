"""The empty canonical spreadsheet: how a firm starts on the first evening."""

from __future__ import annotations

import csv
import io

import xlsxwriter

from kit.errors import Rejected

TYPES = ("Invoice", "Bill", "Opening receivable", "Opening payable", "Credit note", "Party")
COLUMNS: tuple[tuple[str, int, str], ...] = (
    ("Type", 20, "One of: " + ", ".join(TYPES)),
    ("Party", 28, "The customer's or vendor's name."),
    ("Number", 16, "The bill's number; leave it empty for an opening balance."),
    ("Date", 12, "The bill's date, day first."),
    ("Due date", 12, "Leave it empty if no credit days are agreed."),
    ("Amount", 14, "In rupees, with GST."),
    ("Taxable value", 14, "In rupees, without GST: TDS is reckoned on it."),
    ("Paid so far", 14, "In rupees."),
    ("GSTIN", 18, "15 characters; joins the party with your other tools by itself."),
    ("PAN", 12, ""),
    ("Phone", 16, ""),
    ("Email", 24, ""),
    ("Terms (days)", 12, "Agreed credit days."),
    ("Notes", 30, ""),
)
_LAST_ROW = 10_000


def template_for(filename: str) -> bytes:
    """Return the empty spreadsheet as XLSX or CSV, by the file's extension; Rejected for another."""
    match filename.lower().rpartition(".")[2]:
        case "xlsx":
            return _xlsx()
        case "csv":
            text = io.StringIO()
            csv.writer(text).writerow([name for name, _, _ in COLUMNS])
            return text.getvalue().encode("utf-8-sig")  # so that Excel reads it as UTF-8
        case _:
            raise Rejected(
                "template.kind", f"{filename} is neither .xlsx nor .csv.", remedy="Name it bills.xlsx."
            )


def _xlsx() -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Open bills")
        bold = book.add_format({"bold": True, "bg_color": "#E7F0EA", "bottom": 1})
        money = book.add_format({"num_format": "#,##0.00"})
        day = book.add_format({"num_format": "dd-mm-yyyy"})
        formats = {
            "Amount": money,
            "Taxable value": money,
            "Paid so far": money,
            "Date": day,
            "Due date": day,
        }
        for column, (name, width, note) in enumerate(COLUMNS):
            sheet.write_string(0, column, name, bold)
            sheet.set_column(column, column, width, formats.get(name))
            if note:
                sheet.write_comment(0, column, note)
        sheet.freeze_panes(1, 0)
        sheet.data_validation(1, 0, _LAST_ROW, 0, {"validate": "list", "source": list(TYPES)})
    return target.getvalue()
