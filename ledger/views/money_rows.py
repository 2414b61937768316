"""Money as it came, went and lies at the bank, row by row; amounts in minor units of `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar
from uuid import UUID

from ledger.views import Page, ReceiptView

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class RowPage(Page, Generic[V]):
    """A page of rows of one kind."""

    rows: tuple[V, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiptDetail(ReceiptView):
    """Money received, in full.

    `matching`: not_matched (nobody knows whose), on_account (some of it pays no bill), settled, no_sale (`classified`
    says what it is instead), gone (failed, refunded or taken back). `why` and `evidence` tell by what it was matched.
    """

    party_name: str | None
    refunded: int
    matching: str
    classified: str | None
    why: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class PayoutDetail:
    """Money of ours that went out, or is to go (`status` payout.scheduled). `bank_line_id`: the debit that shows it."""

    id: UUID
    party_id: UUID | None
    party_name: str | None
    paid_on: date
    amount: int
    allocated: int
    currency: str
    status: str
    reference: str | None
    payee: str | None
    bank_line_id: UUID | None
    why: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class SettlementView:
    """What a gateway paid out to our bank: `captured` − `refunded` + `adjusted` − `fee` = `amount`, `tax` being in the fee.

    What the gateway didn't tell of that is None. `bank_amount` is what the bank line shows.
    """

    id: UUID
    source: str
    external_id: str
    status: str
    amount: int
    fee: int
    tax: int
    captured: int | None
    refunded: int | None
    adjusted: int | None
    currency: str
    utr: str | None
    settled_on: date
    bank_line_id: UUID | None
    bank_amount: int | None


@dataclass(frozen=True, slots=True)
class SettledPayment:
    """A payment or refund within a settlement; `receipt_id`: the money that it is here."""

    kind: str
    external_id: str
    status: str
    on: date | None
    amount: int
    fee: int | None
    tax: int | None
    currency: str
    method: str | None
    receipt_id: UUID | None


@dataclass(frozen=True, slots=True)
class BankLineView:
    """A line of a bank's statement; debits negative.

    `explained_by`: settlement, receipt, payout, decision, or what it is by itself (own_transfer, returned, …); None:
    nothing explains it. `explained_id` names the row.
    """

    id: UUID
    source: str
    account: str
    posted_on: date
    value_on: date | None
    amount: int
    currency: str
    narration: str
    channel: str | None
    reference: str | None
    payer: str | None
    balance: int | None
    explained_by: str | None
    explained_id: UUID | None


@dataclass(frozen=True, slots=True)
class BankAccountView:
    """An account of ours as the bank's lines show it."""

    source: str
    account: str
    currency: str
    lines: int
    unexplained: int
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class ChequeDetail:
    """A cheque, whatever became of it. `receipt_id`: the money that it brought."""

    id: UUID
    party_id: UUID | None
    party_name: str | None
    number: str
    bank: str | None
    dated_on: date | None
    amount: int
    currency: str
    status: str
    receipt_id: UUID | None


@dataclass(frozen=True, slots=True)
class Allotment:
    """What of a receipt or payout is set against one document; `kind`: receipt, or a deduction's."""

    document_id: UUID
    side: str
    number: str | None
    amount: int
    kind: str
    why: str
    currency: str
