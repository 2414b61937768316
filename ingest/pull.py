"""Pulling: each stream of a source in rounds, page by page, and single objects by their id.

A round reads a window of time: from the start of the last round, less an overlap, to now. A page and the cursor
behind it commit together, under a lease, so that two workers never read one stream and a killed one loses nothing.
A stream that fails backs off, with jitter. When none of a source's streams reads well any more, or the vendor shuts
us out or asks for a pause, the circuit is open: one stream finds out now and then, and the others wait for it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Inbound, Page, Pull, Pulls, Stream
from ingest.cursors import Cursor, Cursors, Lane
from ingest.door import POISON, Ring
from ingest.garbled import TRIES, garbled, is_garbled, passing
from ingest.pauses import pause_after
from ingest.reading import read_delivery
from ingest.sources import Source, Sources
from ingest.tokens import Tokens, given
from ingest.vendor import HttpVendor, check_api_settings
from ingest.webhook import Appends
from ingest.write_back import Writer
from kit.clock import Clock
from kit.errors import MunshiError, NotFound, Rejected, Retryable, SourceBroken, Stale
from kit.logs import logger
from kit.sealing import Seal
from ledger.store.health import EVERYONES

log = logger(__name__)
PAGES = Counter(
    "munshi_pull_pages_total", "Pages pulled, by connector and what came of them", ["connector", "outcome"]
)
IDLE_PAUSE = timedelta(hours=1)
"""How often we look at a source that is switched off or has no credentials; either change makes it at once."""
SEALED_PAUSE = timedelta(minutes=10)
"""How often we look whether the key that opens a source's secrets is there again."""
REFUSED_PAUSE = timedelta(days=1)
PAGES_AT_ONCE = 200
"""Pages of one stream before the others get their turn."""
BACKFILL_STEP = timedelta(days=30)
_INLINE_BYTES = 64 * 1024
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Pulled:
    """What one visit to a source brought."""

    pages: int = 0
    items: int = 0
    added: int = 0
    quarantined: int = 0
    errors: tuple[str, ...] = ()


class Puller:
    """Reads the sources of any business; holds nothing between visits."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        sources: Sources,
        seal: Callable[[], Seal],
        appender: Appends,
        clock: Clock,
        public_url: str = "",
        development: bool = False,
        ring: Ring | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._engine = engine
        self._sources = sources
        self._seal = seal
        self._appender = appender
        self._clock = clock
        self._ring = ring
        self._transport = transport
        self._sleep = sleep
        self._development = development
        self._writer = Writer(engine, clock=clock, public_url=public_url)

    async def pull(self, business_id: UUID, name: str) -> Pulled:
        """Read whatever of a source is due, then write back; faults are noted with what met them and don't raise."""
        done = Pulled()
        cursors = Cursors(self._engine, business_id, name)
        try:
            source = await self._sources.by_name(business_id, name)
        except NotFound:  # switched off
            await cursors.postpone(self._clock() + IDLE_PAUSE)
            return done
        except SourceBroken as error:  # its secrets don't open
            log.warning("pull.not_opened", source=name, code=error.code)
            now = self._clock()
            await cursors.fail_all(due_at=now + SEALED_PAUSE, code=error.code, message=str(error), now=now)
            done.errors = (str(error),)
            return done
        if source.manifest.api is None or not source.credentials:
            await cursors.postpone(self._clock() + IDLE_PAUSE)
            return done
        if await cursors.shut_until(self._clock()) is not None:
            return done
        async with self.vendor(source) as call:
            if await self._read_due(source, cursors, call, done):
                await self._writer.write(source, call)
        return done

    async def _read_due(self, source: Source, cursors: Cursors, call: HttpVendor, done: Pulled) -> bool:
        """Read streams, then single objects; False if the circuit is open."""
        reads = isinstance(source.connector, Pulls)
        streams = [stream.name for stream in source.manifest.streams if _wants(stream, source.settings)]
        await cursors.ensure(streams if reads else [], lane="live", now=self._clock())
        if not reads:
            return True
        for stream, lane in await cursors.due(self._clock()):
            if not await self._visit(source, cursors, call, stream, lane, done):
                return False
        wanted = await cursors.wanted_streams(self._clock())
        await cursors.ensure(wanted, lane="wanted", now=self._clock())
        for stream in wanted:
            if not await self._visit(source, cursors, call, stream, "wanted", done):
                return False
        return True

    def vendor(self, source: Source) -> HttpVendor:
        """Return the vendor of a source; renewed access tokens are sealed and kept."""
        assert source.manifest.api is not None

        tokens = Tokens(self._engine, source, self._seal)
        return HttpVendor(
            source.manifest.api,
            credentials=source.credentials,
            settings=source.settings,
            keep=tokens.keep,
            stored=tokens.stored,
            transport=self._transport,
            sleep=self._sleep,
        )

    # ---- one stream --------------------------------------------------------------------------------
    async def _visit(
        self, source: Source, cursors: Cursors, call: HttpVendor, name: str, lane: Lane, done: Pulled
    ) -> bool:
        """Read one stream; False if the circuit is open, so that the others needn't try."""
        cursor = await cursors.take(name, lane=lane, now=self._clock())
        if cursor is None:
            return True
        try:
            self._check(source)
            stream = source.manifest.stream(name)
            read = self._objects if lane == "wanted" else self._round
            await read(source, cursors, call, stream, cursor, done)
            if cursor.failures:
                await cursors.resume(self._clock())
            return True
        except Stale:  # another worker took over after our lease ended: what it commits counts
            log.warning("pull.lease_lost", source=source.name, stream=name)
            return True
        except Exception as error:
            return await self._failed(source, cursors, cursor, error, done)

    def _check(self, source: Source) -> None:
        """Raise SourceBroken unless its settings let its vendor be called: a credential must not go astray."""
        assert source.manifest.api is not None
        try:
            check_api_settings(source.manifest.api, source.settings, development=self._development)
        except Rejected as wrong:
            raise SourceBroken(wrong.code, wrong.message, remedy=wrong.remedy) from None

    async def _failed(
        self, source: Source, cursors: Cursors, cursor: Cursor, error: Exception, done: Pulled
    ) -> bool:
        if isinstance(error, MunshiError):
            code, message = error.code, str(error)
        else:
            log.exception("pull.failed", source=source.name, stream=cursor.stream)
            code, message = "connector.failed", f"Our reading of it failed ({type(error).__name__})."
        PAGES.labels(source.manifest.name, code).inc()
        pause = pause_after(error, failures=cursor.failures)
        asked = isinstance(error, Retryable) and error.after is not None
        mended = code in EVERYONES and await self._was_mended(source)
        if mended:
            pause = timedelta()
        log.warning(
            "pull.paused",
            source=source.name,
            stream=cursor.stream,
            code=code,
            seconds=int(pause.total_seconds()),
        )
        waits = await cursors.fail(
            cursor,
            due_at=self._clock() + pause,
            code=code,
            message=message,
            everything=asked or code in EVERYONES,
            now=self._clock(),
        )
        done.errors = (*done.errors, f"{cursor.stream}: {message}")
        return not (waits or mended)

    async def _was_mended(self, source: Source) -> bool:
        """Say whether credentials or settings were given while the former ones failed: then nobody need wait."""
        try:
            now = await self._sources.by_name(source.business_id, source.name)
        except MunshiError:
            return False
        return given(now.credentials) != given(source.credentials) or now.settings != source.settings

    async def _round(
        self, source: Source, cursors: Cursors, call: HttpVendor, stream: Stream, cursor: Cursor, done: Pulled
    ) -> None:
        """Read page after page until the round ends, or the others' turn has come."""
        cursor = _with_window(cursor, stream, now=self._clock())
        for _ in range(PAGES_AT_ONCE):
            assert cursor.window_from is not None
            assert cursor.window_to is not None
            asked = dict(cursor.position or {})
            page = await _fetch(
                source,
                call,
                Pull(stream.name, cursor.window_from, cursor.window_to, asked, settings=source.settings),
            )
            if page.position is not None and dict(page.position) == asked:
                raise SourceBroken(
                    "vendor.paging_loop",
                    f"{source.manifest.label} gives the same page of {stream.name} again and again.",
                    remedy="Tell whoever looks after the connector.",
                )
            cursor = replace(cursor, position=page.position)
            if page.position is None:
                cursor = _next_window(cursor)
            await self._keep(source, cursors, cursor, page, done)
            if page.position is None and (cursor.lane == "live" or cursor.window_to is None):
                break
        now = self._clock()
        ended = cursor.position is None and (cursor.lane == "live" or cursor.window_to is None)
        due_at = now if not ended else None if cursor.lane == "backfill" else now + _interval(stream)
        await cursors.release(cursor, due_at=due_at, done_at=now if ended else None, now=now)

    async def _objects(
        self, source: Source, cursors: Cursors, call: HttpVendor, stream: Stream, cursor: Cursor, done: Pulled
    ) -> None:
        """Fetch what is wanted by id; one that the vendor refuses is set apart and asked for again tomorrow."""
        for _ in range(PAGES_AT_ONCE):
            asked_at = self._clock()
            ids = await cursors.wanted(cursor, now=asked_at, limit=stream.batch)
            if not ids:
                break
            groups = [ids]
            while groups:
                group = groups.pop()
                try:
                    page = await _fetch(
                        source,
                        call,
                        Pull(stream.name, _EPOCH, asked_at, ids=tuple(group), settings=source.settings),
                    )
                except Rejected as refusal:
                    if len(group) > 1:
                        middle = len(group) // 2
                        groups += [group[:middle], group[middle:]]
                        continue
                    log.warning(
                        "pull.object_refused", source=source.name, stream=stream.name, code=refusal.code
                    )
                    await cursors.later(cursor, group, due_at=asked_at + REFUSED_PAUSE)
                    done.errors = (*done.errors, f"{stream.name} {group[0]}: {refusal}")
                    continue
                await self._keep(source, cursors, cursor, page, done, got=group, asked_at=asked_at)
        now = self._clock()
        await cursors.release(cursor, due_at=None, done_at=now, now=now)

    async def _keep(
        self,
        source: Source,
        cursors: Cursors,
        cursor: Cursor,
        page: Page,
        done: Pulled,
        *,
        got: Sequence[str] = (),
        asked_at: datetime | None = None,
    ) -> None:
        now = self._clock()
        readings = [await _read(source, inbound, now=now) for inbound in page.inbounds]
        deliveries = [reading.delivery for reading in readings]
        if is_garbled(deliveries) and cursor.failures < TRIES - 1:
            raise garbled(source.manifest.label)
        options: dict[str, Any] = {"items": page.items, "now": now, "got": got, "asked_at": asked_at}
        try:
            results = await cursors.commit(cursor, deliveries, **options)
        except POISON:  # the appender finds the poison, keeps its raw body, and takes the rest
            results = [await self._appender.append(delivery) for delivery in deliveries]
            await cursors.commit(cursor, (), **options)
        done.pages += 1
        done.items += page.items
        done.added += sum(result.added + result.rewritten for result in results)
        done.quarantined += sum(result.quarantined for result in results)
        PAGES.labels(source.manifest.name, "kept").inc()
        if self._ring is not None and any(result.added or result.rewritten for result in results):
            await self._ring({source.business_id})


# ---- windows -----------------------------------------------------------------------------------------
def _with_window(cursor: Cursor, stream: Stream, *, now: datetime) -> Cursor:
    """Begin a round where none is under way: from the last round's start, less the overlap, to now."""
    if cursor.window_to is not None or cursor.lane == "backfill":
        return cursor
    since = cursor.watermark or now - timedelta(days=stream.first_days)
    window_from = since - timedelta(minutes=stream.overlap_minutes) if stream.windowed else _EPOCH
    return replace(cursor, window_from=window_from, window_to=now, position={})


def _next_window(cursor: Cursor) -> Cursor:
    """End a round: the next begins at this one's end; a backfill goes back a step, until it reaches its goal."""
    if cursor.lane == "live":
        return replace(cursor, watermark=cursor.window_to, window_from=None, window_to=None)
    assert cursor.window_from is not None
    goal = cursor.watermark or cursor.window_from
    if cursor.window_from <= goal:
        return replace(cursor, window_from=goal, window_to=None)
    return replace(
        cursor, window_from=max(goal, cursor.window_from - BACKFILL_STEP), window_to=cursor.window_from
    )


def _interval(stream: Stream) -> timedelta:
    # A tenth either way, so that a thousand sources connected in one hour don't call in one minute for ever.
    return timedelta(minutes=stream.every_minutes) * random.uniform(0.9, 1.1)  # noqa: S311  jitter


def _wants(stream: Stream, settings: Mapping[str, Any]) -> bool:
    chosen = settings.get("streams")
    listed = not isinstance(chosen, list) or stream.name in chosen
    return listed and all(settings.get(name) for name in stream.needs)


async def _fetch(source: Source, call: HttpVendor, pull: Pull) -> Page:
    assert isinstance(source.connector, Pulls)
    try:
        return await source.connector.fetch(pull, call)
    except Rejected as error:
        raise passing(error, source.manifest.label) from None


async def _read(source: Source, inbound: Inbound, *, now: datetime) -> Any:
    if len(inbound.body) <= _INLINE_BYTES:
        return read_delivery(source, inbound, via="pull", received_at=now)
    return await asyncio.to_thread(read_delivery, source, inbound, via="pull", received_at=now)
