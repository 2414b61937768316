"""What an open bill is, what may be kept back of it, and how a selection of bills that explains an amount reads. Pure,
in paise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from kit.ids import derived
from ledger.domain.matching.rates import Cut

ROUNDING = 100
"""One rupee a bill: deductions are rounded."""
MAX_BILLS = 200
"""Bills of one party that are looked at, oldest first."""
LUCKY = 50
"""Of 1,000: from here on some bills that add up may well do so by chance."""

Shape = Literal["one", "all_open", "all_due", "row", "some", "oldest"]


@dataclass(frozen=True, slots=True)
class Bill:
    """An open bill; `base` is its taxable value, if known."""

    anchor: UUID
    number: str | None
    party: UUID
    outstanding: int
    amount: int
    base: int | None
    due_on: date | None
    issued_on: date


@dataclass(frozen=True, slots=True)
class Discount:
    """A cash discount by terms: thousandths of a per cent of the bill, if paid within so many days of it."""

    rate: int
    within_days: int

    @property
    def cut(self) -> Cut:
        """The same as a cut."""
        return Cut((("cash_discount", self.rate),), f"if paid within {self.within_days} days")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be missing besides tax: the party's discount, a rounding, what a bank may have charged (paise)."""

    discount: Discount | None = None
    round_off: int = ROUNDING
    bank_charge: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """Bills that explain an amount: lines of (bill, amount, kind), and what was assumed to be kept back.

    `left` stays on account; `chance`: in how many of 1,000 cases as many bills would add up by luck.
    """

    bills: tuple[Bill, ...]
    lines: tuple[tuple[Bill, int, str], ...]
    cut: Cut | None = None
    shape: Shape = "one"
    mistaken: bool = False
    left: int = 0
    chance: int = 0

    @property
    def cut_amount(self) -> int:
        """What the payer would have kept back."""
        return sum(amount for _, amount, kind in self.lines if kind != "receipt")

    @property
    def base(self) -> int:
        """The value that the deduction is computed on."""
        whole = self.mistaken or (self.cut is not None and by_terms(self.cut))
        return sum(bill.amount if whole else bill.base or 0 for bill in self.bills)

    @property
    def id(self) -> str:
        """A name made from what it says: the same proposal has the same name for ever."""
        parts = [f"{bill.anchor}:{amount}:{kind}" for bill, amount, kind in self.lines]
        return f"fit_{derived('fit', *sorted(parts)).hex[:10]}"

    @property
    def why(self) -> str:
        """The stage: exact, all_open, all_due, oldest_row, subset, deduction, cash_discount, round_off, bank_charge,
        part_payment, oldest_first, overpaid."""
        if self.cut is not None:
            return "cash_discount" if by_terms(self.cut) else "deduction"
        kept = {kind for _, _, kind in self.lines} - {"receipt"}
        if kept:
            return min(kept)
        if self.shape == "oldest":
            if self.left:
                return "overpaid"
            return "part_payment" if len(self.bills) == 1 else "oldest_first"
        names = {"one": "exact", "row": "oldest_row", "some": "subset"}
        return "round_off" if self.left else names.get(self.shape, self.shape)

    @property
    def rank(self) -> int:
        """Falling evidence: 0 one bill exactly … 10 a bank's charge, 11 oldest first."""
        run = self.shape != "one"
        if self.shape == "oldest":
            return 11
        if self.mistaken:
            return 9
        if self.cut is not None:
            return 8 if self.shape == "some" else 6 + run
        if self.cut_amount or self.left:
            return 4 if self.why == "round_off" else 10
        if self.shape == "some":
            return 5 if self.chance <= LUCKY else 8
        return ("one", "all_open", "all_due", "row").index(self.shape)

    @property
    def words(self) -> tuple[str, ...]:
        """The evidence in words: `amount exact after the deduction`, `all 5 open bills`."""
        many = len(self.bills)
        exact = {
            "deduction": "amount exact after the deduction",
            "cash_discount": f"amount exact after the discount {self.cut.why if self.cut else ''}",
            "round_off": "amount exact but for a rounding",
            "bank_charge": "a little less, as a bank's charge makes it",
            "part_payment": "part of the oldest bill",
            "oldest_first": f"the oldest {many} bills first",
            "overpaid": f"pays all {many} open bills" if many > 1 else "pays the only open bill",
        }.get(self.why, "amount exact")
        which = {
            "all_open": f"all {many} open bills",
            "all_due": f"all {many} bills that were due",
            "row": f"the oldest {many} bills",
            "some": f"no other bills add up to it{' (but many could)' if self.chance > LUCKY else ''}",
        }.get(self.shape)
        wrong = "cut on GST as well, which is a common mistake" if self.mistaken else None
        return tuple(word for word in (exact, which, wrong) if word)


@dataclass(frozen=True, slots=True)
class Found:
    """What fits, best first; `gave_up`: there were too many bills to look at every selection of them.

    `rivals`: other bills together come to exactly the same, so that it is no proof that some do.
    """

    fits: tuple[Fit, ...]
    gave_up: bool = False
    rivals: bool = False

    @property
    def only(self) -> Fit | None:
        """The best fit, if nothing else of the same evidence fits as well."""
        if not self.fits or (len(self.fits) > 1 and self.fits[0].rank == self.fits[1].rank):
            return None
        best = self.fits[0]
        return None if self.rivals and best.shape not in ("one", "all_open") else best


def days_in_words(day: date, bills: Iterable[Bill]) -> str:
    """Say when the money came, seen from the (first) bill's due date: `4 days after due`."""
    bill = min(bills, key=lambda item: (item.due_on or item.issued_on, item.anchor))
    return when_in_words(day, due_on=bill.due_on, issued_on=bill.issued_on)


def when_in_words(day: date, *, due_on: date | None, issued_on: date) -> str:
    """Say when money came that is for one bill: `4 days after due`, `on the day of the bill`."""
    late = (day - (due_on or issued_on)).days
    what = "due" if due_on else "the bill"
    if late == 0:
        return "on the due day" if due_on else "on the day of the bill"
    return f"{abs(late)} day{'s' if abs(late) != 1 else ''} {'after' if late > 0 else 'before'} {what}"


def by_terms(cut: Cut) -> bool:
    """Whether it is a discount by terms, computed on the whole bill."""
    return any(kind == "cash_discount" for kind, _ in cut.parts)
