"""Setting money against documents: what fits, on which day it falls, what was kept back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.domain.derive.model import Document, Money


@dataclass(slots=True, eq=False)
class Share:
    """What the books put under a name (None: on account); `left` of it is not carried out yet."""

    name: str | None
    left: int


@dataclass(slots=True)
class Line:
    """What a decision, the books or a reference wants of one document; `left` is what it hasn't got yet.

    `shares` are limits that it has in common with other lines: one name may stand for several documents.
    """

    document: Document
    kind: str
    left: int
    why: str
    shares: tuple[Share, ...] = ()

    @property
    def limit(self) -> int:
        """The most that it may still take."""
        return min([self.left, *(share.left for share in self.shares)])

    def spend(self, amount: int) -> None:
        """Note that it got `amount`."""
        self.left -= amount
        for share in self.shares:
            share.left -= amount


def pay(money: Money, document: Document, amount: int, *, why: str) -> int:
    """Set up to `amount` of money against a document; until the document's day it stands on account."""
    reserve = 0
    if document.reserve_on and money.first_day <= document.reserve_on:
        reserve = min(document.reserve, max(money.left_on(document.reserve_on) - money.allocated, 0))
    fits = min(amount, document.remaining + reserve)
    if fits <= 0:
        return 0
    document.reserve -= min(reserve, fits)
    day = on_document(money, document, "advance", -fits, money.day)
    document.enter("receipt", -fits, day, money.anchor)
    money.allocations.append((document, "receipt", fits, why))
    return fits


def deduct(money: Money, line: Line, amount: int) -> int:
    """Set up to `amount` that the payer kept back against a document; it takes nothing of the money itself."""
    document = line.document
    fits = min(amount, document.room(money.first_day))
    if fits <= 0:
        return 0
    day = max(money.day, document.issued_on)
    if (
        line.why == "stated" and money.day < day
    ):  # kept back of an advance: until the bill is made, on account
        money.advance += [("deduction", -fits, money.day), ("deduction", fits, day)]
    document.take_off("deduction", fits, day, money.anchor, known=money.first_day)
    money.allocations.append((document, line.kind, fits, line.why))
    return fits


def credit(note: Document, document: Document, amount: int) -> int:
    """Set up to `amount` of a credit note against a document."""
    if note.currency != document.currency or document.kind == "credit_note" or document.closed:
        return 0
    day = max(note.issued_on, document.issued_on)
    room = document.room(day) if document.reserve_of_all else document.remaining
    fits = min(amount, note.remaining, room)
    if fits <= 0:
        return 0
    if document.reserve_of_all:
        document.take_off("credit_note", fits, day, note.anchor)
    else:
        document.enter("credit_note", -fits, day, note.anchor)
    note.enter("applied", -fits, day, document.anchor)
    return fits


def on_document(money: Money, document: Document, kind: str, amount: int, day: date) -> date:
    """Return the day on which an entry falls on the document; before that day it is posted on account."""
    if day < document.issued_on:
        money.advance.append((kind, amount, day))
        money.advance.append(("advance", -amount, document.issued_on))
    return max(day, document.issued_on)
