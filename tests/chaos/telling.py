"""The day goes by: what happens, what is told of it, and what workers do at each tick; told calmly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingest.cursors import sources_due
from ingest.silence import pull_silent_ones
from ledger.commands import DrainBusiness, RemapStatus
from ledger.domain.roles import system
from tests.chaos.day import CRM, PIPELINE, Day, Message, Statement, at
from tests.chaos.firm import Firm
from tests.conftest import SettableClock
from workers import drainer
from workers.mailbox import businesses_with_work
from workers.scheduler import Mornings

TICK, NIGHT_TICK = timedelta(minutes=5), timedelta(hours=1)
OPENS, CLOSES, ENDS = at(9), at(19, 30), at(21) + timedelta(days=1)
EXPLAINED = at(15, 30)
"""When the owner says what the CRM's word for won means."""
_VISITS = 40
"""More than a tick ever needs: more would be a worker that spins."""


@dataclass(slots=True)
class Telling:
    """How one firm lives the day: every webhook once and in order, every file once, every call answered."""

    firm: Firm
    day: Day
    waiting: list[tuple[datetime, Message]] = field(default_factory=list)
    _happened: int = 0
    _files: int = 0
    _mornings: Mornings = field(default_factory=Mornings)

    async def tick(self) -> None:
        """Live up to now: the world first, then what is told, then our own work."""
        for message in self._happens():
            self.waiting += [(moment, message) for moment in self.moments(message)]
        self.waiting.sort(key=lambda one: one[0])
        await self.told()
        await self.files()
        await self.owner()
        await self.work()

    def _happens(self) -> list[Message]:
        told: list[Message] = []
        while self._happened < len(self.day.steps) and self.day.steps[self._happened].at <= self.firm.now:
            step = self.day.steps[self._happened]
            step.happens(self.firm.vendors)
            told += step.told
            self._happened += 1
        return told

    # ---- what is told --------------------------------------------------------------------------------
    def moments(self, message: Message) -> Sequence[datetime]:
        """Return when a message is delivered, once for each time."""
        return [message.at]

    async def told(self) -> None:
        """Deliver what is due."""
        while self.waiting and self.waiting[0][0] <= self.firm.now:
            _, message = self.waiting.pop(0)
            answer = await self.send(message)
            assert answer == 202, (message, answer)

    async def send(self, message: Message) -> int:
        """Deliver one message; return the answer's status."""
        return (await self.firm.hear(message)).status_code

    async def files(self) -> None:
        """Bring the bank's files."""
        statements = self.day.statements()
        while self._files < len(statements) and statements[self._files].at <= self.firm.now:
            await self.bring(statements[self._files])
            self._files += 1

    async def bring(self, statement: Statement) -> None:
        """Bring one file."""
        summary = await self.firm.receive(statement, via="file")
        assert summary.unreadable == ()

    async def owner(self) -> None:
        """Let the owner say what a word means."""
        if self.firm.now == EXPLAINED:
            word = RemapStatus(CRM, "deal", "Closed won", "invoice.paid", PIPELINE)
            await self.firm.door.execute(word, self.firm.owner)

    # ---- our own work --------------------------------------------------------------------------------
    async def work(self) -> None:
        """Do what a scheduler would ring for now."""
        await self.scheduler()
        await self.pull()
        await self.drain()

    async def scheduler(self) -> None:
        """Look for silence, and sweep each morning."""
        firm = self.firm
        await pull_silent_ones(firm.door.engine, [firm.business], now=firm.now)
        for business in self._mornings.due({firm.business: "Asia/Kolkata"}, firm.now):
            await drainer.sweep(firm.door, business)
            self._mornings.done(business, "Asia/Kolkata", firm.now)

    async def pull(self) -> None:
        """Read what is due, until nothing is."""
        for _ in range(_VISITS):
            due = await sources_due(self.firm.door.engine, self.firm.now)
            mine = [one.source for one in due if one.business_id == self.firm.business]
            if not mine:
                return
            for source in mine:
                await self.read(source)
        raise AssertionError(f"{mine} stay due")

    async def read(self, source: str) -> None:
        """Visit one source."""
        await self.firm.puller().pull(self.firm.business, source)

    async def drain(self) -> None:
        """Fold and judge until nothing is due."""
        firm = self.firm
        for _ in range(_VISITS):
            if firm.business not in await businesses_with_work(firm.door.engine, firm.now):
                return
            await firm.door.execute(DrainBusiness(), system(firm.business, "drainer"))
        raise AssertionError("the mailbox never empties")


async def live(telling: Telling, clock: SettableClock) -> None:
    """Let the clock run through the day and the next one, until nothing is on its way any more."""
    clock.now = OPENS
    while clock.now < ENDS:
        await telling.tick()
        clock.now += TICK if clock.now < CLOSES else NIGHT_TICK
