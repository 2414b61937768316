"""What falls due each month, and what the law gives micro and small suppliers: said by owner or finance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

EVERY_MONTH = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class StateDue:
    """Say that about `amount` (minor units) falls due on a day of each month (or of some), or correct it.

    `kind` as bank lines are called (gst, tds, pf, esi, salary, rent, emi …, else other). Who says it again of the same
    kind and payee (of the same name, where there is none) corrects it; so does `due_id`. Result: DueView.
    """

    name: str
    amount: int
    day: int
    kind: str = "other"
    months: tuple[int, ...] = EVERY_MONTH
    since: date | None = None
    until: date | None = None
    payee: str | None = None
    due_id: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class EndDue:
    """Say that it falls due until a day and no more (None: yesterday). Result: DueView."""

    due_id: UUID
    until: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RefuseDue:
    """Say that what was proposed (by its key) doesn't fall due each month: it isn't proposed again. Result: None."""

    key: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SetMsmed:
    """Say what we are by our Udyam registration, micro or small, manufacturer or service; None: off. Result: MsmedView."""

    kind: str | None
    activity: str | None = None
    registered_on: date | None = None


@dataclass(frozen=True, slots=True)
class ConfirmBankRate:
    """Confirm the Reserve Bank's bank rate (hundredths of a percent a year) from a day on. Result: MsmedView."""

    hundredths: int
    begins: date


@dataclass(frozen=True, slots=True)
class MarkVendor:
    """Say that a vendor is a micro or small enterprise, or `not`. `since`: the day of his registration.

    Result: DecisionView.
    """

    party_id: UUID
    kind: str
    since: date | None = None
    number: str | None = None
    note: str | None = None
