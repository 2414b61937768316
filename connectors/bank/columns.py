"""Tables whose headings we don't know: a guess of what each column is, and the layout that a business confirmed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from connectors.bank.layouts import ROLE_OF, Header, Role
from kit.errors import Rejected
from kit.tabular import Cell, day_of, header_key, minor_of, text_of

DateFormat = Literal["dmy", "mdy"]
NAMES: Mapping[str, Role] = {
    "date": "posted", "value_date": "valued", "narration": "narration", "reference": "reference", "debit": "debit",
    "credit": "credit", "amount": "amount", "flag": "flag", "balance": "balance", "currency": "currency",
}  # fmt: skip
"""What a person calls a column, and the role that it plays."""
DATE_FORMATS: Mapping[str, str] = {"dmy": "day first", "mdy": "month first"}
DECIMALS = (".", ",")
_NAME_OF = {role: name for name, role in NAMES.items()}
_MONEY = ("debit", "credit", "amount", "balance")
_SLASHED = re.compile(r"\s*(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?!\d)")
_COMMA = re.compile(
    r"([+-]?\(?)(\d{1,3}(?:[. ]\d{3})+|\d+)(?:,(\d{1,4}))?(\)?\s*(?:[CD]R?\.?)?)", re.IGNORECASE
)


def fingerprint(header: Sequence[Cell]) -> str:
    """Return the short name of a row of headings: equal however they are spaced and capitalised."""
    headings = [" ".join(text_of(cell).split()).casefold() for cell in header]
    while headings and not headings[-1]:
        headings.pop()
    return hashlib.sha256("\x1f".join(headings).encode()).hexdigest()[:12]


def check_columns(columns: Mapping[str, Any], *, width: int | None = None) -> None:
    """Raise Rejected unless these columns (from 0) are enough to read a statement, and each is there once."""
    places: dict[int, str] = {}
    for name, value in columns.items():
        if name == "date_format" or name == "decimal":
            allowed: Sequence[str] = tuple(DATE_FORMATS) if name == "date_format" else DECIMALS
            if value not in allowed:
                raise _wrong(f"{name} is one of {', '.join(allowed)}.")
        elif name not in NAMES:
            raise _wrong(f"{name[:40]!r} is none of {', '.join(NAMES)}.")
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _wrong(f"{name} must be the number of a column.")
        elif width is not None and value >= width:
            raise _wrong(f"{name} is column {value + 1}; the file has {width}.")
        elif value in places:
            raise _wrong(f"Column {value + 1} can't be both {places[value]} and {name}.")
        else:
            places[value] = name
    named = set(places.values())
    if not {"date", "narration"} <= named or not ({"debit", "credit"} <= named or "amount" in named):
        raise _wrong("A statement needs date, narration, and either debit and credit or amount.")


def confirmed(
    rows: Sequence[Sequence[Cell]], layouts: Mapping[str, Any], *, within: int = 200
) -> tuple[Header, list[list[Cell]]] | None:
    """Return heading and rows of a table that a business has confirmed, its dates and amounts made plain."""
    for number, row in enumerate(rows[:within]):
        if sum(cell is not None for cell in row) < 3:
            continue
        columns = layouts.get(fingerprint(row))
        if not isinstance(columns, Mapping):
            continue
        check_columns(columns)
        places: dict[Role, int] = {NAMES[name]: place for name, place in columns.items() if name in NAMES}
        plain = made_plain(
            rows, columns, date_format=columns.get("date_format", "dmy"), decimal=columns.get("decimal", ".")
        )
        return Header(number, places, "confirmed", None), plain
    return None


def made_plain(
    rows: Sequence[Sequence[Cell]], columns: Mapping[str, Any], *, date_format: str, decimal: str
) -> list[list[Cell]]:
    """Return rows with month-first dates turned into days and decimal commas into points, in their own columns."""
    dates = [columns[name] for name in ("date", "value_date") if name in columns and date_format == "mdy"]
    money = [columns[name] for name in _MONEY if name in columns and decimal == ","]
    plain = [list(row) for row in rows]
    for row in plain if dates or money else ():
        for place in dates:
            if place < len(row):
                row[place] = in_format(row[place], "mdy")
        for place in money:
            if place < len(row):
                row[place] = with_point(row[place])
    return plain


def in_format(cell: Cell, date_format: str) -> Cell:
    """Return a cell with a month-first date as a day; other cells, and days that don't exist, as they are."""
    if date_format == "mdy" and isinstance(cell, str) and (found := _SLASHED.match(cell)):
        month, day, year = int(found[1]), int(found[3]), int(found[4])
        try:
            return date(year + 2000 if year < 100 else year, month, day)
        except ValueError:
            return f"{cell} (month first)"  # never read as day first instead
    return cell


def with_point(cell: Cell) -> Cell:
    """Return `1.250,50` as `1250.50`; what isn't an amount with a decimal comma stays, and is refused later."""
    if not isinstance(cell, str):
        return cell
    found = _COMMA.fullmatch(cell)
    if found is None:
        return f"{cell} (decimal comma)" if re.search(r"\d", cell) else cell
    whole = found[2].replace(".", "").replace(" ", "")
    return f"{found[1]}{whole}.{found[3] or '0'}{found[4]}"


def role_name(heading: Cell) -> str:
    """Return what a heading says that its column is, in a person's word; empty if we don't know it."""
    key = header_key(heading)
    role = ROLE_OF.get(key)
    return _NAME_OF.get(role, "") if role else ""


def is_day(cell: Cell) -> bool:
    """Return whether a cell can be a date, in either order."""
    if isinstance(cell, date | datetime):
        return True
    return day_of(cell) is not None or isinstance(in_format(cell, "mdy"), date)


def figure_of(cell: Cell, decimal: str) -> int | None:
    """Return a cell as hundredths, None if it is blank; Rejected if it isn't an amount."""
    return minor_of(with_point(cell) if decimal == "," else cell)


def _wrong(message: str) -> Rejected:
    return Rejected(
        "bank.columns_invalid",
        message,
        remedy="See `munshi source columns SOURCE` for the columns of the file and how to name them.",
    )


@dataclass(frozen=True, slots=True)
class Guess:
    """What the columns of an unknown table seem to be; `columns` as they are stored when confirmed."""

    fingerprint: str
    headings: tuple[str, ...]
    columns: Mapping[str, Any]
    rows: int
    is_proved: bool
    """Amounts and balances agree over all rows in this reading, and in no other."""
    is_sure_of_dates: bool
    sample: tuple[tuple[str, ...], ...]

    @property
    def is_complete(self) -> bool:
        """Return whether it could be confirmed as it stands."""
        try:
            check_columns(self.columns)
        except Rejected:
            return False
        return True

    def told(self) -> str:
        """Say the guess in one sentence."""
        parts = [
            f"{name.replace('_', ' ')} = {place + 1} “{self.headings[place][:30]}”"
            for name, place in self.columns.items()
            if name in NAMES
        ]
        order = DATE_FORMATS[self.columns.get("date_format", "dmy")]
        sure = order if self.is_sure_of_dates else f"{order}, assumed"
        comma = "; decimal comma" if self.columns.get("decimal") == "," else ""
        proof = "; proved by the balance" if self.is_proved else ""
        return f"{', '.join(parts)} ({sure}{comma}{proof}; {self.rows} rows)"
