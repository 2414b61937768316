"""Answering questions, through both doors: facts by the log, answers by the door for people, effects by the drain."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from kit.errors import Denied, NotFound, Rejected, Stale
from ledger.commands import (
    RemapStatus,
    ReopenConflict,
    ResolveConflict,
    SnoozeConflict,
    SweepBusiness,
)
from ledger.domain.roles import Role, system
from ledger.queries import Conflict, Conflicts
from tests.ledger.desk import BOOKS, CRM, Firm
from tests.ledger.trail import trail


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def short_by_tds(firm):
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.credit(5_684_000)
    await firm.settle()
    return await firm.only()


async def test_the_question_reads_as_an_owner_would_ask_it(firm):
    view = await short_by_tds(firm)
    assert view.title == "₹56,840 came from Sharma Traders (ICICI ··4421, 18 Nov)"
    assert view.quote == "NEFT-HDFCN52026111800-SHARMA TRADERS"
    assert view.lines == (
        "It fits bills INV-102 ₹34,220 + INV-107 ₹23,600,",
        "if they cut TDS ₹980 (2% of ₹49,000, GST apart; not yet confirmed).",
        "Correct?",
    )
    assert view.answers[0].label == "Yes"
    assert "On account of Sharma Traders" in [answer.label for answer in view.answers]
    assert view.party_name == "Sharma Traders"


async def test_yes_pays_both_bills_with_the_deduction_and_undo_opens_them_again(firm):
    view = await short_by_tds(firm)
    done = await firm.door.execute(
        ResolveConflict(view.id, view.answers[0].id, version=view.version), firm.owner
    )
    assert (done.status, done.answer_label, done.answered_by, done.can_undo) == (
        "resolved",
        "Yes: INV-102 + INV-107, TDS 2%",
        "Ramesh",
        True,
    )
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0, "INV-107": 0}
    assert (await firm.only("resolved")).id == view.id
    undone = await firm.door.execute(ReopenConflict(view.id), firm.owner)
    assert (undone.status, undone.answer) == ("open", None)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 2_360_000}
    assert (await firm.only()).id == view.id


async def test_on_account_makes_the_money_the_partys_and_pays_no_bill(firm):
    view = await short_by_tds(firm)
    answer = next(a for a in view.answers if a.label == "On account of Sharma Traders")
    await firm.door.execute(ResolveConflict(view.id, answer.id), firm.owner)
    await firm.settle()
    row = (await firm.rows("SELECT name, on_account, open_bills FROM parties WHERE business_id = $1"))[0]
    assert dict(row) == {"name": "Sharma Traders", "on_account": 5_684_000, "open_bills": 5_782_000}


async def test_not_a_sale_payment_takes_the_line_out(firm):
    await firm.credit(5_684_000)
    await firm.settle()
    view = await firm.only()
    await firm.door.execute(ResolveConflict(view.id, "not_sale"), firm.owner)
    await firm.settle()
    row = (await firm.rows("SELECT explained_by FROM bank_lines WHERE business_id = $1"))[0]
    assert row["explained_by"] == "decision"
    assert (await firm.door.query(Conflicts(), firm.owner)).open_count == 0


async def test_the_second_to_answer_is_told_who_answered_what_and_when(firm):
    view = await short_by_tds(firm)
    ravi = await firm.member("Ravi", Role.FINANCE)
    await firm.door.execute(ResolveConflict(view.id, "own_transfer", version=view.version), ravi)
    with pytest.raises(Stale) as stale:
        await firm.door.execute(ResolveConflict(view.id, "later", version=view.version), firm.owner)
    assert stale.value.code == "conflict.answered"
    assert stale.value.message == "Ravi answered “Our own transfer” on Fri 20 Nov, 09:10."


async def test_two_at_once_one_answers_and_one_is_told(firm):
    view = await short_by_tds(firm)
    answers = await asyncio.gather(
        *(
            firm.door.execute(ResolveConflict(view.id, a, version=view.version), firm.owner)
            for a in ("own_transfer", "not_sale")
        ),
        return_exceptions=True,
    )
    assert sorted(isinstance(answer, Stale) for answer in answers) == [False, True]
    events = await firm.rows(
        "SELECT 1 FROM external_events WHERE business_id = $1 AND event_type = 'line.classified'"
    )
    assert len(events) == 1


async def test_a_stale_button_says_so(firm):
    view = await short_by_tds(firm)
    with pytest.raises(Stale, match="has changed since"):
        await firm.door.execute(ResolveConflict(view.id, "later", version=view.version - 1), firm.owner)


async def test_an_unknown_answer_names_the_valid_ones(firm):
    view = await short_by_tds(firm)
    with pytest.raises(Rejected) as refused:
        await firm.door.execute(ResolveConflict(view.id, "maybe"), firm.owner)
    assert refused.value.code == "answer.unknown"
    assert all(answer.id in refused.value.remedy for answer in view.answers)


async def test_a_bill_paid_in_the_meantime_is_noticed_before_the_answer_takes_hold(firm):
    view = await short_by_tds(firm)
    await firm.rows(
        "UPDATE invoices SET outstanding = 1 WHERE business_id = $1 AND number = 'INV-107' RETURNING 1"
    )
    with pytest.raises(Stale, match="has been paid since"):
        await firm.door.execute(ResolveConflict(view.id, view.answers[0].id), firm.owner)


async def test_later_asks_again_tomorrow(firm):
    view = await short_by_tds(firm)
    put_off = await firm.door.execute(ResolveConflict(view.id, "later"), firm.owner)
    assert put_off.status == "snoozed"
    firm.clock.now += timedelta(hours=23)
    await firm.drain()
    assert (await firm.only("snoozed")).id == view.id
    firm.clock.now += timedelta(hours=1)
    await firm.drain()
    assert (await firm.only("open")).id == view.id


async def test_ask_accountant_leaves_a_note_and_undo_brings_it_back(firm):
    view = await short_by_tds(firm)
    await firm.door.execute(ResolveConflict(view.id, "accountant"), firm.owner)
    (note,) = await firm.rows(
        "SELECT normalised FROM external_events WHERE business_id = $1 AND event_type = 'note.added'"
    )
    assert note["normalised"]["text"].startswith("For the accountant: ₹56,840 came")
    assert (await firm.door.execute(ReopenConflict(view.id), firm.owner)).status == "open"


async def test_a_snooze_has_its_limits(firm):
    view = await short_by_tds(firm)
    until = firm.clock.now + timedelta(days=3)
    assert (await firm.door.execute(SnoozeConflict(view.id, until), firm.owner)).status == "snoozed"
    for wrong in (firm.clock.now, firm.clock.now + timedelta(days=400), datetime(2026, 11, 25)):  # noqa: DTZ001
        with pytest.raises(Rejected, match="next 90 days"):
            await firm.door.execute(SnoozeConflict(view.id, wrong), firm.owner)


async def test_sales_and_view_only_may_not_answer_and_the_denial_is_audited(firm):
    view = await short_by_tds(firm)
    for role in (Role.SALES, Role.VIEW):
        for command in (
            ResolveConflict(view.id, "later"),
            ReopenConflict(view.id),
            SnoozeConflict(view.id, firm.clock.now),
        ):
            with pytest.raises(Denied):
                await firm.door.execute(command, replace(firm.owner, role=role))
    denied = await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'denied'")
    assert len(denied) == 6


async def says_paid(firm):
    await firm.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi@firm.in")
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.say(
        CRM, "deal.status_reported", "deal", "D-7", name="Sharma deal", status="invoice.paid",
        references={"invoices": ["INV-102"]},
    )  # fmt: skip
    await firm.settle()


async def test_sales_see_questions_on_their_own_customers_only_and_none_on_the_bank(firm):
    await says_paid(firm)
    await firm.credit(99_900)
    await firm.settle()
    ravi = await firm.member("Ravi", Role.SALES, owner_key="ravi@firm.in")
    other = await firm.member("Mohan", Role.SALES, owner_key="mohan@firm.in")
    assert (await firm.door.query(Conflicts(), firm.owner)).open_count == 2
    page = await firm.door.query(Conflicts(), ravi)
    assert [row.rule for row in page.rows] == ["crm_says_paid_no_payment_event"]
    assert page.open_count == 1
    assert (await firm.door.query(Conflicts(), other)).rows == ()
    with pytest.raises(NotFound):
        await firm.door.query(Conflict(page.rows[0].id), other)


async def test_cash_confirmed_pays_the_bill_and_undone_it_is_open_again(firm):
    await says_paid(firm)
    view = await firm.only()
    assert view.title == "Demo says paid: ₹34,220 from Sharma Traders, bill INV-102"
    await firm.door.execute(ResolveConflict(view.id, "cash", note="He came by"), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0}
    assert (await firm.only("resolved")).id == view.id
    await firm.door.execute(ReopenConflict(view.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000}


async def named_bill(firm, money: int) -> None:
    await firm.bill("INV-102", 1_180_000, 1_000_000)
    await firm.say(
        "payment:razorpay", "payment.received", "payment", f"pay_{money}", amount=money, currency="INR",
        paid_on="2026-11-18", references={"invoices": ["INV-102"]},
    )  # fmt: skip
    await firm.settle()


async def test_a_deduction_accepted_closes_the_bill(firm):
    await named_bill(firm, 1_080_000)
    view = await firm.only()
    assert view.title == "₹10,800 came from Sharma Traders for bill INV-102 of ₹11,800"
    assert view.lines == (
        "It is ₹1,000 short.",
        "They seem to have cut TDS ₹1,000 (10% of ₹10,000, GST apart; not yet confirmed).",
        "Correct?",
    )
    assert "Keep the extra on account" not in [answer.label for answer in view.answers]
    await firm.door.execute(ResolveConflict(view.id, view.answers[0].id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0}


async def test_letting_a_discount_go_is_the_owners_to_say(firm):
    await named_bill(firm, 1_100_000)
    view = await firm.only()
    ravi = await firm.member("Ravi", Role.FINANCE)
    with pytest.raises(Denied):
        await firm.door.execute(ResolveConflict(view.id, "discount"), ravi)
    await firm.door.execute(ResolveConflict(view.id, "discount"), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0}


async def test_money_seen_twice_is_joined_by_a_tap(firm):
    await named_bill(firm, 1_180_000)
    await firm.say(
        "payment:cashfree", "payment.received", "payment", "cf_1", amount=1_180_000, currency="INR",
        paid_on="2026-11-18", references={"invoices": ["INV-102"]},
    )  # fmt: skip
    await firm.settle()
    views = (await firm.door.query(Conflicts(), firm.owner)).rows
    twice = [view for view in views if view.rule == "duplicate_payment"]
    assert [view.title for view in twice] == ["₹11,800 came twice from Sharma Traders: 18 Nov and 18 Nov"]
    await firm.door.execute(ResolveConflict(twice[0].id, "same_money"), firm.owner)
    await firm.settle()
    receipts = await firm.rows("SELECT amount FROM receipts WHERE business_id = $1 ORDER BY amount")
    assert [row["amount"] for row in receipts] == [1_180_000]


async def unknown_word(firm):
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.say(
        CRM, "status.unmapped", "deal", "D-7", word="Payment done", qualifier="default", flag="unmapped",
        references={"invoices": ["INV-102"]},
    )  # fmt: skip
    await firm.settle()
    return await firm.only()


async def test_saying_what_a_word_means_replays_what_waited_and_undo_takes_it_back(firm):
    view = await unknown_word(firm)
    assert view.title == "What does “Payment done” mean in Demo?"
    assert view.answers[0].label == "Paid"
    await firm.door.execute(ResolveConflict(view.id, "invoice.paid"), firm.owner)
    (row,) = await firm.rows("SELECT word, qualifier, status FROM status_mappings WHERE business_id = $1")
    assert tuple(row) == ("Payment done", "default", "invoice.paid")
    await firm.settle()
    assert (await firm.only("resolved")).answer_label == "Paid"
    assert (await firm.only("open")).rule == "crm_says_paid_no_payment_event"
    await firm.door.execute(ReopenConflict(view.id), firm.owner)
    assert await firm.rows("SELECT 1 FROM status_mappings WHERE business_id = $1") == []
    await firm.settle()
    assert (await firm.only("open")).rule == "ambiguous_status"


async def test_remapping_by_command_clears_the_question_and_a_wrong_status_is_refused(firm):
    await unknown_word(firm)
    replayed = await firm.door.execute(
        RemapStatus(CRM, "deal", "Payment done", "deal.lost", "default"), firm.owner
    )
    assert replayed == 1
    await firm.settle()
    assert (await firm.door.query(Conflicts(), firm.owner)).rows == ()
    assert (await firm.only("cleared")).rule == "ambiguous_status"
    with pytest.raises(Rejected, match="not a status of a deal"):
        await firm.door.execute(RemapStatus(CRM, "deal", "Payment done", "payment.received"), firm.owner)


async def test_every_step_is_audited_with_before_and_after(firm):
    view = await short_by_tds(firm)
    await firm.door.execute(ResolveConflict(view.id, "own_transfer", note="From our savings"), firm.owner)
    await firm.door.execute(ReopenConflict(view.id), firm.owner)
    told = await trail(firm.door.engine, firm.owner.business_id)
    rows = [row for row in told if row["subject"] == str(view.id)]
    assert [row["action"] for row in rows] == ["conflict.opened", "conflict.resolved", "conflict.reopened"]
    assert rows[0]["actor"] == "system:rules"
    assert rows[1]["actor"] == firm.owner.label
    assert rows[1]["entry"]["reason"] == "From our savings"
    assert rows[1]["entry"]["before"] == {"status": "open", "version": view.version}
    assert rows[1]["entry"]["effects"][0]["type"] == "line.classified"


async def test_pages_follow_each_other_without_gap_or_repeat(firm):
    for number in range(7):
        await firm.credit(100_000 + number, f"L-{number}")
        await firm.drain()
        firm.clock.now += timedelta(seconds=1)
    await firm.settle()
    seen, after = [], None
    while True:
        page = await firm.door.query(Conflicts(first=3, after=after), firm.owner)
        seen += [row.id for row in page.rows]
        after = page.end
        assert page.open_count == 7
        if not page.more:
            break
    whole = await firm.door.query(Conflicts(), firm.owner)
    assert seen == [row.id for row in whole.rows]
    assert len(set(seen)) == 7
    with pytest.raises(Rejected):
        await firm.door.query(Conflicts(after="nonsense"), firm.owner)
    with pytest.raises(Rejected):
        await firm.door.query(Conflicts(status="strange"), firm.owner)


async def test_a_sweep_after_all_of_it_finds_nothing_to_change(firm):
    view = await short_by_tds(firm)
    await firm.door.execute(ResolveConflict(view.id, view.answers[0].id), firm.owner)
    await says_paid(firm)
    await firm.settle()
    assert await firm.door.execute(SweepBusiness(), system(firm.owner.business_id, "sweep")) == 0


async def test_there_is_nothing_to_answer_where_there_is_no_question(firm):
    for command in (ResolveConflict(uuid4(), "later"), ReopenConflict(uuid4())):
        with pytest.raises(NotFound):
            await firm.door.execute(command, firm.owner)
    with pytest.raises(NotFound):
        await firm.door.query(Conflict(uuid4()), firm.owner)


async def test_an_event_that_crosses_with_the_answer_is_read_by_it(firm):
    view = await unknown_word(firm)
    await firm.door.execute(ResolveConflict(view.id, "deal.lost"), firm.owner)
    await firm.settle()
    # Ingest remembered for a few seconds that the word has no meaning yet.
    await firm.say(
        CRM, "status.unmapped", "deal", "D-2", word=" payment DONE", qualifier="default", flag="unmapped"
    )
    await firm.settle()
    (status,) = await firm.rows(
        "SELECT i.event_type, i.flag FROM external_events e JOIN interpretations i USING (business_id)"
        " WHERE e.business_id = $1 AND e.external_id = 'D-2' AND i.event_id = e.id"
    )
    assert tuple(status) == ("deal.status_reported", None)
    assert (await firm.door.query(Conflicts(), firm.owner)).rows == ()
    before = await firm.rows("SELECT count(*) FROM interpretations WHERE business_id = $1")
    await firm.door.execute(SweepBusiness(), system(firm.owner.business_id, "test"))
    assert await firm.rows("SELECT count(*) FROM interpretations WHERE business_id = $1") == before
