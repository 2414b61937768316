"""Observations in a vendor's words → events in ours: statuses mapped, every field checked, nothing dropped in silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from connectors.contract import Manifest, Observation, Observed, StatusRow
from kit.errors import Rejected
from ledger.domain.checks import check_event, check_kind
from ledger.domain.events import NewEvent, Quarantined
from ledger.domain.statuses import read_status
from ledger.domain.vocabulary import EVENTS, FIELDS_OF_KIND, SOURCE_EVENTS, STATUSES

NORMALISER_VERSION = "1"
AHEAD = timedelta(minutes=5)
"""How far a source's clock may run ahead; what says it happened later than that is kept and not applied."""
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MAX_LABEL = 300
_MAX_SEQUENCE = 2**63
_SOURCE_EVENTS = frozenset(SOURCE_EVENTS)
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class StatusMap:
    """What each word means for one source: the business's own answers first, then the connector's defaults."""

    own: Mapping[_Key, StatusRow]
    defaults: Mapping[_Key, StatusRow]

    def find(self, kind: str, word: str, qualifier: str, *, implied: str | None = None) -> StatusRow | None:
        """Return the row of a word in its context; a default without a context serves any context.

        What the vendor itself says of its word (`implied`) comes after the business's answer, before the defaults.
        """
        exact, anywhere = _key(kind, word, qualifier), _key(kind, word, "")
        if (own := self.own.get(exact)) is not None:
            return own
        if implied is not None:
            return StatusRow(kind, word, qualifier, implied, confidence=100)
        return self.defaults.get(exact) or self.defaults.get(anywhere)


def status_map(manifest: Manifest, own: Iterable[StatusRow] = ()) -> StatusMap:
    """Lay a business's own rows over the defaults of a connector."""
    return StatusMap(
        {_key(row.kind, row.word, row.qualifier): row for row in own}, _defaults(manifest.status_map)
    )


@dataclass(frozen=True, slots=True)
class Normalised:
    """The events of a delivery, what of it can't be understood, and what is known and says nothing about money."""

    events: tuple[NewEvent, ...]
    quarantined: tuple[Quarantined, ...]
    ignored: tuple[str, ...]


Progress = Callable[[int, int], None]
"""Hears how many rows are read, of how many; now and then, not for each."""
_TOLD_EVERY = 500


def normalise(
    observed: Observed, statuses: StatusMap, *, received_at: datetime, progress: Progress | None = None
) -> Normalised:
    """Turn observations into events; pure. A bad one costs only itself: it is quarantined under its event id."""
    events: list[NewEvent] = []
    quarantined = [Quarantined(part.where, part.code, part.reason) for part in observed.unreadable]
    ignored = list(observed.ignored)
    for number, observation in enumerate(observed.observations):
        if progress is not None and number % _TOLD_EVERY == 0:
            progress(number, len(observed.observations))
        try:
            made = _events(observation, statuses, version=observed.version, received_at=received_at)
        except Rejected as rejection:
            quarantined.append(Quarantined(observation.event_id, rejection.code, rejection.message))
            continue
        events.extend(made)
        if not made:
            ignored.append(f"{observation.kind}: {observation.word}")
    return Normalised(tuple(events), tuple(quarantined), tuple(ignored))


# ---- one observation -------------------------------------------------------------------------------
def _events(
    seen: Observation, statuses: StatusMap, *, version: str, received_at: datetime
) -> tuple[NewEvent, ...]:
    _check_identity(seen)
    flag = "future" if seen.occurred_at > received_at + AHEAD else None
    if seen.word is None:
        if seen.event_type is None:
            raise Rejected("event.untold", "It says neither an event type nor a status.")
        _check_status(seen.data.get("status"))
        return (_event(seen, seen.event_type, seen.data, version=version, word=None, flag=flag),)
    row = statuses.find(seen.kind, seen.word, seen.qualifier, implied=seen.implied)
    if row is None or row.confidence < 100:
        return _unmapped(seen, row, version=version, flag=flag)
    read = read_status(seen.kind, row.status, seen.data, stated=row.event_type or seen.event_type)
    if read is None:
        return ()
    return (_event(seen, *read, version=version, word=seen.word, flag=flag),)


def _unmapped(
    seen: Observation, guess: StatusRow | None, *, version: str, flag: str | None
) -> tuple[NewEvent, ...]:
    """Keep a fact whose word nobody has explained; what it states besides its status is applied at once."""
    kept = dict(seen.data)
    if guess is not None and "status" in FIELDS_OF_KIND[seen.kind]:
        kept["status"] = guess.status
    check_kind(seen.kind, kept)
    reported = f"{seen.kind}.status_reported"
    if seen.event_type in (None, reported) or reported not in _SOURCE_EVENTS:
        return (_new(seen, "status.unmapped", kept, version=version, word=seen.word, flag="unmapped"),)
    assert seen.event_type is not None
    told = _event(seen, seen.event_type, seen.data, version=version, word=None, flag=flag)
    asked = replace(seen, event_id=f"{seen.event_id}#status")
    return (told, _new(asked, "status.unmapped", kept, version=version, word=seen.word, flag="unmapped"))


def _event(
    seen: Observation,
    event_type: str,
    data: Mapping[str, Any],
    *,
    version: str,
    word: str | None,
    flag: str | None,
) -> NewEvent:
    check_event(event_type, data)
    return _new(seen, event_type, data, version=version, word=word, flag=flag)


def _new(
    seen: Observation,
    event_type: str,
    data: Mapping[str, Any],
    *,
    version: str,
    word: str | None,
    flag: str | None,
) -> NewEvent:
    return NewEvent(
        source_event_id=seen.event_id,
        event_type=event_type,
        kind=seen.kind,
        external_id=seen.external_id,
        occurred_at=seen.occurred_at,
        precision=seen.precision,
        data=data,
        schema_version=version,
        word=word,
        qualifier=seen.qualifier if word is not None and seen.qualifier else None,
        flag=flag,
        sequence=seen.sequence,
    )


def _check_identity(seen: Observation) -> None:
    if seen.kind not in FIELDS_OF_KIND:
        raise Rejected("event.unknown_kind", f"{seen.kind[:40]!r} is not a kind of thing.")
    if seen.event_type is not None and (
        seen.event_type not in _SOURCE_EVENTS or EVENTS[seen.event_type].kind != seen.kind
    ):
        raise Rejected("event.unknown_type", f"{seen.event_type[:60]!r} is not an event of a {seen.kind}.")
    check_label("event id", seen.event_id)
    check_label("id", seen.external_id)
    if seen.word is not None:
        check_label("status word", seen.word)
    if seen.qualifier:
        check_label("status context", seen.qualifier)
    if seen.occurred_at.tzinfo is None or not _EARLIEST <= seen.occurred_at < _LATEST:
        raise Rejected("event.time_range", "The time at which it happened is out of range.")
    if abs(seen.sequence) >= _MAX_SEQUENCE:
        raise Rejected("event.sequence_range", "The sequence number is out of range.")


def check_label(what: str, value: str) -> None:
    """Raise Rejected unless a name or id of a vendor can be stored: not empty, not endless, text throughout."""
    if value.isascii() and 0 < len(value) <= _MAX_LABEL and "\x00" not in value:
        return
    if not 0 < len(value) <= _MAX_LABEL:
        raise Rejected("event.label_length", f"The {what} must have 1 to {_MAX_LABEL} characters.")
    if "\x00" in value or (not value.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in value)):
        raise Rejected("event.field_characters", f"The {what} holds a character that text can't hold.")


def _check_status(status: Any) -> None:
    if status is not None and (not isinstance(status, str) or status not in STATUSES):
        raise Rejected("status.unknown", f"{str(status)[:60]!r} is not one of our statuses.")


@lru_cache(maxsize=4_096)
def _key(kind: str, word: str, qualifier: str) -> _Key:
    return kind, word.strip().casefold(), qualifier.strip().casefold()


@lru_cache(maxsize=64)
def _defaults(rows: tuple[StatusRow, ...]) -> Mapping[_Key, StatusRow]:
    return {_key(row.kind, row.word, row.qualifier): row for row in rows}
