"""Reading the value of a cell as a day, an amount or text, the Indian way: day first, lakh and crore commas."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from kit.errors import Rejected
from kit.money import minor_from_decimal
from kit.tabular.cells import Cell

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",),
            ("jun", "june"), ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"),
            ("oct", "october"), ("nov", "november"), ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_TIME = r"(?:[ T,]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?)?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})([/.\- ])(\d{{1,2}}|[A-Za-z]{{3,9}})\2(\d{{4}}|\d{{2}}){_TIME}")
_YEAR_FIRST = re.compile(rf"(\d{{4}})([/.-])(\d{{1,2}})\2(\d{{1,2}}){_TIME}(?:Z|[+-]\d{{2}}:?\d{{2}})?")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
_MARKS = re.compile(r"[\s₹\u00a0\u200b]|INR|Rs\.?", re.IGNORECASE)
_GROUPED = re.compile(r"-?\d{1,3}(?:,\d{2})*,\d{3}(?:\.\d+)?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"-?\d+(?:\.\d*)?|-?\.\d+")


def day_of(cell: Cell) -> date | None:
    """Read a cell as a day, day before month always (`01/09/26`, `1 Sep 2026`, `03-04-2026 19:40:46`); None if it isn't one."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str) or not 6 <= len(cell) <= 40:
        return None
    if found := _DAY_FIRST.fullmatch(cell):
        day, month, year = int(found[1]), found[3], int(found[4])
    elif found := _YEAR_FIRST.fullmatch(cell):
        day, month, year = int(found[4]), found[3], int(found[1])
    elif found := _MONTH_FIRST.fullmatch(cell):
        day, month, year = int(found[2]), found[1], int(found[3])
    else:
        return None
    number = int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0)
    try:
        return date(year + 2000 if year < 100 else year, number, day)
    except ValueError:
        return None


def minor_of(cell: Cell, currency: str = "INR") -> int | None:
    """Read a cell as signed minor units: `1,20,000.00`, `₹ 500`, `(1,000)`, `500-`, `-\\t,77,65,682.30`; None if blank.

    A lone dash is blank. Commas must stand where Indian or western grouping puts them, so that a decimal comma is
    refused rather than read a hundredfold. Raises Rejected where it isn't an amount.
    """
    if cell is None:
        return None
    if isinstance(cell, Decimal):
        return minor_from_decimal(cell, currency)
    if not isinstance(cell, str):
        raise Rejected("amount.unreadable", f"{cell} is a date, not an amount.")
    text = _MARKS.sub("", cell)
    if not text.strip("-–—"):
        return None
    negative = False
    if text[0] == "(" and text[-1] == ")":
        negative, text = True, text[1:-1]
    elif text[-1] == "-" and text[0] != "-":
        negative, text = True, text[:-1]
    text = text.replace("−", "-").removeprefix("+")
    if text.startswith("-,"):  # how Axis groups a negative balance
        text = "-" + text[2:]
    if len(text) > 30 or not (_PLAIN.fullmatch(text) or _GROUPED.fullmatch(text)):
        raise Rejected("amount.unreadable", f"{cell[:40]!r} is not an amount.")
    value = minor_from_decimal(Decimal(text.replace(",", "")), currency)
    return -value if negative else value


def text_of(cell: Cell) -> str:
    """Return a cell as the text that a person would read: numbers without exponent, days as YYYY-MM-DD, nothing as ''."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return cell


def header_key(cell: Cell) -> str:
    """Reduce a heading to what is compared: `Withdrawal Amount (INR )` and `withdrawal amount` are one."""
    if not isinstance(cell, str) or len(cell) > 60:
        return ""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"\([^)]*\)", "", cell.lower()))
