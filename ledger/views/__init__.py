"""What the door answers: frozen views, amounts in minor units (paise) of `currency`, dates in the business's calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ledger.domain.roles import Actor
from ledger.views.cash import DueAhead, ShortageView
from ledger.views.forecast import PartyOutlookView
from ledger.views.mornings import WeekView
from ledger.views.party_group import AttributeView, PartyGroupView


@dataclass(frozen=True, slots=True)
class BusinessView:
    """The business itself; `today` is the day in its timezone."""

    id: UUID
    name: str
    timezone: str
    currency: str
    today: date


@dataclass(frozen=True, slots=True)
class AgingBucket:
    """One bar of the aging: days overdue `low`–`high` (None: and more), and what is overdue that long."""

    low: int
    high: int | None
    amount: int
    bills: int


@dataclass(frozen=True, slots=True)
class PartyBrief:
    """A party in one line. `net` = open bills − on account; `overdue_days` of the oldest overdue bill, 0 if none.

    `held`: an entry that needs an answer first holds back reminders, and what is expected of it.
    """

    id: UUID
    name: str
    currency: str
    net: int
    open_bills: int
    on_account: int
    overdue: int
    overdue_days: int
    payable: int
    usual_days_late: int | None = None
    promise_on: date | None = None
    promise_broken: bool = False
    phone: str | None = None
    is_customer: bool = True
    is_vendor: bool = False
    held: bool = False

    @property
    def held_words(self) -> str | None:
        """Why reminders wait, in words; None: they don't."""
        return "an entry needs your answer first" if self.held else None


@dataclass(frozen=True, slots=True)
class DueView:
    """One due of a bill; `due_on` None: no credit days agreed."""

    number: int
    due_on: date | None
    label: str | None
    amount: int
    outstanding: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    """What one source says of a row: its word, ours, when, and where to look at it."""

    source: str
    word: str | None
    status: str | None
    amount: int | None
    currency: str | None
    stated_at: datetime | None
    source_event_id: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class AllocationView:
    """Money or a deduction set against a bill; `why` is the evidence's stable code."""

    receipt_id: UUID
    received_on: date
    amount: int
    kind: str
    why: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """A customer's bill. `age_days` counts from the due date, else from the bill date; `overdue_days` ≥ 0."""

    id: UUID
    party_id: UUID
    party_name: str
    number: str | None
    kind: str
    status: str
    issued_on: date
    due_on: date | None
    amount: int
    outstanding: int
    currency: str
    age_days: int
    overdue_days: int
    url: str | None = None
    description: str | None = None
    dues: tuple[DueView, ...] = ()
    claims: tuple[ClaimView, ...] = ()
    allocations: tuple[AllocationView, ...] = ()


@dataclass(frozen=True, slots=True)
class PayableView:
    """A vendor's bill."""

    id: UUID
    party_id: UUID
    party_name: str
    number: str | None
    status: str
    issued_on: date
    due_on: date | None
    amount: int
    outstanding: int
    currency: str
    overdue_days: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ChequeView:
    """A cheque in hand or on its way."""

    id: UUID
    number: str
    bank: str | None
    dated_on: date | None
    amount: int
    currency: str
    status: str


@dataclass(frozen=True, slots=True)
class PartyIdentityView:
    """A source's name for the party."""

    source: str
    external_id: str
    name: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class StreamView:
    """How the reading of one stream of a source stands. `lane`: live, backfill, wanted (single objects by id).

    `read_until`: all before it was read; a backfill goes from `window_to` back to `goal`. `problem` is safe to show.
    """

    stream: str
    lane: str
    read_until: datetime | None
    goal: datetime | None
    window_to: datetime | None
    due_at: datetime | None
    done_at: datetime | None
    reading: bool
    pages: int
    items: int
    failures: int
    problem_code: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class WriteBackView:
    """How the write-back of one source stands, in records: `sent` show our latest state, `waiting` are to be sent,
    `stopped` would be if its switch were on, `refused` the vendor didn't take; `problem` is the newest reason."""

    sent: int
    waiting: int
    stopped: int
    refused: int
    problem: str | None
    last_sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source and how fresh it is. `state`: fresh, quiet (longer than usual), failing, never, disabled.

    `failing`: nothing of it can be read. `problem` says why that, or some of its streams (`failing_streams`), can't be
    read, and what to do.
    """

    name: str
    connector: str
    label: str
    state: str
    last_event_at: datetime | None
    last_delivery_at: datetime | None
    covered_until: date | None
    balance: int | None
    account: str | None
    events: int
    quarantined: int
    duplicates: int
    silence_hours: int
    problem: str | None = None
    pulled: bool = False
    """We read it ourselves, now and then."""
    read_until: datetime | None = None
    """All before it was read by ourselves; where only some streams fail, of those."""
    failing_streams: tuple[str, ...] = ()
    silent_since: datetime | None = None
    """Its last call, while a source that calls us is silent for longer than usual."""
    write_back: bool = False
    unread: int = 0
    """Parts that could not be read and still wait (`quarantined` counts all there ever were)."""
    new_members: tuple[NewMemberView, ...] = ()
    """The newest ones, at most 50; only where sources are asked for as such."""


@dataclass(frozen=True, slots=True)
class PartyView:
    """One party in full; `bills` are the oldest open ones (at most 20), `recent` the last receipts (at most 5).

    `held_by`: the entries (at most 3, in one line each) that hold reminders back. `to_give_back`: what was agreed to be
    refunded and isn't yet, in paise.
    """

    brief: PartyBrief
    gstin: str | None
    pan: str | None
    email: str | None
    terms_days: int | None
    credit_limit: int | None
    aging: tuple[AgingBucket, ...]
    bills: tuple[InvoiceView, ...]
    bills_open: int
    payables: tuple[PayableView, ...]
    recent: tuple[ReceiptView, ...]
    cheques: tuple[ChequeView, ...]
    identities: tuple[PartyIdentityView, ...]
    conflicts_open: int
    sources: tuple[SourceView, ...]
    promise_amount: int | None = None
    outlook: PartyOutlookView | None = None
    held_by: tuple[str, ...] = ()
    group: PartyGroupView | None = None
    """Itself and the other ledgers of its PAN, where there are any."""
    history: tuple[AttributeView, ...] = ()
    """What held of it since when, the oldest first within each attribute."""
    to_give_back: int = 0


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Money received, or claimed to be."""

    id: UUID
    party_id: UUID | None
    received_on: date
    amount: int
    allocated: int
    currency: str
    status: str
    arrived: bool
    method: str | None
    reference: str | None
    payer: str | None


@dataclass(frozen=True, slots=True)
class BankView:
    """A bank account's last known balance and what came in on the day before."""

    source: str
    label: str
    account: str | None
    balance: int
    covered_until: date
    came_yesterday: int


@dataclass(frozen=True, slots=True)
class DigestView:
    """This morning's answer. `expected` is by `horizon`, from each customer's habit and promises.

    `quiet_sources` are quiet or failing.
    """

    member_name: str
    language: str
    business_name: str
    today: date
    currency: str
    banks: tuple[BankView, ...]
    to_collect: int
    overdue: int
    aging: tuple[AgingBucket, ...]
    call_first: tuple[PartyBrief, ...]
    horizon: date
    expected: int
    to_pay: int
    questions: int
    quiet_sources: tuple[SourceView, ...]
    sees_payables: bool = True
    dues: tuple[DueAhead, ...] = ()
    """What of `to_pay` falls due each month besides bills, about so much each."""
    shortage: ShortageView | None = None
    """The first day by `horizon` on which the banks' money isn't enough."""
    came: int = 0
    """From customers, since the day `came_since`, the last working day before today."""
    came_since: date | None = None
    week: WeekView | None = None
    """Only on the first day of a stretch of work: a Monday, the day after a holiday."""
    stale: tuple[SourceView, ...] = ()
    """Banks and books that several working days are missing of: what stands here may be old."""
    working: bool = True
    """Whether work is done today: no Sunday, no listed holiday."""
    offers_evening: bool = False
    """Whether to offer the close of the day, once."""


@dataclass(frozen=True, slots=True)
class AnswerOption:
    """One button of a question: a stable id and its words. `group`: `kind` where it says what money is that is no sale."""

    id: str
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class ConflictView:
    """A question with its evidence in words. `lines` are the sentences above the buttons, `quote` the source's words,
    `why` the evidence in detail; `answers` best first."""

    id: UUID
    version: int
    rule: str
    severity: str
    status: str
    title: str
    lines: tuple[str, ...]
    quote: str | None
    why: tuple[str, ...]
    answers: tuple[AnswerOption, ...]
    party_id: UUID | None
    party_name: str | None
    amount: int | None
    currency: str | None
    opened_at: datetime
    answer: str | None = None
    answer_label: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    can_undo: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    assigned_to: UUID | None = None
    assigned_name: str | None = None
    alike: int = 0
    """How many open questions are like it, itself counted if it is open."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event about a party, as a source or a person stated it; `attachment` names what is kept with it."""

    id: UUID
    at: datetime
    known_at: datetime
    event_type: str
    source: str
    source_event_id: str
    summary: str
    amount: int | None
    currency: str | None
    flag: str | None
    attachment: str | None = None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person of the business; `invited`: a code for his chat waits to be used; `until`: his last day, None: no end."""

    id: UUID
    name: str
    role: str
    language: str
    linked: bool
    active: bool
    crm_owner: str | None = None
    invited: bool = False
    seen_at: datetime | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A keyset page: `end` is the cursor after the last row, `cursors` those after each; `more`: another page follows."""

    end: str | None
    more: bool
    cursors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PartyPage(Page):
    """A page of parties; `total` and `overdue` over all of them."""

    rows: tuple[PartyBrief, ...] = ()
    total: int = 0
    overdue: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class InvoicePage(Page):
    """A page of bills."""

    rows: Sequence[InvoiceView] = ()


@dataclass(frozen=True, slots=True)
class PayablePage(Page):
    """A page of vendors' bills; `total` is what all of them leave to pay."""

    rows: tuple[PayableView, ...] = ()
    total: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class TimelinePage(Page):
    """A page of a party's history."""

    rows: tuple[TimelineEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class ConflictPage(Page):
    """A page of questions; `open_count` counts those that wait for an answer."""

    rows: tuple[ConflictView, ...] = ()
    open_count: int = 0


@dataclass(frozen=True, slots=True)
class ChatMemberView:
    """A member as a chat needs him; `chat_id` None: not linked, or unreachable; `chosen_at`: when the chat last
    chose this business (sortable, empty: never); `expects`: what the next words typed are for, with the moment `at`."""

    actor: Actor
    chat_id: int | None
    business_name: str
    timezone: str
    chosen_at: str
    expects: Mapping[str, Any] | None = None
    update_taken: bool = False
    menu: str = ""


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """A part of a delivery that could not be read; `place` empty: all of it.

    `diff` says how its shape differs from the accepted one (`event`, `missing`, `new`, `retyped`), without values.
    `via` is how it came; `resolution` replayed or set_aside.
    """

    id: UUID
    source: str
    via: str
    filename: str | None
    place: str
    code: str
    reason: str
    diff: dict[str, Any] | None
    received_at: datetime
    resolved_at: datetime | None
    resolution: str | None


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that waits whole in quarantine, with its raw body."""

    filename: str | None
    received_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class QuarantinePage(Page):
    """A page of what could not be read; `open_count` counts what waits in all."""

    rows: tuple[QuarantineView, ...] = ()
    open_count: int = 0


@dataclass(frozen=True, slots=True)
class NewMemberView:
    """A member that payloads of a source have and their accepted version doesn't know: noted, not refused."""

    version: str
    path: str
    kind: str
    first_seen_at: datetime
