"""The rows of the read tables, as the derivation makes them; fields are the columns, without business_id."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID


class PartyRow(NamedTuple):
    """parties"""

    id: UUID
    anchor: UUID
    name: str
    search_name: str
    gstin: str | None
    pan: str | None
    phone: str | None
    email: str | None
    owner: str | None
    terms_days: int | None
    credit_limit: int | None
    is_customer: bool
    is_vendor: bool
    currency: str
    receivable: int
    open_bills: int
    on_account: int
    payable: int
    usual_days_late: int | None
    last_receipt_on: date | None
    promise_on: date | None
    promise_amount: int | None
    habit: str | None


class PartyIdentityRow(NamedTuple):
    """party_identities"""

    subject: UUID
    party_id: UUID
    anchor: UUID
    source: str
    external_id: str
    name: str | None
    url: str | None
    parent: UUID | None


class InvoiceRow(NamedTuple):
    """invoices"""

    id: UUID
    anchor: UUID
    party_id: UUID
    number: str | None
    kind: str
    status: str
    issued_on: date
    due_on: date | None
    amount: int
    base: int | None
    outstanding: int
    currency: str
    url: str | None
    description: str | None
    paid_on: date | None


class DueRow(NamedTuple):
    """dues"""

    invoice_id: UUID
    number: int
    anchor: UUID
    due_on: date | None
    label: str | None
    amount: int
    outstanding: int


class ReceiptRow(NamedTuple):
    """receipts"""

    id: UUID
    anchor: UUID
    party_id: UUID | None
    status: str
    arrived: bool
    received_on: date
    amount: int
    refunded: int
    allocated: int
    currency: str
    method: str | None
    payer: str | None
    reference: str | None
    classified: str | None
    why: str | None
    evidence: str | None
    handle: str | None


class AllocationRow(NamedTuple):
    """allocations"""

    receipt_id: UUID
    document_id: UUID
    kind: str
    anchor: UUID
    amount: int
    why: str


class SettlementRow(NamedTuple):
    """settlements"""

    id: UUID
    anchor: UUID
    source: str
    status: str
    amount: int
    fee: int
    tax: int
    currency: str
    utr: str | None
    settled_on: date
    bank_line_id: UUID | None
    bank_amount: int | None


class BankLineRow(NamedTuple):
    """bank_lines"""

    id: UUID
    anchor: UUID
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
    handle: str | None


class PayableRow(NamedTuple):
    """payables"""

    id: UUID
    anchor: UUID
    party_id: UUID
    number: str | None
    kind: str
    status: str
    issued_on: date
    due_on: date | None
    amount: int
    outstanding: int
    currency: str
    description: str | None


class PayoutRow(NamedTuple):
    """payouts"""

    id: UUID
    anchor: UUID
    party_id: UUID | None
    status: str
    paid_on: date
    amount: int
    allocated: int
    currency: str
    reference: str | None
    payee: str | None
    bank_line_id: UUID | None
    why: str | None
    evidence: str | None


class ChequeRow(NamedTuple):
    """cheques"""

    id: UUID
    anchor: UUID
    party_id: UUID | None
    status: str
    number: str
    bank: str | None
    dated_on: date | None
    amount: int
    currency: str
    receipt_id: UUID | None


class ClaimRow(NamedTuple):
    """claims"""

    subject: UUID
    row_id: UUID
    anchor: UUID
    row_kind: str
    party_id: UUID | None
    source: str
    source_event_id: str | None
    word: str | None
    status: str | None
    amount: int | None
    currency: str | None
    stated_at: datetime | None
    url: str | None


class PostingRow(NamedTuple):
    """postings, without id, known_from and known_to: what is posted, not since when we know it."""

    anchor: UUID
    party_id: UUID
    document_id: UUID
    side: str
    kind: str
    amount: int
    currency: str
    effective_on: date
    due_on: date | None
    cause: UUID


class BookEntryRow(NamedTuple):
    """book_entries, without id, known_from and known_to: what the books say of a party."""

    anchor: UUID
    party_id: UUID
    source: str
    side: str
    kind: str
    amount: int
    currency: str
    effective_on: date
    number: str | None


TABLES: dict[str, tuple[type[NamedTuple], tuple[str, ...]]] = {
    "parties": (PartyRow, ("id",)),
    "party_identities": (PartyIdentityRow, ("subject",)),
    "invoices": (InvoiceRow, ("id",)),
    "dues": (DueRow, ("invoice_id", "number")),
    "receipts": (ReceiptRow, ("id",)),
    "allocations": (AllocationRow, ("receipt_id", "document_id", "kind")),
    "settlements": (SettlementRow, ("id",)),
    "bank_lines": (BankLineRow, ("id",)),
    "payables": (PayableRow, ("id",)),
    "payouts": (PayoutRow, ("id",)),
    "cheques": (ChequeRow, ("id",)),
    "claims": (ClaimRow, ("subject", "row_id")),
}
"""Read tables that are upserted by key; postings and what the books say are bitemporal and written apart."""
