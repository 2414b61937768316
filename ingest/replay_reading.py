"""Reading a slice of deliveries again: raw bodies through today's reading, and what of them isn't what the log says.

It runs in this process or in several others, which share the cores; each asks the database for its own slice.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Inbound, StatusRow, load_connector, load_manifest
from ingest.normalise import status_map
from ingest.reading import read_delivery, understand
from ingest.replay_compare import Mark, Verdict, judge, mark_of
from ingest.sources import Source
from kit.collector import spare_the_collector
from kit.database import Tx, make_engine, transaction
from ledger.commands import ReplayPlace, ReplayScope
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.readings import WITHDRAWN
from ledger.store import replays
from ledger.store.readings import in_force_of_deliveries, marks_of_deliveries, marks_of_ids
from ledger.store.replays import Basis


@dataclass(frozen=True, slots=True)
class Slice:
    """Deliveries of one source behind `after` up to `upto`, to be read on its `basis`.

    Those in `doubt` are never taken for the same because other deliveries say the same.
    """

    business: UUID
    basis: Basis
    scope: ReplayScope
    after: ReplayPlace
    upto: ReplayPlace
    before: datetime
    doubt: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Found:
    """What a slice came to.

    `unsure` are deliveries with events that the log doesn't hold from them; what is to be done about these depends
    on what is done about the deliveries before. `leaning` are as the log has it, but by what other deliveries say:
    their digests with the ids of those events. `erased` are those that aren't read again, since a person was erased
    from them.
    """

    deliveries: int = 0
    erased: int = 0
    events: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    unsure: list[Delivery] = field(default_factory=list)
    leaning: list[tuple[bytes, list[str]]] = field(default_factory=list)


class Reads(Protocol):
    """Reads slices, in this process or in others."""

    async def read(self, job: Slice) -> Found:
        """Read one slice."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class Here:
    """Reads slices in this process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, job: Slice) -> Found:
        """Read one slice."""
        async with transaction(self._engine, [job.business], snapshot=True) as tx:
            return await read_slice(tx, job)

    async def close(self) -> None:
        """Nothing to let go of."""


class Elsewhere:
    """Reads slices in several processes, which end with this one however it ends."""

    def __init__(self, database_url: str, processes: int) -> None:
        self._pool = ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_settle_in,
            initargs=(database_url,),
        )

    async def read(self, job: Slice) -> Found:
        """Read one slice."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _read_here, job)

    async def close(self) -> None:
        """End the processes."""
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)


# ---- a process of its own --------------------------------------------------------------------------
@dataclass(slots=True)
class _Process:
    runner: asyncio.Runner
    engine: AsyncEngine


_process: _Process | None = None


def _settle_in(database_url: str) -> None:
    global _process
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    spare_the_collector()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _process = _Process(asyncio.Runner(), make_engine(database_url, pool_size=1, application="munshi-replay"))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _read_here(job: Slice) -> Found:
    assert _process is not None
    return _process.runner.run(Here(_process.engine).read(job))


# ---- one slice -------------------------------------------------------------------------------------
async def read_slice(tx: Tx, job: Slice) -> Found:
    """Read the deliveries of a slice and compare them with the log as it stands on this snapshot."""
    source = source_of(job.business, job.basis)
    name = job.basis.source
    raw, erased = await replays.bodies(
        tx, job.business, job.scope, after=job.after, upto=job.upto, before=job.before
    )
    digests = [row["digest"] for row in raw]
    marks: dict[bytes, list[asyncpg.Record]] = defaultdict(list)
    for record in await marks_of_deliveries(tx, job.business, name, digests):
        marks[record[0]].append(record)
    quarantined = await replays.quarantined(tx, job.business, name, digests)
    found = Found(deliveries=len(raw) + erased, erased=erased)
    other: list[Delivery] = []
    leaning: dict[bytes, tuple[Mapping[str, Any], list[NewEvent]]] = {}
    for row in raw:
        digest = row["digest"]
        inbound = Inbound(row["body"], row["headers"], row["filename"], row["stream"])
        _, said = understand(source, inbound, received_at=row["received_at"])
        found.events += len(said.events)
        if not said.quarantined and digest not in quarantined and digest not in job.doubt:
            missing = _missing(said.events, marks.get(digest, ()))
            if missing == []:
                continue
            if missing is not None:
                leaning[digest] = (row, missing)
                continue
        other.append(_today(source, row))
    if leaning:
        known = await _said_by_others(tx, job, [event for _, m in leaning.values() for event in m])
        for digest, (row, missing) in leaning.items():
            if all(_plain(mark_of(event)) in known.get(event.source_event_id, ()) for event in missing):
                found.leaning.append((digest, [event.source_event_id for event in missing]))
            else:
                other.append(_today(source, row))
    await _judge_alone(tx, job, found, other, quarantined)
    return found


async def _judge_alone(
    tx: Tx, job: Slice, found: Found, other: list[Delivery], quarantined: Mapping[bytes, Mapping[str, bool]]
) -> None:
    """Judge deliveries whose events the log has from themselves; leave the others to whoever knows their order."""
    log = defaultdict(list)
    digests = [delivery.digest for delivery in other]
    for row in await in_force_of_deliveries(tx, job.business, job.basis.source, digests) if other else ():
        log[row.delivery].append(row)
    for delivery in other:
        own = log[delivery.digest]
        known = {row.source_event_id for row in own}
        if all(event.source_event_id in known for event in delivery.events):
            verdict = judge(delivery, log=own, quarantined=quarantined.get(delivery.digest, {}))
            if all(step.before is not None for step in verdict.steps):
                found.verdicts.append(verdict)
                continue
        found.unsure.append(delivery)


def _missing(events: Sequence[NewEvent], marks: Sequence[asyncpg.Record]) -> list[NewEvent] | None:
    """Return the events that the log doesn't have from this delivery; None if it has others that aren't said today."""
    if len(events) == 1 and len(marks) == 1:
        (event,), (mark,) = events, marks
        if (mark[1], mark[2], mark[3], mark[4], mark[5]) == (event.source_event_id, *mark_of(event)):
            return []
    said = {(event.source_event_id, *mark_of(event)): event for event in events}
    for mark in marks:
        if mark[5] != WITHDRAWN and said.pop((mark[1], mark[2], mark[3], mark[4], mark[5]), None) is None:
            return None
    return list(said.values())


async def _said_by_others(tx: Tx, job: Slice, events: Sequence[NewEvent]) -> dict[str, set[tuple[Any, ...]]]:
    known: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    ids = list({event.source_event_id for event in events})
    for mark in await marks_of_ids(tx, job.business, job.basis.source, ids):
        if mark[5] != WITHDRAWN:
            known[mark[1]].add(_plain((mark[2], mark[3], mark[4], mark[5])))
    return known


def _plain(mark: Mark) -> tuple[Any, ...]:
    """A mark without its flag: whether something lay ahead is a matter of when it came."""
    return mark[:3]


def _today(source: Source, row: Mapping[str, Any]) -> Delivery:
    """Read a delivery in full, as if it came today; it keeps the digest that it has in the log."""
    inbound = Inbound(row["body"], row["headers"], row["filename"], row["stream"])
    reading = read_delivery(source, inbound, via=row["via"], received_at=row["received_at"])
    return replace(reading.delivery, digest=row["digest"], body=b"")


@lru_cache(maxsize=64)
def source_of(business: UUID, basis: Basis) -> Source:
    """Return a source to read by: without its secrets, which reading doesn't need."""
    manifest = load_manifest(basis.connector)
    return Source(
        business_id=business,
        name=basis.source,
        connector=load_connector(basis.connector),
        manifest=manifest,
        secrets=(),
        settings=basis.settings,
        statuses=status_map(manifest, [StatusRow(**mapped) for mapped in basis.mappings]),
    )
