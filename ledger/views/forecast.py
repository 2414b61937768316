"""What is expected of customers; amounts in minor units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

HABIT, PROMISE, CHEQUE = "habit", "promise", "cheque"
DISPUTED, QUESTION, ON_ACCOUNT, UNKNOWN = "disputed", "question", "on_account", "unknown"


@dataclass(frozen=True, slots=True)
class ExpectedPart:
    """A part of what a bill leaves to pay; `on` None: not expected, as `why` says.

    `why`: habit, promise, cheque; or disputed, question, unknown.
    """

    amount: int
    on: date | None
    low: date | None
    high: date | None
    why: str


@dataclass(frozen=True, slots=True)
class BillExpectation:
    """When a bill will be paid in full: its last part's day; four bills of five are paid from `low` to `high`.

    `amount` is what is left of it after money on account; `why` on_account: nothing is.
    """

    invoice_id: UUID
    party_id: UUID
    amount: int
    on: date | None
    low: date | None
    high: date | None
    why: str
    parts: tuple[ExpectedPart, ...]


@dataclass(frozen=True, slots=True)
class PartyOutlookView:
    """By what it is known when a customer will pay. Days late are from due to payment, medians over paid bills.

    `cheques` are in hand and not cleared; promises count when their day has passed, kept if money came from the day
    they were given to that day. `next_on`: the first day on which something is expected; `next_amount` of that day.
    """

    party_id: UUID
    currency: str
    usual_days_late: int | None
    last_three_days_late: int | None
    promise_on: date | None
    promise_amount: int | None
    promise_broken: bool
    promises_kept: int
    promises_broken: int
    cheques: int
    cheques_amount: int
    cheque_on: date | None
    next_on: date | None
    next_amount: int
    bills: tuple[BillExpectation, ...]


@dataclass(frozen=True, slots=True)
class ExpectedDay:
    """What is expected to come on one day, in all and of whom."""

    on: date
    amount: int
    parties: int
