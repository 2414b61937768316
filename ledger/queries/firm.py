"""What is asked about the firm itself: its settings, what words mean, replays, files and what the munshi told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirmSettings:
    """What the business has set, with what holds where it has set nothing, as FirmSettingsView."""


@dataclass(frozen=True, slots=True)
class OwnMappings:
    """What the business itself says that its sources' status words mean, as tuple[MappingView, ...]. `source`: of one."""

    source: str | None = None


@dataclass(frozen=True, slots=True)
class UnmappedWords:
    """Status words that nobody has explained and how many events wait for each, as tuple[UnmappedWord, ...].

    The most events first, at most `first`.
    """

    source: str | None = None
    first: int = 100


@dataclass(frozen=True, slots=True)
class LedgerNames:
    """How the books call what is written into their files, as dict[str, str]: ours by the business's own word."""


@dataclass(frozen=True, slots=True)
class Replays:
    """Readings of the log made anew, the newest first, as ReplayPage."""

    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class SentFiles:
    """Files sent to a chat of the business, the newest first, as SentFilePage."""

    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ToldMe:
    """What the munshi told the asking member by himself, the newest first, as ToldPage; of the last 30 days.

    `kind`: digest (morning and evening), alert; None: both.
    """

    kind: str | None = None
    first: int = 20
    after: str | None = None
