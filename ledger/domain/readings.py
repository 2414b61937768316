"""Readings of events made anew: what the log says now of an event, and what it shall say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from ledger.domain.events import Delivery

WITHDRAWN = "withdrawn"
"""The flag of an event that its delivery, read today, doesn't yield: kept, not applied."""
SET_BY_REPLAY = "replayed"
"""How a quarantined part was resolved that is understood by now."""


class InForce(NamedTuple):
    """An event (or rewrite) of the log with its reading in force; `number` 0: the one that it came with.

    `delivery` is what it came with, `ingested_at` when, `first_digest` what it said then.
    """

    event_id: UUID
    number: int
    rewrite: bool
    delivery: bytes
    ingested_at: datetime
    first_digest: bytes
    source: str
    source_event_id: str
    event_type: str
    schema_version: str
    kind: str
    external_id: str
    word: str | None
    qualifier: str | None
    flag: str | None
    data: Mapping[str, Any]
    occurred_at: datetime
    precision: str
    sequence: int
    digest: bytes
    subject: UUID


class ReadingRow(NamedTuple):
    """A whole reading of an event on its way into the log; `normalised` is JSON.

    `number` is one more than that of the reading in force, `left` the identity that that one was about.
    """

    event_id: UUID
    number: int
    source: str
    source_event_id: str
    event_type: str
    schema_version: str
    kind: str
    external_id: str
    word: str | None
    qualifier: str | None
    flag: str | None
    normalised: str
    occurred_at: datetime
    precision: str
    sequence: int
    digest: bytes
    subject: UUID
    left: UUID


@dataclass(frozen=True, slots=True)
class Late:
    """What a delivery of the past says that the log doesn't hold yet.

    `delivery` carries only that: new events, newly unreadable parts, objects that are wanted. `resolved` names the
    parts of it that were quarantined and are understood by now.
    """

    delivery: Delivery
    resolved: tuple[str, ...] = ()
