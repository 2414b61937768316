"""The firm itself; amounts in paise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.views import Page


@dataclass(frozen=True, slots=True)
class FirmSettingsView:
    """`round_off_limit`: up to what a difference of a bill closes as rounding; `deduction_limit`: what finance accepts of
    one bill without the owner; `holidays`: the bank holidays that are listed, in order."""

    address: str | None
    gstin: str | None
    phone: str | None
    currency: str
    round_off_limit: int
    deduction_limit: int
    holidays: tuple[date, ...]
    reminder_language: str | None


@dataclass(frozen=True, slots=True)
class MappingView:
    """What a source's word means in its context (empty: any); `status` is ours, `confidence` of 100."""

    source: str
    kind: str
    word: str
    qualifier: str
    status: str
    confidence: int
    notes: str


@dataclass(frozen=True, slots=True)
class UnmappedWord:
    """A word that nobody has explained: `events` wait for it, `example` is one of the things that it was said of."""

    source: str
    kind: str
    word: str
    qualifier: str
    events: int
    example: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """A reading of the log made anew. `status`: running, done, stopped; `source` empty: all; `counts` what it did."""

    id: UUID
    status: str
    source: str
    event_type: str
    since: datetime | None
    until: datetime | None
    quarantine: bool
    counts: Mapping[str, int]
    started_by: str
    started_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ReplayPage(Page):
    """A page of them."""

    rows: tuple[ReplayRun, ...] = ()


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file sent to a chat. `status`: reading, derived (in the log), told, refused; `counts`: what was read of it."""

    id: UUID
    filename: str
    source: str | None
    status: str
    sent_by: str | None
    taken_at: datetime
    changed_at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SentFilePage(Page):
    """A page of them."""

    rows: tuple[SentFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """What the munshi said by himself. `kind`: digest, alert; `status`: queued, sending, sent, failed; `text` plain."""

    id: UUID
    kind: str
    status: str
    text: str
    queued_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToldPage(Page):
    """A page of them."""

    rows: tuple[ToldMessage, ...] = ()
