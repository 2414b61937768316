"""Two firms that have the same things under different words, everybody who may ask, and how he asks: over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from graphql import print_schema
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from graph.app import make_app
from graph.ids import NODE_TYPES
from kit.clock import Clock
from kit.database import transaction
from kit.ids import digest, uuid7
from kit.settings import Settings
from ledger.commands import AddBusiness, AddMember
from ledger.commands.rules import PublishRule
from ledger.commands.tokens import RevokeToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.domain.tokens import token_id
from tests.graph.isolation.calls import CORE, Giving, Slot, spelt
from tests.graph.isolation.marks import digests, said, told, words_in, words_of
from tests.graph.isolation.remaining import fill
from tests.graph.isolation.story import Office, Stamp
from tests.ledger.handlers.test_rules import CASH

OURS = (Stamp("qizhar", 3137, "own-1"), Stamp("vombat", 4271, "own-2"))
THEIRS = (Stamp("zephyr", 5903, "own-1"), Stamp("korvex", 6417, "own-zephyr"))
LIVE = ("owner", "finance", "sales", "view", "reads only", "receivables only", "one rep's customers")
DEAD = ("ended", "revoked", "expired", "nobody", "of both")
"""Whoever may ask no more: the last has our token under the other firm's name."""
PUBLIC = frozenset(words_of(print_schema(CORE).lower(), opened=True))
_OPERATOR = "SELECT {what} FROM external_events WHERE source = 'operator' AND event_type = '{kind}' ORDER BY id LIMIT 1"
ROWS: dict[str, str] = {
    "Party": "SELECT id FROM parties WHERE is_customer ORDER BY name DESC LIMIT 1",
    "Invoice": "SELECT id FROM invoices WHERE outstanding > 0 ORDER BY number LIMIT 1",
    "Payable": "SELECT id FROM payables ORDER BY number LIMIT 1",
    "Conflict": "SELECT id FROM conflicts WHERE status = 'open' AND party_id IS NOT NULL ORDER BY id LIMIT 1",
    "QuarantinedPart": "SELECT id FROM quarantine LIMIT 1",
    "Member": "SELECT id FROM members ORDER BY name LIMIT 1",
    "Receipt": "SELECT id FROM receipts WHERE allocated < amount ORDER BY id LIMIT 1",
    "Payout": "SELECT id FROM payouts LIMIT 1",
    "Settlement": "SELECT id FROM settlements LIMIT 1",
    "BankLine": "SELECT id FROM bank_lines WHERE amount > 0 LIMIT 1",
    "Cheque": "SELECT id FROM cheques LIMIT 1",
    "CreditNote": "SELECT id FROM invoices WHERE kind = 'credit_note' LIMIT 1",
    "Event": "SELECT id FROM external_events WHERE source <> 'operator' ORDER BY id LIMIT 1",
    "Webhook": "SELECT id FROM webhooks LIMIT 1",
    "member": "SELECT id FROM members ORDER BY name LIMIT 1",
    "token": "SELECT id FROM tokens ORDER BY label LIMIT 1",
    "page link": "SELECT id FROM page_links ORDER BY id LIMIT 1",
    "decision": _OPERATOR.format(what="subject", kind="deduction.claimed"),
    "claim": _OPERATOR.format(what="subject", kind="deduction.claimed"),
    "payment": _OPERATOR.format(what="subject", kind="payment.reported"),
    "due": _OPERATOR.format(what="subject", kind="recurring.stated"),
    "recurring": _OPERATOR.format(what="external_id", kind="recurring.stated"),
    "cheque": "SELECT c.id FROM cheques c WHERE number LIKE '99%' LIMIT 1",
    "bulk": "SELECT bulk FROM conflicts WHERE bulk IS NOT NULL LIMIT 1",
    "attachment": "SELECT normalised ->> 'attachment' FROM external_events WHERE event_type = 'note.added' "
    "AND normalised ->> 'attachment' IS NOT NULL LIMIT 1",
    "pan": "SELECT pan FROM parties WHERE pan IS NOT NULL LIMIT 1",
}


@dataclass(slots=True)
class Firm:
    """A firm that has everything, the ids of its things, and the tokens of its people."""

    office: Office
    ids: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    words: set[str] = field(default_factory=set)

    @property
    def business(self) -> UUID:
        """Which it is."""
        return self.office.owner.business_id

    def names(self) -> dict[Slot, Any]:
        """What names its things."""
        stamp = self.office.stories[0].stamp
        utr = f"{stamp.word.upper()}N52026111800"
        return {
            "source": f"standard:{stamp.word}", "name": f"standard:{stamp.word}", "search": f"Sharma {stamp.word.title()}",
            "reference": utr, "number": stamp.number("INV", 2), "utr": f"S{utr}", "account": f"00040{stamp.salt}",
            "amount": stamp.amount(11), "subject": f"invoice:{self.ids['Invoice']}", "actor": f"member:{self.ids['Member']}",
            "owner": self.office.stories[1].stamp.rep, "customersOf": self.office.stories[1].stamp.rep,
            "gstin": stamp.gstin, "word": f"{stamp.word} won", "externalId": f"{stamp.word}-sharma",
        }  # fmt: skip

    def of(self, slot: Slot, kind: str = "Party") -> Any:
        """Return what to put where one of its things is asked for; `kind`: of any node, this one."""
        slot = kind if slot == "node" else slot
        if slot in self.ids:
            return spelt(slot, self.ids[slot]) if isinstance(self.ids[slot], UUID) else self.ids[slot]
        return self.names()[slot]


def nobodys(slot: Slot, kind: str = "Party") -> Any:
    """Return an id or a name of nothing, in the form of one."""
    slot = kind if slot == "node" else slot
    words: dict[Slot, Any] = {
        "source": "standard:nobody", "name": "standard:nobody", "search": "Wunder Nobody", "reference": "NOBODYN52026111800",
        "number": "NOBODYINV-2", "utr": "SNOBODYN52026111800", "account": "000409999", "amount": 999_999_999_011,
        "subject": f"invoice:{uuid4()}", "actor": f"member:{uuid4()}", "owner": "own-nobody", "customersOf": "own-nobody",
        "gstin": "27NOBOD9999F1ZV", "pan": "NOBOD9999F", "word": "nobody won", "externalId": "nobody-sharma",
        "attachment": digest(uuid4().bytes).hex(), "recurring": str(uuid4()),
    }  # fmt: skip
    return words[slot] if slot in words else spelt(slot, uuid4())


def either(first: Giving, others: Giving, only: Slot) -> Giving:
    """Return what gives one slot from the first, and the others from the second."""
    return lambda slot: first(slot) if slot == only else others(slot)


@dataclass(slots=True)
class World:
    """Both firms and the application."""

    engine: AsyncEngine
    door: Door
    app: Starlette
    ours: Firm
    theirs: Firm
    tries: int = 0
    put_in: set[str] = field(default_factory=set)
    """The other firm's names that somebody of ours wrote down, and may read again."""
    secret: set[str] = field(default_factory=set)
    _addresses: Iterator[int] = field(default_factory=lambda: count(1))

    async def post(
        self, token: str | None, text: str, variables: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Ask over HTTP, every time from another address: wrong tokens are few by address."""
        self.tries += 1
        headers = {"authorization": f"Bearer {token}"} if token is not None else {}
        async with self.browser() as client:
            return await client.post(
                "/graphql", json={"query": text, "variables": variables or {}}, headers=headers
            )

    def browser(self) -> httpx.AsyncClient:
        """Return a client with an address of its own."""
        at = next(self._addresses)
        client = (f"10.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}", 4_000)
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app, client=client), base_url="http://munshi",
            headers={"user-agent": "Mozilla/5.0 (Linux; Android 14) Chrome/140.0"},
        )  # fmt: skip

    def check(
        self, answer: httpx.Response, what: Any, given: Any = (), secret: set[str] | None = None
    ) -> None:
        """Fail where an answer tells what only the other firm has, or that something broke."""
        found = told(answer) & (self.secret if secret is None else secret)
        found -= set(said(list(given))) | self.put_in
        assert not found, (what, sorted(found)[:10], answer.text[:3_000])
        assert '"internal"' not in answer.text, (what, given, answer.text[:3_000])

    async def whose(self) -> None:
        """Note what only the other firm has."""
        self.ours.words = await words_in(self.engine, self.ours.business)
        self.theirs.words = await words_in(self.engine, self.theirs.business)
        self.secret = self.theirs.words - self.ours.words - PUBLIC
        assert len(self.secret) > 500

    async def their_rows(self) -> dict[str, bytes]:
        """Return a digest of each table of the other firm."""
        return await digests(self.engine, self.theirs.business)


async def found(door: Door, clock: Clock, name: str, owner: Actor | None = None) -> Actor:
    """Found a firm, and return its owner."""
    if owner is not None:
        return owner
    clerk = system(uuid7(), "test")
    await door.execute(AddBusiness(clerk.business_id, name), clerk)
    member = await door.execute(AddMember(name, "owner"), clerk)
    return Actor(clerk.business_id, Role.OWNER, name, member_id=member)


async def settled(engine: AsyncEngine, office: Office) -> Firm:
    """Let a firm live, with something in every table, and tokens for everybody."""
    await office.live()
    firm = Firm(office)
    word, business = office.word, office.owner.business_id
    rule = CASH.replace("large_cash_receipt", f"{word}_cash").replace("Much cash", f"{word.title()} cash")
    await office.door.execute(PublishRule(rule, f"{word} wants it"), office.owner)
    for role in ("owner", "finance", "sales", "view"):
        firm.tokens[role] = await office.token(role)
    firm.tokens["reads only"] = await office.token("owner", read_only=True)
    firm.tokens["receivables only"] = await office.token("owner", permissions=("see_receivables",))
    firm.tokens["one rep's customers"] = await office.token("owner", customers_of=office.stories[0].stamp.rep)
    for dead in ("revoked", "expired"):
        firm.tokens[dead] = await office.token("owner")
    ended = await office.door.execute(AddMember(f"Gone {word.title()}", "view"), office.owner)
    office.members["ended"] = ended
    firm.tokens["ended"] = await office.token("ended")
    await office.door.execute(RevokeToken(token_id(firm.tokens["revoked"])), office.owner)
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "UPDATE members SET ends_at = '2026-11-01', end_told_at = '2026-10-25' WHERE id = $1", ended
        )
        await tx.run(
            "UPDATE tokens SET expires_at = '2026-11-01' WHERE id = $1", token_id(firm.tokens["expired"])
        )
        await tx.run("UPDATE conflicts SET bulk = gen_random_uuid() WHERE rule = 'possible_duplicate_party'")
    await fill(engine, business, word, office.salt)
    async with transaction(engine, [business]) as tx:
        for kind, sql in ROWS.items():
            firm.ids[kind] = await tx.value(sql)
    missing = {kind for kind in (*NODE_TYPES, *ROWS) if firm.ids.get(kind) is None}
    assert not missing, (
        f"the story leaves no {missing}: let it (story.py), or say where they are (world.py ROWS)"
    )
    return firm


@asynccontextmanager
async def two_firms(engine: AsyncEngine, door: Door, clock: Clock, owner: Actor) -> AsyncIterator[World]:
    """Yield the world with both firms settled; ours is the fixture's owner's."""
    ours = await settled(engine, Office(door, clock, owner, *OURS))
    theirs = await settled(engine, Office(door, clock, await found(door, clock, "Zephyr"), *THEIRS))
    ours.tokens["nobody"] = "munt_" + "x" * 40
    key = ours.tokens["owner"]
    ours.tokens["of both"] = theirs.tokens["owner"][: len(key) // 2] + key[len(key) // 2 :]
    settings = Settings(
        public_url="https://munshi.example", graphql_calls_per_minute=0, graphql_cost_per_minute=0
    )
    world = World(engine, door, make_app(settings, engine=engine, clock=clock), ours, theirs)
    await world.whose()
    yield world
