"""A firm by its log: sources speak, people answer through the door, the drain does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import DrainBusiness, ReopenConflict, ResolveConflict, SweepBusiness
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Conflicts
from ledger.store.append import append
from ledger.store.operator import append_operator_event
from ledger.views import ConflictView

SHARMA = {"id": "C-1", "name": "Sharma Traders"}


@dataclass(slots=True)
class Firm:
    """One business, its owner and its clock."""

    door: Any
    engine: Any
    clock: Any
    owner: Actor

    async def run(self, sql: str, *args: Any) -> list[Any]:
        """Run a statement whose $1 is the business, and return its rows."""
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            return list(await tx.fetch(sql, self.owner.business_id, *args))

    async def connect(self, source: str, *, days_ago: int = 60) -> None:
        """Connect a source some time ago."""
        await self.run(
            "INSERT INTO sources (business_id, name, connector, label, key_hash, created_at)"
            " VALUES ($1, $2, 'standard', $3, '', $4) RETURNING 1",
            source, source.partition(":")[2].title(), self.clock.now - timedelta(days=days_ago),
        )  # fmt: skip

    async def say(
        self,
        source: str,
        event_type: str,
        external_id: str,
        *,
        on: str | None = None,
        covered: tuple[str, str] | None = None,
        **data: Any,
    ) -> None:
        """Append one event; `covered`: the first and the last day of the statement that it stands in."""
        kind = event_type.partition(".")[0].replace("bank", "bank_line")
        at = datetime.fromisoformat(f"{on}T06:00:00+05:30").astimezone(UTC) if on else self.clock.now
        event = NewEvent(uuid4().hex, event_type, kind, external_id, at, "instant", data)
        body = uuid4().bytes * 2
        first, last = (date.fromisoformat(day) for day in covered) if covered else (None, None)
        made = Delivery(
            self.owner.business_id, source, "webhook", body, body, self.clock.now, events=(event,),
            covered_from=first, covered_until=last,
        )  # fmt: skip
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            await append(tx, [made])

    async def decide(self, event_type: str, kind: str, external_id: str, **data: Any) -> None:
        """Let the owner decide something outside a question."""
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            await append_operator_event(
                tx, self.owner, event_type, kind=kind, external_id=external_id, data=data, at=self.clock.now
            )

    async def bill(self, number: str, amount: int, *, source: str = "standard:books", **more: Any) -> None:
        """Issue a bill to Sharma Traders, or to `party`."""
        data: dict[str, Any] = {
            "number": number, "amount": amount, "currency": "INR", "party": SHARMA, "issued_on": "2026-11-02",
        }  # fmt: skip
        await self.say(source, "invoice.issued", number, **(data | more))

    async def party(
        self, name: str, external_id: str, *, source: str = "standard:books", **more: Any
    ) -> None:
        """Name a party in its own right."""
        await self.say(source, "party.upserted", external_id, name=name, **more)

    async def settle(self, **span: float) -> None:
        """Drain, let time pass (quiet windows by default), and drain again."""
        await self._drain()
        self.clock.advance(**(span or {"hours": 2}))
        await self._drain()

    async def days(self, count: int) -> None:
        """Let days pass, each with its sweep."""
        for _ in range(count):
            self.clock.advance(days=1)
            await self.sweep()
            await self.settle(minutes=10)

    async def sweep(self) -> None:
        """Judge everything by every rule."""
        await self.door.execute(SweepBusiness(), system(self.owner.business_id, "sweep"))

    async def asked(
        self, rule: str, status: str = "open", *, actor: Actor | None = None
    ) -> list[ConflictView]:
        """Return the questions of a rule, as somebody sees them."""
        page = await self.door.query(Conflicts(status=status), actor or self.owner)
        return [row for row in page.rows if row.rule == rule]

    async def only(self, rule: str) -> ConflictView:
        """Return the one open question of a rule."""
        found = await self.asked(rule)
        assert len(found) == 1, found
        return found[0]

    async def answer(self, rule: str, answer: str, *, actor: Actor | None = None) -> UUID:
        """Give an answer to the one open question of a rule; return the question's id."""
        found = await self.only(rule)
        await self.door.execute(ResolveConflict(found.id, answer, found.version), actor or self.owner)
        await self.settle()
        return found.id

    async def undo(self, question: UUID) -> None:
        """Take an answer back."""
        await self.door.execute(ReopenConflict(question), self.owner)
        await self.settle()

    async def member(self, name: str, role: Role, *, owner_key: str | None = None) -> Actor:
        """Add a person."""
        made = uuid7()
        await self.run(
            "INSERT INTO members (business_id, id, name, role, crm_owner) VALUES ($1, $2, $3, $4, $5) RETURNING 1",
            made, name, role.value, owner_key,
        )  # fmt: skip
        return Actor(self.owner.business_id, role, name, member_id=made, owner_key=owner_key)

    async def reps(self) -> tuple[Actor, Actor]:
        """Add two sales reps: the customers' own (`own-1`), and another one."""
        mine = await self.member("Ravi", Role.SALES, owner_key="own-1")
        return mine, await self.member("Meena", Role.SALES, owner_key="own-2")

    async def _drain(self) -> None:
        while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
            pass


def labels(view: ConflictView) -> list[str]:
    """Return the words of a question's buttons."""
    return [answer.label for answer in view.answers]
