"""What is true of a firm's money, and what its sources say: frozen facts, money in paise, days in India's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

SALES = frozenset(["bills", "on_account", "oldest_first", "advance"])
"""Kinds of money that a customer owes or gives; the rest is no sale."""

START_OF_TIME = date(2025, 6, 2)
"""The first day of every story."""


@dataclass(frozen=True, slots=True)
class Part:
    """What of a bill a payment closes: money (`receipt`) or a deduction of a kind."""

    bill: str
    amount: int
    kind: str = "receipt"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a credit really is. `how` says by which behaviour it came about.

    `explainable`: an accountant with the same papers could tell whose it is and what for.
    """

    kind: str
    how: str
    party: str | None = None
    parts: tuple[Part, ...] = ()
    explainable: bool = True
    returned_on: date | None = None
    """A cheque that came back on that day."""
    booked_on: date | None = None
    """When the books tell of it, if they ever do."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one of the firm's accounts, amount signed; credits carry the truth."""

    account: int
    day: date
    amount: int
    narration: str
    reference: str
    truth: Truth | None


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a source other than a bank says, on the day on which it reaches us."""

    day: date
    source: str
    event_type: str
    external_id: str
    data: Mapping[str, Any]
    on: date
    truth: Truth | None = None
    """Of a gateway's payment."""


@dataclass(frozen=True, slots=True)
class Account:
    """One of the firm's own accounts, and on which weekdays its statement comes (0 Monday)."""

    bank: str
    number: str
    weekdays: tuple[int, ...]
    overlap: int
    """Days of the file before that each file repeats."""


@dataclass(slots=True)
class Story:
    """All of a firm: what sources say, what is true, and how its parties pay."""

    name: str
    trade: str
    seed: int
    start: date
    until: date
    accounts: tuple[Account, ...]
    lines: list[Line] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    habits: dict[str, str] = field(default_factory=dict)
    """party → bill_wise, oldest_first, on_account."""
    numbers: dict[str, str] = field(default_factory=dict)
    """bill → its number."""
    returns: list[tuple[int, int]] = field(default_factory=list)
    """Places in `lines` of a cheque's credit and of the debit that took it back."""
    adjusted: list[tuple[date, int, Part]] = field(default_factory=list)
    """Advances that the owner later sets against the bill that came of them: day, place in `lines`, what of the bill."""
