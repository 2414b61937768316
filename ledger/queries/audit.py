"""What is asked of the audit trail; periods are of whole days in the business's timezone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; `actions`: one of these (none: all). `after`: only those behind this sequence."""

    actor: str | None = None
    actions: tuple[str, ...] = ()
    subject: str | None = None
    party_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The entries in the order of the chain, or newest first, as AuditTrailPage."""

    wanted: AuditFilter = field(default_factory=AuditFilter)
    newest_first: bool = True
    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class VerifyAudit:
    """Whether the chain holds, as AuditVerdict: behind the last checkpoint, or from its first entry (`full`).

    `most`: stop after so many entries, and say so. `until`: look no further than this sequence.
    """

    full: bool = False
    most: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class CheckHead:
    """Whether an entry still has the hash that somebody noted outside: its first 16 or more digits. Result: AuditHeadCheck."""

    head: str
    sequence: int


@dataclass(frozen=True, slots=True)
class AuditSpan:
    """What of the chain an export of a period holds, as AuditSpanView; no day: from the first entry, to the last."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class AuditLines:
    """The `first` numbers behind a sequence, up to another: their entries as they are hashed, as tuple[AuditLine, ...].

    Where entries were taken out of the chain, there are fewer than numbers.
    """

    after: int
    until: int
    first: int = 2_000


@dataclass(frozen=True, slots=True)
class AuditCounts:
    """How often each action stands in a part of the chain, most often first, as tuple[tuple[str, int], ...]."""

    after: int
    until: int


@dataclass(frozen=True, slots=True)
class AuditAnswers:
    """At most `first` answers to questions in a part of the chain, with their evidence, as tuple[AuditAnswer, ...]."""

    after: int
    until: int
    first: int = 200


@dataclass(frozen=True, slots=True)
class AuditSetup:
    """The business's own mappings and the rules in force, as AuditSetupView."""


@dataclass(frozen=True, slots=True)
class AuditCoverage:
    """What each source showed of a period and what it didn't, as tuple[SourceCoverage, ...]."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class AuditBalances:
    """Each party's balance at the end of a day, by what is known now and by what was known then.

    At most `first` behind a party, as tuple[AuditBalance, ...], by party and side.
    """

    on: date
    known_at: datetime
    after: tuple[UUID, str, str] | None = None
    first: int = 2_000
