"""Reminding customers: how they shall pay us, a reminder made ready, and the word that it went out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SetPaymentDetails:
    """Say how customers pay the firm (owner only). Result: PaymentDetailsView.

    What is None stays as it is, what is empty is removed. `phone` is the firm's own, for a customer's word.
    """

    upi_id: str | None = None
    payee: str | None = None
    bank: str | None = None
    account: str | None = None
    ifsc: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class PrepareReminder:
    """Make a pay page for a customer, to be sent with a reminder; nothing is said in his history by it.

    `language`: the reminder's, kept for the next one; None: the last one used. `overrule` names what speaks against it
    and is overruled, as it was seen: Stale if something else has come up. Result: PreparedReminder.
    """

    party_id: UUID
    language: str | None = None
    overrule: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogReminder:
    """Note that a reminder went out, over `amount` in minor units; the same person's word counts once a day.

    Result: DecisionView.
    """

    party_id: UUID
    amount: int
    overruled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotePayPageOpened:
    """Note that a customer looked at his pay page (system only)."""

    key_hash: bytes
