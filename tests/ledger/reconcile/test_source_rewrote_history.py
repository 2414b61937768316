"""A source that changes a bill after it was paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from kit.database import transaction
from ledger.commands import DrainBusiness, ResolveConflict, SweepBusiness
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, system
from ledger.queries import Conflicts
from ledger.store.append import append
from ledger.views import ConflictView

RULE = "source_rewrote_history"


@dataclass(slots=True)
class Firm:
    """A firm with a bill in Tally, by its log."""

    door: Any
    engine: Any
    clock: Any
    owner: Actor

    async def say(
        self, event_type: str, kind: str, name: str, *, event: str | None = None, **data: Any
    ) -> None:
        source = "books:tally" if kind == "invoice" else "payment:razorpay"
        made = NewEvent(event or uuid4().hex, event_type, kind, name, self.clock.now, "instant", data)
        body = uuid4().bytes * 2
        delivery = Delivery(
            self.owner.business_id, source, "webhook", body, body, self.clock.now, events=(made,)
        )
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            await append(tx, [delivery])

    async def bill(self, amount: int, *, event: str = "v1", **more: Any) -> None:
        await self.say(
            "invoice.issued", "invoice", "INV-12", event=event, number="INV-12", amount=amount, currency="INR",
            party={"id": "C-1", "name": "Sharma Traders"}, issued_on="2026-11-02", **more,
        )  # fmt: skip
        await self.settle()

    async def pay(self, amount: int) -> None:
        await self.say(
            "payment.received", "payment", uuid4().hex, amount=amount, currency="INR", paid_on="2026-11-19",
            references={"invoices": ["INV-12"]}, party={"id": "C-1", "name": "Sharma Traders"},
        )  # fmt: skip
        await self.settle()

    async def settle(self) -> None:
        for _ in range(2):
            while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
                pass
            self.clock.advance(minutes=10)

    async def asked(self, status: str = "open") -> list[ConflictView]:
        page = await self.door.query(Conflicts(status=status), self.owner)
        return [row for row in page.rows if row.rule == RULE]


@pytest.fixture
def firm(door: Any, engine: Any, clock: Any, owner: Actor) -> Firm:
    return Firm(door, engine, clock, owner)


async def test_another_amount_under_the_same_event_is_asked_about_once_the_bill_was_paid(firm: Firm):
    await firm.bill(1_180_000)
    await firm.pay(1_180_000)
    assert await firm.asked() == []
    await firm.bill(1_080_000)
    (found,) = await firm.asked()
    assert found.title == "Bill INV-12 of Sharma Traders was changed after it was paid: ₹11,800 → ₹10,800"
    assert found.lines == ("Tally says so since 20 Nov.", "Is the change right?")
    assert [answer.label for answer in found.answers] == [
        "Yes, it is right", "No, I will get it corrected", "Ask accountant", "Later",
    ]  # fmt: skip


async def test_what_is_to_come_after_it_grew_is_told_and_a_new_event_is_as_good(firm: Firm):
    await firm.bill(1_180_000)
    await firm.pay(1_180_000)
    await firm.bill(1_280_000, event="v2")
    (found,) = await firm.asked()
    assert "₹1,000 of it is to come now." in found.lines


async def test_a_change_before_the_money_or_of_a_bill_paid_in_part_is_a_revision(firm: Firm):
    await firm.bill(1_180_000)
    await firm.bill(1_080_000)
    await firm.pay(500_000)
    await firm.bill(1_180_000)
    await firm.pay(680_000)
    assert await firm.asked() == []


async def test_a_change_of_anything_but_the_amount_is_none(firm: Firm):
    await firm.bill(1_180_000)
    await firm.pay(1_180_000)
    await firm.bill(1_180_000, due_on="2026-12-02")
    assert await firm.asked() == []


async def test_it_clears_when_the_source_takes_it_back_and_stays_answered_when_it_is_right(firm: Firm):
    await firm.bill(1_180_000)
    await firm.pay(1_180_000)
    await firm.bill(1_080_000)
    await firm.bill(1_180_000, event="v3")
    assert await firm.asked() == []
    assert len(await firm.asked("cleared")) == 1
    await firm.bill(1_100_000, event="v4")
    (found,) = await firm.asked()
    await firm.door.execute(ResolveConflict(found.id, "right", found.version), firm.owner)
    await firm.door.execute(SweepBusiness(), system(firm.owner.business_id, "sweep"))
    assert await firm.asked() == []
    await firm.bill(900_000, event="v5")
    assert len(await firm.asked()) == 1


async def test_a_cancelled_bill_is_another_matter(firm: Firm):
    await firm.bill(1_180_000)
    await firm.pay(1_180_000)
    await firm.say("invoice.voided", "invoice", "INV-12")
    await firm.settle()
    assert await firm.asked() == []
