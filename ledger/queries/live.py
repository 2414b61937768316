"""What those who follow a business ask: the trail on from a place, what of it somebody may see, how reading goes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TrailTold:
    """What the trail tells behind `after`, in order, at most `limit` entries, as TrailPage (our own program only)."""

    after: int
    limit: int = 200


@dataclass(frozen=True, slots=True)
class TrailPlace:
    """Where the trail stands now: the sequence of its newest entry, 0 where it is empty."""


@dataclass(frozen=True, slots=True)
class VisibleAmong:
    """Which of these questions and parties the actor may see, as VisibleView."""

    conflicts: tuple[UUID, ...] = ()
    parties: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far the reading of each source is, as ImportProgressView."""
