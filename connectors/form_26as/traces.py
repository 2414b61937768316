"""The text file of TRACES: lines parted by `^`, a deductor's line with his totals, below it his rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from connectors.contract import Unreadable
from connectors.form_26as.entries import TAN, Entry, checked
from kit.errors import Rejected
from kit.money import format_minor
from kit.tabular import day_of, header_key, minor_of

_Role = Literal[
    "name", "tan", "section", "date", "status", "booked", "remarks", "base", "deducted", "deposited"
]
_HEADINGS: Mapping[str, _Role] = {
    "nameofdeductor": "name", "tanofdeductor": "tan", "section": "section", "transactiondate": "date",
    "statusofbooking": "status", "dateofbooking": "booked", "remarks": "remarks", "amountpaidcredited": "base",
    "totalamountpaidcredited": "base", "taxdeducted": "deducted", "totaltaxdeducted": "deducted",
    "tdsdeposited": "deposited", "totaltdsdeposited": "deposited", "amountpaid": "base", "totalamountpaid": "base",
    "taxdeposited": "deposited",
}  # fmt: skip
_HEADING = re.compile(r"sr\.?\s*no\.?$", re.IGNORECASE)
_NOTHING = re.compile(r"no transactions? present", re.IGNORECASE)
_PART = re.compile(r"part[\s-]*[a-z0-9]{1,5}\b", re.IGNORECASE)


@dataclass(slots=True)
class Statement:
    """What a file says: its rows, what couldn't be read, and the lines of parts that are no deductions from us."""

    entries: list[Entry] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    created_on: date | None = None
    pan: str = ""
    year: str = ""
    deductors: int = 0


@dataclass(slots=True)
class _Deductor:
    where: str
    name: str
    tan: str
    total: int | None
    rows: int = 0
    sum: int = 0


def looks_like_it(text: str) -> bool:
    """Return whether a text is the file of TRACES: carets, and the headings of a deductor."""
    head = text[:200_000].casefold()
    return "^" in head and "tan of deductor" in head


def read_statement(text: str) -> Statement:
    """Read the whole file; Rejected if no part of it lists deductors with their rows."""
    return _Reading().read(text)


class _Reading:
    """One pass over the lines."""

    def __init__(self) -> None:
        self.out = Statement()
        self._outer: Mapping[_Role, int] | None = None
        self._inner: Mapping[_Role, int] | None = None
        self._deductor: _Deductor | None = None
        self._part = ""
        self._known = False

    def read(self, text: str) -> Statement:
        lines = [[cell.strip() for cell in line.split("^")] for line in text.splitlines()]
        for number, cells in enumerate(lines, start=1):
            if not any(cells) or _NOTHING.search(" ".join(cells)):
                continue
            if cells[0].casefold() == "file creation date" and number < len(lines):
                self._about(cells, lines[number])
            elif any(_HEADING.match(cell) for cell in cells[:2]):
                self._heading(cells)
            elif _PART.match(title := " ".join(filter(None, cells))):
                self._close()
                self._part, self._outer, self._inner = title[:60], None, None
            elif self._part or self._outer is not None:
                self._row(cells, f"line {number}")
        self._close()
        if not self._known:
            raise Rejected(
                "26as.not_known",
                "No part of it lists deductors with TAN, section, date and tax, as the text file of TRACES does.",
                remedy="Download Form 26AS from TRACES with View As: Text, unpack it, and send the .txt file.",
            )
        return self.out

    def _about(self, names: Sequence[str], values: Sequence[str]) -> None:
        told = {header_key(name): value for name, value in zip(names, values, strict=False)}
        self.out.created_on = day_of(told.get("filecreationdate") or None)
        self.out.pan = told.get("permanentaccountnumber", "").upper()
        self.out.year = told.get("financialyear", "")

    def _heading(self, cells: Sequence[str]) -> None:
        columns: dict[_Role, int] = {}
        for place, cell in enumerate(cells):
            if (role := _HEADINGS.get(header_key(cell))) is not None:
                columns.setdefault(role, place)
        if {"name", "tan"} <= columns.keys():
            self._close()
            self._outer, self._inner, self._known = columns, None, True
        elif {"section", "date"} <= columns.keys() and columns.keys() & {"deducted", "deposited"}:
            self._inner = columns if self._outer is not None else None
        else:
            self._close()
            self._outer = self._inner = None

    def _row(self, cells: Sequence[str], where: str) -> None:
        if self._outer is None:
            self.out.ignored.append(f"{self._part or 'before the parts'}: {where}")
            return
        tan = _at(cells, self._outer, "tan").upper()
        try:
            if TAN.fullmatch(tan):
                self._close()
                name = " ".join(_at(cells, self._outer, "name").split())
                self._deductor = _Deductor(where, name, tan, _money(cells, self._outer, "deposited"))
                self.out.deductors += 1
            elif (found := self._detail(cells, where)) is not None:
                self.out.entries.append(found)
            elif cells[0].casefold().startswith(("total", "grand total")):
                self.out.ignored.append(f"sum: {where}")
            else:
                raise Rejected("row.unknown", "It is neither a deductor with a TAN nor a row with a date.")
        except Rejected as error:
            self.out.unreadable.append(Unreadable(where, error.code, error.message))

    def _detail(self, cells: Sequence[str], where: str) -> Entry | None:
        """Read a deductor's row; some writers leave out the empty field before it, so it may stand one to the left."""
        columns = self._inner
        if columns is None:
            return None
        for shift in (0, 1):
            moved: Mapping[_Role, int] = {role: place - shift for role, place in columns.items()}
            on = day_of(_at(cells, moved, "date") or None)
            if on is None:
                continue
            if self._deductor is None:
                raise Rejected("row.deductor_missing", "It stands below no deductor.")
            deducted, deposited = _money(cells, moved, "deducted"), _money(cells, moved, "deposited")
            if deducted is None and deposited is None:
                raise Rejected("row.amount_missing", "It names no tax.")
            self._deductor.rows += 1
            self._deductor.sum += deposited if deposited is not None else deducted or 0
            return checked(
                Entry(
                    where=where,
                    deductor=self._deductor.name,
                    tan=self._deductor.tan,
                    pan="",
                    section=section_of(_at(cells, moved, "section")),
                    on=on,
                    base=_money(cells, moved, "base") or 0,
                    deducted=deducted if deducted is not None else deposited or 0,
                    deposited=deposited,
                    status=_at(cells, moved, "status").strip("-")[:20],
                    booked_on=day_of(_at(cells, moved, "booked") or None),
                )
            )
        return None

    def _close(self) -> None:
        """End a deductor: his rows must add up to his total."""
        one, self._deductor = self._deductor, None
        if one is None or one.total is None:
            return
        if not one.rows and one.total:
            self.out.unreadable.append(
                Unreadable(
                    one.where,
                    "26as.no_rows",
                    f"{one.name[:60]} has a total and no rows: a summary says no dates.",
                )
            )
        elif one.rows and one.sum != one.total:
            self.out.warnings.append(
                f"{one.name[:60]}: the rows add up to {format_minor(one.sum)}, the total says {format_minor(one.total)}"
            )


def section_of(text: str) -> str:
    """Write a section the same way however it is typed: `194 c` → `194C`, `Sec. 194J(b)` → `194J(b)`."""
    word = re.sub(r"^(?:u/s|sec(?:tion)?\.?|s\.)\s*", "", " ".join(text.split()), flags=re.IGNORECASE)
    found = re.fullmatch(r"(\d{2,3})[\s-]*([A-Za-z]{0,3})(.*)", word)
    return f"{found[1]}{found[2].upper()}{found[3].strip()}"[:40] if found else word[:40]


def _at(cells: Sequence[str], columns: Mapping[_Role, int], role: _Role) -> str:
    place = columns.get(role)
    return cells[place] if place is not None and 0 <= place < len(cells) else ""


def _money(cells: Sequence[str], columns: Mapping[_Role, int], role: _Role) -> int | None:
    return minor_of(_at(cells, columns, role) or None)
