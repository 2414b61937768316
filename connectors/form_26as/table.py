"""A table of certificates or credits (CSV, XLSX): one row a deduction, told by its headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from connectors.contract import Unreadable
from connectors.form_26as.entries import PAN, TAN, Entry, checked
from connectors.form_26as.traces import Statement, section_of
from kit.errors import Rejected
from kit.tabular import Book, Cell, day_of, header_key, minor_of, text_of

_Role = Literal[
    "deductor",
    "tan",
    "pan",
    "section",
    "date",
    "base",
    "deducted",
    "deposited",
    "status",
    "certificate",
    "booked",
]
_HEADINGS: Mapping[_Role, tuple[str, ...]] = {
    "deductor": ("deductor", "nameofdeductor", "deductorname", "customer", "party", "nameofthedeductor"),
    "tan": ("tan", "tanofdeductor", "deductortan", "tanno", "gstinofdeductor", "gstin"),
    "pan": ("pan", "panofdeductor", "deductorpan"),
    "section": ("section", "sectioncode", "tdssection", "paymentcode", "undersection"),
    "date": ("date", "transactiondate", "dateofdeduction", "dateofpayment", "dateofpaymentcredit", "paidon"),
    "base": ("amountpaid", "amountpaidcredited", "amountcredited", "grossamount", "taxablevalue"),
    "deducted": ("taxdeducted", "tds", "tdsdeducted", "amountoftaxdeducted", "tdsamount"),
    "deposited": ("taxdeposited", "tdsdeposited", "amountoftaxdeposited", "taxpaid"),
    "status": ("status", "statusofbooking", "statusofmatching"),
    "certificate": ("certificate", "certificateno", "certificatenumber", "form16ano"),
    "booked": ("dateofbooking", "bookedon"),
}  # fmt: skip
_ROLE_OF = {name: role for role, names in _HEADINGS.items() for name in names}
_SUM = re.compile(r"(?:grand |sub ?)?totals?\b.*", re.IGNORECASE)


def read_table(book: Book) -> Statement:
    """Read each sheet with known headings; Rejected if there is none."""
    out = Statement()
    found = False
    for sheet in book.sheets:
        header = _header(sheet.rows)
        if header is None:
            continue
        found = True
        row, columns = header
        for number in range(row + 1, len(sheet.rows)):
            _read(out, sheet.rows[number], columns, f"{sheet.name} row {number + 1}".strip())
    if not found:
        raise Rejected(
            "26as.not_known",
            "It has no headings that are known: deductor or TAN, section, date, and tax deducted or deposited.",
            remedy="Name the columns Deductor, TAN, Section, Date, Amount paid, Tax deducted, Tax deposited, Status.",
        )
    out.deductors = len({entry.key[0] for entry in out.entries})
    return out


def _header(rows: Sequence[Sequence[Cell]]) -> tuple[int, Mapping[_Role, int]] | None:
    for number, row in enumerate(rows[:50]):
        columns: dict[_Role, int] = {}
        for place, cell in enumerate(row):
            if (role := _ROLE_OF.get(header_key(cell))) is not None:
                columns.setdefault(role, place)
        who, what = columns.keys() & {"deductor", "tan"}, columns.keys() & {"deducted", "deposited"}
        if who and what and "date" in columns and columns.keys() & {"tan", "section", "certificate"}:
            return number, columns
    return None


def _read(out: Statement, row: Sequence[Cell], columns: Mapping[_Role, int], where: str) -> None:
    if not any(cell is not None for cell in row):
        return
    first = next(cell for cell in row if cell is not None)
    if isinstance(first, str) and _SUM.fullmatch(first):
        out.ignored.append(f"sum: {where}")
        return
    try:
        out.entries.append(_entry(row, columns, where))
    except Rejected as error:
        out.unreadable.append(Unreadable(where, error.code, error.message))


def _entry(row: Sequence[Cell], columns: Mapping[_Role, int], where: str) -> Entry:
    def cell(role: _Role) -> Cell:
        place = columns.get(role)
        return row[place] if place is not None and place < len(row) else None

    def said(role: _Role) -> str:
        return " ".join(text_of(cell(role)).split())[:300]

    on = day_of(cell("date"))
    if on is None:
        raise Rejected("row.date", f"{said('date')[:30]!r} is not a date; write 31/12/2026.")
    deducted, deposited = minor_of(cell("deducted")), minor_of(cell("deposited"))
    if deducted is None and deposited is None:
        raise Rejected("row.amount_missing", "Neither tax deducted nor tax deposited is filled.")
    tan, pan = said("tan").upper().replace(" ", ""), said("pan").upper().replace(" ", "")
    if len(tan) == 15:  # a GSTIN of a deductor under GST carries the PAN
        tan, pan = "", tan[2:12]
    if tan and not TAN.fullmatch(tan):
        raise Rejected("row.tan", f"{tan[:20]!r} is not a TAN: four letters, five digits, a letter.")
    if pan and not PAN.fullmatch(pan):
        raise Rejected("row.pan", f"{pan[:20]!r} is not a PAN: five letters, four digits, a letter.")
    return checked(
        Entry(
            where=where,
            deductor=said("deductor"),
            tan=tan,
            pan=pan,
            section=section_of(said("section")),
            on=on,
            base=minor_of(cell("base")) or 0,
            deducted=deducted if deducted is not None else deposited or 0,
            deposited=deposited,
            status=said("status")[:20],
            booked_on=day_of(cell("booked")),
            certificate=said("certificate"),
        )
    )
