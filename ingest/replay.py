"""Replay: deliveries of the past through today's reading; what it changes is shown, or added to the log.

Deliveries are read slice by slice in the order in which they came, source after source. Each slice that changes
something is one transaction with the place that the replay came to, so that one that was killed goes on from there.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.door import POISON
from ingest.normalise import NORMALISER_VERSION
from ingest.replay_compare import TAKEN_BACK, Step, Verdict, judge
from ingest.replay_reading import Elsewhere, Found, Here, Reads, Slice
from ingest.replay_words import in_words
from kit.database import transaction
from kit.errors import NotFound, Rejected, Stale
from ledger.commands import (
    FinishReplay,
    NewReadings,
    ReplayPlace,
    ReplayScope,
    ReplayStarted,
    StartReplay,
    TakeReadings,
    TryReadings,
)
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.readings import InForce
from ledger.domain.roles import Actor
from ledger.domain.vocabulary import EVENTS
from ledger.queries import ReplaySources
from ledger.store import replays
from ledger.store.readings import in_force_of_deliveries, in_force_of_ids
from ledger.store.replays import Basis

SLICE, SLICE_BYTES = 1_000, 8 * 1024 * 1024
ALONE_BELOW = 3_000
"""Fewer deliveries than this are read in this process: others would take longer to start."""
TRIED_AT_MOST = 2_000
"""Changes up to which a dry run derives what stands on them, to show which rows would change."""
EXAMPLES = 3
PATIENCE = 20
"""How often in a row a slice is read again because its source or its events were changed meanwhile."""
NOTED_EVERY = 1.0
"""Seconds after which a replay that changes nothing notes how far it is."""
_FIRST = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Watch:
    """How far a replay is."""

    done: int
    deliveries: int
    events: int


@dataclass(slots=True)
class Outcome:
    """What a replay came to.

    `counts`: deliveries and events read; changed, restored, withdrawn, added, rewritten events; understood: parts
    that had been quarantined; kept: events that stay though their part can't be read today; refused: what the store
    itself refuses. `rows`: rows of each table that would change; None: too many changes to try, or applied.
    """

    applied: bool
    resumed: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    rows: Mapping[str, int] | None = None

    @property
    def changes(self) -> int:
        """Events that are read otherwise than the log says, and parts that are understood by now."""
        return sum(self.counts[kind] for kind in CHANGES)


CHANGES = ("changed", "restored", "withdrawn", "added", "rewritten", "understood")


async def replay(
    door: Door,
    actor: Actor,
    scope: ReplayScope,
    *,
    apply: bool,
    database_url: str = "",
    processes: int = 2,
    watch: Callable[[Watch], None] = lambda _: None,
) -> Outcome:
    """Read the deliveries of a scope again and say what changes, or add it to the log too (`apply`).

    Denied without the permission; NotFound if there is no such source; Rejected while another replay of the business
    runs. `database_url` is where other processes read; without it all is read here.
    """
    found = await door.query(ReplaySources(scope.source), actor)
    if not found:
        raise NotFound(
            "source.unknown", f"There is no source {scope.source[:60]!r}.", remedy="See `munshi source list`."
        )
    if scope.event_type and scope.event_type not in EVENTS:
        raise Rejected("event.unknown_type", f"{scope.event_type[:60]!r} is not an event type.")
    if not apply:
        run = _Run(door, actor, scope, started=None, watch=watch)
        return await run.through(found, database_url, processes)
    async with _alone(door.engine, actor):
        started = await door.execute(StartReplay(scope), actor)
        run = _Run(door, actor, scope, started=started, watch=watch)
        outcome = await run.through(found, database_url, processes)
        await door.execute(FinishReplay(started.id, dict(outcome.counts)), actor)
        return outcome


@asynccontextmanager
async def _alone(engine: AsyncEngine, actor: Actor) -> AsyncIterator[None]:
    """Hold the business's replay for this process; the database lets go of it when the process ends, however."""
    key = f"replay:{actor.business_id}"
    async with engine.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        if not await raw.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key):
            raise Rejected(
                "replay.running",
                "Another replay of this business is running.",
                remedy="Wait until it is through.",
            )
        try:
            yield
        finally:
            await raw.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)


class _Run:
    """One replay on its way; a dry one has no `started`."""

    def __init__(
        self,
        door: Door,
        actor: Actor,
        scope: ReplayScope,
        *,
        started: ReplayStarted | None,
        watch: Callable[[Watch], None],
    ) -> None:
        self._door = door
        self._actor = actor
        self._scope = scope
        self._started = started
        self._watch = watch
        self._before = door.clock() if started is None else started.started_at
        self._outcome = Outcome(applied=started is not None)
        if started is not None:
            self._outcome.resumed = started.place is not None
            self._outcome.counts.update(started.counts)
        self._total = 0
        # What this replay has changed so far; a dry one finds none of it in the log.
        self._touched: set[int] = set()
        self._moved: set[Any] = set()
        self._said: set[int] = set()
        self._tries: list[NewReadings] | None = []
        self._again = 0
        self._noted = time.monotonic()

    async def through(self, found: Sequence[Basis], database_url: str, processes: int) -> Outcome:
        """Read every source in turn."""
        place = self._started.place if self._started is not None else None
        ahead = [basis for basis in found if place is None or basis.source >= place.source]
        async with transaction(self._door.engine, [self._actor.business_id]) as tx:
            for basis in found:
                self._total += await replays.deliveries_in(
                    tx, self._actor.business_id, basis.source, self._scope, before=self._before
                )
        several = database_url and processes > 1 and self._total >= ALONE_BELOW
        reads: Reads = Elsewhere(database_url, processes) if several else Here(self._door.engine)
        try:
            for basis in ahead:
                after = ReplayPlace(basis.source, _FIRST, b"")
                if place is not None and place.source == basis.source:
                    after = place
                while (left := await self._source(reads, basis, after, 2 * processes)) is not None:
                    basis, after = left
        finally:
            await reads.close()
        if self._started is None and self._tries is not None:
            self._outcome.rows = (
                await self._door.execute(TryReadings(tuple(self._tries)), self._actor) if self._tries else {}
            )
        return self._outcome

    async def _source(
        self, reads: Reads, basis: Basis, after: ReplayPlace, lead: int
    ) -> tuple[Basis, ReplayPlace] | None:
        """Read a source; returns where to go on, on its new basis, if that was changed meanwhile."""
        ahead: deque[tuple[Slice, asyncio.Task[Found]]] = deque()
        place, more = after, True
        try:
            while more or ahead:
                while more and len(ahead) < lead:
                    end = await self._end(place)
                    if end is None:
                        more = False
                        break
                    job = Slice(self._actor.business_id, basis, self._scope, place, end, self._before)
                    ahead.append((job, asyncio.create_task(reads.read(job))))
                    place = end
                if not ahead:
                    break
                job, reading = ahead.popleft()
                found = await reading
                try:
                    await self._take(job, found, await self._settled(reads, job, found))
                except Stale as stale:
                    self._again += 1
                    if stale.code == "replay.ended" or self._again > PATIENCE:
                        raise
                    self._forget()
                    (fresh,) = await self._door.query(ReplaySources(basis.source), self._actor)
                    return fresh, job.after
                self._again = 0
            return None
        finally:
            for _, reading in ahead:
                reading.cancel()
            await asyncio.gather(*(reading for _, reading in ahead), return_exceptions=True)

    async def _end(self, after: ReplayPlace) -> ReplayPlace | None:
        async with transaction(self._door.engine, [self._actor.business_id]) as tx:
            found = await replays.end_of_slice(
                tx,
                self._actor.business_id,
                self._scope,
                after,
                before=self._before,
                most=SLICE,
                most_bytes=SLICE_BYTES,
            )
        return None if found is None else found[0]

    async def _settled(self, reads: Reads, job: Slice, found: Found) -> list[Verdict]:
        """Decide what depends on the deliveries before; where they changed what others lean on, look again."""
        verdicts = [self._within_scope(verdict) for verdict in found.verdicts]
        for verdict in verdicts:
            self._remember(job.basis.source, verdict)
        doubt = frozenset(
            digest
            for digest, ids in (found.leaning if self._touched else ())
            if any(hash((job.basis.source, event_id)) in self._touched for event_id in ids)
        )
        unsure = found.unsure
        if doubt:
            unsure = (await reads.read(replace(job, doubt=doubt))).unsure
        return verdicts + await self._judge(job, unsure) if unsure else verdicts

    async def _judge(self, job: Slice, unsure: Sequence[Delivery]) -> list[Verdict]:
        """Judge deliveries in their order, each after what the ones before it add."""
        business, source = self._actor.business_id, job.basis.source
        ids = list({event.source_event_id for delivery in unsure for event in delivery.events})
        digests = [delivery.digest for delivery in unsure]
        async with transaction(self._door.engine, [business]) as tx:
            rows = {
                row.event_id: row
                for row in (
                    *await in_force_of_ids(tx, business, source, ids),
                    *await in_force_of_deliveries(tx, business, source, digests),
                )
            }
            quarantined = await replays.quarantined(tx, business, source, digests)
        by_delivery: dict[bytes, list[InForce]] = {}
        by_id: dict[str, list[InForce]] = {}
        for row in rows.values():
            by_delivery.setdefault(row.delivery, []).append(row)
            by_id.setdefault(row.source_event_id, []).append(row)
        verdicts = []
        for delivery in unsure:
            log = {row.event_id: row for row in by_delivery.get(delivery.digest, ())}
            for event in delivery.events:
                log.update((row.event_id, row) for row in by_id.get(event.source_event_id, ()))
            verdict = judge(
                delivery,
                log=[
                    row
                    for row in log.values()
                    if row.delivery == delivery.digest or row.event_id not in self._moved
                ],
                quarantined=quarantined.get(delivery.digest, {}),
                said=lambda event: _said(source, event) in self._said,
                heard=lambda event_id: hash((source, event_id)) in self._touched,
            )
            verdict = self._within_scope(verdict)
            self._remember(source, verdict)
            verdicts.append(verdict)
        return verdicts

    def _forget(self) -> None:
        """What was changed stands in the log by now (or never will)."""
        self._moved.clear()
        self._said.clear()

    def _remember(self, source: str, verdict: Verdict) -> None:
        for step in verdict.steps:
            if step.before is not None:
                self._moved.add(step.before.event_id)
                self._touched.add(hash((source, step.before.source_event_id)))
            if step.after is not None:
                self._touched.add(hash((source, step.after.source_event_id)))
                self._said.add(_said(source, step.after))

    async def _take(self, job: Slice, found: Found, verdicts: Sequence[Verdict]) -> None:
        counts = Counter(deliveries=found.deliveries, events=found.events, erased=found.erased)
        for verdict in verdicts:
            counts.update(step.kind for step in verdict.steps)
            counts["kept"] += verdict.kept
            counts["understood"] += len(verdict.late.resolved) if verdict.late else 0
        counts = +counts
        if self._started is None:
            self._try(job.basis, verdicts)
        else:
            await self._write(job, verdicts, counts)
            self._forget()
        self._outcome.counts.update(counts)
        self._show(verdicts)
        done = self._outcome.counts
        self._watch(Watch(done["deliveries"], self._total, done["events"]))

    def _within_scope(self, verdict: Verdict) -> Verdict:
        """Leave out what isn't of the type that is asked for; then no part of the delivery counts as settled."""
        wanted = self._scope.event_type
        if not wanted or all(step.concerns(wanted) for step in verdict.steps):
            return verdict
        steps = tuple(step for step in verdict.steps if step.concerns(wanted))
        late = verdict.late
        if late is not None:
            events = tuple(event for event in late.delivery.events if event.event_type == wanted)
            late = replace(late, delivery=replace(late.delivery, events=events, wanted=()), resolved=())
            late = late if events else None
        return replace(verdict, steps=steps, late=late)

    def _try(self, basis: Basis, verdicts: Sequence[Verdict]) -> None:
        """Keep what would be taken, while it is little enough to be tried at the end."""
        if self._tries is None:
            return
        if (new := _new(basis, verdicts)) is not None:
            self._tries.append(new)
        if sum(len(new.readings) + len(new.late) for new in self._tries) > TRIED_AT_MOST:
            self._tries = None

    async def _write(self, job: Slice, verdicts: Sequence[Verdict], counts: Counter[str]) -> None:
        assert self._started is not None
        new = _new(job.basis, verdicts)
        if new is None and time.monotonic() < self._noted + NOTED_EVERY:
            return
        sums = dict(self._outcome.counts + counts)
        self._noted = time.monotonic()
        try:
            await self._door.execute(TakeReadings(self._started.id, job.upto, sums, new), self._actor)
        except POISON:
            await self._write_what_goes(job, verdicts, counts)

    async def _write_what_goes(self, job: Slice, verdicts: Sequence[Verdict], counts: Counter[str]) -> None:
        """The store refuses something of it: each delivery for itself, so that only the bad one is left out."""
        assert self._started is not None
        for verdict in verdicts:
            new = _new(job.basis, [verdict])
            if new is None:
                continue
            try:
                await self._door.execute(
                    TakeReadings(self._started.id, job.after, dict(self._outcome.counts), new), self._actor
                )
            except POISON as error:
                counts["refused"] += 1
                for step in verdict.steps:
                    counts[step.kind] -= 1
                counts["understood"] -= len(verdict.late.resolved) if verdict.late else 0
                self._example("refused", f"{job.basis.source}: the store refused it ({type(error).__name__})")
        sums = dict(self._outcome.counts + counts)
        await self._door.execute(TakeReadings(self._started.id, job.upto, sums), self._actor)

    def _show(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            for step in verdict.steps:
                self._example(step.kind, step)
            if verdict.kept and verdict.refused:
                self._example("kept", verdict.refused[0].reason)

    def _example(self, kind: str, said: Step | str) -> None:
        examples = self._outcome.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(said if isinstance(said, str) else in_words(said))


def _new(basis: Basis, verdicts: Sequence[Verdict]) -> NewReadings | None:
    readings = tuple(
        step.row()
        for verdict in verdicts
        for step in verdict.steps
        if step.before is not None or step.kind == TAKEN_BACK
    )
    late = tuple(verdict.late for verdict in verdicts if verdict.late is not None)
    if not readings and not late:
        return None
    return NewReadings(basis.source, basis.digest, NORMALISER_VERSION, readings, late)


def _said(source: str, event: NewEvent) -> int:
    status = event.data.get("status") if event.word is not None else None
    return hash((source, event.source_event_id, event.digest(), event.event_type, status))
