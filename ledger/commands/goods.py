"""The owner's word on goods for a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HoldGoods:
    """Say that no goods go to a customer on credit, until somebody says otherwise. Result: DecisionView.

    `seen`: Stale if somebody decided after that moment.
    """

    party_id: UUID
    note: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseGoods:
    """Say that goods may go to a customer, for a week; `up_to` (paise) where it is for one order. Result: DecisionView."""

    party_id: UUID
    up_to: int | None = None
    note: str | None = None
    seen: datetime | None = None
