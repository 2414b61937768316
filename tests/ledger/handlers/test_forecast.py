"""When they will pay: worked out each morning, and the same numbers in the digest, for a bill, for a customer."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.errors import Denied, NotFound
from kit.ids import uuid7
from ledger.commands.forecast import RefreshExpectations
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Digest
from ledger.queries.forecast import ExpectedBills, ExpectedMoney, PartyOutlook
from tests.ledger.rows import NOW, TODAY, Rows, days_ago, rows_of


def _ahead(days: int) -> date:
    return TODAY + timedelta(days=days)


async def _paid(rows: Rows, party: UUID, late: list[int], *, every: int = 20) -> None:
    """Bills that fell due each `every` days until a month ago, paid so many days late, the newest last."""
    for back, days in enumerate(reversed(late)):
        due = days_ago(30 + every * back)
        bill = await rows.invoice(
            party, 0, issued_on=due - timedelta(days=30), due_on=due, amount=100_00, paid_on=due + timedelta(days=days),
            status="invoice.paid",
        )  # fmt: skip
        await rows.put(
            "allocations", receipt_id=uuid7(), document_id=bill, kind="receipt", anchor=uuid7(), amount=100_00,
            why="decided",
        )  # fmt: skip


async def _expected(door: Door, actor: Actor, *bills: UUID) -> list[tuple[date | None, str, int]]:
    found = await door.query(ExpectedBills(bills), actor)
    return [(found[bill].on, found[bill].why, found[bill].amount) for bill in bills]


async def test_the_morning_works_out_each_bill_from_its_customers_habit(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, clerk: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        slow = await rows.party("Sharma Traders", usual_days_late=20)
        await _paid(rows, slow, [19, 20, 21, 20, 20, 19, 21, 20, 20, 25, 25, 25])
        fast = await rows.party("Gupta Steel", usual_days_late=0)
        await _paid(rows, fast, [0, 1, 0, 0, 1, 0, 0, 0, 1, 0])
        bills = [
            await rows.invoice(slow, 500_00, issued_on=days_ago(20), due_on=_ahead(10)),
            await rows.invoice(fast, 700_00, issued_on=days_ago(28), due_on=_ahead(2)),
        ]
    assert await door.execute(RefreshExpectations(), clerk) == 2
    (slow_on, slow_why, _), (fast_on, fast_why, _) = await _expected(door, owner, *bills)
    assert slow_why == fast_why == "habit"
    assert slow_on is not None
    assert _ahead(28) <= slow_on <= _ahead(37)
    assert fast_on is not None
    assert _ahead(1) <= fast_on <= _ahead(5)
    found = (await door.query(ExpectedBills(tuple(bills)), owner))[bills[0]]
    assert found.low is not None
    assert found.high is not None
    assert found.low <= slow_on <= found.high
    assert (await door.query(Digest(), owner)).expected == 700_00
    days = await door.query(ExpectedMoney(60), owner)
    assert [(day.on, day.amount, day.parties) for day in days] == [(fast_on, 700_00, 1), (slow_on, 500_00, 1)]
    outlook = await door.query(PartyOutlook(slow), owner)
    assert (outlook.usual_days_late, outlook.last_three_days_late) == (20, 25)
    assert (outlook.next_on, outlook.next_amount) == (slow_on, 500_00)
    async with rows_of(engine, business) as rows:
        await rows.tx.run("UPDATE invoices SET outstanding = 0 WHERE id = $1", bills[1])
    assert await door.execute(RefreshExpectations(), clerk) == 1


async def test_cheques_in_hand_then_a_promise_then_habit_cover_the_oldest_bills(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Verma", usual_days_late=5, promise_on=_ahead(3), promise_amount=40_00)
        bills = [
            await rows.invoice(party, 100_00, due_on=days_ago(9)),
            await rows.invoice(party, 50_00, due_on=days_ago(2)),
            await rows.invoice(party, 30_00, due_on=_ahead(1)),
        ]
        for amount, status, dated in (
            (70_00, "cheque.received", _ahead(5)),
            (900_00, "cheque.returned", _ahead(1)),
        ):
            await rows.put(
                "cheques", id=uuid7(), anchor=uuid7(), party_id=party, status=status, number="1", dated_on=dated,
                amount=amount, currency="INR",
            )  # fmt: skip
    found = await door.query(ExpectedBills(tuple(bills)), owner)
    told = [[(part.why, part.amount, part.on) for part in found[bill].parts] for bill in bills]
    assert told == [
        [("promise", 30_00, _ahead(3)), ("cheque", 70_00, _ahead(7))],
        [("habit", 40_00, _ahead(3)), ("promise", 10_00, _ahead(3))],
        [("habit", 30_00, _ahead(6))],
    ]
    assert (await door.query(Digest(), owner)).expected == 30_00 + 10_00 + 40_00 + 30_00
    outlook = await door.query(PartyOutlook(party), owner)
    assert (outlook.cheques, outlook.cheques_amount, outlook.cheque_on) == (1, 70_00, _ahead(5))


async def test_money_on_account_disputes_and_blocking_questions_reduce_what_is_expected(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Rao", usual_days_late=0)
        held = uuid7()
        bills = [
            await rows.invoice(party, 100_00, due_on=days_ago(3)),
            await rows.invoice(party, 200_00, due_on=_ahead(1), status="invoice.disputed"),
            await rows.invoice(party, 400_00, due_on=_ahead(2), anchor=held),
            await rows.invoice(party, 800_00, due_on=_ahead(3)),
        ]
        await rows.on_account(party, 150_00)
        await rows.put(
            "conflicts", id=uuid7(), rule="r", severity="block", status="open", subjects=[held], evidence="{}",
            evidence_digest="d", version=1, opened_at=NOW, due_at=NOW, changed_at=NOW,
        )  # fmt: skip
    assert await _expected(door, owner, *bills) == [
        (None, "on_account", 0),
        (None, "disputed", 150_00),
        (None, "question", 400_00),
        (_ahead(3), "habit", 800_00),
    ]
    assert (await door.query(Digest(), owner)).expected == 800_00


async def test_broken_promises_are_counted_and_hope_for_the_week_is_gone(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, clerk: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Gupta Steel", usual_days_late=1, promise_on=days_ago(7))
        await _paid(rows, party, [1, 1, 2, 1, 1, 1])
        bill = await rows.invoice(party, 90_00, due_on=days_ago(2))
        for days, came in ((40, True), (7, False)):
            subject = uuid7()
            await rows.claim(
                subject, subject, party=party, row_kind="promise", stated_at=NOW - timedelta(days=days + 5)
            )
            await rows.put(
                "identities", subject=subject, source="operator", kind="promise", external_id=str(subject),
                state=f'{{"data": {{"on": "{days_ago(days).isoformat()}"}}}}',
            )  # fmt: skip
            if came:
                await rows.put(
                    "receipts", id=uuid7(), anchor=uuid7(), party_id=party, status="payment.received", arrived=True,
                    received_on=days_ago(days + 1), amount=5_00, refunded=0, allocated=5_00, currency="INR",
                )  # fmt: skip
    await door.execute(RefreshExpectations(), clerk)
    outlook = await door.query(PartyOutlook(party), owner)
    assert (outlook.promises_kept, outlook.promises_broken, outlook.promise_broken) == (1, 1, True)
    ((on, why, _),) = await _expected(door, owner, bill)
    assert why == "habit"
    assert on is not None
    assert on >= _ahead(7)
    assert (await door.query(Digest(), owner)).expected == 0


async def test_a_rep_sees_his_own_customers_only_and_nobody_else_works_it_out(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Iyer", owner="ravi")
        other = await rows.party("Rao")
        bills = [await rows.invoice(party, 5_00, due_on=TODAY), await rows.invoice(other, 7_00, due_on=TODAY)]
    rep = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    assert set(await door.query(ExpectedBills(tuple(bills)), rep)) == {bills[0]}
    assert [day.amount for day in await door.query(ExpectedMoney(), rep)] == [5_00]
    with pytest.raises(NotFound):
        await door.query(PartyOutlook(other), rep)
    with pytest.raises(Denied):
        await door.execute(RefreshExpectations(), owner)
    assert await door.execute(RefreshExpectations(), system(business, "sweep")) == 2
