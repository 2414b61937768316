"""What may be asked of the money ahead; owner, finance and view-only see it, sales doesn't."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CashAhead:
    """Whether the money will be enough, 14 days day by day and 8 weeks week by week, as CashAheadView."""


@dataclass(frozen=True, slots=True)
class RecurringDues:
    """What falls due besides bills, confirmed and proposed, as DuesView."""


@dataclass(frozen=True, slots=True)
class MsmedInterest:
    """Interest on overdue bills that the MSMED Act gives a micro or small supplier, as MsmedView. Never for a reminder."""


@dataclass(frozen=True, slots=True)
class VendorLimits:
    """By when micro and small vendors must be paid for their bills to be deductible in the year, as VendorLimitsView."""
