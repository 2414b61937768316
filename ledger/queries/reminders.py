"""What is asked before a customer is reminded, and what his pay page shows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """How customers pay the firm, as PaymentDetailsView."""


@dataclass(frozen=True, slots=True)
class ReminderFor:
    """What a reminder to a customer would say, and what speaks against it now, as ReminderView."""

    party_id: UUID


@dataclass(frozen=True, slots=True)
class RemindersByIds:
    """ReminderFor several customers, as dict[UUID, ReminderView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class LateCustomers:
    """Customers who are late and may be reminded now, most urgent first, as LateCustomersView.

    `overrule` names what is not to count against anybody (`stale`, say).
    """

    first: int = 40
    overrule: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PayPage:
    """What a pay page shows today (system only), as PayPageView; NotFound for a key that is unknown or has run out."""

    key_hash: bytes
