"""The financial year: it begins on 1 April in India, and documents are numbered anew with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

APRIL = 4


@dataclass(frozen=True, slots=True)
class FinancialYear:
    """The year that began in the calendar year `began`; `starts_in` is its first month."""

    began: int
    starts_in: int = APRIL

    @classmethod
    def of(cls, day: date, *, starts_in: int = APRIL) -> FinancialYear:
        """Return the year that `day` lies in."""
        return cls(day.year - (day.month < starts_in), starts_in)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.began, self.starts_in, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.began + 1, self.starts_in, 1) - timedelta(days=1)

    @property
    def previous(self) -> FinancialYear:
        """The year before."""
        return FinancialYear(self.began - 1, self.starts_in)

    @property
    def name(self) -> str:
        """How it is written: 2026-27."""
        return f"{self.began}-{(self.began + 1) % 100:02d}" if self.starts_in > 1 else str(self.began)
