"""From rows to the lines of a statement, in the file's own order: wrapped remarks joined, footers told apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from connectors.bank.layouts import Header, Role, columns_of, is_complete
from connectors.bank.model import EARLIEST, LATEST, Line, Table, squeeze
from connectors.bank.preamble import says_closing, says_opening
from kit.errors import Rejected
from kit.tabular import Cell, day_of, header_key, minor_of, text_of

_MONEY: tuple[Role, ...] = ("debit", "credit", "amount")
_RULE = re.compile(r"[*\-=_ .]+")
_SUM = re.compile(r"\b(?:page |grand |sub ?)?totals?\b", re.IGNORECASE)
_SIGNED = re.compile(r"(.*?)\s*\(?\b(CR|DR)\b\.?\)?", re.IGNORECASE | re.DOTALL)
_FOOTER = re.compile(
    r"statement summary|end of statement|computer generated|legends?\b|closing bal|does not require|^\W*note\b|disclaimer"
    r"|call (?:us|our)|toll ?free|registered office|unless the constituent|generated (?:on|by)|customer care|page total",
    re.IGNORECASE,
)
_FLAGS = {
    "CR": 1, "C": 1, "CREDIT": 1, "DEPOSIT": 1, "DR": -1, "D": -1, "DEBIT": -1, "WITHDRAWAL": -1,
}  # fmt: skip


def read_table(rows: Sequence[Sequence[Cell]], header: Header, *, sheet: str, currency: str = "INR") -> Table:
    """Read the rows below `header`; what is dated or carries money but can't be read is named, never dropped."""
    table = Table(last_row=header.row)
    may_wrap = in_footer = False
    for number in range(header.row + 1, len(rows)):
        row = rows[number]
        cells = _Cells(row, header.columns, currency)
        if not any(cell is not None for cell in row):
            may_wrap = False
            continue
        text = " ".join(cell for cell in row if isinstance(cell, str))
        if _RULE.fullmatch(text) and all(isinstance(cell, str | None) for cell in row):
            continue
        day = day_of(cells.of("posted")) or day_of(cells.of("valued"))
        if day is None:
            in_footer = in_footer or _FOOTER.search(text) is not None
            where = None if in_footer else _where(sheet, number)
            may_wrap = _read_undated(table, cells, row, text, number, where, may_wrap and not in_footer)
            continue
        in_footer = False
        may_wrap = _read_dated(table, cells, text, number, sheet, day)
    return table


class _Cells:
    """One row by role."""

    __slots__ = ("_columns", "_row", "currency")

    def __init__(self, row: Sequence[Cell], columns: Mapping[Role, int], currency: str) -> None:
        self._row = row
        self._columns = columns
        self.currency = currency

    def of(self, role: Role) -> Cell:
        place = self._columns.get(role)
        return self._row[place] if place is not None and place < len(self._row) else None

    def has_only(self, *roles: Role) -> bool:
        """Return whether nothing stands outside the columns of `roles`."""
        places = {self._columns.get(role) for role in roles}
        return all(cell is None or place in places for place, cell in enumerate(self._row))

    def has_money(self) -> bool:
        """Return whether an amount stands in a column for it, or anything at all beside a filled date column."""
        for role in _MONEY:
            cell = self.of(role)
            try:
                if cell is not None and (
                    self.of("posted") is not None or minor_of(cell, self.currency) is not None
                ):
                    return True
            except Rejected:
                continue
        return False


def _read_dated(table: Table, cells: _Cells, text: str, number: int, sheet: str, day: date) -> bool:
    narration = squeeze(text_of(cells.of("narration")))
    try:
        if not EARLIEST <= day <= LATEST:
            raise Rejected("row.date", f"{day} is out of range.")
        stated = cells.of("currency")
        if stated is not None and code_of(stated) != cells.currency:
            raise Rejected(
                "row.currency", f"The row is in {text_of(stated)[:8]}, the statement in {cells.currency}."
            )
        amount = _signed_amount(cells)
        balance = _signed_balance(cells)
    except Rejected as error:
        table.miss(_where(sheet, number), error.code, error.message)
        table.last_row = number
        return False
    table.last_row = number
    if not table.lines and amount and says_opening(narration) and balance in (None, amount):
        balance, amount = amount, None  # the balance brought forward, written as an amount
    if not amount:
        if balance is not None and says_opening(narration or text):
            table.opening = balance
        elif balance is not None and says_closing(narration or text):
            table.closing = balance
        else:
            table.empty_amounts += 1
        return False
    reference = squeeze(text_of(cells.of("reference"))).strip("-")
    table.lines.append(
        Line(
            row=number + 1,
            posted_on=day,
            amount=amount,
            narration=narration or reference,
            value_on=_in_range(day_of(cells.of("valued"))),
            reference=reference,
            balance=balance,
        )
    )
    return True


def _read_undated(
    table: Table,
    cells: _Cells,
    row: Sequence[Cell],
    text: str,
    number: int,
    where: str | None,
    may_wrap: bool,
) -> bool:
    """Place a row without a date: a repeated heading, a wrapped remark, a balance, a sum; else name it (`where`)."""
    if is_complete(columns_of([header_key(cell) for cell in row])):
        return False  # the heading again, on a new page
    if may_wrap and cells.has_only("narration", "reference"):
        if len(table.lines) in table.gaps:
            return True  # the rest of a row that couldn't be read
        last = table.lines[-1]
        more, reference = squeeze(text_of(cells.of("narration"))), squeeze(text_of(cells.of("reference")))
        table.lines[-1] = replace(
            last,
            narration=squeeze(f"{last.narration} {more}"),
            reference=squeeze(f"{last.reference} {reference}"),
        )
        table.last_row = number
        return True
    if says_opening(text) != says_closing(text):
        if says_opening(text):
            table.opening = _quiet(cells) if table.opening is None else table.opening
        else:
            table.closing = _quiet(cells)
    elif where is not None and not _SUM.search(text) and cells.has_money():
        posted = text_of(cells.of("posted"))
        reason = f"{posted[:30]!r} is not a date." if posted else "The row has an amount and no date."
        table.miss(where, "row.date", reason)
        table.last_row = number
        return True
    return False


def _signed_amount(cells: _Cells) -> int | None:
    debit, credit = _minor(cells.of("debit"), cells.currency), _minor(cells.of("credit"), cells.currency)
    if debit and credit:
        raise Rejected("row.both_sides", "The row is both a withdrawal and a deposit.")
    if debit is not None or credit is not None:
        return (credit or 0) - (debit or 0)
    cell, flag = cells.of("amount"), text_of(cells.of("flag")).upper().strip(" .")
    amount, mark = _marked(cell, cells.currency)
    if amount is None or not (flag or mark):
        return amount
    sign = _FLAGS.get(flag or mark)
    if sign is None:
        raise Rejected("row.sign", f"{flag[:20]!r} says neither credit nor debit.")
    return sign * abs(amount)


def _signed_balance(cells: _Cells) -> int | None:
    amount, mark = _marked(cells.of("balance"), cells.currency)
    flag = text_of(cells.of("balance_flag")).upper().strip(" .") or mark
    if amount is not None and _FLAGS.get(flag) == -1:
        return -abs(amount)
    return amount


def _marked(cell: Cell, currency: str) -> tuple[int | None, str]:
    """Read `1,200.00 Dr` into the amount and its mark."""
    found = _SIGNED.fullmatch(cell) if isinstance(cell, str) and len(cell) <= 40 else None
    if found:
        return _minor(found[1] or None, currency), found[2].upper()
    return _minor(cell, currency), ""


def _minor(cell: Cell, currency: str) -> int | None:
    if isinstance(cell, str) and cell.upper() in ("NIL", "NA", "N/A"):
        return None
    return minor_of(cell, currency)


def code_of(cell: Cell) -> str:
    """Return the ISO code in a currency column; rupees have several names."""
    code = text_of(cell).upper().strip(" .")
    return "INR" if code in ("RS", "₹", "RUPEES") else code


def _quiet(cells: _Cells) -> int | None:
    try:
        return _signed_balance(cells)
    except Rejected:
        return None


def _where(sheet: str, number: int) -> str:
    return f"{sheet} row {number + 1}".strip()


def _in_range(day: date | None) -> date | None:
    return day if day is not None and EARLIEST <= day <= LATEST else None
