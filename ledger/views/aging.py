"""Balances and their age; amounts in minor units of `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.views import Page


@dataclass(frozen=True, slots=True)
class AgedSum:
    """Open bills by age. `bills` = `not_due` + `undated` + the buckets; `net` = `bills` − `on_account`.

    `undated`: bills without a due date, which are never overdue. `buckets` follow the report's days, the last one
    holds what is older. `on_account`: money and credit notes that no bill has taken.
    """

    currency: str
    bills: int
    not_due: int
    undated: int
    buckets: tuple[int, ...]
    on_account: int

    @property
    def overdue(self) -> int:
        """What is in the buckets."""
        return sum(self.buckets)

    @property
    def net(self) -> int:
        """What is owed after money on account."""
        return self.bills - self.on_account


@dataclass(frozen=True, slots=True)
class AgedParty:
    """One party in one currency; `oldest_days` of its oldest bill in the buckets, 0 if there is none."""

    party_id: UUID
    party_name: str
    sums: AgedSum
    oldest_days: int


@dataclass(frozen=True, slots=True)
class AgingPage(Page):
    """A page of an aging report. `day`: ages count to its end; `signed_until`: the closed period as signed.

    `totals` are over all pages, one a currency; `bounds` the buckets' first and last days (None: and more).
    """

    rows: tuple[AgedParty, ...] = ()
    side: str = "receivable"
    basis: str = "due"
    day: date = date.min
    known_at: datetime | None = None
    signed_until: date | None = None
    bounds: tuple[tuple[int, int | None], ...] = ()
    totals: tuple[AgedSum, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceView:
    """How a party stood on one side in one currency: `net` = `bills` − `on_account`."""

    side: str
    currency: str
    bills: int
    on_account: int
    net: int
    signed_until: date | None = None
