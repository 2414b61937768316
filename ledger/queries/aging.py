"""What is asked about balances and their age, today or on any day, as known now or at any moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Aging:
    """What is open of one `side` (receivable, payable) by age and party, as AgingPage, keyset-paged.

    `basis`: due (days past the due date) or bill (days since the bill's date). `days` are the buckets' last days.
    `sort`: overdue (most first), net (most first), name. `as_of` is true at the end of that day, `known_at` known at
    that moment; a day in a closed period is answered as it was signed.
    """

    side: str = "receivable"
    basis: str = "due"
    days: tuple[int, ...] = (30, 60, 90)
    first: int = 50
    after: str | None = None
    sort: str = "overdue"
    party_id: UUID | None = None
    overdue_only: bool = False
    as_of: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Balances:
    """What parties owed and were owed, as dict[UUID, tuple[BalanceView, ...]]; for loaders. A party that the actor may
    not see isn't in it; what we owe is left out for who may not see that."""

    as_of: date | None
    known_at: datetime | None
    ids: tuple[UUID, ...]
