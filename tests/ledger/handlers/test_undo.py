"""Whatever people answer and decide, undoing all of it gives back what stood before, byte for byte."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest

from ingest.door import Appender
from kit.database import transaction
from kit.errors import MunshiError
from ledger.commands import DrainBusiness, RebuildBusiness, ReopenConflict, ResolveConflict, SweepBusiness
from ledger.commands.workflow import (
    AgreeRefund,
    AgreeSetOff,
    AllocateReceipt,
    ApproveWriteOff,
    BillShare,
    ClaimDeduction,
    ClassifyMoney,
    LinkParties,
    RaiseDispute,
    RejectMatch,
    ReportPayment,
    ResolveAlike,
    SetHabit,
    UndoBulk,
    WithdrawDecision,
)
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries import Conflict, Conflicts
from tests.ledger.firms import Firm, read_tables


class Office:
    """An owner who answers and decides at random, and remembers what he could take back."""

    def __init__(self, door: Door, owner: Actor, seed: int) -> None:
        self.door, self.owner, self.chance = door, owner, random.Random(seed)
        self.bulks: list[UUID] = []
        self.decisions: list[UUID] = []
        self.done = 0

    async def settle(self) -> None:
        """Drain, let the quiet windows pass, and drain again."""
        for minutes in (1, 10):
            self.door.clock.advance(minutes=minutes)  # type: ignore[attr-defined]
            await self.drain()

    async def rest(self) -> None:
        """Let whatever waits for its day have it."""
        for _ in range(2):
            self.door.clock.advance(days=20)  # type: ignore[attr-defined]
            await self.settle()
        await self.door.execute(SweepBusiness(), system(self.owner.business_id, "scheduler"))

    async def drain(self) -> None:
        """Fold and judge what is waiting."""
        while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
            self.door.clock.advance(seconds=1)  # type: ignore[attr-defined]

    async def rows(self, sql: str) -> list[Any]:
        """Read some rows of the firm, in an order that chance can't change."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            return await tx.fetch(sql, self.owner.business_id)

    async def state(self) -> tuple[dict[str, list[str]], list[Any]]:
        """Return the read tables, and what is asked: evidence and answers."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            tables = await read_tables(tx, self.owner.business_id)
            asked = await tx.fetch(
                "SELECT id, rule, status, subjects, amount, evidence FROM conflicts"
                " WHERE business_id = $1 AND status IN ('waiting', 'open', 'snoozed') ORDER BY id",
                self.owner.business_id,
            )
        views = {
            row["id"]: await self.door.query(Conflict(row["id"]), self.owner)
            for row in asked
            if row["status"] == "open"
        }
        return tables, [(tuple(row), views[row["id"]].answers if row["id"] in views else ()) for row in asked]

    async def act(self) -> None:
        """Do one thing; what is refused leaves nothing."""
        step = self.chance.choice(
            [self._answer, self._answer, self._all, self._decide, self._decide, self._undo]
        )
        try:
            await step()
            self.done += 1
        except MunshiError:
            return
        if self.chance.random() < 0.6:
            await self.settle() if self.chance.random() < 0.5 else await self.drain()

    async def _open(self) -> Any:
        page = await self.door.query(Conflicts(first=200), self.owner)
        view = self.chance.choice(sorted(page.rows, key=lambda row: row.id)) if page.rows else None
        if view is None:
            return None, None
        # What sets aside unreadable parts or maps words reads the log anew; these have tests of their own.
        return view, self.chance.choice(view.answers).id

    async def _answer(self) -> None:
        view, answer = await self._open()
        if view is not None:
            await self.door.execute(ResolveConflict(view.id, answer, version=view.version), self.owner)

    async def _all(self) -> None:
        view, answer = await self._open()
        if view is not None:
            made = await self.door.execute(ResolveAlike(view.id, answer), self.owner)
            self.bulks.append(made.id)

    async def _undo(self) -> None:
        if self.decisions and self.chance.random() < 0.4:
            place = self.chance.randrange(len(self.decisions))
            await self.door.execute(WithdrawDecision(self.decisions[place]), self.owner)
            self.decisions.pop(place)
        elif self.bulks and self.chance.random() < 0.5:
            await self.door.execute(UndoBulk(self.bulks.pop()), self.owner)
        else:
            page = await self.door.query(Conflicts(status="all", first=200), self.owner)
            found = sorted(row.id for row in page.rows if row.can_undo)
            if found:
                await self.door.execute(ReopenConflict(self.chance.choice(found)), self.owner)

    async def _decide(self) -> None:
        parties = [
            row["id"] for row in await self.rows("SELECT id FROM parties WHERE business_id = $1 ORDER BY id")
        ]
        bills = await self.rows(
            "SELECT id, outstanding, party_id FROM invoices WHERE business_id = $1 AND kind <> 'credit_note'"
            " AND outstanding > 0 ORDER BY id"
        )
        money = await self.rows(
            "SELECT id, amount - refunded AS here, party_id FROM receipts WHERE business_id = $1 ORDER BY id"
        )
        if not (parties and bills and money):
            return
        bill, receipt, party = (self.chance.choice(rows) for rows in (bills, money, parties))
        part = min(bill["outstanding"], receipt["here"])
        commands = [
            AllocateReceipt(
                receipt["id"], (BillShare(bill["id"], part),), receipt["here"] - part, learn=self.chance.choice(["always", "once"])
            ),
            AllocateReceipt(receipt["id"], (), receipt["here"], party_id=party),
            RejectMatch(receipt["id"], invoice_id=bill["id"]),
            RejectMatch(receipt["id"], party_id=party),
            ClassifyMoney(receipt["id"], "loan", learn=self.chance.choice(["always", "once"])),
            SetHabit(party, self.chance.choice(["oldest_first", "on_account", "bill_wise"])),
            LinkParties(party, self.chance.choice(parties)),
            ApproveWriteOff(bill["id"], self.chance.randrange(1, bill["outstanding"] + 1)),
            ClaimDeduction(bill["id"], "tds", 1),
            RaiseDispute(bill["id"], reason="short"),
            AgreeSetOff(party, 1_000, self.door.clock().date()),
            AgreeRefund(receipt["id"], 1),
            ReportPayment(bill["party_id"], 5_000, "cash", self.door.clock().date()),
        ]  # fmt: skip
        made = await self.door.execute(self.chance.choice(commands), self.owner)
        self.decisions.append(made.id)

    async def undo_all(self) -> None:
        """Take everything back, in any order, until nothing is left that can be."""
        for decision in self.chance.sample(self.decisions, len(self.decisions)):
            await self.door.execute(WithdrawDecision(decision), self.owner)
            if self.chance.random() < 0.3:
                await self.drain()
        while True:
            rows = await self.rows(
                "SELECT id FROM conflicts WHERE business_id = $1 AND (status IN ('resolved', 'snoozed')"
                " OR evidence ? 'standing') ORDER BY id"
            )
            if not rows:
                return
            await self.door.execute(ReopenConflict(self.chance.choice(rows)["id"]), self.owner)
            if self.chance.random() < 0.3:
                await self.drain()


@pytest.mark.parametrize("seed", range(5))
async def test_undoing_all_gives_back_tables_and_questions(door: Door, owner: Actor, seed: int) -> None:
    log = Firm(owner.business_id, seed).build(70)
    appender = Appender(door.engine)
    for one in log:
        await appender.append(one)
    office = Office(door, owner, seed)
    await office.rest()
    tables, asked = await office.state()
    assert len(asked) > 2
    for _ in range(30):
        await office.act()
    assert office.done > 10
    await office.settle()
    await office.undo_all()
    await office.rest()
    assert (await door.execute(RebuildBusiness(), system(owner.business_id, "test"))).differing == {}
    after, asked_after = await office.state()
    for name, rows in tables.items():
        assert after[name] == rows, name
    for was, now in zip(asked, asked_after, strict=False):
        assert now == was
    assert len(asked_after) == len(asked)
