"""What a table file is read into: a book of sheets, a sheet of rows, a row of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from kit.errors import Rejected

Cell = str | Decimal | date | datetime | None
"""Text without blanks around it (never empty), an exact number, a day, a moment without zone, or nothing."""
Row = list[Cell]
Kind = Literal["xlsx", "xls", "html", "delimited"]

MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELLS = 3_000_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet (unnamed in text and pages): row 1 of the file is `rows[0]`, empty rows are kept so that row numbers are the file's own."""

    name: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Book:
    """One file: what it really is, its sheets, and when it says it was last saved (aware, XLSX only)."""

    kind: Kind
    sheets: tuple[Sheet, ...]
    modified: datetime | None = None


def check_size(rows: int, columns: int) -> None:
    """Raise Rejected if a sheet of these dimensions is more than we read."""
    if rows > MAX_ROWS:
        raise Rejected(
            "file.too_many_rows",
            f"The file has {rows:,} rows; {MAX_ROWS:,} is the most that is read at once.",
            remedy="Split it by period and send the parts.",
        )
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise Rejected(
            "file.too_many_cells",
            f"The file has a sheet of {rows:,} rows by {columns:,} columns.",
            remedy="Delete the empty rows and columns after the data, save, and send it again.",
        )


def clean(text: str) -> str | None:
    """Return `text` without blanks at its ends (no-break and zero-width ones too); None if nothing is left."""
    return text.strip(" \t\r\n\v\f\u00a0\u200b\ufeff") or None
