"""Guessing the columns of an unknown table: by what stands in them, by their headings, and by the running balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import permutations, product

from connectors.bank.columns import (
    Guess,
    figure_of,
    fingerprint,
    in_format,
    is_day,
    role_name,
)
from kit.errors import Rejected
from kit.tabular import Cell, day_of, header_key, text_of

_SEEN = 400
"""Rows that are looked at to tell columns apart; a proof goes over all rows."""
_MOST = 0.8
_SAMPLE = 5
_FLAGS = {"CR": 1, "C": 1, "CREDIT": 1, "DEPOSIT": 1, "DR": -1, "D": -1, "DEBIT": -1, "WITHDRAWAL": -1}
_HINTS = (
    ("balance", ("balance", "bal")),
    ("debit", ("debit", "withdraw", "paid", "moneyout", "outflow", "spent", "dr")),
    ("credit", ("credit", "deposit", "received", "moneyin", "inflow", "cr")),
    ("amount", ("amount", "amt", "value", "sum")),
    (
        "narration",
        ("narration", "description", "particular", "detail", "remark", "memo", "text", "purpose", "payee"),
    ),
    ("reference", ("ref", "utr", "rrn", "chq", "cheque", "instrument", "txnid", "transactionid")),
)
_MOST_FIGURES = 8
_Named = dict[str, int]


def guess(rows: Sequence[Sequence[Cell]]) -> Guess | None:
    """Return what the columns of a table seem to be; None if there is no heading over dated rows with figures."""
    first = next((n for n, row in enumerate(rows[:250]) if _is_data(row)), None)
    if first is None:
        return None
    heading = next((n for n in range(first - 1, -1, -1) if any(cell is not None for cell in rows[n])), None)
    if heading is None or not _is_heading(rows[heading]):
        return None
    headings = tuple(text_of(cell) for cell in rows[heading])
    body = [row for row in rows[first:] if any(cell is not None for cell in row)]
    table = _Columns(headings, body)
    if table.date is None or not table.money:
        return None
    return table.guess(fingerprint(rows[heading]))


def _is_data(row: Sequence[Cell]) -> bool:
    if sum(cell is not None for cell in row) < 3:
        return False
    days = [place for place, cell in enumerate(row) if is_day(cell)]
    return bool(days) and any(_is_figure(cell) for place, cell in enumerate(row) if place not in days)


def _is_heading(row: Sequence[Cell]) -> bool:
    named = [cell for cell in row if cell is not None]
    return len(named) >= 3 and not any(is_day(cell) or _is_figure(cell) for cell in named)


def _is_figure(cell: Cell) -> bool:
    return _figure(cell, ".") is not None or _figure(cell, ",") is not None


def _figure(cell: Cell, decimal: str) -> int | None:
    try:
        return figure_of(cell, decimal)
    except Rejected:
        return None


class _Columns:
    """The columns of a table by what stands in them."""

    def __init__(self, headings: Sequence[str], body: Sequence[Sequence[Cell]]) -> None:
        self.headings = headings
        width = max(len(headings), *(len(row) for row in body[:_SEEN]))
        self._width = min(width, len(headings))
        seen = body[:_SEEN]
        cells = [[row[p] for row in seen if p < len(row) and row[p] is not None] for p in range(self._width)]
        days = [p for p in range(self._width) if _mostly(map(is_day, cells[p]), len(cells[p]))]
        self.valued = next((p for p in days if "val" in header_key(headings[p])), None)
        self.date = next((p for p in days if p != self.valued), self.valued)
        if self.date == self.valued:
            self.valued = None
        self.body = [
            row for row in body if self.date is not None and self.date < len(row) and is_day(row[self.date])
        ]
        self.decimal = self._decimal(cells, days)
        self.flags = [p for p in range(self._width) if _mostly(map(_is_flag, cells[p]), len(cells[p]))]
        figures = [
            p
            for p in range(self._width)
            if p not in days
            and p not in self.flags
            and (self._are_figures(cells[p]) or (not cells[p] and _hint(headings[p]) in ("debit", "credit")))
        ]
        self.money = [p for p in figures if not self._is_number(p, cells[p])]
        rest = [p for p in range(self._width) if p not in (*days, *self.flags, *self.money) and cells[p]]
        self.texts = sorted(rest, key=lambda p: -sum(len(text_of(cell)) for cell in cells[p]) / len(cells[p]))
        self.date_format, self.is_sure = self._date_format()

    def _are_figures(self, cells: Sequence[Cell]) -> bool:
        return _mostly(
            (_figure(cell, self.decimal) is not None or _is_dash(cell) for cell in cells), len(cells)
        )

    def _decimal(self, cells: Sequence[Sequence[Cell]], days: Sequence[int]) -> str:
        points = commas = 0
        for place, column in enumerate(cells):
            if place not in days:
                for cell in column:
                    point, comma = _figure(cell, ".") is not None, _figure(cell, ",") is not None
                    points += point and not comma
                    commas += comma and not point
        return "," if commas > points else "."

    def _is_number(self, place: int, cells: Sequence[Cell]) -> bool:
        """Return whether a column of figures holds serial numbers or references, not amounts: never a fraction, padded, or called so."""
        if role_name(self.headings[place]) in ("debit", "credit", "amount", "balance"):
            return False
        texts = [text_of(cell) for cell in cells]
        if any("." in text or "," in text for text in texts):
            return False
        key = header_key(self.headings[place])
        is_serial = texts == [str(number) for number in range(1, len(texts) + 1)]
        return (
            is_serial
            or any((len(text) > 1 and text.startswith("0")) or len(text) > 10 for text in texts)
            or key in ("sl", "slno", "sno", "srno", "no")
            or _hint(self.headings[place]) == "reference"
        )

    def _date_format(self) -> tuple[str, bool]:
        """Tell 03/04 from 04/03: by a part beyond twelve, else by the order of the rows, else day first."""
        places = [place for place in (self.date, self.valued) if place is not None]
        cells = [row[p] for row in self.body for p in places if p < len(row) and row[p] is not None]
        day_first = sum(isinstance(cell, str) and day_of(cell) is None for cell in cells)
        month_first = sum(_turned(cell) is None for cell in cells)
        if not any(isinstance(in_format(cell, "mdy"), date) and isinstance(cell, str) for cell in cells):
            return "dmy", day_first == 0  # months in letters, the year first, or real dates
        if day_first != month_first:
            return ("dmy", day_first == 0) if day_first < month_first else ("mdy", month_first == 0)
        assert self.date is not None
        rising = _is_sorted([day_of(row[self.date]) for row in self.body])
        turned = _is_sorted([_turned(row[self.date]) for row in self.body])
        if rising != turned:
            return ("dmy" if rising else "mdy"), True
        return "dmy", False

    def guess(self, name: str) -> Guess:
        columns: _Named = {"date": self.date or 0}
        if self.valued is not None:
            columns["value_date"] = self.valued
        proved = self._proved()
        columns |= proved or self._named()
        for place in self.texts:
            hint = role_name(self.headings[place]) or _hint(self.headings[place])
            if hint in ("narration", "reference") and hint not in columns:
                columns[hint] = place
            elif role_name(self.headings[place]) == "currency":
                columns.setdefault("currency", place)
        if "narration" not in columns:
            free = [place for place in self.texts if place not in columns.values()]
            if free:
                columns["narration"] = free[0]
        if "reference" not in columns:
            numbers = [
                place for place in self.texts if place not in columns.values() and self._is_numbered(place)
            ]
            if numbers:
                columns["reference"] = numbers[0]
        stored: dict[str, int | str] = dict(columns)
        if self.date_format == "mdy":
            stored["date_format"] = "mdy"
        if self.decimal == ",":
            stored["decimal"] = ","
        sample = tuple(tuple(text_of(cell) for cell in row) for row in self.body[:_SAMPLE])
        return Guess(
            name, tuple(self.headings), stored, len(self.body), proved is not None, self.is_sure, sample
        )

    def _is_numbered(self, place: int) -> bool:
        cells = [text_of(row[place]) for row in self.body if place < len(row) and row[place] is not None]
        return _mostly((" " not in cell and any(map(str.isdigit, cell)) for cell in cells), len(cells))

    def _named(self) -> _Named:
        """Go by headings where no balance proves a reading."""
        named: _Named = {}
        for place in self.money:
            hint = role_name(self.headings[place]) or _hint(self.headings[place])
            if hint in ("debit", "credit", "amount", "balance") and hint not in named:
                named[hint] = place
        left = [place for place in self.money if place not in named.values()]
        if left and not {"debit", "credit"} <= named.keys() and "amount" not in named:
            named["amount"] = left[0]
        if {"debit", "credit"} <= named.keys():
            named.pop("amount", None)
        elif "amount" in named:
            named.pop("debit", None)
            named.pop("credit", None)
            if self.flags:
                named["flag"] = self.flags[0]
        return named

    def _proved(self) -> _Named | None:
        """Return the one reading whose amounts and balances agree over all rows; None if there is none, or several."""
        if len(self.money) > _MOST_FIGURES or not self._runs():
            return None
        fitting = self._fitting(self.body[:_SEEN], self._choices())
        if len(self.body) > _SEEN:
            fitting = self._fitting(self.body, fitting)
        return fitting[0] if len(fitting) == 1 else None

    def _runs(self) -> int:
        """Return 1 if the days rise, -1 if they fall, 0 if they don't tell: then a debit could pass for a credit."""
        assert self.date is not None
        days = [day_of(in_format(row[self.date], self.date_format)) for row in self.body]
        known = [day for day in days if day is not None]
        if len(known) < len(days) or len(set(known)) < 2:
            return 0
        return 1 if known == sorted(known) else -1 if known == sorted(known, reverse=True) else 0

    def _choices(self) -> list[_Named]:
        """Return every way to take amounts and a balance from the columns of figures."""
        sides: list[_Named] = [
            {"debit": debit, "credit": credit} for debit, credit in permutations(self.money, 2)
        ]
        sides += [{"amount": place} for place in self.money]
        sides += [{"amount": place, "flag": flag} for place, flag in product(self.money, self.flags)]
        return [
            {**side, "balance": place} for side in sides for place in self.money if place not in side.values()
        ]

    def _fitting(self, rows: Sequence[Sequence[Cell]], choices: Sequence[_Named]) -> list[_Named]:
        """Return the choices that add up; of those that read the same amounts, the one that the headings name."""
        figures = {p: [_figure(_at(row, p), self.decimal) for row in rows] for p in self.money}
        found: dict[tuple[tuple[int, ...], int], _Named] = {}
        for choice in choices:
            balances, amounts = figures[choice["balance"]], _amounts(rows, choice, figures)
            if amounts is None or not any(amounts) or None in balances:
                continue
            if _agrees(amounts[:: self._runs()], balances[:: self._runs()]):
                key = tuple(amounts), choice["balance"]
                if key not in found or self._fit(choice) > self._fit(found[key]):
                    found[key] = choice
        return list(found.values())

    def _fit(self, columns: _Named) -> int:
        return sum(
            (role_name(self.headings[place]) or _hint(self.headings[place])) == name
            for name, place in columns.items()
        )


def _amounts(
    rows: Sequence[Sequence[Cell]], choice: _Named, figures: Mapping[int, Sequence[int | None]]
) -> list[int] | None:
    """Return the signed amounts of a choice; None where it can't be right in some row."""
    if "debit" in choice:
        sides = list(zip(figures[choice["debit"]], figures[choice["credit"]], strict=True))
        if any((out and came) or (out is None and came is None) for out, came in sides):
            return None
        return [(came or 0) - (out or 0) for out, came in sides]
    if None in figures[choice["amount"]]:
        return None
    plain = [value or 0 for value in figures[choice["amount"]]]
    if "flag" not in choice:
        return plain
    signs = [_FLAGS.get(_flag(_at(row, choice["flag"]))) for row in rows]
    if None in signs:
        return None
    return [(sign or 0) * abs(value) for sign, value in zip(signs, plain, strict=True)]


def _at(row: Sequence[Cell], place: int) -> Cell:
    return row[place] if place < len(row) else None


def _agrees(amounts: Sequence[int], balances: Sequence[int | None]) -> bool:
    carried = balances[0]
    for amount, balance in zip(amounts[1:], balances[1:], strict=True):
        if carried is None or balance is None or carried + amount != balance:
            return False
        carried = balance
    return True


def _mostly(true: Iterable[bool], count: int) -> bool:
    return count > 0 and sum(true) >= _MOST * count


def _is_flag(cell: Cell) -> bool:
    return _flag(cell) in _FLAGS


def _is_dash(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip("-–— ")


def _flag(cell: Cell) -> str:
    return text_of(cell).upper().strip(" .")


def _turned(cell: Cell) -> date | None:
    return day_of(in_format(cell, "mdy"))


def _is_sorted(days: Sequence[date | None]) -> bool:
    known = [day for day in days if day is not None]
    return len(set(known)) > 1 and (known == sorted(known) or known == sorted(known, reverse=True))


def _hint(heading: str) -> str:
    key = header_key(heading)
    for name, hints in _HINTS:
        if any(hint in key if len(hint) > 2 else key == hint for hint in hints):
            return name
    return ""
