"""What could not be read: listed with its difference, set aside by command or by an answer, and brought back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected
from kit.ids import uuid7
from ledger.commands import DrainBusiness, ReopenConflict, ResolveConflict, SetAside
from ledger.domain.events import Delivery, Quarantined
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Conflicts, Quarantine, QuarantinedPart, Sources
from ledger.store.append import append
from ledger.store.audit_chain import verify_audit
from ledger.views import ConflictView, QuarantineView
from tests.ledger.trail import trail

DIFF = {"event": "payment.captured", "missing": ["payload.amount"], "new": [], "retyped": []}


@dataclass(slots=True)
class Desk:
    """A firm whose sources send what can't be read."""

    door: Any
    engine: Any
    clock: Any
    owner: Actor

    async def send(
        self, source: str = "payment:razorpay", *, code: str = "schema.field_missing", via: str = "webhook",
        parts: int = 1, diff: Any = DIFF,
    ) -> None:  # fmt: skip
        body = uuid4().hex.encode()
        refused = tuple(
            Quarantined("" if parts == 1 else f"row {n}", code, "A member is missing.", diff)
            for n in range(parts)
        )
        delivery = Delivery(
            self.owner.business_id, source, via, body, body, self.clock.now, quarantined=refused
        )
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            await append(tx, [delivery])
        await self.drain()

    async def drain(self) -> None:
        while (await self.door.execute(DrainBusiness(), system(self.owner.business_id, "drainer"))).more:
            pass

    async def parts(self, **wanted: Any) -> tuple[QuarantineView, ...]:
        return (await self.door.query(Quarantine(**wanted), self.owner)).rows

    async def questions(self, status: str = "open") -> tuple[ConflictView, ...]:
        return (await self.door.query(Conflicts(status=status), self.owner)).rows

    async def audited(self, action: str) -> list[dict[str, Any]]:
        async with transaction(self.engine, [self.owner.business_id]) as tx:
            assert (await verify_audit(tx, self.owner.business_id)).broken_at is None
        return [row["entry"] for row in await trail(self.engine, self.owner.business_id, action)]


@pytest.fixture
async def desk(door: Any, engine: Any, clock: Any, owner: Actor) -> Desk:
    async with transaction(engine, [owner.business_id]) as tx:
        for name in ("payment:razorpay", "bank:icici"):
            await tx.run(
                "INSERT INTO sources (business_id, name, connector, label, key_hash) VALUES ($1, $2, $3, 'Razorpay', '')",
                owner.business_id, name, name.partition(":")[2],
            )  # fmt: skip
    return Desk(door, engine, clock, owner)


# ---- the list --------------------------------------------------------------------------------------
async def test_it_is_listed_newest_first_with_its_difference_in_pages(desk: Desk):
    for _ in range(3):
        await desk.send()
        desk.clock.advance(minutes=1)
    await desk.send("bank:icici", code="row.amount", via="chat", parts=2, diff=None)
    page = await desk.door.query(Quarantine(first=2), desk.owner)
    assert (page.more, page.open_count, len(page.rows)) == (True, 5, 2)
    assert {row.source for row in page.rows} == {"bank:icici"}
    rest = await desk.door.query(Quarantine(first=10, after=page.end), desk.owner)
    assert not rest.more
    assert [row.diff for row in rest.rows] == [DIFF] * 3
    assert (rest.rows[0].via, rest.rows[0].place) == ("webhook", "")
    assert rest.rows[0].received_at > rest.rows[1].received_at


async def test_it_is_listed_by_source_code_and_state(desk: Desk):
    await desk.send()
    await desk.send("bank:icici", code="row.amount", via="chat")
    assert [row.code for row in await desk.parts(source="bank:icici")] == ["row.amount"]
    assert [row.source for row in await desk.parts(code="schema.field_missing")] == ["payment:razorpay"]
    assert await desk.parts(status="resolved") == ()
    with pytest.raises(Rejected) as refusal:
        await desk.parts(status="forgotten")
    assert refusal.value.code == "quarantine.status"


async def test_one_part_is_shown_to_its_own_firm_only(desk: Desk, engine: Any):
    await desk.send()
    (part,) = await desk.parts()
    assert await desk.door.query(QuarantinedPart(part.id), desk.owner) == part
    other = uuid7()
    async with transaction(engine, [other]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Another')", other)
    with pytest.raises(NotFound):
        await desk.door.query(QuarantinedPart(part.id), replace(desk.owner, business_id=other))


@pytest.mark.parametrize("role", [Role.SALES, Role.VIEW])
async def test_only_owner_and_finance_see_it_and_set_it_aside(desk: Desk, role: Role):
    await desk.send()
    other = replace(desk.owner, role=role)
    with pytest.raises(Denied):
        await desk.door.query(Quarantine(), other)
    with pytest.raises(Denied):
        await desk.door.execute(SetAside(source="payment:razorpay"), other)
    finance = replace(desk.owner, role=Role.FINANCE)
    assert await desk.door.execute(SetAside(source="payment:razorpay"), finance) == 1


# ---- set aside by command --------------------------------------------------------------------------
async def test_parts_are_set_aside_by_id_and_by_source_and_code_and_audited(desk: Desk):
    await desk.send(parts=2)
    await desk.send(code="json.malformed", diff=None)
    await desk.send("bank:icici", code="row.amount", via="chat")
    first = (await desk.parts(code="schema.field_missing"))[0]
    assert await desk.door.execute(SetAside(ids=(first.id,), note="a test message"), desk.owner) == 1
    assert await desk.door.execute(SetAside(ids=(first.id,)), desk.owner) == 0
    assert (
        await desk.door.execute(SetAside(source="payment:razorpay", code="json.malformed"), desk.owner) == 1
    )
    assert len(await desk.parts()) == 2
    (settled,) = (row for row in await desk.parts(status="resolved") if row.id == first.id)
    assert (settled.resolution, settled.resolved_at) == ("set_aside", desk.clock.now)
    noted = await desk.audited("quarantine.set_aside")
    assert [entry["parts"] for entry in noted] == [1, 0, 1]
    assert noted[0]["reason"] == "a test message"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SetAside(), "quarantine.which"),
        (SetAside(code="schema.field_missing"), "quarantine.which"),
        (SetAside(ids=tuple(UUID(int=n) for n in range(1_001))), "quarantine.too_many"),
    ],
)
async def test_it_must_be_said_which(desk: Desk, command: SetAside, code: str):
    with pytest.raises(Rejected) as refusal:
        await desk.door.execute(command, desk.owner)
    assert refusal.value.code == code


async def test_the_question_is_asked_by_a_drain_and_clears_when_all_is_set_aside(desk: Desk):
    await desk.send()
    (asked,) = await desk.questions()
    assert asked.rule == "schema_drift"
    assert asked.title == "I can't read something that Razorpay sends"
    await desk.door.execute(SetAside(source="payment:razorpay"), desk.owner)
    await desk.drain()
    assert await desk.questions() == ()
    assert [one.rule for one in await desk.questions("cleared")] == ["schema_drift"]


# ---- set aside by an answer ------------------------------------------------------------------------
async def answered(desk: Desk, answer: str = "set_aside") -> ConflictView:
    (asked,) = await desk.questions()
    done: ConflictView = await desk.door.execute(ResolveConflict(asked.id, answer, asked.version), desk.owner)
    return done


async def test_an_answer_sets_aside_what_was_asked_about_and_undo_brings_it_back(desk: Desk):
    await desk.send(parts=3)
    await desk.send("bank:icici", code="row.amount", via="chat", parts=2)
    (drift,) = (one for one in await desk.questions() if one.rule == "schema_drift")
    done = await desk.door.execute(ResolveConflict(drift.id, "set_aside", drift.version), desk.owner)
    assert (done.status, done.answer_label, done.can_undo) == ("resolved", "Set these aside", True)
    await desk.drain()
    assert {row.source for row in await desk.parts()} == {"bank:icici"}
    await desk.door.execute(ReopenConflict(drift.id), desk.owner)
    await desk.drain()
    assert len(await desk.parts(source="payment:razorpay")) == 3
    assert {one.rule for one in await desk.questions()} == {"schema_drift", "unreadable_rows"}
    assert [entry["parts"] for entry in await desk.audited("quarantine.taken_up")] == [3]


async def test_what_was_replayed_since_stays_replayed_when_the_answer_is_undone(desk: Desk, engine: Any):
    await desk.send()
    await desk.send()
    done = await answered(desk)
    one = (await desk.parts(status="resolved"))[0]
    async with transaction(engine, [desk.owner.business_id]) as tx:
        await tx.run(
            "UPDATE quarantine SET resolution = 'replayed' WHERE business_id = $1 AND id = $2",
            desk.owner.business_id, one.id,
        )  # fmt: skip
    await desk.door.execute(ReopenConflict(done.id), desk.owner)
    assert len(await desk.parts()) == 1


async def test_what_came_after_the_question_was_asked_is_not_set_aside_and_asked_again(
    desk: Desk, engine: Any
):
    await desk.send()
    (asked,) = await desk.questions()
    desk.clock.advance(minutes=1)
    late = Delivery(
        desk.owner.business_id, "payment:razorpay", "webhook", b"late", b"late", desk.clock.now,
        quarantined=(Quarantined("", "schema.field_missing", "A member is missing."),),
    )  # fmt: skip
    async with transaction(engine, [desk.owner.business_id]) as tx:
        await append(tx, [late])
    await desk.door.execute(ResolveConflict(asked.id, "set_aside", asked.version), desk.owner)
    assert len(await desk.parts()) == 1
    await desk.drain()
    (again,) = await desk.questions()
    assert again.id == asked.id


async def test_telling_the_maker_puts_the_question_off_and_changes_nothing(desk: Desk):
    await desk.send()
    done = await answered(desk, "maker")
    assert done.status == "snoozed"
    assert len(await desk.parts()) == 1
    desk.clock.advance(days=1, minutes=1)
    await desk.drain()
    assert [one.status for one in await desk.questions()] == ["open"]


# ---- beside the source -----------------------------------------------------------------------------
async def test_a_source_says_how_much_waits_and_what_is_new_in_it(desk: Desk, engine: Any):
    await desk.send(parts=2)
    async with transaction(engine, [desk.owner.business_id]) as tx:
        for n in range(52):
            await tx.run(
                "INSERT INTO source_fields (business_id, source, version, path, kind, delivery, first_seen_at)"
                " VALUES ($1, 'payment:razorpay', 'v1', $2, 'text', '', $3)",
                desk.owner.business_id, f"payload.new_{n:02}", desk.clock.now,
            )  # fmt: skip
    bank, razorpay = await desk.door.query(Sources(), desk.owner)
    assert (razorpay.unread, razorpay.quarantined, len(razorpay.new_members)) == (2, 2, 50)
    assert (razorpay.new_members[0].path, razorpay.new_members[0].kind) == ("payload.new_00", "text")
    assert (bank.unread, bank.new_members) == (0, ())
    await desk.door.execute(SetAside(source="payment:razorpay"), desk.owner)
    assert (await desk.door.query(Sources(), desk.owner))[1].unread == 0
