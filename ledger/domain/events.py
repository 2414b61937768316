"""Events on their way into the log: a delivery with the facts that were read from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import orjson

from kit.ids import derived

OPERATOR = "operator"
"""The source name of people's decisions."""


ERASED = "erased:"
"""How the id of a party begins whose name was its id, and who was erased: its identity follows."""


def subject_id(source: str, kind: str, external_id: str) -> UUID:
    """Return the id of a source identity: what the fold, the keys and the decisions cite."""
    return derived(source, kind, external_id)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One normalised fact. `data` has passed `check_event`; `flag` keeps it from being applied (unmapped, future)."""

    source_event_id: str
    event_type: str
    kind: str
    external_id: str
    occurred_at: datetime
    precision: str
    data: Mapping[str, Any]
    schema_version: str = "1"
    word: str | None = None
    qualifier: str | None = None
    flag: str | None = None
    sequence: int = 0

    def digest(self) -> bytes:
        """Return the SHA-256 of the reading: equal for a redelivery, different for a rewrite.

        When something was merely seen (`observed`) is no part of what it says: a file without a date of its own
        is seen anew at every import. Where it said a status in its own word, the word counts and not what we took
        it to mean.
        """
        said = (
            {name: value for name, value in self.data.items() if name != "status"} if self.word else self.data
        )
        body = orjson.dumps(
            [
                None if self.word else self.event_type,
                self.kind,
                self.external_id,
                None
                if self.precision == "observed"
                else self.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
                self.precision,
                self.word,
                self.qualifier,
                self.sequence,
                said,
            ],
            option=orjson.OPT_SORT_KEYS,
        )
        return hashlib.sha256(body).digest()


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A part of a delivery that verified but can't be understood; `place` empty: all of it."""

    place: str
    code: str
    reason: str
    diff: Mapping[str, Any] | None = None
    """How it differs from the accepted version: missing, new, retyped members."""


@dataclass(frozen=True, slots=True)
class WantedObject:
    """An object of a stream of the source that is to be fetched by its id, not before `due_at`."""

    stream: str
    external_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One raw body as it came, with what was read from it; `digest` is SHA-256 over kept headers and body."""

    business_id: UUID
    source: str
    via: str
    digest: bytes
    body: bytes
    received_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)
    filename: str | None = None
    stream: str | None = None
    version: str | None = None
    events: tuple[NewEvent, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    covered_from: date | None = None
    covered_until: date | None = None
    balance: int | None = None
    account: str | None = None
    wanted: tuple[WantedObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a delivery: events new to the log, known already, rewritten, and parts quarantined."""

    added: int = 0
    known: int = 0
    rewritten: int = 0
    quarantined: int = 0
