"""Closing the books of a period and opening them again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """Sign what is known now of all days until `until` (itself included). Result: ClosedPeriodView."""

    until: date
    note: str


@dataclass(frozen=True, slots=True)
class ReopenPeriod:
    """Take the closing of a period back: its days are reported by what is known now again. Result: None."""

    until: date
    note: str | None = None
