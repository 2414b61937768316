"""The scheduler: rings for what is due, ever more patiently; sweeps once a local day, from six o'clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from dramatiq.brokers.redis import RedisBroker

from kit.database import transaction
from kit.ids import uuid7
from ledger.dispatch import Door
from tests.conftest import SettableClock
from workers.broker import DRAIN_QUEUE, SWEEP_QUEUE, make_broker
from workers.mailbox import businesses_with_work
from workers.scheduler import Mornings, Patience, Scheduler

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_a_business_that_stays_due_is_rung_for_ever_more_rarely() -> None:
    patience, business, rung = Patience(), uuid7(), []
    for second in range(0, 300, 2):
        now = NOON + timedelta(seconds=second)
        if patience.choose([business], now):
            rung.append(second)
    assert rung == [0, 2, 6, 14, 30, 62, 122, 182, 242]


def test_a_business_that_was_served_is_rung_for_at_once_next_time() -> None:
    patience, business = Patience(), uuid7()
    assert patience.choose([business], NOON) == [business]
    assert patience.choose([business], NOON + timedelta(seconds=1)) == []
    assert patience.choose([], NOON + timedelta(seconds=2)) == []
    assert patience.choose([business], NOON + timedelta(seconds=3)) == [business]


def test_a_morning_begins_at_six_where_the_business_is_and_comes_once_a_day() -> None:
    mornings, pune, london = Mornings(), uuid7(), uuid7()
    zones = {pune: "Asia/Kolkata", london: "Europe/London"}
    before_six_in_pune = datetime(2026, 11, 20, 0, 29, tzinfo=UTC)
    six_in_pune = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
    assert mornings.due(zones, before_six_in_pune) == []
    assert mornings.due(zones, six_in_pune) == [pune]
    mornings.done(pune, zones[pune], six_in_pune)
    assert mornings.due(zones, six_in_pune + timedelta(hours=6)) == [london]
    assert mornings.due({pune: zones[pune]}, six_in_pune + timedelta(days=1)) == [pune]


async def test_who_has_due_work_is_seen_without_seeing_what(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    async with transaction(door.engine, [business]) as tx:
        insert = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, 'test', $3)"
        await tx.run(insert, business, uuid7(), clock.now + timedelta(days=3))
    assert await businesses_with_work(door.engine, clock.now) == []
    clock.advance(days=3)
    assert await businesses_with_work(door.engine, clock.now) == [business]


async def test_a_wake_up_that_nobody_rang_for_is_rung_for(
    door: Door, business: UUID, clock: SettableClock, redis_url: str
) -> None:
    broker = make_broker(redis_url)
    assert isinstance(broker, RedisBroker)
    async with transaction(door.engine, [business]) as tx:
        insert = "INSERT INTO pending (business_id, id, wake, due_at) VALUES ($1, $2, 'test', $3)"
        await tx.run(insert, business, uuid7(), clock.now + timedelta(hours=1))
    scheduler = Scheduler(door, broker)
    await scheduler.tick()
    assert broker.do_qsize(DRAIN_QUEUE) == 0
    assert broker.do_qsize(SWEEP_QUEUE) == 1  # nine o'clock: the morning's sweep
    clock.advance(hours=1)
    await scheduler.tick()
    await scheduler.tick()
    assert broker.do_qsize(DRAIN_QUEUE) == 1
    assert broker.do_qsize(SWEEP_QUEUE) == 1


async def test_a_broker_that_is_away_stops_no_tick(
    door: Door, business: UUID, clock: SettableClock, tmp_path: object
) -> None:
    scheduler = Scheduler(door, make_broker(f"unix://{tmp_path}/nobody.sock"))
    await scheduler.tick()
    assert scheduler.mornings.due({business: "Asia/Kolkata"}, clock.now) == [business]


async def test_where_workers_poll_the_scheduler_sweeps_itself(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    scheduler = Scheduler(door, None)
    await scheduler.tick()
    assert scheduler.mornings.due({business: "Asia/Kolkata"}, clock.now) == []
    async with transaction(door.engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM audit WHERE action = 'swept'") == 1
