"""What is asked about the log itself: events of a party, of a row, of a source; how each was read; what it came in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Events:
    """Events, newest first, as EventPage.

    Of a party (`party_id`), or of one row (`row_kind` and `row_id`: invoice, payable, receipt, payout, settlement,
    bank_line, cheque), in the order in which they happened; `since` and `until` are about that. Of neither, the log as
    it came in, in that order, for who may see sources. `sources`, `types` narrow; `until` is not in it any more.
    """

    party_id: UUID | None = None
    row_kind: str | None = None
    row_id: UUID | None = None
    sources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    first: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class EventsByIds:
    """Several events or rewrites, as dict[UUID, EventView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class EventReadings:
    """The later readings of events, as dict[UUID, tuple[ReadingView, ...]]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class EventRewrites:
    """Other texts under the ids of events, as dict[UUID, tuple[EventView, ...]]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class EventDeliveries:
    """What events came in, as dict[UUID, DeliveryView]; for loaders."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RawBody:
    """A part of the raw body that an event came in, as RawBodyView; NotFound if there is no such event, or no body."""

    event_id: UUID
    offset: int = 0
    length: int = 65_536
