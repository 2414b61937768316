"""What decisions of people look like once they are made: each with its way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.views import AnswerOption


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision: what was said in words, by whom, when, and whether it may be taken back."""

    id: UUID
    type: str
    words: str
    by: str | None
    at: datetime
    standing: bool = True
    amount: int | None = None
    currency: str | None = None
    note: str | None = None
    can_undo: bool = False


@dataclass(frozen=True, slots=True)
class HeldPayment:
    """Money that was reported and isn't confirmed: it is with `member`, not handed in; in paise."""

    payment_id: UUID
    party_id: UUID | None
    party_name: str | None
    amount: int
    currency: str
    method: str | None
    paid_on: date
    number: str | None
    note: str | None
    reported_at: datetime


@dataclass(frozen=True, slots=True)
class RepCash:
    """What one member has reported and not handed in, oldest first; `amount` (paise) of each currency apart."""

    member_id: UUID | None
    member_name: str
    currency: str
    amount: int
    payments: tuple[HeldPayment, ...]


@dataclass(frozen=True, slots=True)
class ChequeInHand:
    """A cheque that isn't cleared yet; `post_dated`: it may not be given to the bank before its day."""

    id: UUID
    party_id: UUID | None
    party_name: str | None
    number: str
    bank: str | None
    dated_on: date | None
    amount: int
    currency: str
    status: str
    post_dated: bool


@dataclass(frozen=True, slots=True)
class DeductionClaim:
    """What a customer kept back of a bill and nobody has judged yet; in paise."""

    id: UUID
    invoice_id: UUID
    invoice_number: str | None
    party_id: UUID
    party_name: str
    kind: str
    amount: int
    currency: str
    at: datetime
    note: str | None
    words: str


@dataclass(frozen=True, slots=True)
class AlikeView:
    """How many open questions are alike (at most 500 are counted), and the answers that all of them take."""

    conflict_id: UUID
    title: str
    count: int
    answers: tuple[AnswerOption, ...]


@dataclass(frozen=True, slots=True)
class BulkView:
    """What one answer to many questions did: `answered` of `found`, and `skipped` that changed meanwhile."""

    id: UUID
    answer: str
    label: str
    answered: int
    skipped: int
    conflicts: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member who may answer questions."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class OpenBill:
    """A bill to pick by hand: what is open of it, the receipt's own share included; in paise."""

    id: UUID
    number: str | None
    issued_on: date
    due_on: date | None
    open: int
    currency: str


@dataclass(frozen=True, slots=True)
class PickView:
    """The bills that the money of one question may be set against, oldest first; in paise.

    `bills` is the page after the first `skip`, `more` are behind it; `chosen` are those asked for by id.
    """

    receipt_id: UUID
    amount: int
    currency: str
    party_id: UUID | None
    party_name: str | None
    bills: tuple[OpenBill, ...]
    more: int = 0
    skip: int = 0
    chosen: tuple[OpenBill, ...] = ()
