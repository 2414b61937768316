"""What the tie-out and closed periods answer: amounts in minor units (paise), books less ours, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.domain.tie_out import in_words
from ledger.views import Page


@dataclass(frozen=True, slots=True)
class TieOutLine:
    """All entries of one kind: `amount` is what they add to the difference (books − ours)."""

    kind: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class TieOutEntry:
    """One entry that the books and we don't have alike; `number` of the bill or the reference, None: it has none."""

    kind: str
    on: date
    number: str | None
    ours: int
    books: int

    @property
    def amount(self) -> int:
        """What it adds to the difference."""
        return self.books - self.ours


@dataclass(frozen=True, slots=True)
class TieOutRow:
    """One party on one side in one currency; positive: they (payable: we) owe.

    `lines` add up to `difference`. `stated_on`: the day of the balance that the books state, None: reckoned from
    their entries alone. `entries` are the largest of those that differ, `further` counts the others.
    """

    party_id: UUID
    party_name: str
    side: str
    currency: str
    ours: int
    books: int
    stated_on: date | None
    lines: tuple[TieOutLine, ...]
    entries: tuple[TieOutEntry, ...]
    further: int

    @property
    def difference(self) -> int:
        """The books' balance less ours."""
        return self.books - self.ours

    def words(self, books: str) -> str:
        """Say what the difference consists of; empty where there is none."""
        return in_words(((x.kind, x.count, x.amount) for x in self.lines), self.currency, books=books)


@dataclass(frozen=True, slots=True)
class TieOutTotal:
    """One side in one currency over all parties: debtors (receivable) or creditors (payable)."""

    side: str
    currency: str
    ours: int
    books: int
    parties: int
    apart: int
    unexplained: int
    lines: tuple[TieOutLine, ...]

    @property
    def difference(self) -> int:
        """The books' total less ours."""
        return self.books - self.ours

    def words(self, books: str) -> str:
        """Say what the difference consists of, summed up."""
        return in_words(((x.kind, x.count, x.amount) for x in self.lines), self.currency, books=books)


@dataclass(frozen=True, slots=True)
class BooksView:
    """One set of books: its last entry's day, the day of the balances that it states, and when it was last heard."""

    source: str
    label: str
    last_entry_on: date | None
    stated_on: date | None
    heard_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TieOutPage(Page):
    """A page of parties, and the whole business's totals. `known_at` None: as known now.

    `signed_until` is the closed period that the day lies in, where the answer is as it was signed.
    """

    as_on: date
    known_at: datetime | None
    signed_until: date | None
    books: tuple[BooksView, ...]
    totals: tuple[TieOutTotal, ...]
    rows: tuple[TieOutRow, ...]

    @property
    def ties(self) -> bool:
        """Whether every party ties out."""
        return all(total.apart == 0 for total in self.totals)

    @property
    def books_name(self) -> str:
        """How the books are called in a sentence."""
        return " and ".join(dict.fromkeys(books.label for books in self.books)) or "the books"


@dataclass(frozen=True, slots=True)
class TieOutDayView:
    """How one side tied out on a day, as the daily sweep kept it."""

    on: date
    books: str
    side: str
    currency: str
    ours: int
    theirs: int
    unexplained: int
    parties: int
    apart: int


@dataclass(frozen=True, slots=True)
class ClosedPeriodView:
    """A closed period: who closed it when, what was signed, and how much changed in it since.

    `receivable` and `payable` are the signed balances at the end of `until` in the business's currency.
    """

    until: date
    closed_at: datetime
    closed_by: str
    note: str | None
    receivable: int
    payable: int
    changes: int


@dataclass(frozen=True, slots=True)
class LateChange:
    """One thing in a closed period that came, changed or went after the closing, and by how much the balance did.

    `kind`: bill, receipt, payment, credit_note, deduction, opening, write_off, set_off. `on`: the day that it counts.
    """

    party_id: UUID
    party_name: str
    side: str
    kind: str
    number: str | None
    on: date
    currency: str
    amount: int
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterClosingPage(Page):
    """A page of what changed after the closing."""

    period: ClosedPeriodView
    rows: tuple[LateChange, ...]
