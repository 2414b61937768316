"""Sheets of a workbook that is written row by row: constant memory, however long they get."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from kit.money import currency_digits

MOST_ROWS = 1_000_000
"""Excel has 1,048,576: what is more goes on in a sheet of its own."""
_LONGEST = 8_000
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""What a cell can't hold; line breaks stay."""
_DAY_ZERO = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in letters."""

    name: str
    width: int


@dataclass(frozen=True, slots=True)
class Amount:
    """Money in minor units, as a cell shows it."""

    minor: int
    currency: str


class Book:
    """A workbook on its way to a file; times are the business's own."""

    def __init__(self, target: Path, *, title: str, made_at: datetime, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._book = xlsxwriter.Workbook(
            str(target),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "tmpdir": str(target.parent),
            },
        )
        self._book.set_properties({"title": title, "created": made_at.replace(tzinfo=None)})
        self._heading = self._book.add_format({"bold": True, "bg_color": "#E8F0E4", "bottom": 1})
        self._bold = self._book.add_format({"bold": True, "font_size": 14})
        self._moment = self._book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "dd/mm/yyyy"})
        self._whole = self._book.add_format({"num_format": "#,##0"})
        self._money: dict[int, Any] = {}

    def sheet(self, name: str, columns: Sequence[Column]) -> Sheet:
        """Begin a sheet with its headings, which stay when one scrolls."""
        return Sheet(self, name, columns)

    def letter(self, name: str) -> Callable[[Iterable[Sequence[Any]]], None]:
        """Begin a sheet of few lines, and return what writes them once they are known: its title, then what is what."""
        page = self._book.add_worksheet(name)
        page.set_column(0, 0, 34)
        page.set_column(1, 1, 24)
        page.set_column(2, 3, 24)

        def write(rows: Iterable[Sequence[Any]]) -> None:
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    self.cell(page, number, place, value, self._bold if number == 0 else None)

        return write

    def close(self) -> None:
        """Write the file."""
        self._book.close()

    def begin(self, name: str, columns: Sequence[Column]) -> Any:
        """Return a new page with headings."""
        page = self._book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            page.set_column(place, place, column.width)
            page.write_string(0, place, column.name, self._heading)
        return page

    def cell(self, page: Any, row: int, place: int, value: Any, form: Any = None) -> None:
        """Write one cell by the kind of its value; nothing for None."""
        match value:
            case None:
                return
            case Amount():
                digits = currency_digits(value.currency)
                page.write_number(row, place, value.minor / 10**digits, form or self._amount(digits))
            case bool():
                page.write_string(row, place, "yes" if value else "no", form)
            case int():
                page.write_number(row, place, value, form or self._whole)
            case datetime():
                local = value.astimezone(self._zone).replace(tzinfo=None)
                page.write_datetime(row, place, local, form or self._moment)
            case date():
                page.write_number(row, place, (value - _DAY_ZERO).days, form or self._day)
            case _:
                page.write_string(row, place, _NO_TEXT.sub(" ", str(value))[:_LONGEST], form)

    def _amount(self, digits: int) -> Any:
        if digits not in self._money:
            pattern = "#,##0" + ("." + "0" * digits if digits else "")
            self._money[digits] = self._book.add_format({"num_format": pattern})
        return self._money[digits]


class Sheet:
    """Rows under headings; a sheet that is full goes on in the next."""

    def __init__(self, book: Book, name: str, columns: Sequence[Column]) -> None:
        self._book, self._name, self._columns = book, name, columns
        self._page = book.begin(name, columns)
        self._row, self._part = 0, 1
        self.rows = 0

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows."""
        for row in rows:
            if self._row >= MOST_ROWS:
                self._end()
                self._part += 1
                self._page, self._row = self._book.begin(f"{self._name} {self._part}", self._columns), 0
            self._row += 1
            self.rows += 1
            for place, value in enumerate(row):
                self._book.cell(self._page, self._row, place, value)

    def done(self) -> None:
        """Finish the sheet: its headings get filters."""
        self._end()

    def _end(self) -> None:
        self._page.autofilter(0, 0, max(self._row, 1), len(self._columns) - 1)
