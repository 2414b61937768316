"""What a reminder and a pay page are made of; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ledger.views import SourceView

Strength = Literal["soft", "hard", "final"]
"""How much a hold weighs: soft is overruled with a tap, hard only by who answers questions and after seeing why, final never."""


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """A bank account that statements name: the likely answer to where customers shall pay."""

    source: str
    label: str
    account: str


@dataclass(frozen=True, slots=True)
class PaymentDetailsView:
    """How customers pay the firm; `phone` as WhatsApp wants it. `known`: accounts of connected banks."""

    upi_id: str | None = None
    payee: str | None = None
    bank: str | None = None
    account: str | None = None
    ifsc: str | None = None
    phone: str | None = None
    known: tuple[KnownAccount, ...] = ()

    @property
    def by_transfer(self) -> bool:
        """Whether a bank transfer can be made with what is known."""
        return bool(self.account and self.ifsc)

    @property
    def payable(self) -> bool:
        """Whether a customer can pay at all with what is known."""
        return bool(self.upi_id) or self.by_transfer


@dataclass(frozen=True, slots=True)
class ReminderBill:
    """An open bill as a customer sees it; `amount` after what he has on account; `days` late, 0 if it isn't."""

    number: str | None
    issued_on: date
    due_on: date | None
    days: int
    amount: int


@dataclass(frozen=True, slots=True)
class ReminderHold:
    """One thing that speaks against a reminder now.

    Codes: nothing_due, disputed (final); entry, stale (hard); promise, cheque, said_paid, reminded, grace, not_due (soft).
    """

    code: str
    strength: Strength
    on: date | None = None
    amount: int | None = None
    who: str | None = None
    entries: tuple[str, ...] = ()
    sources: tuple[SourceView, ...] = ()


@dataclass(frozen=True, slots=True)
class ReminderView:
    """A reminder as it would go out now, and what speaks against it.

    `asked`: what is late (two days and more), else what is overdue, else `net`: all that is open, less what is on
    account and what is disputed. `kind`: late, grace (since yesterday), not_due, nothing. `phone` as WhatsApp wants it.
    `bills`: at most five of those that `asked` is made of, oldest first; `more` of them come to `more_amount`.
    """

    party_id: UUID
    party_name: str
    firm: str
    currency: str
    kind: str
    net: int
    asked: int
    on_account: int
    disputed: int
    days: int
    bills: tuple[ReminderBill, ...]
    more: int
    more_amount: int
    phone: str | None
    language: str
    pay: PaymentDetailsView
    holds: tuple[ReminderHold, ...] = ()

    def against(self, overruled: tuple[str, ...]) -> tuple[ReminderHold, ...]:
        """Return what still speaks against it when some of it is overruled."""
        return tuple(h for h in self.holds if h.strength == "final" or h.code not in overruled)


@dataclass(frozen=True, slots=True)
class PreparedReminder:
    """A reminder with its pay page; `key` is told here only."""

    view: ReminderView
    key: str
    language: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LateCustomer:
    """A customer who is late; `asked` as in ReminderView."""

    party_id: UUID
    name: str
    asked: int
    days: int
    currency: str


@dataclass(frozen=True, slots=True)
class LateCustomersView:
    """Those who may be reminded now, and by what the others are held, with how many each; `stale`: what isn't up to date."""

    rows: tuple[LateCustomer, ...]
    held: tuple[tuple[str, int], ...] = ()
    stale: tuple[SourceView, ...] = ()


@dataclass(frozen=True, slots=True)
class PayPageView:
    """What a customer sees on his pay page: his own account with the firm and nothing else of it.

    `asked` and `bills` as in ReminderView (all of them, at most 50); `later`: what is open besides and not asked for;
    `on_account`: what was taken off. `reference` marks payments that come by this page.
    """

    firm: str
    customer: str
    currency: str
    as_on: datetime
    timezone: str
    kind: str
    asked: int
    later: int
    on_account: int
    bills: tuple[ReminderBill, ...]
    more: int
    more_amount: int
    language: str
    reference: str
    pay: PaymentDetailsView = field(default_factory=PaymentDetailsView)
