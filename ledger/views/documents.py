"""Documents besides open bills: entries, credit notes and deductions; amounts in minor units of `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.views import AllocationView, ClaimView


@dataclass(frozen=True, slots=True)
class BillEntry:
    """What made a bill, or took something off it (negative), on its day."""

    on: date
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class PayableParts:
    """What stands behind a vendor's bill."""

    kind: str
    claims: tuple[ClaimView, ...]
    allocations: tuple[AllocationView, ...]


@dataclass(frozen=True, slots=True)
class CreditNoteView:
    """A credit note; `side` receivable: ours to a customer, payable: a vendor's, or our debit note to him.

    `unused` is what no bill has taken.
    """

    id: UUID
    side: str
    party_id: UUID
    party_name: str | None
    number: str | None
    status: str
    issued_on: date
    amount: int
    unused: int
    currency: str
    url: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class CreditNoteUse:
    """What a bill took of a credit note."""

    document_id: UUID
    number: str | None
    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class DeductionView:
    """What was kept back of a bill, or let go. `kind`: tds, gst_tds, round_off, write_off …

    `money_id`: the receipt (or payout) that came short; None: a person decided it.
    """

    side: str
    party_id: UUID
    party_name: str | None
    document_id: UUID
    number: str | None
    on: date
    kind: str
    amount: int
    currency: str
    why: str
    money_id: UUID | None
