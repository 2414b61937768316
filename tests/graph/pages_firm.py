"""A firm that has lived for half a year, told as its sources would: for pages that are looked at, and printed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from kit.database import transaction
from ledger.commands import MakePromise, SweepBusiness
from ledger.commands.workflow import AddNote, LogCall
from ledger.dispatch import Door
from ledger.domain.events import Delivery
from ledger.domain.roles import Actor, system
from tests.ledger.firms import BANK, delivery
from tests.ledger.handlers.test_tie_out import Teller
from tests.ledger.rows import TODAY, days_ago, rows_of

TALLY, CRM = "books:tally", "crm:hubspot"
SHARMA = {"id": "s", "name": "Sharma Traders", "gstin": "27AAPFU0939F1ZV", "phone": "+91 98200 12345"}
LONG = {
    "id": "l",
    "name": "Shree Venkateshwara Balaji Industrial Hardware, Pipes & Sanitary Fittings (Wholesale) Private Limited",
}
EVIL = {"id": "e", "name": "<script>alert(1)</script> \u202eGupta & Sons"}
VENDOR = {"id": "v", "name": "Gupta Steel"}


class Sample:
    """The firm, its teller, and the parties by the id that the books give them."""

    def __init__(self, door: Door, owner: Actor) -> None:
        self.door, self.owner = door, owner
        self.teller = Teller(door, owner.business_id)

    def say(self, source: str, event_type: str, external_id: str, on: date, **data: Any) -> Delivery:
        """Return an event of a day at noon."""
        more = {name: data.pop(name) for name in ("kind", "precision") if name in data}
        at = datetime(on.year, on.month, on.day, 6, 30, tzinfo=UTC)
        body = {"currency": "INR", **data}
        return delivery(self.owner.business_id, source, event_type, external_id, body, at=at, **more)

    def bill(self, number: str, party: dict[str, str], rupees: int, late: int, **more: Any) -> Delivery:
        """Return a bill of the books that was due so many days ago, on thirty days' credit."""
        data = {
            "number": number, "party": party, "issued_on": days_ago(late + 30).isoformat(),
            "due_on": days_ago(late).isoformat(), "amount": rupees * 100, **more,
        }  # fmt: skip
        return self.say(TALLY, "invoice.issued", f"i{number}", days_ago(late + 30), **data)

    async def party(self, name: str) -> UUID:
        """Return a party by the beginning of its name."""
        async with transaction(self.door.engine, [self.owner.business_id]) as tx:
            found: UUID = await tx.value(
                "SELECT id FROM parties WHERE business_id = $1 AND name LIKE $2 || '%'",
                self.owner.business_id,
                name,
            )
        return found

    async def live(self) -> None:
        """Tell all that happened until today, and let what is due come up."""
        async with rows_of(self.door.engine, self.owner.business_id) as rows:
            for name, label in ((TALLY, "Tally"), (CRM, "HubSpot"), (BANK, "ICICI")):
                state = {"last_delivery_at": datetime(2026, 11, 20, 2, tzinfo=UTC), "last_event_at": None}
                if name == BANK:
                    state |= {"covered_until": days_ago(2), "balance": 384_210_00, "account": "000405004421"}
                await rows.source(name, label=label, state=state)
        await self.teller.tell(*self._story())
        sharma = await self.party("Sharma")
        await self.door.execute(LogCall(sharma, "no_answer", None), self.owner)
        await self.door.execute(MakePromise(sharma, TODAY + timedelta(days=7), 30_000_00), self.owner)
        await self.door.execute(AddNote("Son answers in the morning, ask for Vikas.", sharma), self.owner)
        await self.teller.drain()
        await self.door.execute(SweepBusiness(), system(self.owner.business_id, "sweep"))
        await self.teller.drain()

    def _story(self) -> list[Delivery]:
        return [
            self.bill("INV-102/26-27", SHARMA, 34_220, 47, description="MS rods 12 mm, 2 t"),
            self.bill("INV-107/26-27", SHARMA, 23_600, 12),
            self.bill("INV-131/26-27", SHARMA, 40_000, -15),
            self.bill("INV-88/26-27", SHARMA, 12_40_500, 95),
            self.bill("INV-140/26-27", LONG, 9_87_65_432, 64),
            self.bill("INV-141/26-27", EVIL, 90_000, 9, description="<b>bold</b>"),
            self.say(TALLY, "payment.received", "r1", days_ago(20), party=SHARMA, amount=10_000_00, into="cash",
                     paid_on=days_ago(20).isoformat(), method="cash", references={"invoices": ["INV-102/26-27"]}),
            self.say(TALLY, "payment.received", "r2", days_ago(8), party=SHARMA, amount=60_000_00, into="cash",
                     paid_on=days_ago(8).isoformat(), method="cash"),
            self.say(BANK, "bank.credited", "b1", days_ago(3), kind="bank_line", amount=56_840_00, account="4421",
                     posted_on=days_ago(3).isoformat(), narration="NEFT-HDFCN52026111800-UNKNOWN PAYER",
                     references={"utr": ["HDFCN52026111800"]}),
            self.say(TALLY, "credit_note.issued", "c1", days_ago(18), party=SHARMA, number="CN-4", amount=2_000_00,
                     issued_on=days_ago(18).isoformat(), references={"invoices": ["INV-107/26-27"]}),
            self.say(TALLY, "bill.received", "p1", days_ago(25), party=VENDOR, number="G-77", amount=2_10_000_00,
                     issued_on=days_ago(25).isoformat(), due_on=(TODAY + timedelta(days=4)).isoformat()),
            self.say(TALLY, "balance.stated", "b-s", days_ago(1), party=SHARMA, amount=13_00_000_00,
                     as_on=days_ago(1).isoformat(), side="receivable", precision="observed"),
            self.say(CRM, "deal.status_reported", "d1", days_ago(5), party={"id": "h1", "name": "Sharma Traders"},
                     status="Closed won", name="Rods for Bhiwandi", amount=34_220_00),
        ]  # fmt: skip
