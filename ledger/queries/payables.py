"""What is asked about paying: what must go and when, and how things stand with one vendor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PayablesAhead:
    """What is to be paid, late first, then by day, as PayablesAheadView. `span`: late, week (with what is late), all.

    `until` ends a week earlier; `first` rows after the first `skip`.
    """

    span: str = "week"
    until: date | None = None
    first: int = 8
    skip: int = 0


@dataclass(frozen=True, slots=True)
class VendorCard:
    """One vendor in full, as VendorView. NotFound if there is no such party."""

    party_id: UUID


@dataclass(frozen=True, slots=True)
class VendorsByIds:
    """What concerns several parties as vendors, as dict[UUID, VendorSide]; for loaders."""

    ids: tuple[UUID, ...]
