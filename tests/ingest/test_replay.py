"""A replay adds what today's reading makes of the raw bodies, and ends in what a fresh log would hold."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Inbound, Manifest, Observation, Observed, Unreadable, Wanted
from ingest.door import Appender
from ingest.reading import read_delivery
from ingest.replay import Outcome, Watch, replay
from ingest.replay_reading import source_of
from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from ledger.commands import AddBusiness, DrainBusiness, RebuildBusiness, RemapStatus, ReplayScope
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Receivables
from ledger.store import replays
from tests.ledger.firms import read_tables

SOURCE = "books:talk"
MANIFEST = Manifest("talk", "books", "Talk", ("webhook",), ("1",), ("application/json",))
Tell = Callable[..., Awaitable[Any]]
Change = Callable[[dict[str, Any]], dict[str, Any] | None]


@dataclass(slots=True)
class Talk:
    """A connector whose reading a test mends: `change` makes of each fact what it is read as, None: nothing."""

    change: Change = dict
    refuses: Callable[[dict[str, Any]], bool] = lambda fact: False
    whole: bool = False
    drops: tuple[str, ...] = ()
    """Facts that a delivery of nothing else doesn't say any more."""

    def observe(self, inbound: Inbound, *, source: str, settings: Any, now: datetime) -> Observed:
        if self.whole:
            raise Rejected("schema.shape", "It has another shape.")
        body = json.loads(inbound.body)
        seen, bad, wanted = [], [], []
        for place, given in enumerate(body["facts"]):
            if self.refuses(given):
                bad.append(Unreadable(f"row {place}", "row.bad", "It can't be read."))
            elif len(body["facts"]) == 1 and given["event_id"] in self.drops:
                continue
            elif (fact := self.change(given)) is not None:
                seen.append(_observation(fact))
        if "wanted" in body:
            wanted.append(Wanted("invoices", body["wanted"]))
        return Observed("1", seen, bad, wanted=wanted)


def _observation(fact: dict[str, Any]) -> Observation:
    told = {"precision": "instant", "word": None, "sequence": 0, **fact}
    told["occurred_at"] = datetime.fromisoformat(told.pop("at", "2026-11-18T10:00:00+05:30"))
    return Observation(**told)


def bill(number: int, **data: Any) -> dict[str, Any]:
    said = {
        "number": f"INV-{number}", "party": {"id": "c1", "name": "Sharma Traders"}, "issued_on": "2026-11-01",
        "due_on": "2026-11-15", "amount": 100_000, "currency": "INR", **data,
    }  # fmt: skip
    return {
        "event_id": f"e{number}", "kind": "invoice", "external_id": f"i{number}", "event_type": "invoice.issued",
        "data": said,
    }  # fmt: skip


def deal(number: int, word: str) -> dict[str, Any]:
    return {
        "event_id": f"d{number}", "kind": "deal", "external_id": f"d{number}", "event_type": None, "word": word,
        "data": {"name": f"Deal {number}"},
    }  # fmt: skip


@dataclass(slots=True)
class Firm:
    """A business that is told things, with its log and read tables at hand."""

    door: Door
    business: UUID
    talk: Talk
    received: datetime

    @property
    def actor(self) -> Actor:
        return system(self.business, "test")

    async def tell(self, *facts: dict[str, Any], source: str = SOURCE, **more: Any) -> None:
        """Receive one delivery, a minute after the last."""
        async with transaction(self.door.engine, [self.business]) as tx:
            (basis,) = await replays.bases(tx, self.business, source)
        body = json.dumps({"facts": facts, **more}).encode()
        self.received += timedelta(minutes=1)
        reading = read_delivery(
            source_of(self.business, basis), Inbound(body), via="webhook", received_at=self.received
        )
        await Appender(self.door.engine).append(reading.delivery)

    async def settle(self) -> None:
        self.door.clock.advance(minutes=1)  # type: ignore[attr-defined]
        while (await self.door.execute(DrainBusiness(), system(self.business, "drainer"))).more:
            self.door.clock.advance(seconds=1)  # type: ignore[attr-defined]

    async def replay(self, scope: ReplayScope = ReplayScope(), **options: Any) -> Outcome:  # noqa: B008
        return await replay(self.door, options.pop("actor", self.actor), scope, **{"apply": True, **options})

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with transaction(self.door.engine, [self.business]) as tx:
            return [tuple(row) for row in await tx.fetch(statement, self.business)]

    async def tables(self) -> dict[str, list[str]]:
        await self.settle()
        async with transaction(self.door.engine, [self.business]) as tx:
            return await read_tables(tx, self.business)


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    made = Talk()
    monkeypatch.setattr("ingest.replay_reading.load_manifest", lambda name: MANIFEST)
    monkeypatch.setattr("ingest.replay_reading.load_connector", lambda name: made)
    source_of.cache_clear()
    yield made
    source_of.cache_clear()


@pytest.fixture
def found(door: Door, engine: AsyncEngine, talk: Talk) -> Callable[[UUID], Awaitable[Firm]]:
    """Found a firm with two sources that talk."""

    async def make(business: UUID) -> Firm:
        await door.execute(AddBusiness(business, f"Talk {business}"), system(business, "test"))
        async with transaction(engine, [business]) as tx:
            for name in (SOURCE, "crm:talk"):
                await tx.run(
                    "INSERT INTO sources (business_id, name, connector, label, key_hash) VALUES ($1, $2, 'talk', $2, $3)",
                    business,
                    name,
                    name.encode(),
                )
        return Firm(door, business, talk, door.clock() - timedelta(days=1))

    return make


@pytest.fixture
async def firm(found: Any) -> Firm:
    return await found(UUID(int=1))


async def like_fresh(firm: Firm, found: Any, deliveries: list[tuple[dict[str, Any], ...]]) -> None:
    """The read tables must be those of a firm that is told the same, and reads it as today from the start."""
    fresh = await found(UUID(int=2))
    for facts in deliveries:
        await fresh.tell(*facts)
    assert await firm.tables() == await fresh.tables()


# ---- nothing to change -----------------------------------------------------------------------------
async def test_a_reading_that_is_the_same_changes_nothing(firm: Firm) -> None:
    await firm.tell(bill(1), bill(2))
    await firm.tell(bill(2))
    await firm.tell(deal(1, "parked"), source="crm:talk")
    outcome = await firm.replay()
    assert outcome.changes == 0
    assert outcome.counts == {"deliveries": 3, "events": 4}
    assert await firm.rows("SELECT 1 FROM interpretations WHERE business_id = $1") == []


async def test_what_people_decided_is_not_read_again(firm: Firm) -> None:
    await firm.tell(deal(1, "parked"), source="crm:talk")
    await firm.door.execute(RemapStatus("crm:talk", "deal", "parked", "deal.lost"), firm.actor)
    before = await firm.rows("SELECT count(*) FROM interpretations WHERE business_id = $1")
    outcome = await firm.replay()
    assert (outcome.changes, outcome.counts["deliveries"]) == (0, 1)
    assert await firm.rows("SELECT count(*) FROM interpretations WHERE business_id = $1") == before


# ---- changed, gone, new ----------------------------------------------------------------------------
def dearer(fact: dict[str, Any]) -> dict[str, Any]:
    return {**fact, "data": {**fact["data"], "amount": 118_000}}


async def test_a_dry_run_says_what_would_change_and_writes_nothing(firm: Firm) -> None:
    await firm.tell(bill(1))
    before = await firm.tables()
    firm.talk.change = dearer
    outcome = await firm.replay(apply=False)
    assert outcome.counts["changed"] == 1
    assert outcome.examples["changed"] == ["invoice i1: invoice.issued ₹1,000 → invoice.issued ₹1,180"]
    assert outcome.rows is not None
    assert outcome.rows["invoices"] == 1
    assert outcome.rows["postings"] == 2
    for table in ("interpretations", "replays", "pending"):
        assert await firm.rows(f"SELECT 1 FROM {table} WHERE business_id = $1") == []
    assert await firm.tables() == before
    assert await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action LIKE 'replay%'") == []


async def test_applying_adds_a_reading_and_leaves_the_first_one(firm: Firm, found: Any) -> None:
    await firm.tell(bill(1), bill(2))
    await firm.tables()
    firm.talk.change = dearer
    outcome = await firm.replay()
    assert outcome.counts["changed"] == 2
    assert (
        await firm.rows("SELECT normalised->>'amount' FROM external_events WHERE business_id = $1")
        == [("100000",)] * 2
    )
    assert (
        await firm.rows(
            "SELECT number, normalised->>'amount', normaliser_version FROM interpretations WHERE business_id = $1"
        )
        == [(1, "118000", "1")] * 2
    )
    await like_fresh(firm, found, [(bill(1), bill(2))])
    assert (await firm.replay()).changes == 0
    rebuilt = await firm.door.execute(RebuildBusiness(), firm.actor)
    assert rebuilt.differing == {}


async def test_what_was_known_before_is_answered_as_before(firm: Firm) -> None:
    await firm.tell(bill(1))
    await firm.settle()
    known = firm.door.clock()
    asked = Receivables(first=5, known_at=known)
    before = await firm.door.query(asked, firm.actor)
    assert [row.outstanding for row in before.rows] == [100_000]
    firm.door.clock.advance(days=1)  # type: ignore[attr-defined]
    firm.talk.change = dearer
    await firm.replay()
    await firm.settle()
    assert (await firm.door.query(asked, firm.actor)).rows == before.rows
    now = await firm.door.query(Receivables(first=5), firm.actor)
    assert [row.outstanding for row in now.rows] == [118_000]
    later = await firm.door.query(Receivables(first=5, known_at=firm.door.clock()), firm.actor)
    assert [row.outstanding for row in later.rows] == [118_000]


async def test_a_fact_that_turns_out_to_be_about_something_else_moves(firm: Firm, found: Any) -> None:
    await firm.tell(bill(1))
    await firm.tell(bill(2))
    await firm.tables()
    firm.talk.change = lambda fact: {**fact, "external_id": "x" + fact["external_id"]}
    outcome = await firm.replay()
    assert outcome.examples["changed"][0].endswith("now of invoice xi1")
    await like_fresh(firm, found, [(bill(1),), (bill(2),)])
    assert (await firm.door.execute(RebuildBusiness(), firm.actor)).differing == {}
    firm.talk.change = dict
    assert (await firm.replay()).counts["changed"] == 2
    await firm.settle()
    left = await firm.rows("SELECT external_id FROM identities WHERE business_id = $1 ORDER BY 1")
    assert left == [("i1",), ("i2",)]


async def test_what_a_delivery_does_not_say_any_more_is_withdrawn_and_what_it_says_besides_is_added(
    firm: Firm, found: Any
) -> None:
    await firm.tell(bill(1), bill(2))
    await firm.tables()
    firm.talk.change = lambda fact: {**fact, "event_id": f"new-{fact['event_id']}"}
    outcome = await firm.replay()
    assert (outcome.counts["withdrawn"], outcome.counts["added"]) == (2, 2)
    assert outcome.examples["withdrawn"][0] == "invoice i1: invoice.issued ₹1,000 → not said any more"
    assert await firm.rows("SELECT DISTINCT flag FROM interpretations WHERE business_id = $1") == [
        ("withdrawn",)
    ]
    await like_fresh(firm, found, [(bill(1), bill(2))])
    assert (await firm.replay()).changes == 0
    firm.talk.change = dict
    back = await firm.replay()
    assert (back.counts["restored"], back.counts["withdrawn"]) == (2, 2)


async def test_what_another_delivery_still_says_stays(firm: Firm, found: Any) -> None:
    await firm.tell(bill(1))
    await firm.tell(bill(1), bill(2))
    firm.talk.drops = ("e1",)
    outcome = await firm.replay()
    assert (outcome.counts["withdrawn"], outcome.counts["rewritten"]) == (1, 1)
    await like_fresh(firm, found, [(bill(1), bill(2))])


async def test_pages_that_overlap_are_changed_once(firm: Firm, found: Any) -> None:
    pages = [(bill(1), bill(2)), (bill(2), bill(3)), (bill(3), bill(2))]
    for page in pages:
        await firm.tell(*page)
    firm.talk.change = dearer
    dry = await firm.replay(apply=False)
    outcome = await firm.replay()
    assert outcome.counts == {"deliveries": 3, "events": 6, "changed": 3}
    assert dry.counts == outcome.counts
    await like_fresh(firm, found, pages)
    await firm.tell(*pages[1])
    await firm.tell(bill(3))
    assert await firm.rows("SELECT 1 FROM event_rewrites WHERE business_id = $1") == []


async def test_a_rewrite_is_read_anew_on_its_own_row(firm: Firm, found: Any) -> None:
    told = [(bill(1),), (bill(1, amount=90_000),)]
    for facts in told:
        await firm.tell(*facts)
    firm.talk.change = lambda fact: {**fact, "data": {**fact["data"], "due_on": "2026-12-15"}}
    outcome = await firm.replay()
    assert outcome.counts["changed"] == 2
    assert outcome.examples["changed"][0] == "invoice i1: due_on 2026-11-15 → 2026-12-15"
    rewritten = await firm.rows(
        "SELECT i.normalised->>'amount' FROM interpretations i JOIN event_rewrites r"
        " ON r.id = i.event_id WHERE i.business_id = $1"
    )
    assert rewritten == [("90000",)]
    await like_fresh(firm, found, told)


# ---- what couldn't be read -------------------------------------------------------------------------
async def test_a_quarantined_delivery_that_is_understood_by_now_is_taken_in(firm: Firm, found: Any) -> None:
    firm.talk.whole = True
    await firm.tell(bill(1), bill(2), wanted="77")
    await firm.tell(bill(3))
    await firm.settle()
    firm.talk.whole = False
    firm.talk.refuses = lambda fact: fact["event_id"] == "e2"
    dry = await firm.replay(ReplayScope(quarantine=True), apply=False)
    outcome = await firm.replay(ReplayScope(quarantine=True))
    assert outcome.counts == {"deliveries": 2, "events": 2, "added": 2, "understood": 2} == dry.counts
    assert await firm.rows(
        "SELECT code, resolution, resolved_at IS NULL FROM quarantine WHERE business_id = $1 ORDER BY 1"
    ) == [("row.bad", None, True), ("schema.shape", "replayed", False), ("schema.shape", "replayed", False)]
    assert await firm.rows("SELECT external_id FROM wanted WHERE business_id = $1") == [("77",)]
    (ingested,) = {
        row[0] for row in await firm.rows("SELECT ingested_at FROM external_events WHERE business_id = $1")
    }
    assert ingested == firm.door.clock()
    await firm.settle()
    state = await firm.rows("SELECT quarantined, last_delivery_at FROM source_state WHERE business_id = $1")
    assert state == [(1, firm.received)]
    firm.talk.refuses = lambda fact: False
    again = await firm.replay(ReplayScope(quarantine=True))
    assert again.counts == {"deliveries": 1, "events": 2, "added": 1, "understood": 1}
    await like_fresh(firm, found, [(bill(1), bill(2)), (bill(3),)])
    assert (await firm.replay(ReplayScope(quarantine=True))).counts["deliveries"] == 0


async def test_what_is_still_not_understood_stays(firm: Firm) -> None:
    firm.talk.whole = True
    await firm.tell(bill(1))
    outcome = await firm.replay(ReplayScope(quarantine=True))
    assert outcome.counts == {"deliveries": 1}
    assert await firm.rows("SELECT 1 FROM quarantine WHERE business_id = $1 AND resolved_at IS NULL") == [
        (1,)
    ]


async def test_a_reading_that_fails_today_takes_nothing_away(firm: Firm) -> None:
    await firm.tell(bill(1), bill(2), bill(3))
    before = await firm.tables()
    firm.talk.refuses = lambda fact: fact["event_id"] == "e2"
    outcome = await firm.replay()
    assert outcome.counts["kept"] == 1
    assert outcome.examples["kept"] == ["It can't be read."]
    firm.talk.whole = True
    assert (await firm.replay()).counts["kept"] == 3
    assert await firm.tables() == before
    assert await firm.rows("SELECT 1 FROM quarantine WHERE business_id = $1") == []


# ---- scope -----------------------------------------------------------------------------------------
async def test_a_source_a_type_and_a_period_bound_what_is_done(firm: Firm) -> None:
    await firm.tell(bill(1))
    first = firm.received
    await firm.tell(bill(2), deal(2, "won"))
    await firm.tell(deal(3, "won"), source="crm:talk")
    firm.talk.change = lambda fact: {**fact, "data": {**fact["data"], "references": {"orders": ["o1"]}}}

    async def changed(**scope: Any) -> tuple[int, int]:
        counts = (await firm.replay(ReplayScope(**scope), apply=False)).counts
        return counts["deliveries"], counts["changed"]

    assert await changed() == (3, 4)
    assert await changed(source="crm:") == (1, 1)
    assert await changed(source=SOURCE) == (2, 3)
    assert await changed(source=SOURCE, until=first) == (0, 0)
    assert await changed(source=SOURCE, since=first, until=first + timedelta(seconds=1)) == (1, 1)
    assert await changed(event_type="status.unmapped") == (3, 2)
    with pytest.raises(NotFound, match="no source"):
        await changed(source="books")
    with pytest.raises(Rejected, match="not an event type"):
        await changed(event_type="invoice.eaten")
    assert (await firm.replay(ReplayScope(event_type="invoice.issued"))).counts["changed"] == 2
    assert await changed(event_type="invoice.issued") == (3, 0)


async def test_words_that_were_explained_since_are_read_by_it(firm: Firm) -> None:
    await firm.tell(deal(1, "won"))
    async with transaction(firm.door.engine, [firm.business]) as tx:
        await tx.run(
            "INSERT INTO status_mappings (business_id, source, kind, word, status) VALUES ($1, $2, 'deal', 'Won', 'invoice.paid')",
            firm.business,
            SOURCE,
        )
    outcome = await firm.replay()
    assert outcome.examples["changed"] == [
        "deal d1: status.unmapped “won” → deal.status_reported “won”; status nothing → invoice.paid; unmapped → applied"
    ]


# ---- who, and side by side -------------------------------------------------------------------------
async def test_owner_and_finance_may_and_others_may_not(firm: Firm) -> None:
    await firm.tell(bill(1))
    for role in (Role.OWNER, Role.FINANCE):
        await firm.replay(actor=Actor(firm.business, role, "someone"))
    for role in (Role.SALES, Role.VIEW):
        with pytest.raises(Denied):
            await firm.replay(actor=Actor(firm.business, role, "someone"), apply=False)
    denied = await firm.rows("SELECT subject FROM audit WHERE business_id = $1 AND action = 'denied'")
    assert denied == [("ReplaySources",)] * 2


async def test_it_is_audited_from_its_start_to_its_end(firm: Firm) -> None:
    await firm.tell(bill(1))
    firm.talk.change = dearer
    await firm.replay(ReplayScope(source="books:"))
    said = await firm.rows(
        "SELECT action, entry FROM audit WHERE business_id = $1 AND action LIKE 'replay.%' ORDER BY sequence"
    )
    assert [action for action, _ in said] == ["replay.started", "replay.applied", "replay.done"]
    assert said[0][1] == {"scope": {"source": "books:"}}
    assert said[1][1]["readings"] == 1
    assert said[2][1]["counts"] == {"deliveries": 1, "events": 1, "changed": 1}
    assert await firm.rows("SELECT status FROM replays WHERE business_id = $1") == [("done",)]


async def test_a_second_one_beside_it_is_refused(firm: Firm) -> None:
    await firm.tell(bill(1))
    refused: list[str] = []

    class Meanwhile(Exception):
        pass

    def watch(_: Watch) -> None:
        raise Meanwhile

    async def beside() -> None:
        with pytest.raises(Rejected) as error:
            await firm.replay()
        refused.append(error.value.code)

    from ingest import replay as module

    async with module._alone(firm.door.engine, firm.actor):
        await beside()
    assert refused == ["replay.running"]
    with pytest.raises(Meanwhile):
        await firm.replay(watch=watch)
    assert await firm.rows("SELECT status FROM replays WHERE business_id = $1") == [("running",)]
    await firm.replay(ReplayScope(source=SOURCE))
    assert await firm.rows("SELECT status FROM replays WHERE business_id = $1 ORDER BY 1") == [
        ("done",),
        ("stopped",),
    ]


async def test_a_word_explained_while_it_runs_counts_for_what_is_read(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.replay.SLICE", 1)
    for number in range(4):
        await firm.tell(deal(number, "won"))
    firm.talk.change = lambda fact: {**fact, "data": {"name": "Renamed"}}
    explained = False

    async def explain() -> None:
        await firm.door.execute(RemapStatus(SOURCE, "deal", "won", "invoice.paid"), firm.actor)

    original = firm.door.execute

    async def execute(command: Any, actor: Actor) -> Any:
        nonlocal explained
        if type(command).__name__ == "TakeReadings" and not explained:
            explained = True
            await explain()
        return await original(command, actor)

    monkeypatch.setattr(firm.door, "execute", execute)
    outcome = await firm.replay()
    assert outcome.counts["changed"] == 4
    await firm.settle()
    assert await firm.rows(
        "SELECT DISTINCT state->'data'->>'status', state->'data'->>'name' FROM identities"
        " WHERE business_id = $1 AND kind = 'deal'"
    ) == [("invoice.paid", "Renamed")]
    assert (await firm.replay()).changes == 0


# ---- anything --------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
async def test_whatever_the_reading_becomes_the_tables_are_those_of_a_fresh_log(
    firm: Firm, found: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.replay.SLICE", 3)
    chance = random.Random(seed)

    def some_reading() -> Change:
        salt = chance.random()

        def change(fact: dict[str, Any]) -> dict[str, Any] | None:
            own = random.Random(f"{salt}/{fact['event_id']}")
            made = {**fact, "data": dict(fact["data"])}
            kind = own.randrange(7)
            if kind == 0:
                return None
            if kind == 1:
                made["event_id"] += "'"
            if kind == 2:
                made["external_id"] += "'"
            if kind == 3 and "amount" in made["data"]:
                made["data"]["amount"] += own.randrange(3) * 1_000
            if kind == 4:
                made["at"] = f"2026-11-1{own.randrange(9)}T10:00:00+05:30"
            if kind == 5 and made["kind"] == "invoice":
                made["event_type"] = "invoice.status_reported"
                made["data"] |= {"status": own.choice(["invoice.paid", "invoice.voided"])}
            return made

        return change

    told = []
    for _ in range(12):
        numbers = chance.sample(range(1, 9), chance.randrange(1, 4))
        told.append(
            tuple(
                bill(n, amount=100_000 + 100 * chance.randrange(2))
                if n < 7
                else deal(n, chance.choice(["won", "open"]))
                for n in numbers
            )
        )
    firm.talk.change = some_reading()
    for facts in told:
        await firm.tell(*facts)
    await firm.settle()
    for _ in range(3):
        firm.talk.change = some_reading()
        dry = await firm.replay(apply=False)
        outcome = await firm.replay()
        assert dry.counts == outcome.counts
        await firm.settle()
        assert (await firm.replay(apply=False)).changes == 0
    await like_fresh(firm, found, told)
