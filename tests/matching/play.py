"""Plays a firm's story through the product, day by day, with an owner who answers by the truth; and keeps the score.

Statements are read from the banks' own files; books and gateway speak in events; everything goes in by the append
path, is drained until quiet, and the questions are read and answered through the Door. The truth is looked at for
answering and for judging, nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Inbound
from ingest.reading import read_delivery
from ingest.sources import Source, Sources
from kit.database import transaction
from kit.ids import digest
from kit.sealing import process_seal
from ledger.commands import AddBusiness, AddMember, AddSource, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.checks import check_event
from ledger.domain.derive.model import row_id
from ledger.domain.events import Delivery, NewEvent, subject_id
from ledger.domain.roles import Actor, Role, system
from ledger.store.append import append
from tests.connectors.bank_layouts import Txn
from tests.matching.banks import statement
from tests.matching.judging import Books, Said, is_right
from tests.matching.paying import BOOKS
from tests.matching.truth import Line, Part, Story, Told, Truth

OPENING = 50_00_000_00
QUIET = timedelta(minutes=20)
MORNING = timedelta(hours=4)  # 9:30 in India


@dataclass(slots=True)
class Item:
    """A credit (or a gateway's payment) with what became of it."""

    subject: UUID
    truth: Truth
    day: date
    amount: int
    words: str
    source: str
    also: tuple[Part, ...] = ()
    arrived_on: date | None = None
    seen: tuple[object, ...] | None = None
    stage: str = ""
    asked: bool = False
    answers: list[str] = field(default_factory=list)
    """How each question about it could be answered: first, other, hand."""
    wrong: list[str] = field(default_factory=list)
    """What was automatically taken for true and isn't, by day."""
    by_person: bool = False
    was_right: bool = False


@dataclass(slots=True)
class State:
    """The read tables as they stand: every item's meaning, and the bills."""

    said: dict[UUID, Said]
    stages: dict[UUID, str]
    anchors: dict[UUID, UUID]
    """a receipt's anchor → the item's subject."""
    receipts: dict[UUID, UUID]
    """item → row id of its receipt."""
    books: Books
    invoices: dict[str, UUID]
    parties: dict[str, tuple[UUID, UUID]]
    """party → row id and anchor."""
    codes: dict[UUID, str]
    """any identity or anchor or row of a party → its code."""


@dataclass(slots=True)
class Clock:
    """A clock that the play moves."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Play:
    """One firm on one engine."""

    def __init__(self, engine: AsyncEngine, story: Story) -> None:
        self.story = story
        self.engine = engine
        self.business = uuid4()
        self.clock = Clock(_moment(story.start))
        self.door = Door(engine, clock=self.clock)
        self.items: dict[UUID, Item] = {}
        self.clerk = system(self.business, "simulator")
        self.owner: Actor
        self._sources: list[Source] = []
        self._places: dict[int, UUID] = {}
        self._bills = {subject_id(BOOKS, "invoice", bill): bill for bill in story.numbers}
        self.taps = 0
        self.party_questions = 0

    async def run(self) -> Play:
        """Play all of it; returns itself with the score in `items`."""
        from tests.matching.owner import Owner

        await self._found()
        owner = Owner(self)
        told = sorted(self.story.told, key=lambda one: one.day)
        sent, shown = 0, [self.story.start - timedelta(days=1)] * len(self.story.accounts)
        day = self.story.start + timedelta(days=1)
        last = self.story.until + timedelta(days=8)
        while day <= last:
            due = [n for n, one in enumerate(self.story.accounts) if day.weekday() in one.weekdays]
            if due:
                self.clock.now = max(_moment(day), self.clock.now)
                until = next((n for n in range(sent, len(told)) if told[n].day > day), len(told))
                deliveries = self._events(told[sent:until])
                sent = until
                for place in due:
                    deliveries += self._statement(place, shown[place], day - timedelta(days=1))
                    shown[place] = day - timedelta(days=1)
                await self._bring(deliveries)
                await self.drain()
                await owner.look(day)
            day += timedelta(days=1)
        await owner.look(last, finished=True)
        return self

    async def _found(self) -> None:
        await self.door.execute(AddBusiness(self.business, self.story.name), self.clerk)
        member = await self.door.execute(AddMember("Ramesh", "owner"), self.clerk)
        self.owner = Actor(self.business, Role.OWNER, "Ramesh", member_id=member)
        sources = Sources(self.engine, seal=process_seal)
        for account in self.story.accounts:
            name = f"bank:{account.bank}"
            await self.door.execute(
                AddSource(name, "bank", account.bank.upper(), {"account": account.number}, None), self.clerk
            )
            self._sources.append(await sources.by_name(self.business, name))

    # ---- what arrives --------------------------------------------------------------------------------
    def _events(self, told: Sequence[Told]) -> list[Delivery]:
        groups: dict[str, list[Told]] = defaultdict(list)
        for one in told:
            groups[one.source].append(one)
        return [self._delivery(source, rows) for source, rows in groups.items()]

    def _delivery(self, source: str, rows: Sequence[Told]) -> Delivery:
        events = []
        for row in rows:
            check_event(row.event_type, row.data)
            kind = row.event_type.partition(".")[0]
            name = f"{row.external_id}:{row.event_type}"
            at = _moment(row.on) - timedelta(hours=2)
            events.append(NewEvent(name, row.event_type, kind, row.external_id, at, "instant", row.data))
            if row.truth is not None:
                subject = subject_id(source, kind, row.external_id)
                self.items[subject] = Item(
                    subject,
                    row.truth,
                    row.on,
                    row.data["amount"],
                    str(row.data.get("references")),
                    "gateway",
                    arrived_on=row.day,
                )
        body = orjson.dumps([source, *[event.source_event_id for event in events]])
        return Delivery(
            self.business, source, "webhook", digest(body), body, self.clock.now, events=tuple(events)
        )

    def _statement(self, place: int, before: date, until: date) -> list[Delivery]:
        """Read the file of the days after `before` (and some before it again) as the product reads a bank's file."""
        account = self.story.accounts[place]
        first = before - timedelta(days=account.overlap - 1)
        opening, chosen = OPENING, []
        for number, line in enumerate(self.story.lines):
            if line.account == place and line.day < first:
                opening += line.amount
            elif line.account == place and line.day <= until:
                chosen.append((number, line))
        if not chosen:
            return []
        chosen.sort(key=lambda one: (one[1].day, one[0]))
        txns = [Txn(line.day, line.amount, line.narration, line.reference) for _, line in chosen]
        body = statement(account.bank, account.number, txns, opening, first, until)
        inbound = Inbound(body, filename="statement.csv")
        delivery = read_delivery(
            self._sources[place], inbound, via="file", received_at=self.clock.now
        ).delivery
        assert not delivery.quarantined, (account.bank, delivery.quarantined[:2])
        for (number, line), event in zip(chosen, delivery.events, strict=True):
            assert event.data["amount"] == abs(line.amount), (line, event)
            self._note(number, line, subject_id(delivery.source, event.kind, event.external_id))
        return [delivery]

    def _note(self, number: int, line: Line, subject: UUID) -> None:
        self._places[number] = subject
        if line.truth is not None and subject not in self.items:
            also = tuple(part for _, place, part in self.story.adjusted if place == number)
            self.items[subject] = Item(
                subject,
                line.truth,
                line.day,
                line.amount,
                line.narration,
                "bank",
                also,
                self.clock.now.date(),
            )

    async def _bring(self, deliveries: Sequence[Delivery]) -> None:
        if deliveries:
            async with transaction(self.engine, [self.business], role="munshi_ingest") as tx:
                await append(tx, deliveries)

    async def drain(self) -> None:
        """Drain until nothing is left to do now; then let the quiet windows pass, and drain what fell due."""
        await self._drain_now()
        self.clock.now += QUIET
        await self._drain_now()

    async def _drain_now(self) -> None:
        for _ in range(200):
            if not (await self.door.execute(DrainBusiness(), self.clerk)).more:
                break

    def adjustments(self, day: date) -> Iterable[tuple[UUID, Part]]:
        """Return the advances that the owner has set against their bills by `day`."""
        for on, place, part in self.story.adjusted:
            if on <= day and place in self._places:
                yield self._places[place], part

    # ---- what the product makes of it ----------------------------------------------------------------
    async def state(self) -> State:
        """Read what the product says of every item."""
        async with transaction(self.engine, [self.business]) as tx:
            parties = await tx.fetch(
                "SELECT i.subject, i.external_id, i.source, i.party_id, p.anchor, p.habit FROM party_identities i"
                " JOIN parties p ON p.business_id = i.business_id AND p.id = i.party_id WHERE i.business_id = $1",
                self.business,
            )
            bills = await tx.fetch(
                "SELECT id, anchor, party_id, issued_on, outstanding FROM invoices WHERE business_id = $1",
                self.business,
            )
            receipts = await tx.fetch(
                "SELECT c.subject, r.id, r.anchor, r.party_id, r.classified, r.refunded, r.amount, r.why FROM claims c"
                " JOIN receipts r ON r.business_id = c.business_id AND r.id = c.row_id"
                " WHERE c.business_id = $1 AND c.row_kind = 'receipt'",
                self.business,
            )
            shares = await tx.fetch(
                "SELECT a.receipt_id, i.anchor, a.kind, a.amount, a.why FROM allocations a"
                " JOIN invoices i ON i.business_id = a.business_id AND i.id = a.document_id WHERE a.business_id = $1",
                self.business,
            )
            lines = await tx.fetch(
                "SELECT anchor, explained_by FROM bank_lines WHERE business_id = $1", self.business
            )
            accepted = await tx.fetch(
                "SELECT state->'data'->>'document' AS document, state->'data'->>'kind' AS kind,"
                " (state->'data'->>'amount')::bigint AS amount, state->'data'->>'conflict' AS conflict"
                " FROM identities WHERE business_id = $1 AND source = 'operator' AND kind = 'decision'"
                " AND state->>'type' = 'deduction.accepted'",
                self.business,
            )
        return self._state(parties, bills, receipts, shares, lines, accepted)

    def _state(
        self, parties: list, bills: list, receipts: list, shares: list, lines: list, accepted: list
    ) -> State:
        codes: dict[UUID, str] = {}
        rows: dict[str, tuple[UUID, UUID]] = {}
        books = Books()
        for row in parties:
            if row["source"] == BOOKS and row["external_id"] in self.story.habits:
                code = row["external_id"]
                codes |= {row["subject"]: code, row["party_id"]: code, row["anchor"]: code}
                rows[code] = (row["party_id"], row["anchor"])
                if row["habit"]:
                    books.habits[code] = row["habit"]
        invoices: dict[str, UUID] = {}
        for row in bills:
            bill = self._bills.get(row["anchor"])
            if bill is not None:
                invoices[bill] = row["id"]
                books.open[bill], books.issued[bill] = row["outstanding"], row["issued_on"]
                books.party[bill] = codes.get(row["party_id"], "?")
        held: dict[UUID, dict[tuple[str, str], int]] = defaultdict(dict)
        whys: dict[UUID, str] = {}
        for row in shares:
            bill = self._bills.get(row["anchor"], "?")
            mine = held[row["receipt_id"]]
            mine[bill, row["kind"]] = mine.get((bill, row["kind"]), 0) + row["amount"]
            whys.setdefault(row["receipt_id"], row["why"])
        explained = {row["anchor"]: row["explained_by"] for row in lines}
        let_go: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        for row in accepted:
            let_go[str(row["conflict"])].append(
                (self._bills.get(UUID(row["document"]), "?"), row["kind"], row["amount"])
            )
        state = State({}, {}, {}, {}, books, invoices, rows, codes)
        for row in receipts:
            if row["subject"] not in self.items:
                continue
            subject = row["subject"]
            by = explained.get(subject) or (
                None if subject in explained else "receipt" if row["party_id"] else None
            )
            state.said[subject] = Said(
                codes.get(row["party_id"], "?") if row["party_id"] else None,
                row["classified"], by, dict(held.get(row["id"], {})), row["refunded"] >= row["amount"],
            )  # fmt: skip
            state.stages[subject] = row["why"] or whys.get(row["id"]) or row["classified"] or by or ""
            state.anchors[row["anchor"]] = subject
            state.receipts[subject] = row["id"]
        for subject in self.items:
            if subject not in state.said:
                state.said[subject] = Said(explained=explained.get(subject))
                state.stages[subject] = explained.get(subject) or ""
            state.anchors.setdefault(subject, subject)
        return state

    def judge(self, item: Item, said: Said, state: State, *, on: date, proposed: bool = False) -> bool:
        """Whether that is true of the item."""
        return is_right(item.truth, said, state.books, on=on, proposed=proposed, also=item.also)


def line_row(subject: UUID) -> UUID:
    """Return the row id of a bank line."""
    return row_id("bank_line", subject)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + MORNING


__all__ = ["Item", "Play", "Said", "State", "line_row", "replace"]
