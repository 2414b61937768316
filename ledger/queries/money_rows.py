"""What is asked about money row by row: receipts, payouts, settlements, bank lines, cheques.

Lists are keyset-paged, the newest first, and answered by RowPage; a period holds both its days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Receipts:
    """Money received or claimed to be, as RowPage of ReceiptDetail. `matching` as the view names it; empty: all.

    `search`: part of a payer, customer or reference. `arrived`: only sure (or unsure) money.
    """

    first: int = 50
    after: str | None = None
    party_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    statuses: tuple[str, ...] = ()
    matching: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    arrived: bool | None = None
    search: str | None = None
    reference: str | None = None
    amount: int | None = None
    min_amount: int | None = None
    max_amount: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptsByIds:
    """Several receipts, as dict[UUID, ReceiptDetail]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Payouts:
    """Money that went out, or is to go, as RowPage of PayoutDetail."""

    first: int = 50
    after: str | None = None
    party_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    statuses: tuple[str, ...] = ()
    unmatched_only: bool = False
    search: str | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class PayoutsByIds:
    """Several payouts, as dict[UUID, PayoutDetail]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Settlements:
    """What gateways paid out, as RowPage of SettlementView. `missing_in_bank`: only those that no bank line shows."""

    first: int = 50
    after: str | None = None
    source: str | None = None
    since: date | None = None
    until: date | None = None
    statuses: tuple[str, ...] = ()
    missing_in_bank: bool = False
    utr: str | None = None


@dataclass(frozen=True, slots=True)
class SettlementsByIds:
    """Several settlements, as dict[UUID, SettlementView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class SettledPayments:
    """The payments and refunds within one settlement, the earliest first, as RowPage of SettledPayment."""

    settlement_id: UUID
    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class BankLines:
    """Lines of bank statements, as RowPage of BankLineView. `direction`: credit, debit, or None for both."""

    first: int = 50
    after: str | None = None
    source: str | None = None
    account: str | None = None
    since: date | None = None
    until: date | None = None
    unexplained_only: bool = False
    direction: str | None = None
    search: str | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class BankLinesByIds:
    """Several bank lines, as dict[UUID, BankLineView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class BankAccounts:
    """Our accounts as the banks' lines show them, as tuple[BankAccountView, ...]."""


@dataclass(frozen=True, slots=True)
class Cheques:
    """Cheques in every state, as RowPage of ChequeDetail, the latest dated first; one without a date counts as old."""

    first: int = 50
    after: str | None = None
    party_id: UUID | None = None
    statuses: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class ChequesByIds:
    """Several cheques, as dict[UUID, ChequeDetail]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AllotmentsOf:
    """What receipts, or payouts, are set against, as dict[UUID, tuple[Allotment, ...]]; for loaders.

    `kind`: receipt or payout.
    """

    kind: str
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ClaimsOf:
    """What each source says of rows, as dict[UUID, tuple[ClaimView, ...]]; for loaders.

    `kind`: receipt, payout, settlement, bank_line or cheque.
    """

    kind: str
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class LinesOfReceipts:
    """The bank lines that brought receipts, as dict[UUID, tuple[BankLineView, ...]]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class SettlementsOfReceipts:
    """The settlements that receipts came with, as dict[UUID, tuple[UUID, ...]]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ChequesOfReceipts:
    """The cheques that brought receipts, as dict[UUID, tuple[UUID, ...]]; for loaders."""

    ids: tuple[UUID, ...]
