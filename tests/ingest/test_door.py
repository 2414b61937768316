"""The door for sources: shared commits, poison that costs only itself, outages that keep nothing and say so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.door import Appender
from kit.database import make_engine, transaction
from kit.errors import Retryable
from kit.ids import digest
from ledger.domain.events import Appended, Delivery, NewEvent, Quarantined
from ledger.store.append import append
from tests.ledger.raw import raw_bodies

NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


def event(number: object, **more: Any) -> NewEvent:
    data = {"amount": 500, "currency": "INR"}
    return NewEvent(f"e{number}", "payment.received", "payment", f"p{number}", NOW, "instant", data, **more)


def delivery(business: UUID, number: object, *events: NewEvent, **more: Any) -> Delivery:
    body = f"body {number}".encode()
    return Delivery(
        business,
        "payment:razorpay",
        "webhook",
        digest(body),
        body,
        NOW,
        events=events or (event(number),),
        **more,
    )


async def count(engine: AsyncEngine, business: UUID, table: str) -> int:
    async with transaction(engine, [business]) as tx:
        return int(await tx.value(f"SELECT count(*) FROM {table} WHERE business_id = $1", business))


async def test_whoever_comes_while_a_commit_is_on_its_way_shares_the_next(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []

    async def counted(tx: Any, deliveries: Any) -> list[Appended]:
        batches.append(len(deliveries))
        return await append(tx, deliveries)

    monkeypatch.setattr("ingest.door.append", counted)
    business, rung = uuid4(), []

    async def ring(businesses: set[UUID]) -> None:
        rung.append(businesses)

    appender = Appender(engine, ring=ring)
    results = await asyncio.gather(*(appender.append(delivery(business, number)) for number in range(50)))
    assert results == [Appended(added=1)] * 50
    assert sum(batches) == 50
    assert len(batches) <= 3
    assert rung == [{business}] * len(batches)
    assert await count(engine, business, "external_events") == 50
    assert await count(engine, business, "pending") == 50


async def test_the_same_delivery_again_adds_nothing_and_rings_for_nobody(engine: AsyncEngine) -> None:
    business, rung = uuid4(), []

    async def ring(businesses: set[UUID]) -> None:
        rung.extend(businesses)

    appender = Appender(engine, ring=ring)
    first = await appender.append(delivery(business, 1))
    again = await asyncio.gather(*(appender.append(delivery(business, 1)) for _ in range(5)))
    assert (first, again) == (Appended(added=1), [Appended(known=1)] * 5)
    assert rung == [business]
    assert await count(engine, business, "deliveries") == 1


async def test_the_same_id_with_other_words_is_kept_as_a_rewrite_once(engine: AsyncEngine) -> None:
    business, appender = uuid4(), Appender(engine)
    await appender.append(delivery(business, 1))
    changed = NewEvent(
        "e1", "payment.received", "payment", "p1", NOW, "instant", {"amount": 600, "currency": "INR"}
    )
    assert await appender.append(delivery(business, "1 again", changed)) == Appended(rewritten=1)
    assert await appender.append(delivery(business, "1 again", changed)) == Appended(known=1)
    assert await count(engine, business, "event_rewrites") == 1


async def test_a_redelivery_under_another_mapping_is_no_rewrite(engine: AsyncEngine) -> None:
    business, appender = uuid4(), Appender(engine)
    data = {"name": "Deal", "status": "invoice.paid"}
    waiting = NewEvent(
        "d1", "status.unmapped", "deal", "d", NOW, "instant", {"name": "Deal"}, word="Won", flag="unmapped"
    )
    mapped = NewEvent("d1", "deal.status_reported", "deal", "d", NOW, "instant", data, word="Won")
    await appender.append(delivery(business, "d1", waiting))
    assert await appender.append(delivery(business, "d1", mapped)) == Appended(known=1)


@pytest.mark.parametrize("poison", ["bad\x00id", "lone \ud800 surrogate"])
async def test_a_poisoned_event_costs_only_itself(engine: AsyncEngine, poison: str) -> None:
    business, other, appender = uuid4(), uuid4(), Appender(engine)
    mixed = delivery(business, "mixed", event("good"), event(poison), event("fine"))
    results = await asyncio.gather(
        *(appender.append(delivery(other, number)) for number in range(20)),
        appender.append(mixed),
        *(appender.append(delivery(other, number)) for number in range(20, 40)),
    )
    assert results[20] == Appended(added=2, quarantined=1)
    assert await count(engine, other, "external_events") == 40
    assert await count(engine, business, "external_events") == 2
    async with transaction(engine, [business]) as tx:
        kept = await tx.fetch("SELECT code FROM quarantine WHERE business_id = $1", business)
        bodies = await raw_bodies(tx)
    assert [row["code"] for row in kept] == ["store.refused"]
    assert bodies == [b"body mixed"]


async def test_bytes_that_no_text_can_hold_are_kept_as_they_came(engine: AsyncEngine) -> None:
    business = uuid4()
    raw = bytes(range(256)) * 40
    refused = Quarantined("row \x00 17", "json.malformed", "The body is not JSON \ud800.")
    odd = Delivery(business, "bank:icici", "file", digest(raw), raw, NOW, quarantined=(refused,))
    assert await Appender(engine).append(odd) == Appended(quarantined=1)
    async with transaction(engine, [business]) as tx:
        assert await raw_bodies(tx) == [raw]
        assert "\x00" not in await tx.value("SELECT place FROM quarantine WHERE business_id = $1", business)


async def test_one_body_that_comes_twice_in_one_batch_is_opened_by_the_key_that_is_kept(
    engine: AsyncEngine,
) -> None:
    business = uuid4()
    same = [delivery(business, 1) for _ in range(8)]
    async with transaction(engine, [business], role="munshi_ingest") as tx:
        results = await append(tx, same)
    assert sum(result.added for result in results) == 1
    async with transaction(engine, [business]) as tx:
        assert await raw_bodies(tx) == [same[0].body]


async def test_a_database_that_is_away_is_retryable_and_the_next_try_succeeds(engine: AsyncEngine) -> None:
    nowhere = make_engine("postgresql://munshi_app@127.0.0.1:1/nothing")
    with pytest.raises(Retryable):
        await Appender(nowhere).append(delivery(uuid4(), 1))
    await nowhere.dispose()
    business = uuid4()
    assert await Appender(engine).append(delivery(business, 1)) == Appended(added=1)


async def test_the_appending_role_can_only_append(engine: AsyncEngine) -> None:
    business = uuid4()
    await Appender(engine).append(delivery(business, 1))
    for statement in (
        "SELECT body FROM deliveries",
        "SELECT key FROM delivery_keys",
        "SELECT normalised FROM external_events",
        "UPDATE external_events SET kind = 'x'",
        "DELETE FROM pending",
        "SELECT * FROM parties",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with transaction(engine, [business], role="munshi_ingest") as tx:
                await tx.run(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with transaction(engine, [uuid4()], role="munshi_ingest") as tx:
            await append(tx, [delivery(business, 2)])
