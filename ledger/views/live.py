"""What followers of a business get."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from ledger.domain.told import Told


@dataclass(frozen=True, slots=True)
class TrailPage:
    """Entries that tell something; `until`: all up to that sequence was looked at."""

    rows: tuple[Told, ...]
    until: int


@dataclass(frozen=True, slots=True)
class VisibleView:
    """What of it the actor may see."""

    conflicts: frozenset[UUID]
    parties: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class SourceProgress:
    """How far the reading of a source is, in events since it was connected and in items of its streams."""

    source: str
    label: str
    events: int
    duplicates: int
    quarantined: int
    items: int
    """Rows that we fetched from it ourselves."""
    reading: bool
    """Whether somebody reads it at this moment, or a backfill isn't done."""


@dataclass(frozen=True, slots=True)
class ImportProgressView:
    """How far reading is; `pending`: what was read and isn't worked into the figures yet (100,000 at most are counted)."""

    pending: int
    sources: tuple[SourceProgress, ...]
