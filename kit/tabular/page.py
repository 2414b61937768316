"""Tables in HTML, which banks like to name .xls: tags are read for their text, nothing in them is run or fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from kit.errors import Rejected
from kit.tabular.cells import MAX_COLUMNS, MAX_ROWS, Row, check_size, clean

MAX_PAGE = 8_000_000
_MAX_SPAN = 60
_MAX_NESTING = 40
_SILENT = ("script", "style")
_BREAKS = ("br", "p", "div")


def looks_like_page(text: str) -> bool:
    """Return whether text is HTML with a table in it; Rejected if it is XML or a page without one."""
    head = text[:4000].lstrip(" \t\r\n\ufeff").lower()
    if not head.startswith("<"):
        return False
    if re.search(r"<t(?:able|r|d|h)[\s>]", text, re.IGNORECASE):
        return True
    raise Rejected(
        "file.markup",
        "This is a web page or XML file without a table in it.",
        remedy="If it is a page that asks you to log in, log in and download again, as Excel (.xlsx) or CSV.",
    )


def rows_of_page(text: str) -> list[Row]:
    """Return the rows of all tables of a page in order; a table inside a cell gives rows of its own."""
    if len(text) > MAX_PAGE:
        raise Rejected(
            "file.too_large",
            f"The page is larger than {MAX_PAGE // 1_000_000} MB.",
            remedy="Download a shorter period, or as Excel (.xlsx) or CSV.",
        )
    if text.count("<!") > 1000:  # the parser of the standard library is slow on unclosed declarations
        raise Rejected(
            "file.markup", "The page is not a table.", remedy="Download it as Excel (.xlsx) or CSV."
        )
    reader = _TableReader()
    reader.feed(text)
    reader.close()
    rows = reader.finished()
    check_size(len(rows), max((len(row) for row in rows), default=0))
    return rows


@dataclass(slots=True)
class _OpenTable:
    """A table being read: where its open row will stand, that row, and the pieces of its open cell."""

    place: int = -1
    row: Row | None = None
    cell: list[str] | None = None
    span: int = 1


class _TableReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._rows: list[Row] = []
        self._tables: list[_OpenTable] = []
        self._is_silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._is_silent = True
        elif tag == "table":
            if len(self._tables) >= _MAX_NESTING:
                raise Rejected(
                    "file.markup", "The tables are nested too deep.", remedy="Download it as Excel or CSV."
                )
            self._tables.append(_OpenTable())
        elif tag == "tr":
            self._open_row()
        elif tag in ("td", "th"):
            if not self._tables or self._tables[-1].row is None:
                self._open_row()
            table = self._tables[-1]
            _close_cell(table)
            table.cell, table.span = [], _span(dict(attrs).get("colspan"))
        elif tag in _BREAKS:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._is_silent = False
        elif not self._tables:
            return
        elif tag in ("td", "th"):
            _close_cell(self._tables[-1])
        elif tag == "tr":
            self._close_row(self._tables[-1])
        elif tag == "table":
            self._close_row(self._tables.pop())

    def handle_data(self, data: str) -> None:
        if self._tables and not self._is_silent:
            cell = self._tables[-1].cell
            if cell is not None:
                cell.append(data)

    def finished(self) -> list[Row]:
        """Close what the page left open and return the rows."""
        while self._tables:
            self._close_row(self._tables.pop())
        return self._rows

    def _open_row(self) -> None:
        if not self._tables:
            self._tables.append(_OpenTable())
        table = self._tables[-1]
        self._close_row(table)
        if len(self._rows) >= MAX_ROWS:
            check_size(len(self._rows) + 1, 1)
        table.place, table.row = len(self._rows), []
        self._rows.append([])

    def _close_row(self, table: _OpenTable) -> None:
        _close_cell(table)
        if table.row is not None:
            self._rows[table.place] = table.row
        table.row = None


def _close_cell(table: _OpenTable) -> None:
    if table.cell is not None and table.row is not None:
        table.row.append(clean(" ".join("".join(table.cell).split())))
        table.row.extend([None] * (table.span - 1))
        if len(table.row) > MAX_COLUMNS:
            check_size(1, len(table.row))
    table.cell = None


def _span(value: str | None) -> int:
    return min(int(value), _MAX_SPAN) if value and value.isascii() and value.isdigit() and value != "0" else 1
