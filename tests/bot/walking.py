"""A chat that is walked through at random: its messages as they would stand on the phone, without a network between.

Updates go through the gate's look-up and the desk; what is queued is settled as the sender would, so that edits take
the place of what they edit.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.handlers.desk import Desk
from bot.phone.markup import parse_html
from bot.visit import visitor_of
from graph.app import make_app
from kit.database import make_engine, transaction
from kit.ids import digest, uuid7
from kit.settings import Settings
from ledger.commands import CreateLinkCode, CreateToken, DrainBusiness, LinkChat
from ledger.commands.delivery import ClaimMessage, OutboxMessage, SettleMessage
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, Role, system
from ledger.store.append import append
from ledger.store.tables import metadata
from tests.conftest import SettableClock

Result = TypeVar("Result")
OWNER, HELPER = uuid7(), uuid7()
LONGEST_TEXT, LONGEST_CAPTION, LONGEST_DATA, LONGEST_LABEL = 4_096, 1_024, 64, 64
CUSTOMERS = ("Sharma Traders", "Gupta Steel & Sons", "शर्मा ट्रेडर्स", "Khan <Textiles>")
_STATE = """{ digest { toCollect { minor } questions } conflicts { openCount }
  parties { nodes { id name net { minor formatted } promiseOn promiseBroken isCustomer } } }"""


class Loop:
    """An event loop in a thread of its own, for a test that isn't async: `loop.run(coroutine)`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to the end and return what came of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def close(self) -> None:
        """Stop the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass(slots=True)
class Message:
    """One message of ours as it stands in the chat: `buttons` are (label, callback data)."""

    id: int
    text: str
    buttons: list[tuple[str, str]]


@dataclass(slots=True)
class World:
    """A database with one firm as a pattern; every chat gets a copy of it, as a business of its own."""

    engine: AsyncEngine
    clock: SettableClock
    pattern: UUID
    chats: int = 0

    async def copy(self) -> UUID:
        """Copy the pattern's rows to a new business and return it: every key begins with the business."""
        made = uuid7()
        async with transaction(self.engine, [self.pattern, made]) as tx:
            for table in metadata.sorted_tables:
                if table.name == "directory":
                    continue
                names = [
                    column.name
                    for column in table.columns
                    if column.name != "business_id" and column.computed is None
                ]
                columns = ", ".join(f'"{name}"' for name in names)
                await tx.run(
                    f"INSERT INTO {table.name} (business_id, {columns}) SELECT $2, {columns} FROM {table.name}"
                    " WHERE business_id = $1",
                    self.pattern,
                    made,
                )
            await tx.run(
                "INSERT INTO directory (kind, key, business_id) VALUES ('business', $1, $2)", str(made), made
            )
        return made


async def make_world(url: str) -> World:
    """Found the pattern: four customers, a vendor, bills, money that is asked about, an owner and his accountant."""
    engine, clock, pattern = make_engine(url, application="munshi-walk"), SettableClock(), uuid7()
    async with transaction(engine, [pattern]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Walking Firm')", pattern)
        for member, name, role in ((OWNER, "Ramesh", "owner"), (HELPER, "Sunita", "finance")):
            await tx.run(
                "INSERT INTO members (business_id, id, name, role) VALUES ($1, $2, $3, $4)",
                pattern,
                member,
                name,
                role,
            )
    door = Door(engine, clock=clock)
    for number, name in enumerate(CUSTOMERS):
        party = {"id": f"C-{number}", "name": name, "phone": f"+91982000000{number}"}
        for bill in range(3):
            amount = (bill + 2) * 590_000 + number * 11_800
            await append_event(
                engine, pattern, clock, "standard:books", "invoice.issued", "invoice", f"B-{number}-{bill}",
                number=f"INV-{number}{bill}", party=party, issued_on=f"2026-0{7 + bill}-15",
                due_on=f"2026-{8 + bill:02}-14", amount=amount, base=amount * 50 // 59, currency="INR",
            )  # fmt: skip
    await append_event(
        engine, pattern, clock, "standard:books", "bill.received", "bill", "V-1", number="77/26",
        party={"id": "V-1", "name": "Verma Packaging"}, issued_on="2026-10-20", due_on="2026-11-22",
        amount=2_100_000, currency="INR",
    )  # fmt: skip
    for line, (payer, amount) in enumerate((("SHARMA TRADERS", 1_770_000), ("PORTAL SERVICES", 99_900))):
        await money_comes(engine, pattern, clock, payer, amount, f"L-{line}")
    await settle(door, pattern, clock)
    return World(engine, clock, pattern)


async def append_event(
    engine: AsyncEngine, business: UUID, clock: SettableClock, source: str, event_type: str, kind: str,
    name: str, **data: Any,
) -> None:  # fmt: skip
    """Append one event of a source."""
    event = NewEvent(uuid4().hex, event_type, kind, name, clock.now, "instant", data)
    body = event.source_event_id.encode()
    delivery = Delivery(business, source, "webhook", digest(body), body, clock.now, events=(event,))
    async with transaction(engine, [business]) as tx:
        await append(tx, [delivery])


async def money_comes(
    engine: AsyncEngine, business: UUID, clock: SettableClock, payer: str, amount: int, line: str
) -> None:
    """Let the bank show a credit (paise)."""
    await append_event(
        engine, business, clock, "bank:icici", "bank.credited", "bank_line", line, amount=amount, currency="INR",
        account="000405004421", posted_on=clock.now.date().isoformat(),
        narration=f"NEFT-N{line.replace('-', '')}-{payer}", channel="NEFT", payer={"name": payer},
    )  # fmt: skip


async def settle(door: Door, business: UUID, clock: SettableClock) -> None:
    """Drain, let the quiet windows pass, drain again."""
    for minutes in (0, 10):
        clock.advance(minutes=minutes)
        while (await door.execute(DrainBusiness(), system(business, "drainer"))).more:
            pass


@dataclass(slots=True)
class Chat:
    """An owner's chat in a firm of its own."""

    world: World
    business: UUID
    chat_id: int
    door: Door
    desk: Desk
    owner: Actor
    helper: Actor
    graphql: httpx.AsyncClient
    messages: dict[int, Message] = field(default_factory=dict)
    seen: list[tuple[int, str]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    _lines: int = 0

    @classmethod
    async def begin(cls, world: World) -> Chat:
        """Open a chat in a fresh copy of the pattern."""
        business = await world.copy()
        world.chats += 1
        door, chat_id = Door(world.engine, clock=world.clock), 5_000_000 + world.chats
        owner = Actor(business, Role.OWNER, "Ramesh", member_id=OWNER)
        code = await door.execute(CreateLinkCode(OWNER), owner)
        await door.execute(LinkChat(code, chat_id), system(business, "chat"))
        token = await door.execute(CreateToken(OWNER, "walk"), owner)
        app = make_app(Settings(), engine=world.engine, clock=world.clock)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://munshi",
            headers={"authorization": f"Bearer {token}"},
        )
        helper = Actor(business, Role.FINANCE, "Sunita", member_id=HELPER)
        return cls(world, business, chat_id, door, Desk(door), owner, helper, client)

    async def end(self) -> None:
        """Close what was opened."""
        await self.graphql.aclose()

    async def says(self, text: str) -> None:
        """Type a line, as a command or as words."""
        message = SimpleNamespace(text=text, message_id=1)
        update = SimpleNamespace(message=message, callback_query=None, update_id=0)
        visit = await self._visit()
        await (self.desk.command if text.startswith("/") else self.desk.words)(update, visit)  # type: ignore[arg-type]
        await self.deliver()

    async def taps(self, message_id: int, data: str) -> None:
        """Tap a button."""
        query = SimpleNamespace(
            data=data, message=SimpleNamespace(message_id=message_id), answer=self._toast, id="1"
        )
        update = SimpleNamespace(message=None, callback_query=query, update_id=0)
        await self.desk.tap(update, await self._visit())  # type: ignore[arg-type]
        await self.deliver()

    async def deliver(self) -> None:
        """Settle what is queued as the sender does, and keep what the chat shows now."""
        clerk = system(self.business, "outbox")
        while True:
            row: OutboxMessage | None = await self.door.execute(ClaimMessage(self.chat_id), clerk)
            if row is None:
                return
            shown = row.edit_message or 100 + len(self.seen) + len(self.messages)
            self._check(row.card)
            buttons = [
                (b["label"], b["data"]) for line in row.card.get("buttons", []) for b in line if "data" in b
            ]
            self.messages[shown] = Message(shown, row.card["text"], buttons)
            self.seen += [(shown, data) for _, data in buttons]
            await self.door.execute(SettleMessage(row.id, "sent", message_id=shown), clerk)

    async def settle(self) -> None:
        """Let what was decided be folded and judged."""
        await settle(self.door, self.business, self.world.clock)

    async def money(self, payer: str, amount: int) -> None:
        """Let the bank show money, and let it be matched."""
        self._lines += 1
        await money_comes(
            self.world.engine, self.business, self.world.clock, payer, amount, f"W-{self._lines}"
        )
        await self.settle()

    async def state(self) -> Any:
        """Return what GraphQL says."""
        response = await self.graphql.post("/graphql", json={"query": _STATE})
        body = response.json()
        assert "errors" not in body, body
        return body["data"]

    def newest(self) -> list[tuple[int, str, str]]:
        """Return the buttons of the last messages: (message, label, data)."""
        last = sorted(self.messages.values(), key=lambda message: message.id)[-3:]
        return [(message.id, label, data) for message in last for label, data in message.buttons]

    async def _visit(self) -> Any:
        visitor = await visitor_of(self.door, self.chat_id)
        assert visitor is not None
        return SimpleNamespace(guest=visitor, visitor=visitor, args=None, bot=None)

    async def _toast(self, text: str | None = None, **_: Any) -> bool:
        self.toasts.append(text or "")
        return True

    def _check(self, card: dict[str, Any]) -> None:
        """Refuse what Telegram would refuse."""
        marked = parse_html(card["text"])
        longest = LONGEST_CAPTION if card.get("attachment") else LONGEST_TEXT
        assert 0 < len(marked.text) <= longest, card["text"]
        for line in card.get("buttons", []):
            assert 0 < len(line) <= 8, line
            for button in line:
                assert 0 < len(button["label"]) <= LONGEST_LABEL, button
                assert "url" in button or len(button["data"].encode()) <= LONGEST_DATA, button


def amounts(text: str, before: str) -> list[int]:
    """Return the amounts (paise) that stand behind a phrase in a card."""
    found = re.findall(re.escape(before) + r" (?:<b>)?₹([\d,]+(?:\.\d\d)?)", text)
    return [round(float(one.replace(",", "")) * 100) for one in found]


def closed(loop: Loop, world: World) -> Iterator[World]:
    """Hand a world out and dispose of it."""
    yield world
    loop.run(world.engine.dispose())
    loop.close()
