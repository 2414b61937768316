"""What people decide outside the buttons of a question, and what they do with questions besides answering one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BillShare:
    """What of a bill is settled: `kind` is `receipt` for money, else what was kept back (`tds` …); in paise."""

    invoice_id: UUID
    amount: int
    kind: str = "receipt"


@dataclass(frozen=True, slots=True)
class AllocateReceipt:
    """Set money against bills picked by hand. Result: DecisionView.

    `receipt_id` is a receipt, or a bank line that brought one. The money in `lines` and `on_account` add up to the
    receipt. `learn`: whether the payer is known by it from now on. `seen`: Stale if somebody decided after that moment.
    """

    receipt_id: UUID
    lines: tuple[BillShare, ...] = ()
    on_account: int = 0
    party_id: UUID | None = None
    learn: str = "always"
    note: str | None = None
    conflict_id: UUID | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class RejectMatch:
    """Say that money isn't for this bill, or not of this party: the automatic match never comes back.

    Result: DecisionView.
    """

    receipt_id: UUID
    invoice_id: UUID | None = None
    party_id: UUID | None = None
    note: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClassifyMoney:
    """Say what money is if it isn't a sale's: own_transfer, loan, interest … Result: DecisionView."""

    receipt_id: UUID
    kind: str
    learn: str = "once"
    note: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class SetHabit:
    """Say how a party pays: bill_wise, oldest_first or on_account. Result: DecisionView."""

    party_id: UUID
    habit: str
    note: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkParties:
    """Say that two parties are one. Result: DecisionView."""

    party_id: UUID
    other_id: UUID
    note: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnlinkParties:
    """Take one source's record out of a party: it is somebody else. Result: DecisionView."""

    party_id: UUID
    source: str
    external_id: str
    note: str | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class WithdrawDecision:
    """Take back a decision that was made outside a question, while it stands. Result: DecisionView."""

    decision_id: UUID
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReportPayment:
    """Say that a customer has paid; it counts once somebody else confirms it. Result: DecisionView.

    `method` is cash, cheque, upi or bank; `number` the cheque's or the transfer's. Cash beyond what the law allows
    needs `acknowledged`.
    """

    party_id: UUID
    amount: int
    method: str
    paid_on: date
    number: str | None = None
    invoice_ids: tuple[UUID, ...] = ()
    note: str | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmPayment:
    """Say that a reported payment is here: never by who reported it. Result: DecisionView."""

    payment_id: UUID
    note: str | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class ReceiveCheque:
    """Take a cheque in hand; it pays nothing until it clears. Result: DecisionView."""

    party_id: UUID
    number: str
    amount: int
    dated_on: date
    bank: str | None = None
    invoice_ids: tuple[UUID, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DepositCheque:
    """Say that a cheque was given to the bank. Result: DecisionView."""

    cheque_id: UUID
    on: date
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnCheque:
    """Say that the bank sent a cheque back: its bills are open again. Result: DecisionView."""

    cheque_id: UUID
    on: date
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReplaceCheque:
    """Take another cheque in place of one. Result: DecisionView of the new cheque."""

    cheque_id: UUID
    number: str
    amount: int
    dated_on: date
    bank: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimDeduction:
    """Note what a customer kept back of a bill; the bill stays open until it is accepted. Result: DecisionView."""

    invoice_id: UUID
    kind: str
    amount: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AcceptDeduction:
    """Accept what was kept back; above the owner's limit only he may. Result: DecisionView."""

    claim_id: UUID
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RefuseDeduction:
    """Refuse what was kept back: the bill stays open. Result: DecisionView."""

    claim_id: UUID
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SetDeductionLimit:
    """Set up to which amount (paise) a deduction may be accepted by finance too (owner only). Result: the limit."""

    amount: int


@dataclass(frozen=True, slots=True)
class ApproveWriteOff:
    """Give up what is open of a bill, or part of it (owner only). Result: DecisionView."""

    invoice_id: UUID
    amount: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AgreeSetOff:
    """Take what we owe a party off what it owes us, oldest bills first on both sides. Result: DecisionView."""

    party_id: UUID
    amount: int
    on: date
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AgreeRefund:
    """Note that money is to be given back. Result: DecisionView."""

    receipt_id: UUID
    amount: int
    note: str | None = None


@dataclass(frozen=True, slots=True)
class RaiseDispute:
    """Note that a customer disputes a bill. Result: DecisionView."""

    invoice_id: UUID
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SettleDispute:
    """Note that a dispute over a bill is over. Result: DecisionView."""

    invoice_id: UUID
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AddNote:
    """Write a note on a party, or on one of its bills. Result: DecisionView."""

    text: str
    party_id: UUID | None = None
    invoice_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LogCall:
    """Note what came of a call: will_pay (with `promised_on`), no_answer, says_paid, dispute. Result: DecisionView."""

    party_id: UUID
    outcome: str
    note: str | None = None
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class AssignConflict:
    """Give a question to a member (None: to nobody); he is told in his chat. Result: ConflictView.

    `instead_of` is who has it as far as the caller knows: Stale if it was given to another meanwhile.
    """

    conflict_id: UUID
    member_id: UUID | None
    version: int | None = None
    instead_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class NoteConflict:
    """Write a note on a question, whoever answers it. Result: ConflictView."""

    conflict_id: UUID
    note: str


@dataclass(frozen=True, slots=True)
class ResolveAlike:
    """Answer a question and all open ones like it the same way, each by itself, in one transaction. Result: BulkView.

    `conflict_id` may be answered already with this answer: then the others follow.
    """

    conflict_id: UUID
    answer: str
    version: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class UndoBulk:
    """Take the answers of one ResolveAlike back, those that still stand. Result: BulkView."""

    bulk_id: UUID
    note: str | None = None
