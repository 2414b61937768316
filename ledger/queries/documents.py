"""What is asked about documents, open or not: bills of both sides, credit notes, deductions, what moved a bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Invoices:
    """Customers' bills in every state, as InvoicePage. `sort`: newest (by the bill's date), amount.

    `search`: part of a number or of the customer's name; `number`: the whole of it, whatever its case.
    """

    first: int = 50
    after: str | None = None
    sort: str = "newest"
    party_id: UUID | None = None
    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("invoice", "opening")
    number: str | None = None
    search: str | None = None
    since: date | None = None
    until: date | None = None
    due_since: date | None = None
    due_until: date | None = None
    paid_since: date | None = None
    paid_until: date | None = None


@dataclass(frozen=True, slots=True)
class VendorBills:
    """Vendors' bills in every state, as RowPage of PayableView. The words are those of Invoices."""

    first: int = 50
    after: str | None = None
    sort: str = "newest"
    party_id: UUID | None = None
    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("bill", "opening")
    number: str | None = None
    search: str | None = None
    since: date | None = None
    until: date | None = None
    due_since: date | None = None
    due_until: date | None = None


@dataclass(frozen=True, slots=True)
class PaidOn:
    """On which day bills became fully paid, as dict[UUID, date] of those that are; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class BillEntries:
    """What made bills and took something off them, as dict[UUID, tuple[BillEntry, ...]]; for loaders.

    `side`: receivable or payable.
    """

    side: str
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PayablesInFull:
    """What stands behind vendors' bills, as dict[UUID, PayableParts]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class CreditNotes:
    """Credit notes of one `side`, the newest first, as RowPage of CreditNoteView. `unused_only`: with something left."""

    side: str = "receivable"
    first: int = 50
    after: str | None = None
    party_id: UUID | None = None
    since: date | None = None
    until: date | None = None
    unused_only: bool = False
    number: str | None = None


@dataclass(frozen=True, slots=True)
class CreditNotesByIds:
    """Several credit notes of either side that the actor may see, as dict[UUID, CreditNoteView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class CreditNoteUses:
    """Which bills took credit notes, as dict[UUID, tuple[CreditNoteUse, ...]]; for loaders."""

    side: str
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Deductions:
    """What was kept back of bills of one `side` and is taken off them, the newest first, as RowPage of DeductionView.

    What is only claimed and not judged is DeductionClaims. `kinds` empty: all, write-offs too.
    """

    side: str = "receivable"
    first: int = 50
    after: str | None = None
    party_id: UUID | None = None
    kinds: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
