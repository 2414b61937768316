"""Our state goes back to a CRM: the latest only, once, in batches, stopped by its switch, retried by remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract import Manifest, WriteBack, Written
from ingest.cursors import sources_due
from ingest.door import Appender
from ingest.normalise import status_map
from ingest.sources import Source
from ingest.write_back import Writer
from kit.database import transaction
from kit.errors import MunshiError, NotFound, Rejected, Retryable, SourceBroken
from ledger.commands import (
    AddSource,
    ChangeSource,
    DrainBusiness,
    MakePromise,
    ReopenConflict,
    ResolveConflict,
    SweepBusiness,
)
from ledger.domain.roles import system
from ledger.queries import Conflicts, FindParty
from ledger.store import write_back as outbox
from tests.ledger.firms import BOOKS, delivery

CRM = "crm:hubspot"
GSTIN = "27AAPFU0939F1ZV"
SHARMA = {"id": "c1", "name": "Sharma Traders", "gstin": GSTIN}
MANIFEST = Manifest("hubspot", "crm", "CRM", ("pull",), ("v1",), (), writes_back=True, batch=2)


@dataclass
class Crm:
    """A CRM that takes batches and remembers them; `faults` are raised first, `problems` concern one record."""

    batches: list[list[WriteBack]] = field(default_factory=list)
    faults: list[MunshiError] = field(default_factory=list)
    problems: dict[str, MunshiError] = field(default_factory=dict)
    prepared: int = 0
    locked: MunshiError | None = None
    """What a correction of a stage meets."""

    async def prepare(self, call: Any, *, settings: Any) -> None:
        self.prepared += 1

    async def write_back(self, batch: Sequence[WriteBack], call: Any, *, settings: Any) -> list[Written]:
        if self.faults:
            raise self.faults.pop(0)
        self.batches.append(list(batch))
        return [
            Written(item, self.locked if item.word is not None else self.problems.get(item.external_id))
            for item in batch
        ]

    def shown(self) -> dict[str, WriteBack]:
        return {item.external_id: item for batch in self.batches for item in batch}


@pytest.fixture
def crm() -> Crm:
    return Crm()


@pytest.fixture
def source(business, crm) -> Source:
    return Source(business, CRM, crm, MANIFEST, (), {}, status_map(MANIFEST), {"token": "t"}, write_back=True)


@pytest.fixture
def writer(engine, clock) -> Writer:
    return Writer(engine, clock=clock, public_url="https://munshi.example")


@pytest.fixture
async def told(door, business, owner, clock) -> Any:
    """Append facts and drain; the CRM's company and a bill of the books are one party by GSTIN."""
    await door.execute(AddSource(CRM, "hubspot", "HubSpot", {}), owner)
    await door.execute(ChangeSource(CRM, write_back=True), owner)
    appender = Appender(door.engine)

    async def tell(*facts: tuple[str, str, str, dict[str, Any]]) -> None:
        for source, event_type, external_id, data in facts:
            await appender.append(
                delivery(business, source, event_type, external_id, data, received_at=clock.now)
            )
        clock.advance(seconds=1)
        while (await door.execute(DrainBusiness(), owner_system(business))).more:
            clock.advance(seconds=1)

    await tell(
        (CRM, "party.upserted", "801", {"name": "Sharma Traders", "gstin": GSTIN}),
        (
            CRM,
            "deal.status_reported",
            "deal1",
            {"name": "AMC", "party": {"id": "801"}, "status": "deal.open"},
        ),
        (BOOKS, "invoice.issued", "i1", bill("INV-1", 118_00, due="2026-10-20")),
    )
    return tell


def owner_system(business):
    return system(business, "test")


def bill(number: str, amount: int, *, due: str) -> dict[str, Any]:
    return {
        "number": number, "amount": amount, "currency": "INR", "party": SHARMA, "issued_on": "2026-10-05", "due_on": due,
    }  # fmt: skip


def paid(amount: int, *numbers: str) -> dict[str, Any]:
    return {
        "amount": amount, "currency": "INR", "party": SHARMA, "into": "cash", "paid_on": "2026-11-19",
        "references": {"invoices": list(numbers)},
    }  # fmt: skip


async def rows(engine, business) -> list[Any]:
    async with transaction(engine, [business]) as tx:
        return await tx.fetch("SELECT * FROM write_backs ORDER BY kind, external_id")


async def test_a_company_and_its_deal_get_what_is_owed(
    told, writer, source, crm, clock, engine, business
) -> None:
    assert await writer.write(source, None) == 0, "a burst settles first"
    clock.advance(minutes=1)
    assert [due.source for due in await sources_due(engine, clock.now)] == [CRM]
    assert await writer.write(source, None) == 2
    company = crm.shown()["801"]
    assert (company.kind, company.currency, company.outstanding, company.overdue) == (
        "party",
        "INR",
        118_00,
        118_00,
    )
    assert (company.overdue_days, company.status, company.word) == (31, "overdue", None)
    assert company.url.startswith("https://munshi.example/c/")
    assert crm.shown()["deal1"].outstanding == 118_00
    assert crm.prepared == 1
    assert await sources_due(engine, clock.now) == []
    assert {row["status"] for row in await rows(engine, business)} == {"sent"}


async def test_only_the_latest_state_goes_out_and_only_once(told, writer, source, crm, clock) -> None:
    await told((BOOKS, "payment.received", "r1", paid(50_00, "INV-1")))
    await told((BOOKS, "payment.received", "r2", paid(68_00, "INV-1")))
    clock.advance(minutes=1)
    await writer.write(source, None)
    company = crm.shown()["801"]
    assert (company.outstanding, company.status, company.last_receipt, str(company.last_receipt_on)) == (
        0, "clear", 68_00, "2026-11-19",
    )  # fmt: skip
    assert len(crm.batches) == 1
    await told((BOOKS, "payment.received", "r2", paid(68_00, "INV-1")))
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert len(crm.batches) == 1, "nothing has changed"


async def test_our_own_echo_changes_nothing(told, writer, source, crm, clock) -> None:
    clock.advance(minutes=1)
    await writer.write(source, None)
    await told(
        (
            CRM,
            "party.upserted",
            "801",
            {"name": "Sharma Traders", "gstin": GSTIN, "url": "https://crm.example/801"},
        )
    )
    clock.advance(minutes=1)
    assert await writer.write(source, None) == 0


async def test_a_change_while_a_batch_is_on_its_way_goes_out_after_it(
    told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    async with transaction(engine, [business]) as tx:
        claimed = await outbox.claim(tx, business, CRM, now=clock.now, limit=10)
    await told((BOOKS, "payment.received", "r1", paid(50_00, "INV-1")))
    assert await writer.write(source, None) == 0, "the older state must not overtake the newer"
    async with transaction(engine, [business]) as tx:
        await outbox.settle_sent(tx, business, CRM, claimed, now=clock.now)
    assert await writer.write(source, None) == 2
    assert crm.shown()["801"].outstanding == 68_00


async def test_what_was_lost_with_its_worker_is_sent_again(
    told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    async with transaction(engine, [business]) as tx:
        await outbox.claim(tx, business, CRM, now=clock.now, limit=10)
    clock.advance(minutes=5)
    assert await writer.write(source, None) == 0
    clock.advance(minutes=6)
    assert await writer.write(source, None) == 2


async def test_the_days_that_pass_are_told_by_the_sweep(
    told, door, writer, source, crm, clock, business
) -> None:
    clock.advance(minutes=1)
    await writer.write(source, None)
    clock.advance(days=1)
    await door.execute(SweepBusiness(), owner_system(business))
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert crm.shown()["801"].overdue_days == 32


async def test_a_promise_says_when_the_money_is_expected(
    told, door, owner, writer, source, crm, clock
) -> None:
    party = (await door.query(FindParty("sharma"), owner))[0]
    await door.execute(MakePromise(party.id, clock.now.date() + timedelta(days=4)), owner)
    await told()
    clock.advance(minutes=1)
    await writer.write(source, None)
    company = crm.shown()["801"]
    assert (company.status, str(company.expected_on)) == ("promised", "2026-11-24")


async def test_nothing_goes_out_while_the_switch_is_off_and_the_latest_when_it_is_on(
    told, door, owner, writer, source, crm, clock, engine
) -> None:
    await door.execute(ChangeSource(CRM, write_back=False), owner)
    clock.advance(minutes=1)
    assert await writer.write(replace(source, write_back=False), None) == 0
    assert await writer.write(source, None) == 0, (
        "a worker that remembers the old switch is stopped by the row"
    )
    assert await sources_due(engine, clock.now) == []
    await told((BOOKS, "payment.received", "r1", paid(18_00, "INV-1")))
    await door.execute(ChangeSource(CRM, write_back=True), owner)
    clock.advance(minutes=1)
    assert await writer.write(source, None) == 2
    assert crm.shown()["801"].outstanding == 100_00


@pytest.mark.parametrize(
    ("fault", "waits", "status"),
    [
        (Retryable("x", "busy"), timedelta(seconds=20), "queued"),
        (Retryable("x", "busy", after=1800), timedelta(minutes=30), "queued"),
        (SourceBroken("x", "no entry"), timedelta(hours=4), "queued"),
    ],
)
async def test_a_batch_that_did_not_go_waits_by_its_remedy(
    fault, waits, status, told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    crm.faults = [fault]
    assert await writer.write(source, None) == 0
    for row in await rows(engine, business):
        assert (row["status"], row["error"]) == (status, str(fault))
        assert row["due_at"] - clock.now >= waits
    clock.advance(days=1)
    assert await writer.write(source, None) == 2
    assert {row["error"] for row in await rows(engine, business)} == {None}


async def test_an_answer_that_is_no_data_refuses_nothing(
    told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    crm.faults = [Rejected("json.malformed", "The body is not JSON.")]
    assert await writer.write(source, None) == 0
    assert {row["status"] for row in await rows(engine, business)} == {"queued"}
    assert crm.prepared == 1


async def test_a_refused_batch_is_prepared_anew_once(told, writer, source, crm, clock) -> None:
    clock.advance(minutes=1)
    crm.faults = [Rejected("x", "no such property")]
    assert await writer.write(source, None) == 2
    assert crm.prepared == 2


async def test_one_record_that_is_gone_does_not_hold_up_the_others(
    told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    crm.problems = {"deal1": NotFound("x", "It is gone.")}
    assert await writer.write(source, None) == 1
    by_id = {row["external_id"]: row["status"] for row in await rows(engine, business)}
    assert by_id == {"801": "sent", "deal1": "refused"}


async def test_a_correction_of_the_stage_goes_out_once(
    told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    await writer.write(source, None)
    deal = next(row for row in await rows(engine, business) if row["kind"] == "deal")
    options = {"source": CRM, "external_id": "deal1", "subject": deal["subject"], "now": clock.now}
    async with transaction(engine, [business]) as tx:
        await outbox.correct(
            tx, business, correction={"id": "e1", "word": "closedwon", "qualifier": "default"}, **options
        )
    await writer.write(source, None)
    assert (crm.shown()["deal1"].word, crm.shown()["deal1"].qualifier) == ("closedwon", "default")
    await told((BOOKS, "payment.received", "r1", paid(50_00, "INV-1")))
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert crm.shown()["deal1"].word is None, "what a salesman changes afterwards is his"
    assert crm.shown()["deal1"].outstanding == 68_00
    async with transaction(engine, [business]) as tx:
        await outbox.correct(
            tx, business, correction={"id": "e2", "word": "lost", "qualifier": ""}, **options
        )
        await outbox.correct(tx, business, correction=None, **options)
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert crm.shown()["deal1"].word is None, "taken back before it was sent"


async def correct(engine: Any, business: Any, clock: Any, correction: dict[str, str]) -> None:
    made = next(row for row in await rows(engine, business) if row["kind"] == "deal")
    named = {"source": CRM, "external_id": "deal1", "subject": made["subject"], "now": clock.now}
    async with transaction(engine, [business]) as tx:
        await outbox.correct(tx, business, correction=correction, **named)


async def test_a_stage_that_may_not_be_changed_keeps_nothing_else_from_the_record(
    told, writer, source, crm, clock, engine, business
) -> None:
    await correct(engine, business, clock, {"id": "e1", "word": "closedwon", "qualifier": ""})
    crm.locked = Rejected("zoho_crm.locked", "It is in a blueprint.")
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert (crm.shown()["deal1"].word, crm.shown()["deal1"].outstanding) == (None, 118_00)
    deal_row = (await rows(engine, business))[0]
    assert (deal_row["status"], deal_row["error"]) == ("refused", "It is in a blueprint.")
    assert deal_row["sent_digest"] == deal_row["digest"], "what is owed is shown all the same"
    await told((BOOKS, "payment.received", "r1", paid(50_00, "INV-1")))
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert (crm.shown()["deal1"].word, crm.shown()["deal1"].outstanding) == (None, 68_00)
    crm.locked = None
    await told((BOOKS, "payment.received", "r2", paid(10_00, "INV-1")))
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert (crm.shown()["deal1"].word, crm.shown()["deal1"].outstanding) == ("closedwon", 58_00)
    assert (await rows(engine, business))[0]["status"] == "sent"


async def test_a_state_that_moved_on_while_the_former_was_refused_is_tried(
    told, writer, source, crm, clock, engine, business
) -> None:
    clock.advance(minutes=1)
    crm.problems = {"801": Rejected("x", "No.")}
    former = crm.write_back

    async def slowly(batch: Sequence[WriteBack], call: Any, *, settings: Any) -> list[Written]:
        crm.write_back = former
        await told((BOOKS, "payment.received", "r1", paid(50_00, "INV-1")))
        return await former(batch, call, settings=settings)

    crm.write_back = slowly
    await writer.write(source, None)
    company = next(row for row in await rows(engine, business) if row["external_id"] == "801")
    assert company["status"] == "queued"


async def test_switching_it_on_tries_what_was_refused_once_more(
    told, writer, source, crm, clock, engine, business, door, owner
) -> None:
    clock.advance(minutes=1)
    crm.problems = {"801": Rejected("x", "That property is of another type.")}
    await writer.write(source, None)
    crm.problems = {}
    await door.execute(ChangeSource(CRM, label="Sales"), owner)
    assert await writer.write(source, None) == 0, "another label mends nothing"
    await door.execute(ChangeSource(CRM, write_back=True), owner)
    assert await writer.write(source, None) == 1
    assert {row["status"] for row in await rows(engine, business)} == {"sent"}


async def test_a_deal_of_two_parties_is_shown_the_same_one_whichever_of_them_changed(
    told, writer, source, crm, clock, engine, business, door
) -> None:
    other = {"id": "c2", "name": "Gupta Steel"}
    await told(
        (BOOKS, "invoice.issued", "i2", {**bill("INV-2", 200_00, due="2026-10-20"), "party": other}),
    )
    await deal(told, door, business, clock, "deal2", "Won", "deal.won", "INV-1", "INV-2")
    clock.advance(minutes=1)
    while await writer.write(source, None):
        pass
    shown = crm.shown()["deal2"]
    await told((BOOKS, "payment.received", "r1", paid(50_00, "INV-1")))
    again = {**paid(20_00, "INV-2"), "party": other}
    await told((BOOKS, "payment.received", "r2", again))
    clock.advance(minutes=1)
    await writer.write(source, None)
    after = crm.shown()["deal2"]
    assert after.url == shown.url
    assert (shown.outstanding, after.outstanding) == (318_00, 248_00)


async def deal(
    tell: Any, door: Any, business: Any, clock: Any, external_id: str, word: str, status: str, *numbers: str
) -> None:
    data = {
        "name": "AMC",
        "party": {"id": "801"},
        "status": status,
        "references": {"invoices": list(numbers)},
    }
    made = delivery(
        business, CRM, "deal.status_reported", external_id, data, received_at=clock.now, at=clock.now
    )
    event = replace(made.events[0], word=word, qualifier="Sales")
    await Appender(door.engine).append(replace(made, events=(event,)))
    await tell()


async def open_questions(door: Any, owner: Any, rule: str) -> list[Any]:
    page = await door.query(Conflicts(), owner)
    return [row for row in page.rows if row.rule == rule]


async def test_an_owners_answer_corrects_the_deals_stage_where_the_switch_allows_and_undo_sets_it_back(
    told, door, owner, business, writer, source, crm, clock
) -> None:
    await door.execute(ChangeSource(CRM, settings={"correct_stage": True}), owner)
    await deal(told, door, business, clock, "won", "Closed won", "invoice.paid", "INV-0")
    await deal(told, door, business, clock, "deal9", "Proposal sent", "deal.open", "INV-1")
    await told((BOOKS, "payment.received", "r1", paid(118_00, "INV-1")))
    clock.advance(days=1, hours=1)
    await door.execute(SweepBusiness(), owner_system(business))
    question = (await open_questions(door, owner, "gateway_paid_crm_open"))[0]
    assert question.title == "Bill INV-1 is paid, HubSpot still says “Proposal sent”"
    await door.execute(ResolveConflict(question.id, "correct", question.version), owner)
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert (crm.shown()["deal9"].word, crm.shown()["deal9"].qualifier) == ("Closed won", "Sales")
    # The CRM says it back: nothing more is asked, and nothing more goes out.
    await deal(told, door, business, clock, "deal9", "Closed won", "invoice.paid", "INV-1")
    sent = len(crm.batches)
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert len(crm.batches) == sent
    await door.execute(ReopenConflict(question.id), owner)
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert crm.shown()["deal9"].word == "Proposal sent"


async def test_without_the_switch_an_answer_changes_nothing_in_the_crm(
    told, door, owner, business, writer, source, crm, clock
) -> None:
    await deal(told, door, business, clock, "won", "Closed won", "invoice.paid", "INV-0")
    await deal(told, door, business, clock, "deal9", "Proposal sent", "deal.open", "INV-1")
    await told((BOOKS, "payment.received", "r1", paid(118_00, "INV-1")))
    clock.advance(days=1, hours=1)
    await door.execute(SweepBusiness(), owner_system(business))
    question = (await open_questions(door, owner, "gateway_paid_crm_open"))[0]
    await door.execute(ResolveConflict(question.id, "correct", question.version), owner)
    clock.advance(minutes=1)
    await writer.write(source, None)
    assert {item.word for batch in crm.batches for item in batch} == {None}
