"""A source that calls us and falls silent is read early, once a silence, and says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from ingest.silence import pull_silent_ones
from kit.database import transaction
from kit.ids import digest
from ledger.commands import AddSource
from ledger.queries import Sources, Streams

NAME = "payment:razorpay"


@pytest.fixture
async def source(door, owner, business, clock) -> str:
    await door.execute(AddSource(NAME, "razorpay", "Razorpay", {}), owner)
    async with transaction(door.engine, [business]) as tx:
        await tx.run("INSERT INTO source_state (business_id, source) VALUES ($1, $2)", business, NAME)
        await tx.run(
            "INSERT INTO pulls (business_id, source, stream, lane, due_at, started_at) VALUES ($1, $2, 'payments', 'live', $3, $4)",
            business,
            NAME,
            clock.now + timedelta(hours=2),
            clock.now - timedelta(minutes=5),
        )
    return NAME


async def called(engine: Any, business: UUID, *, times: int, every: timedelta, last: Any) -> None:
    async with transaction(engine, [business]) as tx:
        for number in range(times):
            await tx.run(
                "INSERT INTO deliveries (business_id, source, digest, body, via, received_at) VALUES ($1, $2, $3, '', 'webhook', $4)",
                business,
                NAME,
                digest(str(number).encode()),
                last - every * number,
            )


async def test_a_source_that_called_every_minute_and_stopped_is_read_now(
    door, engine, business, owner, source, clock
) -> None:
    await called(engine, business, times=30, every=timedelta(minutes=1), last=clock.now)
    assert await pull_silent_ones(engine, [business], now=clock.now) == 0
    last = clock.now
    clock.advance(minutes=4)
    assert await pull_silent_ones(engine, [business], now=clock.now) == 1
    assert (await door.query(Streams(NAME), owner))[0].due_at == clock.now
    assert (await door.query(Sources(), owner))[0].silent_since == last


async def test_a_silence_is_read_into_once(door, engine, business, owner, source, clock) -> None:
    await called(engine, business, times=30, every=timedelta(minutes=1), last=clock.now)
    clock.advance(minutes=4)
    assert await pull_silent_ones(engine, [business], now=clock.now) == 1
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "UPDATE pulls SET started_at = $1, due_at = $2", clock.now, clock.now + timedelta(minutes=15)
        )
    clock.advance(minutes=1)
    assert await pull_silent_ones(engine, [business], now=clock.now) == 0
    await called_again(engine, business, clock.now)
    assert await pull_silent_ones(engine, [business], now=clock.now) == 0
    assert (await door.query(Sources(), owner))[0].silent_since is None


async def called_again(engine: Any, business: UUID, at: Any) -> None:
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO deliveries (business_id, source, digest, body, via, received_at) VALUES ($1, $2, 'again', '', 'webhook', $3)",
            business,
            NAME,
            at,
        )


async def test_a_source_that_calls_seldom_is_not_silent_for_a_while(engine, business, source, clock) -> None:
    await called(engine, business, times=20, every=timedelta(hours=3), last=clock.now - timedelta(minutes=90))
    assert await pull_silent_ones(engine, [business], now=clock.now) == 0


async def test_what_has_hardly_called_has_no_rhythm(engine, business, source, clock) -> None:
    await called(engine, business, times=5, every=timedelta(minutes=1), last=clock.now - timedelta(hours=1))
    assert await pull_silent_ones(engine, [business], now=clock.now) == 0
