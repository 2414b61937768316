"""Workbooks that were measured first, read into sheets of exact cells."""

from __future__ import annotations

import io
import math
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import python_calamine
from python_calamine import CalamineWorkbook, SheetTypeEnum

from kit.errors import Rejected
from kit.tabular.cells import Cell, Row, Sheet, check_size, clean
from kit.tabular.package import macros, password

MAX_SHEETS = 40
_FRACTION_DIGITS = 4
"""Excel keeps 0.30000000000000004; no amount, rate or quantity here has more digits than this."""


def read_workbook(stored: bytes) -> tuple[Sheet, ...]:
    """Read the worksheets of a workbook that `package` or `compound` made; Rejected if it is damaged or locked."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(stored))
        if any(sheet.typ is SheetTypeEnum.MacroSheet for sheet in book.sheets_metadata):
            raise macros()
        names = [sheet.name for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        if len(names) > MAX_SHEETS:
            raise Rejected(
                "file.too_many_sheets",
                f"The workbook has {len(names)} sheets.",
                remedy=f"Keep the ones that matter, {MAX_SHEETS} at most.",
            )
        return tuple(Sheet(name, _rows(book, name)) for name in names)
    except Rejected:
        raise
    except python_calamine.PasswordError:
        raise password() from None
    except (python_calamine.CalamineError, ValueError, TypeError, OSError, KeyError, IndexError) as error:
        raise _damaged() from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how a panic in Rust arrives; not an Exception
            raise
        raise _damaged() from None


def _rows(book: CalamineWorkbook, name: str) -> list[Row]:
    sheet = book.get_sheet_by_name(name)
    check_size(sheet.total_height, sheet.total_width)
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    while rows and not any(cell is not None for cell in rows[-1]):
        rows.pop()
    return rows


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        return clean(value) if value else None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        if value.is_integer() and abs(value) < 2**63:
            return Decimal(int(value))
        return Decimal(repr(round(value, _FRACTION_DIGITS)))
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value
    if isinstance(value, date):
        return value
    return clean(str(value))


def _damaged() -> Rejected:
    return Rejected(
        "file.damaged", "The workbook is damaged or cut short.", remedy="Download it again and send that."
    )
