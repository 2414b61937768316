"""What must be paid, and one vendor in full; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.views import PartyView
from ledger.views.cash import VendorLimit


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to pay. `kind`: bill, payout (scheduled), own_cheque, due (each month, about so much).

    `on` None: no credit days agreed. `amount` is net of what was paid ahead. `last_day`: of a micro or small vendor,
    by the MSMED Act.
    """

    kind: str
    name: str
    amount: int
    on: date | None
    days_late: int = 0
    number: str | None = None
    party_id: UUID | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a day asks for; `on` None: what is late."""

    on: date | None
    amount: int


@dataclass(frozen=True, slots=True)
class PayablesAheadView:
    """What is to be paid. `rows` is the page, `count` all rows of the span; the totals are of all vendors.

    `bank`: what the banks hold (None: not known, `bank_until` of what day); `short_on`: the first day on which that
    alone isn't enough for the span, and `short_by` what is missing at its end.
    """

    today: date
    currency: str
    span: str
    until: date | None
    rows: tuple[Outgoing, ...]
    skip: int
    count: int
    total: int
    late: int
    week: int
    all: int
    days: tuple[DayTotal, ...]
    bank: int | None = None
    bank_until: date | None = None
    short_on: date | None = None
    short_by: int = 0


@dataclass(frozen=True, slots=True)
class PayoutView:
    """Money of ours that went to a vendor, or is to go (`status` payout.scheduled)."""

    id: UUID
    on: date
    amount: int
    currency: str
    status: str
    reference: str | None
    seen_in_bank: bool


@dataclass(frozen=True, slots=True)
class VendorView:
    """A vendor: the party, what is scheduled to him, what he was paid last (at most 3), and the law's limits of his
    bills where he is marked as micro or small (`size`)."""

    party: PartyView
    scheduled: tuple[PayoutView, ...]
    paid: tuple[PayoutView, ...]
    size: str | None
    limits: tuple[VendorLimit, ...]


@dataclass(frozen=True, slots=True)
class VendorSide:
    """What VendorView says of a party besides its card."""

    currency: str
    scheduled: tuple[PayoutView, ...]
    paid: tuple[PayoutView, ...]
    size: str | None
    limits: tuple[VendorLimit, ...]
