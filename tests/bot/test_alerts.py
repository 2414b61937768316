"""Alerts: each kind once, after it has settled, to whom it concerns, never for history and never when it was undone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.alerts import Bell
from ingest.door import Appender
from kit.clock import business_day
from kit.database import transaction
from ledger.commands import AddMember, CreateLinkCode, DrainBusiness, LinkChat, MakePromise, SweepBusiness
from ledger.commands.settings import SetQuietHours, SwitchAlert
from ledger.commands.workflow import ClassifyMoney, ConfirmPayment, ReportPayment
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries import FindParty
from tests.conftest import SettableClock
from tests.ledger.firms import delivery

Say = Callable[..., Awaitable[None]]
OWNER, REP, ACCOUNTANT = 1, 2, 3
UTR = "HDFCN52026112000"


@pytest.fixture
async def owner(door: Door, business: UUID, clock: SettableClock) -> Actor:
    """The owner, who has read the chat for a month."""
    now = clock.now
    clock.now = now - timedelta(days=30)
    actor = await _linked(door, business, "Ramesh", "owner", OWNER)
    clock.now = now
    return actor


@pytest.fixture
def say(door: Door, business: UUID, clock: SettableClock) -> Say:
    """Let a source say something now, and work out what it means."""
    appender = Appender(door.engine)

    async def make(source: str, event_type: str, name: str, data: dict[str, Any], **more: Any) -> None:
        said = delivery(
            business, source, event_type, name, {"currency": "INR", **data} if "amount" in data else data,
            at=more.pop("at", clock.now), received_at=clock.now, **more,
        )  # fmt: skip
        await appender.append(said)
        await _drained(door, business)

    return make


@pytest.fixture
def bell(door: Door) -> Bell:
    """The bell of one process."""
    return Bell(door)


async def _linked(
    door: Door, business: UUID, name: str, role: str, chat: int, key: str | None = None
) -> Actor:
    clerk = system(business, "test")
    member = await door.execute(AddMember(name, role, crm_owner=key), clerk)
    code = await door.execute(CreateLinkCode(member), clerk)
    linked: Actor = await door.execute(LinkChat(code, chat), clerk)
    return linked


async def _drained(door: Door, business: UUID) -> None:
    while (await door.execute(DrainBusiness(), system(business, "drainer"))).more:
        pass


async def _bill(say: Say, name: str = "Sharma Traders", number: str = "INV-102", **more: Any) -> None:
    party = {"id": f"c-{name}", "name": name, **more.pop("party", {})}
    data = {
        "number": number,
        "amount": 14_202_000,
        "issued_on": "2026-10-01",
        "due_on": "2026-10-31",
        "party": party,
    }
    await say("books:tally", "invoice.issued", f"i{number}", data | more, precision="day")


async def _paid(say: Say, amount: int = 4_802_000, name: str = "pay_1", **more: Any) -> None:
    data = {"amount": amount, "references": {"invoices": ["INV-102"], "utr": [UTR]}, **more.pop("data", {})}
    await say("payment:razorpay", "payment.received", name, data, **more)


async def _ring(bell: Bell, clock: SettableClock, minutes: float = 3) -> int:
    clock.advance(minutes=minutes)
    return await bell.ring(clock.now)


async def _texts(door: Door, business: UUID, chat: int = OWNER) -> list[str]:
    async with transaction(door.engine, [business]) as tx:
        rows = await tx.fetch(
            "SELECT card FROM outbox WHERE kind = 'alert' AND chat_id = $1 ORDER BY queued_at", chat
        )
    return [row["card"]["text"] for row in rows]


async def test_money_in_is_told_once_with_what_is_left(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    await _paid(say)
    assert await _ring(bell, clock, minutes=1) == 0  # what belongs to it may still be on its way
    assert await _ring(bell, clock) == 1
    assert await _ring(bell, clock) == 0
    assert await _texts(door, business) == ["<b>₹48,020</b> came · Sharma Traders · now ₹94,000 left"]


async def test_capture_bank_line_and_books_are_one_alert_also_when_one_comes_hours_later(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    money = {"amount": 4_802_000, "references": {"utr": [UTR]}}
    line = {**money, "account": "4421", "posted_on": "2026-11-20", "narration": f"NEFT {UTR} SHARMA TRADERS"}
    await say("bank:icici", "bank.credited", "L1", line, precision="day")
    books = {
        **money,
        "party": {"id": "c-Sharma Traders", "name": "Sharma Traders"},
        "into": "bank",
        "paid_on": "2026-11-20",
    }
    await say(
        "books:tally",
        "payment.received",
        "r1",
        {**books, "references": {"utr": [UTR], "invoices": ["INV-102"]}},
    )
    assert await _ring(bell, clock) == 1
    clock.advance(hours=3)
    await say("books:tally", "payment.received", "r2", {**books, "paid_on": "2026-11-20"})
    assert await _ring(bell, clock) == 0
    assert await _texts(door, business) == ["<b>₹48,020</b> came · Sharma Traders · now ₹94,000 left"]


async def test_several_things_are_one_message(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    for number in range(11):
        await _paid(say, 100_000 + number, f"pay_{number}", data={"references": {"invoices": ["INV-102"]}})
    assert await _ring(bell, clock) == 1
    (text,) = await _texts(door, business)
    assert text.startswith("<b>11 new things</b>")
    assert text.count("•") == 8
    assert text.endswith("and 3 more")


async def test_history_is_not_told(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    await _paid(say, at=clock.now - timedelta(days=5))
    assert await _ring(bell, clock) == 0
    await _paid(
        say, 5_000, "pay_2", data={"references": {}}
    )  # and what was known before somebody read the chat
    late = await _linked(door, business, "Meena", "finance", ACCOUNTANT)
    await _ring(bell, clock)
    assert late.member_id is not None
    assert await _texts(door, business, ACCOUNTANT) == []
    assert len(await _texts(door, business)) == 1


async def test_what_was_undone_meanwhile_is_not_told(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    await _paid(say)
    async with transaction(door.engine, [business]) as tx:
        receipt = await tx.value("SELECT id FROM receipts")
    await door.execute(ClassifyMoney(receipt, "loan"), owner)
    await _drained(door, business)
    assert await _ring(bell, clock) == 0


async def test_quiet_hours_keep_alerts_and_tell_them_together(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    clock.now = datetime(2026, 11, 20, 15, 31, tzinfo=UTC)  # 9:01 pm in India
    await _bill(say)
    await _paid(say)
    assert await _ring(bell, clock) == 0
    clock.now = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    await _paid(say, 1_000_000, "pay_2")
    assert await _ring(bell, clock) == 0
    clock.now = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)  # 8:00 am
    assert await bell.ring(clock.now) == 1
    (text,) = await _texts(door, business)
    assert "2 new things" in text


async def test_nobody_is_quiet_who_chose_no_quiet_hours(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    clock.now = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
    from datetime import time

    await door.execute(SetQuietHours(time(0), time(0)), owner)
    await _bill(say)
    await _paid(say)
    assert await _ring(bell, clock) == 1


async def test_a_switched_off_kind_is_not_told_nor_later_when_it_is_on_again(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await door.execute(SwitchAlert("money", "off"), owner)
    await _bill(say)
    await _paid(say)
    assert await _ring(bell, clock) == 0
    await door.execute(SwitchAlert("money", "on"), owner)
    assert await _ring(bell, clock, minutes=11) == 0
    assert await _texts(door, business) == []


async def test_two_processes_tell_it_once(
    door: Door, business: UUID, owner: Actor, say: Say, clock: SettableClock
) -> None:
    await _bill(say)
    await _paid(say)
    clock.advance(minutes=3)
    bells = [Bell(door) for _ in range(4)]
    assert sum(await asyncio.gather(*(bell.ring(clock.now) for bell in bells))) == 1
    assert len(await _texts(door, business)) == 1


async def test_a_rep_hears_of_his_own_customers_and_the_accountant_of_nothing_by_itself(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    clock.now -= timedelta(days=2)
    await _linked(door, business, "Ravi", "sales", REP, "ravi")
    accountant = await _linked(door, business, "CA", "view", ACCOUNTANT)
    clock.now += timedelta(days=2)
    await say("crm:demo", "party.upserted", "c1", {"name": "Gupta Steel", "owner": "meena"})
    await _bill(say)
    await _bill(say, "Gupta Steel", "INV-103")
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE parties SET owner = 'ravi' WHERE name = 'Gupta Steel'")
    await _paid(say)
    assert await _ring(bell, clock) == 1
    assert await _texts(door, business, REP) == []
    data = {"amount": 900, "references": {"invoices": ["INV-103"]}}
    await say("payment:razorpay", "payment.received", "pay_9", data)
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE parties SET owner = 'ravi' WHERE name = 'Gupta Steel'")
    await door.execute(SwitchAlert("money", "on"), accountant)
    assert await _ring(bell, clock) == 3
    (text,) = await _texts(door, business, REP)
    assert "Gupta Steel" in text
    assert len(await _texts(door, business, ACCOUNTANT)) == 1


async def test_money_taken_back_and_a_cheque_that_came_back_are_told(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    await _paid(say, at=clock.now - timedelta(days=20))
    await say(
        "payment:razorpay", "payment.reversed", "pay_1", {"amount": 4_802_000, "reason": "mandate returned"}
    )
    assert await _ring(bell, clock) == 1
    cheque = {
        "number": "004512",
        "amount": 8_500_000,
        "party": {"id": "c-Sharma Traders", "name": "Sharma Traders"},
    }
    await say("books:tally", "cheque.received", "q1", cheque, at=clock.now - timedelta(days=9))
    await say("books:tally", "cheque.returned", "q1", {"on": "2026-11-20"})
    clock.advance(minutes=5)
    await _drained(door, business)
    assert await _ring(bell, clock, minutes=11) == 1
    texts = await _texts(door, business)
    assert texts[0] == "<b>₹48,020</b> was taken back · Sharma Traders · now ₹1,42,020 left"
    assert "Cheque 004512" in texts[1]


async def test_a_failed_payment_of_a_known_customer_is_told(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    party = {"id": "c-Sharma Traders", "name": "Sharma Traders"}
    await say("books:tally", "payment.failed", "pay_1", {"amount": 4_802_000, "party": party})
    await say("payment:razorpay", "payment.failed", "pay_2", {"amount": 700})  # of nobody knows whom
    assert await _ring(bell, clock) == 1
    (text,) = await _texts(door, business)
    assert "failed · Sharma Traders" in text


async def test_a_broken_promise_a_limit_and_a_silent_source_are_told(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            "UPDATE businesses SET created_at = $2 WHERE business_id = $1",
            business,
            clock.now - timedelta(days=60),
        )
        await tx.run(
            """
            INSERT INTO sources (business_id, name, connector, label, key_hash, silence_hours)
            VALUES ($1, 'books:tally', 'tally', 'Tally', 'x', 24)
            """,
            business,
        )
    clock.now -= timedelta(days=4)
    await _bill(say)
    await say(
        "books:tally",
        "party.upserted",
        "c-Sharma Traders",
        {"name": "Sharma Traders", "credit_limit": 10_000_000},
    )
    (party,) = await door.query(FindParty("Sharma"), owner)
    await door.execute(MakePromise(party.id, clock.now.date() + timedelta(days=3)), owner)
    await _drained(door, business)
    clock.advance(minutes=10)
    await _drained(door, business)
    assert await _ring(bell, clock) == 1
    clock.now += timedelta(days=4)
    await door.execute(SweepBusiness(), system(business, "sweep"))
    clock.advance(minutes=10)
    await _drained(door, business)
    assert await _ring(bell, clock) == 1
    first, second = await _texts(door, business)
    assert "over the limit of ₹1,00,000" in first
    assert "promised" in second
    assert "Nothing new from Tally" in second
    assert await _ring(bell, clock, minutes=11) == 0


async def test_a_firm_on_its_first_day_hears_nothing_of_what_was_so_before(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE businesses SET created_at = $2 WHERE business_id = $1", business, clock.now)
    await _bill(say)
    await say(
        "books:tally",
        "party.upserted",
        "c-Sharma Traders",
        {"name": "Sharma Traders", "credit_limit": 10_000_000},
    )
    clock.advance(minutes=10)
    await _drained(door, business)
    assert await _ring(bell, clock) == 0


async def test_a_quiet_firm_costs_one_statement_for_each_chunk(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    await _paid(say)
    await _ring(bell, clock)
    clock.advance(minutes=30)
    asked = 0
    query = door.query

    async def counted(question: Any, actor: Actor) -> Any:
        nonlocal asked
        asked += 1
        return await query(question, actor)

    door.query = counted  # type: ignore[method-assign]
    assert await bell.ring(clock.now) == 0
    assert asked == 0


async def test_who_said_that_cash_is_here_isnt_told_it_but_who_handed_it_in_is(
    door: Door, business: UUID, owner: Actor, say: Say, bell: Bell, clock: SettableClock
) -> None:
    await _bill(say)
    his = {"name": "Sharma Traders", "owner": "ravi"}
    await say("books:tally", "party.upserted", "c-Sharma Traders", his)
    clock.now -= timedelta(days=2)
    rep = await _linked(door, business, "Ravi", "sales", REP, "ravi")
    clock.now += timedelta(days=2)
    [customer] = await door.query(FindParty("Sharma"), owner)
    paid = await door.execute(
        ReportPayment(customer.id, 1_000_000, "cash", business_day(clock.now, "Asia/Kolkata")), rep
    )
    await _drained(door, business)
    clock.advance(minutes=1)
    await door.execute(ConfirmPayment(paid.id), owner)
    await _drained(door, business)
    assert await _ring(bell, clock) == 1
    assert await _texts(door, business) == []
    assert await _texts(door, business, REP) == ["<b>₹10,000</b> came · Sharma Traders · now ₹1,32,020 left"]
