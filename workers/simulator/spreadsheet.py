"""The spreadsheet of the first evening: bills open on the first day, ours and the vendors', and opening balances."""

from __future__ import annotations

import io
from datetime import datetime, time

import xlsxwriter

from workers.simulator.entities import Document
from workers.simulator.world import FIRM, World

SOURCE = "books:spreadsheet"
COLUMNS = (
    "Type",
    "Party",
    "Number",
    "Date",
    "Due date",
    "Amount",
    "Taxable value",
    "GSTIN",
    "PAN",
    "Phone",
    "Email",
    "Notes",
)


def opening_file(world: World) -> tuple[str, bytes]:
    """Write the workbook; the same world gives the same bytes."""
    made = io.BytesIO()
    created = datetime.combine(world.start, time(9))
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"title": f"{FIRM}: open bills", "created": created})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        money = book.add_format({"num_format": "#,##0.00"})
        bold = book.add_format({"bold": True})
        ours = book.add_worksheet("Open bills")
        theirs = book.add_worksheet("Vendors' bills")
        for sheet in (ours, theirs):
            sheet.write_row(0, 0, COLUMNS, bold)
            sheet.set_column(1, 1, 38)
            sheet.set_column(3, 7, 17)
        rows = [("Invoice", i) for i in world.invoices if i.opening]
        for number, (kind, paper) in enumerate(rows, 1):
            _write(ours, number, kind, paper, day, money)
        for number, (party, owed) in enumerate(world.opening_balances(), len(rows) + 1):
            ours.write_row(number, 0, ("Opening receivable", party.name))
            ours.write_datetime(number, 3, created, day)
            ours.write_number(number, 5, owed / 100, money)
            ours.write_row(number, 7, (party.gstin, party.pan, party.phone, party.email, "Balance, no bills"))
        for number, bill in enumerate((b for b in world.bills if b.opening), 1):
            _write(theirs, number, "Bill", bill, day, money)
    return f"open-bills-{world.start:%d-%m-%Y}.xlsx", made.getvalue()


def _write(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    kind: str,
    paper: Document,
    day: xlsxwriter.format.Format,
    money: xlsxwriter.format.Format,
) -> None:
    party = paper.party
    sheet.write_row(row, 0, (kind, party.name, paper.number))
    for column, on in ((3, paper.issued_on), (4, paper.due_on)):
        if on is not None:
            sheet.write_datetime(row, column, datetime.combine(on, time()), day)
    sheet.write_number(row, 5, paper.amount / 100, money)
    sheet.write_number(row, 6, paper.base / 100, money)
    sheet.write_row(row, 7, (party.gstin, party.pan, party.phone, party.email, paper.description))
