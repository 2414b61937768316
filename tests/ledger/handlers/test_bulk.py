"""Questions that are alike, answered together and taken back singly or as a whole; questions given to somebody."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import uuid7
from ledger.commands import ReopenConflict, ResolveConflict
from ledger.commands.workflow import AssignConflict, NoteConflict, ResolveAlike, UndoBulk
from ledger.domain.roles import Role
from ledger.queries import Conflict, Conflicts
from ledger.queries.workflow import Alike
from tests.ledger.desk import BANK, Firm


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def line(firm: Firm, number: int, narration: str, payer: str, amount: int = 0) -> None:
    await firm.say(
        BANK, "bank.credited", "bank_line", f"L-{number}", amount=amount or 1_111 + number, currency="INR",
        account="000405004421", posted_on="2026-11-18", narration=narration, channel="NEFT", payer={"name": payer},
    )  # fmt: skip


async def fourteen(firm: Firm):
    """Fourteen credits of one payer in the same words but for numbers, and one of another."""
    for number in range(14):
        await line(firm, number, f"NEFT/N{number:06}/PORTAL PAYOUT/{number}", "PORTAL SERVICES")
    await line(firm, 99, "NEFT/N000099/SOMETHING ELSE", "KHAN AND CO")
    await firm.settle()
    page = await firm.door.query(Conflicts(first=50), firm.owner)
    assert page.open_count == 15
    return [row for row in page.rows if row.alike == 14]


async def statuses(firm: Firm) -> dict[str, int]:
    rows = await firm.rows(
        "SELECT status, count(*) AS n FROM conflicts WHERE business_id = $1 GROUP BY status"
    )
    return {row["status"]: row["n"] for row in rows}


async def test_alike_ones_are_counted_and_take_the_answers_that_fit_all(firm):
    alike = await fourteen(firm)
    assert len(alike) == 14
    view = await firm.door.query(Alike(alike[3].id), firm.owner)
    assert view.count == 14
    assert {"own_transfer", "not_sale", "accountant", "later"} <= {answer.id for answer in view.answers}
    assert {answer.id for answer in view.answers} <= {answer.id for answer in alike[3].answers}


async def test_all_alike_are_answered_each_by_itself_and_undone_as_a_whole(firm):
    first = (await fourteen(firm))[0]
    done = await firm.door.execute(ResolveAlike(first.id, "not_sale", version=first.version), firm.owner)
    assert (done.answered, done.skipped, done.label) == (14, 0, "Not a sale payment")
    await firm.settle()
    assert await statuses(firm) == {"resolved": 14, "open": 1}
    for event in ("reconciliation.resolved", "line.classified"):
        rows = await firm.rows(
            "SELECT 1 FROM external_events WHERE business_id = $1 AND event_type = $2", event
        )
        assert len(rows) == 14
    trail = await firm.rows(
        "SELECT 1 FROM audit WHERE business_id = $1 AND action = 'conflict.resolved'"
        " AND entry ->> 'bulk' = $2",
        str(done.id),
    )
    assert len(trail) == 14
    one = done.conflicts[5]
    await firm.door.execute(ReopenConflict(one), firm.owner)
    await firm.settle()
    assert await statuses(firm) == {"resolved": 13, "open": 2}
    undone = await firm.door.execute(UndoBulk(done.id), firm.owner)
    assert (undone.answered, undone.skipped) == (13, 1)
    await firm.settle()
    assert await statuses(firm) == {"open": 15}
    (explained,) = await firm.rows(
        "SELECT count(*) AS n FROM bank_lines WHERE business_id = $1 AND explained_by IS NOT NULL"
    )
    assert explained["n"] == 0
    with pytest.raises(Stale, match="Ramesh took these back on Fri 20 Nov"):
        await firm.door.execute(UndoBulk(done.id), firm.owner)
    with pytest.raises(NotFound):
        await firm.door.execute(UndoBulk(uuid7()), firm.owner)


async def test_after_one_answer_the_others_follow(firm):
    first = (await fourteen(firm))[0]
    await firm.door.execute(ResolveConflict(first.id, "own_transfer"), firm.owner)
    assert (await firm.door.query(Conflict(first.id), firm.owner)).alike == 13
    done = await firm.door.execute(ResolveAlike(first.id, "own_transfer"), firm.owner)
    assert done.answered == 13
    await firm.settle()
    assert await statuses(firm) == {"resolved": 14, "open": 1}
    with pytest.raises(Stale, match="none left like this"):
        await firm.door.execute(ResolveAlike(first.id, "own_transfer"), firm.owner)
    with pytest.raises(Stale, match="Ramesh answered “Our own transfer”"):
        await firm.door.execute(ResolveAlike(first.id, "not_sale"), firm.owner)


async def test_later_for_all_puts_each_off(firm):
    first = (await fourteen(firm))[0]
    done = await firm.door.execute(ResolveAlike(first.id, "later"), firm.owner)
    assert await statuses(firm) == {"snoozed": 14, "open": 1}
    await firm.door.execute(UndoBulk(done.id), firm.owner)
    assert await statuses(firm) == {"open": 15}


async def test_two_answer_all_at_once_and_every_question_has_one_answer(firm):
    alike = await fourteen(firm)
    sunita = await firm.member("Sunita", Role.FINANCE)
    both = await asyncio.gather(
        firm.door.execute(ResolveAlike(alike[0].id, "not_sale", version=alike[0].version), firm.owner),
        firm.door.execute(ResolveAlike(alike[-1].id, "own_transfer", version=alike[-1].version), sunita),
        return_exceptions=True,
    )
    (told,) = [one for one in both if isinstance(one, Stale)]
    assert "answered “" in told.message
    rows = await firm.rows(
        "SELECT DISTINCT answer FROM conflicts WHERE business_id = $1 AND status = 'resolved'"
    )
    assert len(rows) == 1
    classified = await firm.rows(
        "SELECT 1 FROM external_events WHERE business_id = $1 AND event_type = 'line.classified'"
    )
    assert len(classified) == 14


async def test_one_is_answered_while_another_answers_all(firm):
    alike = await fourteen(firm)
    sunita = await firm.member("Sunita", Role.FINANCE)
    both = await asyncio.gather(
        firm.door.execute(ResolveAlike(alike[0].id, "not_sale"), firm.owner),
        firm.door.execute(ResolveConflict(alike[7].id, "own_transfer", version=alike[7].version), sunita),
        return_exceptions=True,
    )
    rows = await firm.rows(
        "SELECT count(*) AS n FROM external_events WHERE business_id = $1 AND event_type = 'line.classified'"
    )
    assert rows[0]["n"] == 14
    bulk, single = both
    assert bulk.answered == (14 if isinstance(single, Stale) else 13)


async def test_two_undo_all_at_once_and_one_is_told(firm):
    first = (await fourteen(firm))[0]
    done = await firm.door.execute(ResolveAlike(first.id, "not_sale"), firm.owner)
    sunita = await firm.member("Sunita", Role.FINANCE)
    both = await asyncio.gather(
        *(firm.door.execute(UndoBulk(done.id), who) for who in (firm.owner, sunita)), return_exceptions=True
    )
    assert sorted(isinstance(one, Stale) for one in both) == [False, True]
    withdrawn = await firm.rows(
        "SELECT 1 FROM external_events WHERE business_id = $1 AND event_type = 'decision.withdrawn'"
    )
    assert len(withdrawn) == 14


async def test_a_question_is_given_to_a_member_who_is_told_and_finds_it_as_his(firm):
    view = (await fourteen(firm))[0]
    sunita = await firm.member("Sunita", Role.FINANCE)
    await firm.rows(
        "UPDATE members SET chat_id = 77 WHERE business_id = $1 AND id = $2 RETURNING 1", sunita.member_id
    )
    given = await firm.door.execute(
        AssignConflict(view.id, sunita.member_id, version=view.version), firm.owner
    )
    assert given.assigned_name == "Sunita"
    (message,) = await firm.rows("SELECT chat_id, kind, card FROM outbox WHERE business_id = $1")
    assert (message["chat_id"], message["kind"]) == (77, "alert")
    assert message["card"]["text"].startswith("Ramesh asks you to look at this:\n<b>₹")
    page = await firm.door.query(Conflicts(mine=True), sunita)
    assert ([row.id for row in page.rows], page.open_count) == ([view.id], 1)
    assert (await firm.door.query(Conflicts(mine=True), firm.owner)).open_count == 0
    with pytest.raises(Stale, match="Ramesh gave this to Sunita"):
        await firm.door.execute(AssignConflict(view.id, firm.owner.member_id), firm.owner)
    back = AssignConflict(view.id, None, instead_of=sunita.member_id)
    assert (await firm.door.execute(back, firm.owner)).assigned_name is None


async def test_a_colleague_is_asked_in_his_own_language(firm):
    view = (await fourteen(firm))[0]
    sunita = await firm.member("Sunita", Role.FINANCE)
    await firm.rows(
        "UPDATE members SET chat_id = 77, language = 'hi' WHERE business_id = $1 AND id = $2 RETURNING 1",
        sunita.member_id,
    )
    given = await firm.door.execute(AssignConflict(view.id, sunita.member_id), firm.owner)
    assert " came" in given.title
    (message,) = await firm.rows("SELECT card FROM outbox WHERE business_id = $1")
    assert message["card"]["text"].startswith("Ramesh चाहते हैं कि आप यह देखें:\n<b>")
    assert " आए (" in message["card"]["text"]
    assert message["card"]["buttons"][0][0]["label"] == "देखें"


async def test_two_give_one_question_away_at_once(firm):
    view = (await fourteen(firm))[0]
    sunita, mohan = await firm.member("Sunita", Role.FINANCE), await firm.member("Mohan", Role.FINANCE)
    both = await asyncio.gather(
        firm.door.execute(AssignConflict(view.id, sunita.member_id), firm.owner),
        firm.door.execute(AssignConflict(view.id, mohan.member_id), sunita),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, Stale) for one in both) == [False, True]


async def test_a_question_goes_to_nobody_who_may_not_answer_it(firm):
    view = (await fourteen(firm))[0]
    ca = await firm.member("Mehta", Role.VIEW)
    with pytest.raises(Rejected, match="Mehta may not answer"):
        await firm.door.execute(AssignConflict(view.id, ca.member_id), firm.owner)
    with pytest.raises(NotFound):
        await firm.door.execute(AssignConflict(view.id, uuid7()), firm.owner)
    commands = (
        AssignConflict(view.id, None), NoteConflict(view.id, "x"), ResolveAlike(view.id, "not_sale"), UndoBulk(view.id),
    )  # fmt: skip
    for command in commands:
        with pytest.raises(Denied):
            await firm.door.execute(command, ca)
    denied = await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'denied'")
    assert len(denied) == len(commands)


async def test_a_note_stays_with_the_question_whoever_answers_it(firm):
    view = (await fourteen(firm))[0]
    noted = await firm.door.execute(NoteConflict(view.id, " They  pay through a portal "), firm.owner)
    assert noted.note == "They pay through a portal"
    answered = await firm.door.execute(ResolveConflict(view.id, "not_sale", version=view.version), firm.owner)
    assert answered.note == "They pay through a portal"
    with pytest.raises(Rejected):
        await firm.door.execute(NoteConflict(view.id, "  "), firm.owner)
