"""The scheduler: `python -m workers.scheduler`. Rings for what is due, sweeps each morning, queues digests and alerts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import redis
from dramatiq import Broker
from dramatiq.errors import DramatiqError

from bot.alerts import Bell
from bot.digest import queue_due_digests, queue_due_evenings
from bot.ending import tell_ends
from bot.heads import queue_due_heads
from bot.switched_off import tell_all_of_switched_off
from ingest.cursors import sources_due
from ingest.silence import pull_silent_ones
from kit.database import transaction
from kit.errors import MunshiError
from kit.logs import configure_logs, logger
from kit.settings import settings
from ledger.dispatch import Door
from ledger.store.chat_upkeep import forget_old_traffic
from ledger.store.directory import all_businesses
from ledger.store.webhook_calls import forget_old_tries, webhooks_due
from workers import drainer, process
from workers.broker import broker
from workers.doorbell import send_drain, send_pull, send_sweep, send_tell
from workers.loop import until_stopped
from workers.mailbox import businesses_with_work

log = logger(__name__)
TICK = 2.0
SWEEP_AT = time(6, 0)
DIGESTS_EVERY = timedelta(seconds=20)
ALERTS_EVERY = timedelta(seconds=15)
SWEEPS_EVERY = timedelta(minutes=1)
UPKEEP_EVERY = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=1)
_CHUNK = 500
_Rung = TypeVar("_Rung", bound=Hashable)


@dataclass(slots=True)
class Patience:
    """When to ring again for what stays due: ever later, so that an absent worker finds no flood."""

    _next: dict[Hashable, tuple[datetime, timedelta]] = field(default_factory=dict)

    def choose(self, waiting: Sequence[_Rung], now: datetime) -> list[_Rung]:
        """Return those whose turn it is; one that is no longer waiting starts afresh."""
        kept: dict[Hashable, tuple[datetime, timedelta]] = {
            one: self._next[one] for one in waiting if one in self._next
        }
        chosen = []
        for one in waiting:
            at, pause = kept.get(one, (now, FIRST_PAUSE))
            if at <= now:
                chosen.append(one)
                kept[one] = (now + pause, min(LONGEST_PAUSE, pause * 2))
        self._next = kept
        return chosen


@dataclass(slots=True)
class Mornings:
    """Which businesses are to be swept: once a local day, at six or when we come up later."""

    _swept: dict[UUID, date] = field(default_factory=dict)

    def due(self, zones: dict[UUID, str], now: datetime) -> list[UUID]:
        """Return the businesses whose six o'clock has passed and who weren't swept today."""
        found = []
        for business, zone in zones.items():
            local = now.astimezone(ZoneInfo(zone))
            if local.time() >= SWEEP_AT and self._swept.get(business) != local.date():
                found.append(business)
        return found

    def done(self, business: UUID, zone: str, now: datetime) -> None:
        """Note that a business was swept (or that its sweep is on its way)."""
        self._swept[business] = now.astimezone(ZoneInfo(zone)).date()


@dataclass(slots=True)
class Scheduler:
    """One tick after another; every part of it may be repeated without harm."""

    door: Door
    broker: Broker | None
    patience: Patience = field(default_factory=Patience)
    pull_patience: Patience = field(default_factory=Patience)
    tell_patience: Patience = field(default_factory=Patience)
    mornings: Mornings = field(default_factory=Mornings)
    bell: Bell = field(init=False)
    _digests_at: datetime | None = None
    _alerts_at: datetime | None = None
    _sweeps_at: datetime | None = None
    _upkeep_at: datetime | None = None

    def __post_init__(self) -> None:
        self.bell = Bell(self.door)

    async def tick(self) -> None:
        """Ring for what is due; now and then look for sweeps, for digests and for what is to be told at once."""
        now = self.door.clock()
        await self.ring(now)
        await self.pull(now)
        await self.tell(now)
        if self._sweeps_at is None or now >= self._sweeps_at:
            await pull_silent_ones(self.door.engine, await all_businesses(self.door.engine), now=now)
            await self.sweep(now)
            self._sweeps_at = now + SWEEPS_EVERY
        if self._digests_at is None or now >= self._digests_at:
            await queue_due_digests(self.door, now)
            await queue_due_evenings(self.door, now)
            self._digests_at = now + DIGESTS_EVERY
        if self._alerts_at is None or now >= self._alerts_at:
            await self.bell.ring(now)
            self._alerts_at = now + ALERTS_EVERY
        if self._upkeep_at is None or now >= self._upkeep_at:
            if gone := await forget_old_traffic(self.door.engine, now):
                log.info("scheduler.forgot", **gone)
            await forget_old_tries(self.door.engine, now)
            await tell_all_of_switched_off(self.door, now)
            await tell_ends(self.door, now)
            await queue_due_heads(self.door, now)
            self._upkeep_at = now + UPKEEP_EVERY

    async def ring(self, now: datetime) -> None:
        """Ring for every business with due work: what an append rang for and got lost, and every wake-up."""
        if self.broker is None:  # workers poll
            return
        waiting = await businesses_with_work(self.door.engine, now)
        for business in self.patience.choose(waiting, now):
            try:
                await asyncio.to_thread(send_drain, self.broker, business)
            except (redis.RedisError, DramatiqError, OSError) as error:
                log.warning("scheduler.broker_away", error=type(error).__name__)
                return

    async def pull(self, now: datetime) -> None:
        """Ring for every source that has something to be read; where workers poll, they find it themselves."""
        if self.broker is None:
            return
        for due in self.pull_patience.choose(await sources_due(self.door.engine, now), now):
            try:
                await asyncio.to_thread(send_pull, self.broker, due.business_id, due.source)
            except (redis.RedisError, DramatiqError, OSError) as error:
                log.warning("scheduler.broker_away", error=type(error).__name__)
                return

    async def tell(self, now: datetime) -> None:
        """Ring for every outgoing webhook that has something to be sent; where workers poll, they find it themselves."""
        if self.broker is None:
            return
        for due in self.tell_patience.choose(await webhooks_due(self.door.engine, now), now):
            try:
                await asyncio.to_thread(send_tell, self.broker, due.business_id, due.webhook_id)
            except (redis.RedisError, DramatiqError, OSError) as error:
                log.warning("scheduler.broker_away", error=type(error).__name__)
                return

    async def sweep(self, now: datetime) -> None:
        """Sweep whose morning has come: by a worker, or here where workers poll."""
        zones = await timezones(self.door)
        for business in self.mornings.due(zones, now):
            try:
                if self.broker is None:
                    await drainer.sweep(self.door, business)
                else:
                    await asyncio.to_thread(send_sweep, self.broker, business)
            except (redis.RedisError, DramatiqError, OSError) as error:
                log.warning("scheduler.broker_away", error=type(error).__name__)
                return
            self.mornings.done(business, zones[business], now)


async def timezones(door: Door) -> dict[UUID, str]:
    """Return the timezone of every business."""
    businesses = await all_businesses(door.engine)
    found: dict[UUID, str] = {}
    for start in range(0, len(businesses), _CHUNK):
        async with transaction(door.engine, businesses[start : start + _CHUNK]) as tx:
            rows = await tx.fetch("SELECT business_id, timezone FROM businesses")
        found |= {row["business_id"]: row["timezone"] for row in rows}
    return found


async def run() -> None:
    """Tick until SIGTERM or SIGINT."""
    scheduler = Scheduler(process.make_door(application="munshi-scheduler"), broker())
    log.info("scheduler.ready", broker=scheduler.broker is not None)
    await until_stopped(scheduler.tick, every=TICK)
    await scheduler.door.engine.dispose()


def main() -> int:
    """Run the scheduler; return the exit code."""
    config = settings()
    configure_logs(level=config.log_level, form=config.log_format, program="scheduler")
    try:
        asyncio.run(run())
    except MunshiError as error:
        log.error("scheduler.refused", code=error.code, reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
