"""The morning digest comes once a day, at the member's hour, to whom it belongs."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from bot.digest import queue_due_digests
from kit.database import transaction
from ledger.commands import AddBusiness, AddMember, CreateLinkCode, LinkChat
from ledger.dispatch import Door
from ledger.domain.roles import system
from tests.conftest import SettableClock


async def _member(
    door: Door,
    business: UUID,
    chat: int,
    *,
    role: str = "owner",
    at: time | None = time(8, 30),
    name: str = "Ramesh",
) -> UUID:
    clerk = system(business, "test")
    member: UUID = await door.execute(AddMember(name, role, digest_at=at, crm_owner="ravi"), clerk)
    code = await door.execute(CreateLinkCode(member), clerk)
    await door.execute(LinkChat(code, chat), clerk)
    return member


async def _queued(door: Door, business: UUID) -> list[Any]:
    async with transaction(door.engine, [business]) as tx:
        return await tx.fetch("SELECT chat_id, once_key, card FROM outbox ORDER BY queued_at")


async def _due(door: Door, clock: SettableClock) -> int:
    return await queue_due_digests(door, clock())


async def test_a_digest_comes_once_a_day_at_the_members_hour(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    member = await _member(door, business, 1)
    clock.now = datetime(2026, 11, 20, 2, 59, tzinfo=UTC)  # 8:29 in India
    assert await _due(door, clock) == 0
    clock.advance(minutes=1)
    assert await _due(door, clock) == 1
    assert await _due(door, clock) == 0
    clock.advance(hours=12)
    assert await _due(door, clock) == 0
    clock.now = datetime(2026, 11, 20, 18, 31, tzinfo=UTC)  # past midnight in India, before his hour
    assert await _due(door, clock) == 0
    clock.now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    assert await _due(door, clock) == 1
    keys = [row["once_key"] for row in await _queued(door, business)]
    assert keys == [f"digest:{member}:2026-11-20", f"digest:{member}:2026-11-21"]


async def test_two_schedulers_at_once_send_one_digest(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    import asyncio

    await _member(door, business, 1)
    assert sum(await asyncio.gather(*(_due(door, clock) for _ in range(4)))) == 1
    assert len(await _queued(door, business)) == 1


async def test_each_business_keeps_its_own_clock(door: Door, business: UUID, clock: SettableClock) -> None:
    dubai = UUID("01990000-0000-7000-8000-0000000000aa")
    await door.execute(AddBusiness(dubai, "Dubai Branch", timezone="Asia/Dubai"), system(dubai, "test"))
    await _member(door, business, 1)
    await _member(door, dubai, 2)
    clock.now = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)  # 9:00 in India, 7:30 in Dubai
    assert await _due(door, clock) == 1
    clock.now = datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    assert await _due(door, clock) == 1
    assert [row["chat_id"] for row in await _queued(door, dubai)] == [2]


async def test_nobody_without_an_hour_a_chat_or_a_place_in_the_firm_gets_one(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    await _member(door, business, 1, at=None)
    left = await _member(door, business, 2)
    await door.execute(AddMember("Unlinked", "owner"), system(business, "test"))
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE members SET active = false WHERE business_id = $1 AND id = $2", business, left)
    assert await _due(door, clock) == 0


async def test_a_sales_reps_digest_shows_no_other_reps_customer_and_no_bank(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    from tests.bot.test_chat import GUPTA, SHARMA, _customer

    await _customer(door, business, SHARMA, "Sharma Traders", 14_200_000, owner="ravi")
    await _customer(door, business, GUPTA, "Gupta Steel", 9_000_050, owner="meena")
    await _member(door, business, 1, role="sales", name="Ravi")
    assert await _due(door, clock) == 1
    text = (await _queued(door, business))[0]["card"]["text"]
    assert "To collect ₹1,42,000" in text
    assert "Sharma Traders" in text
    assert "Gupta" not in text
    assert "Bank" not in text
    assert "to pay" not in text.lower()


async def test_one_members_fault_costs_no_other_his_morning(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    broken = await _member(door, business, 1)
    await _member(door, business, 2)
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE members SET role = 'gone' WHERE business_id = $1 AND id = $2", business, broken)
    assert await _due(door, clock) == 1
    assert [row["chat_id"] for row in await _queued(door, business)] == [2]
