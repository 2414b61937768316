"""What is shown of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ledger.views import Page


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    """One entry as people read it: what was said stands in `entry` again (None: erased). `actor_name` where he is a member.

    `token_id`: through which token it came; `token_label`: what that is called, where it is known.
    """

    sequence: int
    at: datetime
    actor: str
    actor_name: str | None
    action: str
    subject: str | None
    party_id: UUID | None
    entry: dict[str, Any]
    hash: str
    token_id: UUID | None = None
    token_label: str | None = None


@dataclass(frozen=True, slots=True)
class AuditTrailPage(Page):
    """A page of entries."""

    rows: tuple[AuditEntryView, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the chain holds behind `since`; see Verdict of ledger.store.audit_chain. `more`: it goes on behind `sequence`."""

    holds: bool
    entries: int
    since: int
    sequence: int
    head: str
    broken_at: int | None = None
    fault: str | None = None
    more: bool = False

    @property
    def words(self) -> str:
        """What is wrong, in a sentence; empty where nothing is."""
        return _FAULTS[self.fault].format(at=self.broken_at) if self.fault is not None else ""


_FAULTS = {
    "checkpoint": "Entry {at} isn't what it was when the chain was verified last.",
    "missing": "What stands before entry {at} is gone, or entries were renumbered.",
    "linked": "Entry {at} doesn't follow on the one before it.",
    "changed": "Entry {at} is not what was written.",
}


@dataclass(frozen=True, slots=True)
class AuditHeadCheck:
    """What the chain says to a head that was noted outside: whether it stands, and whether all up to it holds."""

    stands: bool
    sequence: int
    hash: str | None
    verdict: AuditVerdict


@dataclass(frozen=True, slots=True)
class AuditSpanView:
    """A part of the chain: entries `first` to `last` (`entries` 0: none), `previous` before them, `head` after them."""

    business_id: UUID
    business_name: str
    timezone: str
    currency: str
    since: date | None
    until: date | None
    first: int
    last: int
    entries: int
    previous: str
    head: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry as it is hashed, with the words that it names by id: (salt in hex, text); erased ones aren't there.

    `token`: what the token is called through which it came, else its id; None: it came through none.
    """

    sequence: int
    at: datetime
    actor: str
    actor_name: str | None
    action: str
    subject: str | None
    entry: dict[str, Any]
    hash: str
    words: dict[str, tuple[str, str]]
    readable: dict[str, Any]
    token: str | None = None


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """An answer as it was given, with the question and the evidence as they stand today; `changed`: not the same any more."""

    sequence: int
    at: datetime
    by: str
    action: str
    rule: str
    question: str
    answer: str | None
    note: str | None
    evidence: tuple[str, ...]
    changed: bool
    party_name: str | None
    amount: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class MappingInForce:
    """What one of a source's words means in this business."""

    source: str
    kind: str
    word: str
    qualifier: str
    status: str
    confidence: int
    notes: str


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A rule as it judges; `text` is its whole text in TOML where the business published its own."""

    name: str
    title: str
    severity: str
    enabled: bool
    origin: str
    version: int
    by: str | None
    at: datetime | None
    text: str | None


@dataclass(frozen=True, slots=True)
class AuditSetupView:
    """Mappings and rules."""

    mappings: tuple[MappingInForce, ...]
    rules: tuple[RuleInForce, ...]


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """What a source showed of a period.

    `events` and `rewrites` that came within it; `gaps`: days (first, last) that no bank statement shows; `silence`: the
    longest time without a delivery (from, to) for sources that send by themselves.
    """

    source: str
    label: str
    enabled: bool
    deliveries: int
    events: int
    rewrites: int
    unread: int
    first_at: datetime | None
    last_at: datetime | None
    covered_days: int | None
    gaps: tuple[tuple[date, date], ...]
    silence: tuple[datetime, datetime] | None


@dataclass(frozen=True, slots=True)
class AuditBalance:
    """A party's balance on a day: by what is known now (`as_on`) and by what was known then (`known_on`); in minor units."""

    party_id: UUID
    party_name: str
    side: str
    currency: str
    as_on: int
    known_on: int
