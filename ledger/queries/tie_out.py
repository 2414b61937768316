"""What may be asked of the tie-out and of closed periods; each names the view that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TieOut:
    """Our balances beside the books' at the end of a day (None: today), as TieOutPage, the largest difference first.

    Without `known_at` a day in a closed period is answered as it was signed. `apart_only`: only parties that differ.
    `lines`: at most so many single entries of each party, the largest first (0: only what they come to, by kind).
    """

    as_on: date | None = None
    party_id: UUID | None = None
    first: int = 50
    after: str | None = None
    known_at: datetime | None = None
    apart_only: bool = False
    lines: int = 20


@dataclass(frozen=True, slots=True)
class TieOutDays:
    """How it tied out on the last days, newest first, as tuple[TieOutDayView, ...]: since when it doesn't."""

    last: int = 62


@dataclass(frozen=True, slots=True)
class ClosedPeriods:
    """The periods that are closed, newest first, as tuple[ClosedPeriodView, ...]."""


@dataclass(frozen=True, slots=True)
class AfterClosing:
    """What changed in a closed period after it was closed, newest first, as AfterClosingPage; NotFound if it isn't closed."""

    until: date
    first: int = 50
    after: str | None = None
