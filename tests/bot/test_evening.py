"""The close of a day comes once, when it is wanted, and says what came and what tomorrow needs."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from bot.digest import queue_due_digests, queue_due_evenings
from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import AddMember, CreateLinkCode, LinkChat
from ledger.commands.settings import SetEveningHour
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries.mornings import Evening
from ledger.views.mornings import EveningView
from tests.conftest import SettableClock
from tests.ledger.rows import Rows, rows_of

FRIDAY, SATURDAY = date(2026, 11, 20), date(2026, 11, 21)
SEVEN = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)  # 7 pm in India


async def _linked(door: Door, business: UUID, role: str = "owner", chat: int = 1) -> Actor:
    clerk = system(business, "test")
    member = await door.execute(AddMember("Ramesh", role, crm_owner="ravi"), clerk)
    code = await door.execute(CreateLinkCode(member), clerk)
    linked: Actor = await door.execute(LinkChat(code, chat), clerk)
    return linked


async def _firm(rows: Rows) -> None:
    sharma = await rows.party("Sharma Traders", receivable=9_400_000, owner="ravi")
    gupta = await rows.party("Gupta Steel", receivable=2_500_000, promise_on=FRIDAY, owner="meena")
    khan = await rows.party(
        "Khan Electricals", receivable=1_200_000, promise_on=SATURDAY, promise_amount=700_000, owner="ravi"
    )
    tata = await rows.party("Tata Steel", payable=12_000_000, is_customer=False, is_vendor=True)
    for party, amount in ((sharma, 3_000_000), (sharma, 1_802_000), (None, 90_000)):
        await rows.put(
            "receipts", id=uuid7(), anchor=uuid7(), party_id=party, status="payment.received", arrived=True,
            received_on=FRIDAY, amount=amount, refunded=0, allocated=0, currency="INR", payer="SOMEBODY",
        )  # fmt: skip
    await rows.put(
        "receipts", id=uuid7(), anchor=uuid7(), party_id=khan, status="payment.authorised", arrived=False,
        received_on=FRIDAY, amount=5_555, refunded=0, allocated=0, currency="INR",
    )  # fmt: skip
    for number, due in (("T-1", SATURDAY), ("T-2", SATURDAY + timedelta(days=5))):
        await rows.put(
            "payables", id=uuid7(), anchor=uuid7(), party_id=tata, number=number, kind="bill", status="payable.due",
            issued_on=date(2026, 10, 22), due_on=due, amount=6_000_000, outstanding=6_000_000, currency="INR",
        )  # fmt: skip
    await rows.put(
        "cheques", id=uuid7(), anchor=uuid7(), party_id=gupta, status="cheque.received", number="004512",
        dated_on=SATURDAY, amount=2_500_000, currency="INR",
    )  # fmt: skip


async def test_it_says_what_came_and_what_tomorrow_needs(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    clock.now = SEVEN
    owner = await _linked(door, business)
    async with rows_of(door.engine, business) as rows:
        await _firm(rows)
    view: EveningView = await door.query(Evening(), owner)
    assert (view.today, view.tomorrow) == (FRIDAY, SATURDAY)
    assert [(one.name, one.amount, one.left) for one in view.came] == [
        ("Sharma Traders", 4_802_000, 9_400_000),
        ("SOMEBODY", 90_000, None),
    ]
    assert view.came_total == 4_892_000
    assert [(one.name, one.amount) for one in view.missed] == [("Gupta Steel", 2_500_000)]
    assert [(one.name, one.amount) for one in view.promised] == [("Khan Electricals", 700_000)]
    assert [(one.name, one.amount) for one in view.pay] == [("Tata Steel", 6_000_000)]
    assert [(one.number, one.name) for one in view.cheques] == [("004512", "Gupta Steel")]


async def test_a_reps_evening_is_of_his_own_customers_and_has_no_payables(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    clock.now = SEVEN
    rep = await _linked(door, business, "sales")
    async with rows_of(door.engine, business) as rows:
        await _firm(rows)
    view: EveningView = await door.query(Evening(), rep)
    assert [one.name for one in view.came] == ["Sharma Traders"]
    assert (view.missed, view.pay, view.cheques, view.questions) == ((), (), (), 0)
    assert [one.name for one in view.promised] == ["Khan Electricals"]
    assert not view.sees_payables


async def test_before_a_sunday_tomorrow_is_monday(door: Door, business: UUID, clock: SettableClock) -> None:
    clock.now = SEVEN + timedelta(days=1)
    view: EveningView = await door.query(Evening(), await _linked(door, business))
    assert view.tomorrow == date(2026, 11, 23)


async def _queued(door: Door, business: UUID) -> list[Any]:
    async with transaction(door.engine, [business]) as tx:
        return await tx.fetch("SELECT once_key, card FROM outbox ORDER BY queued_at")


async def test_it_comes_once_to_who_wants_it(door: Door, business: UUID, clock: SettableClock) -> None:
    owner = await _linked(door, business)
    clock.now = SEVEN
    assert await queue_due_evenings(door, clock.now) == 0
    clock.now = SEVEN - timedelta(hours=4)
    await door.execute(SetEveningHour(time(19)), owner)
    assert await queue_due_evenings(door, SEVEN - timedelta(minutes=1)) == 0
    clock.now = SEVEN
    assert sum(await asyncio.gather(*(queue_due_evenings(door, clock.now) for _ in range(4)))) == 1
    assert await queue_due_evenings(door, clock.now + timedelta(hours=3)) == 0
    (row,) = await _queued(door, business)
    assert row["once_key"] == f"evening:{owner.member_id}:2026-11-20"
    assert "evening of Fri 20 Nov" in row["card"]["text"]
    clock.now = SEVEN + timedelta(days=1)
    assert await queue_due_evenings(door, clock.now) == 1


async def test_an_hour_that_has_passed_begins_tomorrow(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    owner = await _linked(door, business)
    clock.now = SEVEN + timedelta(hours=2)
    await door.execute(SetEveningHour(time(19)), owner)
    assert await queue_due_evenings(door, clock.now) == 0


async def test_it_is_offered_once_after_the_first_week(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    clerk = system(business, "test")
    member = await door.execute(AddMember("Ramesh", "owner", digest_at=time(8)), clerk)
    code = await door.execute(CreateLinkCode(member), clerk)
    await door.execute(LinkChat(code, 1), clerk)
    told, first = [], clock.now
    for day in (0, 6, 8, 9):
        clock.now = first + timedelta(days=day)
        assert await queue_due_digests(door, clock.now) == 1
        told.append("In the evening I can tell you" in (await _queued(door, business))[-1]["card"]["text"])
    assert told == [False, False, True, False]
