"""A small firm whose sources speak and whose people answer, through both doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import DrainBusiness
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Conflicts
from ledger.store.append import append

BANK, BOOKS, CRM = "bank:icici", "standard:books", "crm:demo"
SHARMA = {"id": "C-1", "name": "Sharma Traders"}


@dataclass(slots=True)
class Firm:
    """A firm whose sources speak and whose people answer."""

    door: Any
    engine: Any
    clock: Any
    owner: Actor

    async def say(self, source: str, event_type: str, kind: str, external_id: str, **extra: Any) -> None:
        """Append one event; fields of NewEvent by name, the rest is its data."""
        own = {key: extra.pop(key) for key in ("word", "qualifier", "flag") if key in extra}
        event = NewEvent(uuid4().hex, event_type, kind, external_id, self.clock.now, "instant", extra, **own)
        body = event.source_event_id.encode()
        delivery = Delivery(
            self.owner.business_id,
            source,
            "webhook",
            body.ljust(32)[:32],
            body,
            self.clock.now,
            events=(event,),
        )
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            await append(tx, [delivery])

    async def bill(
        self, number: str, amount: int, base: int, *, party: Any = SHARMA, due: str = "2026-11-14"
    ) -> None:
        await self.say(
            BOOKS, "invoice.issued", "invoice", number, number=number, party=party, issued_on="2026-10-15",
            due_on=due, amount=amount, base=base, currency="INR",
        )  # fmt: skip

    async def credit(self, amount: int, line: str = "L-1") -> None:
        await self.say(
            BANK, "bank.credited", "bank_line", line, amount=amount, currency="INR", account="000405004421",
            posted_on="2026-11-18", narration="NEFT-HDFCN52026111800-SHARMA TRADERS", channel="NEFT",
            payer={"name": "SHARMA TRADERS"},
        )  # fmt: skip

    async def drain(self) -> None:
        while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
            pass

    async def settle(self) -> None:
        """Drain, let the quiet windows pass, and drain again."""
        await self.drain()
        self.clock.now += timedelta(minutes=10)
        await self.drain()

    async def only(self, status: str = "open", *, actor: Actor | None = None):
        page = await self.door.query(Conflicts(status=status), actor or self.owner)
        assert len(page.rows) == 1, page.rows
        return page.rows[0]

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            return await tx.fetch(sql, self.owner.business_id, *args)

    async def member(self, name: str, role: Role, *, owner_key: str | None = None) -> Actor:
        member = uuid7()
        await self.rows(
            "INSERT INTO members (business_id, id, name, role, crm_owner) VALUES ($1, $2, $3, $4, $5) RETURNING 1",
            member, name, role.value, owner_key,
        )  # fmt: skip
        return Actor(self.owner.business_id, role, name, member_id=member, owner_key=owner_key)

    async def outstanding(self) -> dict[str, int]:
        rows = await self.rows(
            "SELECT number, outstanding FROM invoices WHERE business_id = $1 ORDER BY number"
        )
        return {row["number"]: row["outstanding"] for row in rows}
