"""Following businesses: one listening connection a process, one reader a business, and memory for all who follow it.

Every follower has a place, the audit sequence that he was told last. What he is told next comes from the memory of the
business's feed if that reaches back so far, else from the trail itself: no queue grows for one that reads slowly, none
misses an entry, and none gets one twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prometheus_client import Gauge

from kit.listening import listen
from kit.logs import logger
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.domain.told import Told
from ledger.queries.live import ImportProgress, TrailPlace, TrailTold
from ledger.store.audit import CHANNEL
from ledger.views.live import ImportProgressView, TrailPage

log = logger(__name__)
KEPT = 1_000
"""Entries of a business that are held in memory for its followers."""
PAGE = 200
LOOK_SECONDS = 15.0
"""Without a word of the database we look by ourselves so often: a lost notification costs no more."""
AGAIN_SECONDS = 1.0
PROGRESS_SECONDS = 1.0
FOLLOWERS = Gauge("munshi_followers", "Subscriptions that are open in this process")


@dataclass(slots=True)
class _Feed:
    """What is known of a business: every told entry behind `floor` up to `head`."""

    floor: int
    head: int
    followers: int = 0
    recent: deque[Told] = field(default_factory=deque)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None

    def take(self, page: TrailPage) -> None:
        """Take the next entries, drop the oldest beyond what is kept, and wake who waits."""
        self.recent.extend(page.rows)
        self.head = max(self.head, page.until)
        while len(self.recent) > KEPT:
            self.floor = self.recent.popleft().sequence
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


@dataclass(slots=True)
class _Watch:
    """How far a business's sources are, looked at while somebody watches."""

    followers: int = 0
    latest: ImportProgressView | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    reader: asyncio.Task[None] | None = None


class Follower:
    """Follows businesses for all subscribers of this process; `run` must be running."""

    def __init__(self, door: Door, *, progress_every: float = PROGRESS_SECONDS) -> None:
        self._door = door
        self._progress_every = progress_every
        self._feeds: dict[UUID, _Feed] = {}
        self._watches: dict[UUID, _Watch] = {}

    async def run(self) -> None:
        """Listen until cancelled."""
        await listen(
            self._door.engine, CHANNEL, self._told, renewed=self._renewed, application="munshi-api-live"
        )

    async def after(self, business: UUID, place: int) -> AsyncIterator[list[Told]]:
        """Yield what is told behind a place, for ever, in order, in lists of at most a page."""
        feed = await self._feed(business)
        feed.followers += 1
        FOLLOWERS.inc()
        try:
            while True:
                if place < feed.floor:
                    page = await self._page(business, place)
                    place = page.until
                    if page.rows:
                        yield list(page.rows)
                    continue
                changed = feed.changed
                rows = [one for one in feed.recent if one.sequence > place][:PAGE]
                if rows:
                    place = rows[-1].sequence
                    yield rows
                else:
                    place = max(place, feed.head)
                    await changed.wait()
        finally:
            self._leave(business, feed, self._feeds)

    async def progress(self, business: UUID) -> AsyncIterator[ImportProgressView]:
        """Yield how far the sources of a business are, at once and then whenever that changes."""
        watch = self._watches.setdefault(business, _Watch())
        if watch.reader is None:
            watch.reader = asyncio.create_task(self._look(business, watch))
        watch.followers += 1
        FOLLOWERS.inc()
        seen: ImportProgressView | None = None
        try:
            while True:
                changed = watch.changed
                if watch.latest is not None and watch.latest != seen:
                    seen = watch.latest
                    yield seen
                else:
                    await changed.wait()
        finally:
            self._leave(business, watch, self._watches)

    # ---- entries ---------------------------------------------------------------------------------
    async def _feed(self, business: UUID) -> _Feed:
        """Return the feed of a business, begun at the trail's end if nobody follows it yet."""
        feed = self._feeds.get(business)
        if feed is None:
            end: int = await self._door.query(TrailPlace(), system(business, "live"))
            feed = self._feeds.setdefault(business, _Feed(end, end))
            if feed.reader is None:
                feed.reader = asyncio.create_task(self._read(business, feed))
                feed.wanted.set()  # what came while we weren't among those who are told
        return feed

    def _leave(self, business: UUID, feed: _Feed | _Watch, among: dict[UUID, Any]) -> None:
        FOLLOWERS.dec()
        feed.followers -= 1
        if not feed.followers:
            if feed.reader is not None:
                feed.reader.cancel()
            if among.get(business) is feed:
                del among[business]

    async def _read(self, business: UUID, feed: _Feed) -> None:
        """Read on whenever there is word of something, or none for a while."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await feed.wanted.wait()
            except TimeoutError:
                pass
            feed.wanted.clear()
            try:
                await self._read_on(business, feed)
            except (
                Exception
            ) as error:  # an outage passes: nobody is told anything meanwhile, and nothing is lost
                log.warning("live.postponed", error=type(error).__name__)
                feed.wanted.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def _read_on(self, business: UUID, feed: _Feed) -> None:
        while True:
            page = await self._page(business, feed.head)
            if page.until <= feed.head:
                return
            feed.take(page)

    async def _page(self, business: UUID, after: int) -> TrailPage:
        page: TrailPage = await self._door.query(TrailTold(after, PAGE), system(business, "live"))
        return page

    def _told(self, payload: str) -> None:
        business, _, sequence = payload.partition(":")
        feed = self._feeds.get(UUID(business))
        if feed is not None and int(sequence) > feed.head:
            feed.wanted.set()

    def _renewed(self) -> None:
        for feed in self._feeds.values():
            feed.wanted.set()

    # ---- how far sources are ---------------------------------------------------------------------
    async def _look(self, business: UUID, watch: _Watch) -> None:
        while True:
            try:
                found: ImportProgressView = await self._door.query(ImportProgress(), system(business, "live"))
                if found != watch.latest:
                    watch.latest = found
                    changed, watch.changed = watch.changed, asyncio.Event()
                    changed.set()
            except Exception as error:  # an outage passes
                log.warning("live.postponed", error=type(error).__name__)
            await asyncio.sleep(self._progress_every)
