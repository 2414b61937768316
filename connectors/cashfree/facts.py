"""One fact of Cashfree's on its way to an observation: its time, the id that only changes with what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.contract import Observation, Precision, Wanted
from connectors.values import digest_of
from kit.errors import Rejected

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Fact:
    """What an object states: its kind and id with us, our fields, and Cashfree's word or our event type.

    `at` is when it came to be so by Cashfree's own word. `merely_seen`: a list that knows the thing less well than its
    own message, so that it moves the state on and overrides nothing.
    """

    kind: str
    external_id: str
    data: dict[str, Any]
    word: str | None = None
    qualifier: str = ""
    event_type: str | None = None
    at: datetime | None = None
    merely_seen: bool = False
    sequence: int = 0


def observation(fact: Fact, *, now: datetime, event_id: str | None = None, of: str = "") -> Observation:
    """Return the observation; without an id of Cashfree's own it is called by what it says (`of`: told where)."""
    if fact.word is None and fact.event_type is None:
        raise Rejected("schema.status_missing", f"The status of the {fact.kind} is missing.")
    precision: Precision = "observed" if fact.merely_seen or fact.at is None else "instant"
    return Observation(
        event_id=event_id or f"{of}:{fact.kind}:{fact.external_id}:{digest(fact)}"[:300],
        kind=fact.kind,
        external_id=fact.external_id,
        occurred_at=fact.at or now.astimezone(UTC),
        precision=precision,
        data=fact.data,
        event_type=fact.event_type,
        word=fact.word,
        qualifier=fact.qualifier,
        sequence=fact.sequence,
    )


def digest(fact: Fact) -> str:
    """Digest what a fact says: the same for an object that hasn't changed."""
    said = [fact.data, fact.word, fact.qualifier, fact.at and fact.at.isoformat(), fact.sequence]
    return digest_of(said, length=20)


def asked_again(
    stream: str, external_id: str | None, made_at: datetime | None, *, limit: timedelta, now: datetime
) -> list[Wanted]:
    """Ask again for what isn't final: after a day, then in pauses that grow with its age; nothing once it is old."""
    if external_id is None or made_at is None or len(external_id) > 300:
        return []
    age = now - made_at
    return [Wanted(stream, external_id, min(max(_DAY, age / 4), _WEEK))] if age < limit else []
