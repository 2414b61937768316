"""What a delivery says today against what the log says of it: the same, or what is to be added. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from ledger.domain.events import Delivery, NewEvent, Quarantined, subject_id
from ledger.domain.readings import WITHDRAWN, InForce, Late, ReadingRow

CHANGED, RESTORED, TAKEN_BACK, ADDED, REWRITTEN = "changed", "restored", "withdrawn", "added", "rewritten"
"""Kinds of steps: another reading of an event; of one that had been withdrawn; no reading any more; an event that the
log doesn't know; one that it knows from another delivery, which says something else."""

Mark = tuple[bytes, str, str | None, str | None]
"""Digest, type, status where it was told by a word, flag: two readings with equal marks are the same reading."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event before and after; None: there is (or will be) none."""

    kind: str
    before: InForce | None
    after: NewEvent | None

    def row(self) -> ReadingRow:
        """Return it as a reading for the log (not for events that are added)."""
        before, after = self.before, self.after
        assert before is not None
        if after is None:
            return _row(before, _as_event(before), flag=WITHDRAWN, digest=before.digest)
        return _row(before, after, flag=after.flag, digest=after.digest())

    def concerns(self, event_type: str) -> bool:
        """Return whether it is, or was, of this type."""
        return (self.before is not None and self.before.event_type == event_type) or (
            self.after is not None and self.after.event_type == event_type
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is to be done about one delivery.

    `kept` counts events that stay as they are though their part of the delivery can't be read today.
    """

    steps: tuple[Step, ...]
    late: Late | None
    kept: int = 0
    refused: tuple[Quarantined, ...] = ()
    """Parts that could be read before and can't today."""


def mark_of(event: NewEvent) -> Mark:
    """Return the mark of a reading."""
    status = event.data.get("status") if event.word is not None else None
    return event.digest(), event.event_type, status, event.flag


def judge(
    today: Delivery,
    *,
    log: Sequence[InForce],
    quarantined: Mapping[str, bool],
    said: Callable[[NewEvent], bool] = lambda _: False,
    heard: Callable[[str], bool] = lambda _: False,
) -> Verdict:
    """Compare a delivery as it is read today with the log.

    `log` holds what came with it, and what other deliveries said under the same event ids. `quarantined` are its
    parts that couldn't be read (True: they still wait). `said` and `heard` tell which readings this replay already
    made, and of which event ids.
    """
    own: dict[str, list[InForce]] = defaultdict(list)
    others: dict[str, list[InForce]] = defaultdict(list)
    for row in sorted(log, key=lambda row: (row.rewrite, row.ingested_at, row.source_event_id, row.event_id)):
        (own if row.delivery == today.digest else others)[row.source_event_id].append(row)
    readings: dict[str, dict[bytes, NewEvent]] = defaultdict(dict)
    for event in today.events:
        readings[event.source_event_id].setdefault(event.digest(), event)
    steps: list[Step] = []
    for event_id, events in readings.items():
        steps += _matched(list(events.values()), own[event_id], others[event_id], said, heard)
    gone = [
        row
        for event_id, rows in own.items()
        if event_id not in readings
        for row in rows
        if row.flag != WITHDRAWN
    ]
    refused = tuple(part for part in today.quarantined if part.place not in quarantined)
    kept, explaining = _unread(gone, today, refused, known={*own, *readings})
    steps += [Step(TAKEN_BACK, row, None) for row in gone if row.event_id not in kept]
    missed = tuple(part for part in refused if part.place not in explaining)
    return Verdict(tuple(steps), _late(today, steps, quarantined, missed), len(kept), refused)


def _matched(
    events: list[NewEvent],
    own: list[InForce],
    others: list[InForce],
    said: Callable[[NewEvent], bool],
    heard: Callable[[str], bool],
) -> Iterable[Step]:
    """Pair the readings of one event id with its rows of this delivery: equal ones, then the rest in order."""
    rows = list(own)
    left: list[NewEvent] = []
    for event in events:
        equal = next((row for row in rows if row.flag != WITHDRAWN and _same(row, event, flags=True)), None)
        if equal is None:
            left.append(event)
        else:
            rows.remove(equal)
    rows.sort(key=lambda row: row.flag == WITHDRAWN)
    for event in left:
        if rows:
            row = rows.pop(0)
            yield Step(RESTORED if row.flag == WITHDRAWN else CHANGED, row, event)
        elif said(event) or any(row.flag != WITHDRAWN and _same(row, event) for row in (*own, *others)):
            continue
        else:
            yield _besides(event, (*own, *others), heard)
    yield from (Step(TAKEN_BACK, row, None) for row in rows if row.flag != WITHDRAWN)


def _besides(event: NewEvent, known: Sequence[InForce], heard: Callable[[str], bool]) -> Step:
    """An event without a row of its own: new, another reading of a known one, or a rewrite that is so again."""
    again = next((row for row in known if row.rewrite and row.first_digest == event.digest()), None)
    if again is not None:
        return Step(RESTORED if again.flag == WITHDRAWN else CHANGED, again, event)
    return Step(REWRITTEN if known or heard(event.source_event_id) else ADDED, None, event)


def _same(row: InForce, event: NewEvent, *, flags: bool = False) -> bool:
    """Return whether the log says just this; that something lay ahead when it came counts for its own row only."""
    if row.digest != event.digest() or row.event_type != event.event_type:
        return False
    if event.word is not None and row.data.get("status") != event.data.get("status"):
        return False
    if not flags or row.flag == event.flag:
        return True
    # Received a second time, when it no longer lay ahead.
    return row.flag is None and event.flag == "future" and row.ingested_at >= event.occurred_at


def _unread(
    gone: Sequence[InForce], today: Delivery, refused: Sequence[Quarantined], *, known: Collection[str]
) -> tuple[set[UUID], set[str]]:
    """Return which vanished events stay, and the refused parts that they are: a failed reading says nothing against
    what was read before.

    A refused part that names its event keeps that one. Those that name a row of a file may be any of the vanished:
    as many of them as there are newly refused rows are taken for these.
    """
    places = {part.place for part in today.quarantined}
    if "" in places:
        return {row.event_id for row in gone}, {""} if gone else set()
    named = {row.event_id: row.source_event_id for row in gone if row.source_event_id in places}
    rest = {
        row.event_id
        for row in gone
        if row.event_id not in named and not row.source_event_id.endswith("#status")
    }
    unnamed = {part.place for part in refused} - set(known)
    if len(rest) <= len(unnamed):
        return {*named, *rest}, {*named.values(), *unnamed} if rest else set(named.values())
    return set(named), set(named.values())


def _late(
    today: Delivery,
    steps: Sequence[Step],
    quarantined: Mapping[str, bool],
    refused: Sequence[Quarantined],
) -> Late | None:
    """Return what is to be appended, and which quarantined parts are understood by now."""
    waiting = {place for place, open_ in quarantined.items() if open_}
    places = {part.place for part in today.quarantined}
    resolved = tuple(sorted(waiting - places)) if "" not in places else ()
    events = tuple(step.after for step in steps if step.kind in (ADDED, REWRITTEN) and step.after is not None)
    if not (events or resolved or refused):
        return None
    return Late(
        replace(
            today,
            events=events,
            quarantined=tuple(refused),
            wanted=today.wanted if resolved else (),
            covered_until=today.covered_until if resolved else None,
            body=b"",
        ),
        resolved,
    )


def _row(before: InForce, after: NewEvent, *, flag: str | None, digest: bytes) -> ReadingRow:
    return ReadingRow(
        before.event_id,
        before.number + 1,
        before.source,
        before.source_event_id,
        after.event_type,
        after.schema_version,
        after.kind,
        after.external_id,
        after.word,
        after.qualifier,
        flag,
        orjson.dumps(after.data).decode(),
        after.occurred_at,
        after.precision,
        after.sequence,
        digest,
        subject_id(before.source, after.kind, after.external_id),
        before.subject,
    )


def _as_event(row: InForce) -> NewEvent:
    data: dict[str, Any] = dict(row.data)
    return NewEvent(
        source_event_id=row.source_event_id,
        event_type=row.event_type,
        kind=row.kind,
        external_id=row.external_id,
        occurred_at=row.occurred_at,
        precision=row.precision,
        data=data,
        schema_version=row.schema_version,
        word=row.word,
        qualifier=row.qualifier,
        flag=row.flag,
        sequence=row.sequence,
    )
