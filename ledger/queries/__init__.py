"""All that an edge may ask: frozen dataclasses; each names the view that answers it (ledger/views.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Digest:
    """This morning's answer, as DigestView."""


@dataclass(frozen=True, slots=True)
class WhoOwesMe:
    """Customers by what they owe, most urgent first, as PartyPage.

    `sort`: urgency (overdue days × amount), amount, name. `after` is the page's opaque cursor. `owner`: of this sales
    owner alone. `as_of` is true on that day, `known_at` known at that moment: both are sums over the postings.
    """

    first: int = 10
    after: str | None = None
    sort: str = "urgency"
    overdue_only: bool = False
    owner: str | None = None
    as_of: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Receivables:
    """Open bills of customers, as InvoicePage, keyset-paged.

    `sort`: aging (oldest due first; no due date by bill date), amount, newest. `as_of` is true on that day,
    `known_at` known at that moment; both are sums over the postings.
    """

    first: int = 50
    after: str | None = None
    sort: str = "aging"
    overdue_only: bool = False
    party_id: UUID | None = None
    search: str | None = None
    min_outstanding: int = 0
    as_of: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Payables:
    """Open bills of vendors and what is due, as PayablePage. `until` limits to what is due by that day."""

    first: int = 50
    after: str | None = None
    until: date | None = None
    party_id: UUID | None = None
    as_of: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parties:
    """Parties, as PartyPage. `sort`: name, receivable or payable (the largest first).

    `kind` customer or vendor; `owner` their sales owner; `pan` of one group; `gstin` as it is written; `balance` us (they
    owe us), them (we owe them), any; `search` as a person types it: part of a name, a phone number.
    """

    first: int = 50
    after: str | None = None
    sort: str = "name"
    kind: str | None = None
    search: str | None = None
    owner: str | None = None
    pan: str | None = None
    gstin: str | None = None
    balance: str | None = None


@dataclass(frozen=True, slots=True)
class FindParty:
    """Parties by any part of the name, misspelt too, best first, as tuple[PartyBrief, ...]."""

    text: str
    limit: int = 5


@dataclass(frozen=True, slots=True)
class PartyCard:
    """One party in full, as PartyView. NotFound outside the actor's scope."""

    party_id: UUID


@dataclass(frozen=True, slots=True)
class CardsByIds:
    """Several parties in full, but at most so many `bills` of each, as dict[UUID, PartyView]; for loaders."""

    bills: int
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PartiesByIds:
    """Several parties at once, as dict[UUID, PartyBrief]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PayablesByIds:
    """Several vendors' bills at once, as dict[UUID, PayableView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class InvoicesByIds:
    """Several invoices with dues, claims and allocations, as dict[UUID, InvoiceView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What every source and person said about a party, newest first, as TimelinePage. `source`: one source alone."""

    party_id: UUID
    first: int = 50
    after: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Questions, most severe and oldest first, as ConflictPage. `status`: open, snoozed, cleared, resolved, all.

    `mine`: only those that are given to who asks.
    """

    status: str = "open"
    first: int = 50
    after: str | None = None
    party_id: UUID | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """One question, as ConflictView."""

    conflict_id: UUID


@dataclass(frozen=True, slots=True)
class OwnBusiness:
    """The business that the actor speaks in, as BusinessView."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Every source with its freshness, as tuple[SourceView, ...]."""


@dataclass(frozen=True, slots=True)
class WaitingFiles:
    """Files of a source that wait whole in quarantine for one reason, newest first, as tuple[WaitingFile, ...]."""

    source: str
    code: str
    limit: int = 10


@dataclass(frozen=True, slots=True)
class Streams:
    """How the reading of a source's streams stands, as tuple[StreamView, ...]; NotFound without such a source."""

    name: str


@dataclass(frozen=True, slots=True)
class StreamsByNames:
    """The same for several sources at once, as dict[str, tuple[StreamView, ...]]; for loaders."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WriteBacks:
    """How the write-back of these sources stands, as dict[str, WriteBackView]; nothing of those that never had any."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members:
    """The people of the business, as tuple[MemberView, ...]."""


@dataclass(frozen=True, slots=True)
class Button:
    """The action behind a short button id, as dict, or NotFound."""

    button_id: str


@dataclass(frozen=True, slots=True)
class ChatMember:
    """Whom a chat stands for in this business (system only), as ChatMemberView; NotFound if he left.

    `update_id`: the update in which he speaks, to learn whether it was worked on before.
    """

    member_id: UUID
    chat_id: int | None = None
    update_id: int | None = None


@dataclass(frozen=True, slots=True)
class FindBills:
    """Open bills by number or by exact amount (minor units), oldest first, as tuple[InvoiceView, ...]."""

    number: str | None = None
    amount: int | None = None
    limit: int = 5


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What could not be read, newest first, as QuarantinePage. `status`: open, resolved, all."""

    status: str = "open"
    source: str | None = None
    code: str | None = None
    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedPart:
    """One part that could not be read, as QuarantineView; NotFound if there is none."""

    part_id: UUID


@dataclass(frozen=True, slots=True)
class ReplaySources:
    """The sources that a replay would read (a family if it ends with a colon, all if empty), as their reading's basis."""

    wanted: str = ""


@dataclass(frozen=True, slots=True)
class TotalCount:
    """How many rows a paged question has over all its pages (its `first` and `after` don't matter), as an int."""

    of: Any
