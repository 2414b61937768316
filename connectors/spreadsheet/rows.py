"""One row of the canonical sheet: its cells into the data of one event, or the reason why not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import stdnum.exceptions
import stdnum.in_.gstin
import stdnum.in_.pan

from connectors.spreadsheet.columns import Role, RowType, roles_of_word
from kit.errors import Rejected
from kit.tabular import Cell, day_of, minor_of, text_of

MAX_NAME = 200
MAX_NOTES = 1_000
_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)
_KIND: Mapping[RowType, tuple[str, str]] = {
    "invoice": ("invoice", "invoice.issued"),
    "bill": ("bill", "bill.received"),
    "credit_note": ("credit_note", "credit_note.issued"),
    "opening_receivable": ("opening", "opening.stated"),
    "opening_payable": ("opening", "opening.stated"),
    "party": ("party", "party.upserted"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What one row says: the event, the identity it is about, and what looks odd but was kept."""

    event_type: str
    kind: str
    external_id: str
    data: dict[str, Any]
    warnings: tuple[str, ...] = ()


class Row:
    """The cells of one row by role."""

    __slots__ = ("_cells", "_columns")

    def __init__(self, cells: Sequence[Cell], columns: Mapping[Role, int]) -> None:
        self._cells = cells
        self._columns = columns

    def has(self, role: Role) -> bool:
        """Return whether the sheet has a column for `role`."""
        return role in self._columns

    def cell(self, role: Role) -> Cell:
        place = self._columns.get(role)
        return self._cells[place] if place is not None and place < len(self._cells) else None

    def text(self, role: Role, limit: int = MAX_NAME) -> str:
        text = " ".join(text_of(self.cell(role)).split())
        text = "".join(character for character in text if character.isprintable())
        if len(text) > limit:
            raise Rejected("row.too_long", f"{_heading(role)} is longer than {limit} characters.")
        return text

    def minor(self, role: Role) -> int | None:
        try:
            return minor_of(self.cell(role))
        except Rejected as error:
            raise Rejected("row.amount", f"{_heading(role)}: {error.message}") from None

    def day(self, role: Role) -> date | None:
        cell = self.cell(role)
        if cell is None or (isinstance(cell, str) and not cell.strip("-–— ")):
            return None
        day = day_of(cell)
        if day is None:
            raise Rejected(
                "row.date", f"{_heading(role)}: {text_of(cell)[:30]!r} is not a date; write 31/12/2026."
            )
        if not _EARLIEST <= day <= _LATEST:
            raise Rejected("row.date", f"{_heading(role)}: {day:%d/%m/%Y} is out of range.")
        return day


def read_row(row: Row, kind: RowType, *, as_on: date) -> Fact:
    """Read a row of type `kind`; Rejected with the reason. `as_on` dates an opening balance that has no date."""
    party, warnings = _party(row)
    if kind == "party":
        return _party_fact(row, party, warnings)
    if kind in ("opening_receivable", "opening_payable"):
        return _opening_fact(row, kind, party, warnings, as_on)
    return _document_fact(row, kind, party, warnings)


def name_key(text: str) -> str:
    """Reduce a name or number to its letters, marks and digits in capitals, in any script: what an identity is made of."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in folded if unicodedata.category(character)[0] in "LMN")


def financial_year(day: date) -> str:
    """Return the Indian financial year of `day`: 2026-11-20 → `2026-27`. Document numbers restart with it."""
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"


def _party(row: Row) -> tuple[dict[str, Any], list[str]]:
    name = row.text("party")
    if not name_key(name):
        raise Rejected("row.party_missing", "The party's name is missing.")
    party: dict[str, Any] = {"name": name}
    warnings: list[str] = []
    for role, check in (("gstin", stdnum.in_.gstin), ("pan", stdnum.in_.pan)):
        code = re.sub(r"[\s.-]", "", row.text(role)).upper()  # type: ignore[arg-type]
        if not code:
            continue
        party[role] = code
        try:
            check.validate(code)
        except stdnum.exceptions.ValidationError:
            warnings.append(f"{role.upper()} {code} of {name} doesn't look right; it was kept as it is.")
    for role in ("phone", "email"):
        if value := row.text(role):  # type: ignore[arg-type]
            party[role] = value
    return party, warnings


def _party_fact(row: Row, party: dict[str, Any], warnings: list[str]) -> Fact:
    data = dict(party)
    terms = _terms(row)
    if terms is not None:
        data["terms_days"] = terms
    roles = roles_of_word(row.text("type"))
    if roles:
        data["roles"] = roles
    kind, event_type = _KIND["party"]
    return Fact(event_type, kind, _identity(party["name"]), data, tuple(warnings))


def _opening_fact(row: Row, kind: RowType, party: dict[str, Any], warnings: list[str], as_on: date) -> Fact:
    amount = row.minor("amount")
    if amount is None:
        amount = row.minor("outstanding")
    if amount is None:
        raise Rejected("row.amount_missing", "The amount is missing.")
    side = "receivable" if kind == "opening_receivable" else "payable"
    if amount < 0:
        other = "Opening payable" if side == "receivable" else "Opening receivable"
        raise Rejected(
            "row.amount_negative", f"The balance is negative: enter it as {other}, without the minus."
        )
    data = {
        "party": party,
        "side": side,
        "amount": amount,
        "currency": "INR",
        "as_on": (row.day("date") or as_on).isoformat(),
    }
    name, event_type = _KIND[kind]
    return Fact(event_type, name, _identity(party["name"], side), data, tuple(warnings))


def _document_fact(row: Row, kind: RowType, party: dict[str, Any], warnings: list[str]) -> Fact:
    number = row.text("number", 100)
    if not name_key(number):
        raise Rejected("row.number_missing", "The number is missing.")
    issued_on = row.day("date")
    if issued_on is None:
        raise Rejected("row.date_missing", "The date is missing.")
    amount, paid = _amounts(row, kind)
    data: dict[str, Any] = {
        "number": number,
        "party": party,
        "issued_on": issued_on.isoformat(),
        "amount": amount,
        "currency": "INR",
    }
    due_on = row.day("due_on")
    terms = _terms(row)
    if due_on is None and terms is not None and kind != "credit_note":
        due_on = issued_on + timedelta(days=terms)
    if due_on is not None:
        data["due_on"] = due_on.isoformat()
        if due_on < issued_on:
            warnings.append(f"{number} of {party['name']} is due before its date.")
    base = row.minor("base")
    if base is not None:
        base = abs(base) if kind == "credit_note" else base
        if not 0 <= base <= amount:
            raise Rejected("row.base", "Taxable value must be between nothing and the amount.")
        data["base"] = base
    if paid is not None:
        data["paid"] = paid
        if paid > amount:
            warnings.append(f"More is paid on {number} of {party['name']} than its amount.")
    notes = row.text("notes", MAX_NOTES)
    if notes:
        data["description"] = notes
    name, event_type = _KIND[kind]
    identity = _identity(party["name"], name_key(number), financial_year(issued_on))
    return Fact(event_type, name, identity, data, tuple(warnings))


def _amounts(row: Row, kind: RowType) -> tuple[int, int | None]:
    """Return total and paid; an outstanding column gives the one that is missing."""
    amount, paid, outstanding = row.minor("amount"), row.minor("paid"), row.minor("outstanding")
    if kind == "credit_note" and amount is not None:
        return abs(amount), None  # some programs write them with a minus
    if amount is None:
        if outstanding is None:
            raise Rejected("row.amount_missing", "The amount is missing.")
        amount = outstanding + (paid or 0)
    elif outstanding is not None:
        if paid is not None and amount - paid != outstanding:
            raise Rejected("row.amounts_disagree", "Amount less Paid so far is not what is outstanding.")
        paid = amount - outstanding
    if amount < 0 or (outstanding or 0) < 0 or (paid or 0) < 0:
        raise Rejected(
            "row.amount_negative",
            "An amount is negative: enter a return as Credit note, an advance as Opening payable.",
        )
    if paid is None and row.has("paid"):
        paid = 0
    return amount, paid


def _terms(row: Row) -> int | None:
    cell = row.cell("terms")
    text = cell if isinstance(cell, Decimal) else row.text("terms").lower()
    if isinstance(text, Decimal):
        days = int(text) if text == text.to_integral_value() else -1
    elif found := re.fullmatch(r"(?:net )?(\d{1,4})(?: ?days?)?", text):
        days = int(found[1])
    elif text in ("", "-"):
        return None
    else:
        raise Rejected("row.terms", f"Terms (days): {text[:30]!r} is not a number of days.")
    if not 0 <= days <= 3_650:
        raise Rejected("row.terms", "Terms (days) must be between 0 and 3,650.")
    return days


def _identity(name: str, *parts: str) -> str:
    return "/".join((name_key(name), *parts))


def _heading(role: Role) -> str:
    return {
        "party": "Party", "number": "Number", "date": "Date", "due_on": "Due date", "amount": "Amount",
        "base": "Taxable value", "paid": "Paid so far", "outstanding": "Outstanding", "gstin": "GSTIN", "pan": "PAN",
        "phone": "Phone", "email": "Email", "terms": "Terms (days)", "notes": "Notes", "type": "Type", "due": "Due",
    }[role]  # fmt: skip
