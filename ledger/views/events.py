"""Events of the log as they are shown, with how they were read and what they came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ledger.views import Page


@dataclass(frozen=True, slots=True)
class EventView:
    """One event as it is read now. `precision`: instant, day or observed (when it was merely seen).

    `flag`: unmapped, future or withdrawn: kept, not applied. `rewritten`: another text came under the same id, this one.
    `data` is what was read of it, in our words.
    """

    id: UUID
    source: str
    source_event_id: str
    kind: str
    external_id: str
    event_type: str
    schema_version: str
    word: str | None
    qualifier: str | None
    flag: str | None
    rewritten: bool
    at: datetime
    precision: str
    known_at: datetime
    digest: str
    delivery: str
    summary: str
    amount: int | None
    currency: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventPage(Page):
    """A page of events."""

    rows: tuple[EventView, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A later reading of an event, complete; the highest number is in force."""

    number: int
    normaliser_version: str
    mapping_version: str
    event_type: str
    schema_version: str
    word: str | None
    qualifier: str | None
    flag: str | None
    at: datetime
    precision: str
    digest: str
    made_at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """The body that an event came in: a webhook, a page, a file. `via`: webhook, file, chat, pull, operator."""

    digest: str
    via: str
    received_at: datetime
    filename: str | None
    version: str | None
    stream: str | None


@dataclass(frozen=True, slots=True)
class RawBodyView:
    """Bytes `offset` to `offset` + len(`body`) of a raw body of `size` bytes, and the headers that were kept."""

    size: int
    offset: int
    body: bytes
    headers: Mapping[str, str]
