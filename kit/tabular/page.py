"""Tables in HTML, which banks like to name .xls: tags are read for their text, nothing in them is run or fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from kit.errors import Rejected
from kit.tabular.cells import MAX_COLUMNS, MAX_ROWS, Row, check_size, clean

MAX_PAGE = 8_000_000
_MAX_SPAN = 60
_MAX_NESTING = 40
_SILENT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"(/?[A-Za-z][A-Za-z0-9:]*|[!?])")
_SPAN = re.compile(r"\bcolspan\s*=\s*[\"']?(\d{1,3})\b", re.IGNORECASE)
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
    rows = _TableReader().read(text)
    check_size(len(rows), max((len(row) for row in rows), default=0))
    return rows


@dataclass(slots=True)
class _OpenTable:
    """A table being read: where its open row will stand, that row, and the pieces of its open cell."""

    place: int = -1
    row: Row | None = None
    cell: list[str] | None = None
    span: int = 1


class _TableReader:
    """A scanner of tags and text, linear in the page however broken it is (the standard library's parser isn't)."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._tables: list[_OpenTable] = []

    def read(self, text: str) -> list[Row]:
        """Return the rows of a page; what it left open is closed at its end."""
        for piece in _SILENT.sub(" ", text).split("<")[1:]:
            tag, closed, data = piece.partition(">")
            name = _NAME.match(tag)
            if not closed or name is None:
                self._text(f"<{piece}")
                continue
            self._tag(name[1].lower(), tag)
            self._text(data)
        while self._tables:
            self._close_row(self._tables.pop())
        return self._rows

    def _tag(self, name: str, tag: str) -> None:
        if name == "table":
            if len(self._tables) >= _MAX_NESTING:
                raise Rejected(
                    "file.markup", "The tables are nested too deep.", remedy="Download it as Excel or CSV."
                )
            self._tables.append(_OpenTable())
        elif name == "tr":
            self._open_row()
        elif name in ("td", "th"):
            if not self._tables or self._tables[-1].row is None:
                self._open_row()
            table = self._tables[-1]
            _close_cell(table)
            span = _SPAN.search(tag)
            table.cell, table.span = [], min(max(int(span[1]), 1), _MAX_SPAN) if span else 1
        elif name in _BREAKS:
            self._text(" ")
        elif not self._tables:
            return
        elif name in ("/td", "/th"):
            _close_cell(self._tables[-1])
        elif name == "/tr":
            self._close_row(self._tables[-1])
        elif name == "/table":
            self._close_row(self._tables.pop())

    def _text(self, data: str) -> None:
        if self._tables:
            cell = self._tables[-1].cell
            if cell is not None:
                cell.append(unescape(data) if "&" in data else data)

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
