"""A statement as every format becomes it: lines in the file's order, the balances at both ends, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from connectors.bank.preamble import Frame
from connectors.contract import Unreadable

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Details:
    """What a line says in fields of its own, where others have only a narration.

    `parts` are the texts of a batch's payments: they belong to no single payer, and are only searched for numbers.
    """

    name: str = ""
    account: str = ""
    ifsc: str = ""
    references: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: where it stands, minor units signed as the account holder sees them."""

    row: int
    posted_on: date
    amount: int
    narration: str
    value_on: date | None = None
    reference: str = ""
    balance: int | None = None
    details: Details | None = None


@dataclass(slots=True)
class Table:
    """The lines of a statement as read, in file order, what was not readable, and where the table ended."""

    lines: list[Line] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    gaps: set[int] = field(default_factory=set)
    """Numbers of lines before which a row could not be read: no balance is carried across."""
    opening: int | None = None
    closing: int | None = None
    empty_amounts: int = 0
    """Dated rows with no amount at all (a note of the bank, a charge of nothing)."""
    last_row: int = 0

    def miss(self, where: str, code: str, reason: str) -> None:
        """Note what can't be read where it stands."""
        self.unreadable.append(Unreadable(where, code, reason))
        self.gaps.add(len(self.lines))


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account in one currency; `place` says which of the file's it is."""

    table: Table
    frame: Frame
    layout: str
    bank: str | None = None
    currency: str = "INR"
    place: str = ""
    ignored: Sequence[str] = ()
    """Entries that are known and not booked (pending, expected): they come again when they are."""
    warnings: Sequence[str] = ()
    reversals: int = 0


def squeeze(text: str) -> str:
    """Return `text` on one line with single blanks and without control characters."""
    squeezed = " ".join(text.split())
    return squeezed if squeezed.isprintable() else "".join(filter(str.isprintable, squeezed))
