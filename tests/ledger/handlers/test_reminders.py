"""Reminders: what they ask for, each thing that speaks against one, who may overrule it, and what is left in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.cards.audience import Audience
from bot.cards.party import party_card
from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import digest, split_business_key, uuid7
from ledger.commands.reminders import LogReminder, NotePayPageOpened, PrepareReminder, SetPaymentDetails
from ledger.commands.workflow import LogCall, WithdrawDecision
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import PartyCard, Timeline
from ledger.queries.customers import PartyTalk
from ledger.queries.reminders import LateCustomers, PaymentDetails, PayPage, ReminderFor
from ledger.views.reminders import ReminderView
from tests.ledger.rows import TODAY, Rows, days_ago, rows_of
from tests.ledger.trail import trail

RAVI = "ravi"


@pytest.fixture
async def sharma(engine: AsyncEngine, business: UUID) -> UUID:
    """A customer with a bill 47 days late, one 12 days late, one due yesterday and one due next week."""
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders", phone="+91 98200 12345", owner=RAVI)
        await rows.invoice(party, 34_220_00, number="INV-102", due_on=days_ago(47))
        await rows.invoice(party, 23_600_00, number="INV-107", due_on=days_ago(12))
        await rows.invoice(party, 1_000_00, number="INV-120", due_on=days_ago(1))
        await rows.invoice(party, 5_000_00, number="INV-130", due_on=TODAY + timedelta(days=7))
    return party


@pytest.fixture
def rep(business: UUID) -> Actor:
    return Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key=RAVI)


async def member(engine: AsyncEngine, actor: Actor) -> None:
    async with transaction(engine, [actor.business_id]) as tx:
        await tx.run(
            "INSERT INTO members (business_id, id, name, role) VALUES ($1, $2, $3, $4)",
            actor.business_id, actor.member_id, actor.name, actor.role.value,
        )  # fmt: skip


async def ask(door: Door, actor: Actor, party: UUID) -> ReminderView:
    found: ReminderView = await door.query(ReminderFor(party), actor)
    return found


def codes(view: ReminderView) -> list[str]:
    return [f"{hold.code}:{hold.strength}" for hold in view.holds]


# ---- what it asks for --------------------------------------------------------------------------------
async def test_it_asks_for_what_is_two_days_late_and_names_the_oldest_first(
    door: Door, owner: Actor, sharma: UUID
) -> None:
    view = await ask(door, owner, sharma)
    assert (view.kind, view.asked, view.net, view.days) == ("late", 57_820_00, 63_820_00, 47)
    assert [(bill.number, bill.days, bill.amount) for bill in view.bills] == [
        ("INV-102", 47, 34_220_00), ("INV-107", 12, 23_600_00),
    ]  # fmt: skip
    assert (view.phone, view.firm, view.language, view.holds) == ("919820012345", "Sharma Services", "en", ())


async def test_money_on_account_covers_the_oldest_bills_and_disputed_ones_stand_aside(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.invoice(sharma, 9_00, number="INV-90", due_on=days_ago(90), status="invoice.disputed")
        await rows.on_account(sharma, 40_000_00)
    view = await ask(door, owner, sharma)
    assert (view.asked, view.on_account, view.disputed) == (17_820_00, 40_000_00, 9_00)
    assert view.net == 63_820_00 - 40_000_00
    assert [(bill.number, bill.amount) for bill in view.bills] == [("INV-107", 17_820_00)]


async def test_five_bills_are_named_and_the_rest_is_counted_and_dues_of_a_bill_are_one(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Gupta Steel", phone="022-23456789")
        for number in range(7):
            await rows.invoice(party, 100_00, number=f"G-{number}", due_on=days_ago(30 - number))
        bill = await rows.invoice(party, 300_00, number="G-M", due_on=days_ago(5))
        for part, due in enumerate((days_ago(40), TODAY + timedelta(days=9)), start=1):
            await rows.put(
                "dues",
                invoice_id=bill,
                number=part,
                anchor=uuid7(),
                due_on=due,
                amount=150_00,
                outstanding=150_00,
            )
    view = await ask(door, owner, party)
    assert [bill.number for bill in view.bills] == ["G-M", "G-0", "G-1", "G-2", "G-3"]
    assert (view.bills[0].amount, view.more, view.more_amount, view.asked) == (150_00, 3, 300_00, 850_00)
    assert view.phone is None, "a landline has no WhatsApp"


async def test_bills_in_other_money_are_not_added(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.invoice(sharma, 900_00, number="EXP-1", due_on=days_ago(90), currency="USD")
    assert (await ask(door, owner, sharma)).asked == 57_820_00


# ---- what speaks against it --------------------------------------------------------------------------
async def test_a_bill_due_yesterday_is_left_in_peace_for_a_day(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, clock: Any
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        await rows.invoice(party, 100_00, due_on=days_ago(0))
    assert codes(await ask(door, owner, party)) == ["not_due:soft"]
    clock.advance(days=1)
    view = await ask(door, owner, party)
    assert (codes(view), view.kind, view.asked) == (["grace:soft"], "grace", 100_00)
    clock.advance(days=1)
    assert codes(await ask(door, owner, party)) == []


async def test_before_the_due_day_it_is_held_and_would_be_softer(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    due = TODAY + timedelta(days=4)
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        await rows.invoice(party, 100_00, due_on=due)
        undated = await rows.party("B")
        await rows.invoice(undated, 100_00)
    view = await ask(door, owner, party)
    assert (codes(view), view.kind, view.asked, view.holds[0].on) == (
        ["not_due:soft"],
        "not_due",
        100_00,
        due,
    )
    assert (await ask(door, owner, undated)).holds[0].on is None


async def test_nothing_due_is_final_and_so_is_all_disputed(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        paid = await rows.party("A")
        ahead = await rows.party("B")
        await rows.invoice(ahead, 100_00, due_on=days_ago(9))
        await rows.on_account(ahead, 500_00)
        disputed = await rows.party("C")
        await rows.invoice(disputed, 100_00, due_on=days_ago(9), status="invoice.disputed")
    assert codes(await ask(door, owner, paid)) == ["nothing_due:final"]
    assert codes(await ask(door, owner, ahead)) == ["nothing_due:final"]
    view = await ask(door, owner, disputed)
    assert codes(view) == ["disputed:final"]
    assert view.holds[0].amount == 100_00
    for party, code in ((paid, "nothing_due"), (disputed, "disputed")):
        with pytest.raises(Rejected, match="nothing to remind"):
            await door.execute(PrepareReminder(party, overrule=(code,)), owner)


@pytest.mark.parametrize(
    ("promised", "held"), [(TODAY, True), (TODAY + timedelta(days=6), True), (days_ago(1), False)]
)
async def test_a_promise_for_a_day_to_come_is_waited_for(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, promised: date, held: bool
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("A", promise_on=promised)
        await rows.invoice(party, 100_00, due_on=days_ago(9))
    view = await ask(door, owner, party)
    assert codes(view) == (["promise:soft"] if held else [])
    assert [hold.on for hold in view.holds] == ([promised] if held else [])


@pytest.mark.parametrize(
    ("status", "dated", "held"),
    [
        ("cheque.received", TODAY + timedelta(days=5), True), ("cheque.deposited", days_ago(2), True),
        ("cheque.received", days_ago(1), True), ("cheque.received", days_ago(120), False),
        ("cheque.returned", days_ago(2), False), ("cheque.cleared", days_ago(2), False),
    ],
)  # fmt: skip
async def test_a_cheque_in_hand_is_waited_for(
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
    sharma: UUID,
    status: str,
    dated: date,
    held: bool,
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.put(
            "cheques", id=uuid7(), anchor=uuid7(), party_id=sharma, status=status, number="000123", dated_on=dated,
            amount=85_000_00, currency="INR",
        )  # fmt: skip
    view = await ask(door, owner, sharma)
    assert codes(view) == (["cheque:soft"] if held else [])
    if held:
        assert view.holds[0].amount == 85_000_00
        assert view.holds[0].on == (dated if dated > TODAY else None)


async def test_an_entry_that_needs_an_answer_first_weighs_heavily(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, rep: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await block(rows, sharma)
    view = await ask(door, owner, sharma)
    assert codes(view) == ["entry:hard"]
    assert view.holds[0].entries
    with pytest.raises(Denied, match="owner or the accounts person"):
        await door.execute(PrepareReminder(sharma, overrule=("entry",)), rep)
    assert await door.execute(PrepareReminder(sharma, overrule=("entry",)), owner)


async def block(rows: Rows, party: UUID) -> None:
    await rows.put(
        "conflicts", id=uuid7(), rule="cash_over_limit", severity="block", status="open", subjects=[uuid7()],
        party_id=party, amount=2_50_000_00, currency="INR", evidence='{"amount": 25000000, "name": "Sharma Traders"}',
        evidence_digest="d", version=1, opened_at=NOW, due_at=NOW, changed_at=NOW,
    )  # fmt: skip


NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "source", "state", "held"),
    [
        ("bank:icici", {}, {"covered_until": days_ago(3)}, False),
        ("bank:icici", {}, {"covered_until": days_ago(4)}, True),
        ("bank:icici", {}, None, True),
        ("bank:icici", {"enabled": False}, {"covered_until": days_ago(40)}, False),
        ("payment:razorpay", {"silence_hours": 48}, {"last_delivery_at": NOW - timedelta(hours=50)}, True),
        ("payment:razorpay", {"silence_hours": 48}, {"last_delivery_at": NOW - timedelta(hours=5)}, False),
        ("books:tally", {"silence_hours": 36}, {"last_delivery_at": NOW - timedelta(hours=40)}, True),
        ("books:sheet", {}, {"last_delivery_at": NOW - timedelta(days=8)}, True),
        ("books:sheet", {}, {"last_delivery_at": NOW - timedelta(days=6)}, False),
        ("crm:demo", {"silence_hours": 1}, {"last_delivery_at": NOW - timedelta(days=9)}, False),
    ],
)
async def test_nobody_is_chased_while_the_money_side_is_out_of_date(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, rep: Actor, sharma: UUID,
    name: str, source: dict[str, Any], state: dict[str, Any] | None, held: bool,
) -> None:  # fmt: skip
    async with rows_of(engine, business) as rows:
        await rows.source(name, state=state, **source)
    view = await ask(door, owner, sharma)
    assert codes(view) == (["stale:hard"] if held else [])
    if held:
        assert [source.name for source in view.holds[0].sources] == [name]
        assert codes(await ask(door, rep, sharma)) == ["stale:hard"], "a rep is told too"


async def test_a_source_that_can_not_be_read_for_hours_holds_it(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source("payment:razorpay", state={"last_delivery_at": NOW - timedelta(hours=3)})
        await rows.put(
            "pulls", source="payment:razorpay", stream="payments", lane="live", failures=4, error_code="vendor.away",
            error="It is away.", watermark=NOW - timedelta(hours=3), done_at=NOW,
        )  # fmt: skip
    assert codes(await ask(door, owner, sharma)) == ["stale:hard"]


async def test_who_says_that_he_paid_is_given_days_until_the_bank_can_show_it(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID, clock: Any
) -> None:
    call = await door.execute(LogCall(sharma, "says_paid"), owner)
    view = await ask(door, owner, sharma)
    assert codes(view) == ["said_paid:soft"]
    assert (view.holds[0].who, view.holds[0].on) == ("Ramesh", TODAY)
    clock.advance(days=5)
    assert codes(await ask(door, owner, sharma)) == []
    clock.advance(days=-4)
    await door.execute(WithdrawDecision(call.id), owner)
    assert codes(await ask(door, owner, sharma)) == [], "what was taken back holds nothing"


async def test_money_that_is_told_of_and_not_here_yet_holds_it(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        for arrived, status, amount in (
            (False, "payment.received", 25_000_00), (True, "payment.received", 1_00), (False, "payment.failed", 7_00),
        ):  # fmt: skip
            await rows.put(
                "receipts", id=uuid7(), anchor=uuid7(), party_id=sharma, status=status, arrived=arrived,
                received_on=days_ago(2), amount=amount, refunded=0, allocated=0, currency="INR",
            )  # fmt: skip
    view = await ask(door, owner, sharma)
    assert codes(view) == ["said_paid:soft"]
    assert (view.holds[0].amount, view.holds[0].on, view.holds[0].who) == (25_000_00, days_ago(2), None)


async def test_nobody_is_reminded_twice_within_three_days_whoever_did(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, rep: Actor, sharma: UUID, clock: Any
) -> None:
    await member(engine, rep)
    await door.execute(LogReminder(sharma, 57_820_00), rep)
    clock.advance(days=1)
    view = await ask(door, owner, sharma)
    assert codes(view) == ["reminded:soft"]
    assert (view.holds[0].who, view.holds[0].on) == ("Ravi", TODAY)
    clock.advance(days=2)
    assert codes(await ask(door, owner, sharma)) == []


async def test_the_heaviest_stands_first(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await block(rows, sharma)
        await rows.source("bank:icici", state={"covered_until": days_ago(9)})
        await rows.tx.run("UPDATE parties SET promise_on = $2 WHERE id = $1", sharma, TODAY)
    await door.execute(LogReminder(sharma, 1_00), owner)
    assert codes(await ask(door, owner, sharma)) == [
        "entry:hard",
        "stale:hard",
        "promise:soft",
        "reminded:soft",
    ]


# ---- overruling, and the word that it went out ---------------------------------------------------------
async def test_only_what_was_seen_is_overruled_and_the_trail_keeps_it(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.tx.run("UPDATE parties SET promise_on = $2 WHERE id = $1", sharma, TODAY)
    with pytest.raises(Stale, match="speaks against"):
        await door.execute(PrepareReminder(sharma), owner)
    await door.execute(LogReminder(sharma, 1_00), owner)
    with pytest.raises(Stale):
        await door.execute(PrepareReminder(sharma, overrule=("promise",)), owner)
    made = await door.execute(PrepareReminder(sharma, overrule=("promise", "reminded")), owner)
    assert split_business_key(made.key) is not None
    async with transaction(engine, [business]) as tx:
        (entry,) = await tx.fetch("SELECT actor, subject, entry FROM audit WHERE action = 'pay_link.made'")
        kept = await tx.fetch("SELECT * FROM pay_links")
    assert (entry["actor"], entry["subject"]) == (owner.label, f"party:{sharma}")
    assert entry["entry"]["overruled"] == ["promise", "reminded"]
    assert [row["key_hash"] for row in kept] == [digest(made.key.encode())]
    assert made.key.split("_")[2] not in repr([dict(row) for row in kept])


async def test_the_same_word_on_a_day_is_one_and_can_be_taken_back(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    first = await door.execute(LogReminder(sharma, 57_820_00, overruled=("promise",)), owner)
    again = await door.execute(LogReminder(sharma, 57_820_00), owner)
    assert first.id == again.id
    async with transaction(engine, [business]) as tx:
        rows = await tx.fetch("SELECT normalised FROM external_events WHERE event_type = 'reminder.sent'")
    assert [row["normalised"]["overruled"] for row in rows] == [["promise"]]
    page = await door.query(Timeline(sharma), owner)
    assert [entry.summary for entry in page.rows] == ["Reminded of ₹57,820"]
    await door.execute(WithdrawDecision(first.id), owner)
    assert codes(await ask(door, owner, sharma)) == []
    with pytest.raises(Rejected):
        await door.execute(LogReminder(sharma, 0), owner)


async def test_the_language_is_kept_for_the_next_reminder(door: Door, owner: Actor, sharma: UUID) -> None:
    assert (await door.execute(PrepareReminder(sharma, language="hi"), owner)).language == "hi"
    assert (await ask(door, owner, sharma)).language == "hi"
    assert (await door.execute(PrepareReminder(sharma), owner)).language == "hi"
    with pytest.raises(Rejected):
        await door.execute(PrepareReminder(sharma, language="fr"), owner)


async def test_a_rep_reminds_his_own_customers_only(
    door: Door, engine: AsyncEngine, owner: Actor, rep: Actor, sharma: UUID
) -> None:
    assert (await ask(door, rep, sharma)).asked == 57_820_00
    other = replace(rep, owner_key="neha")
    for say, message in (
        (door.query, ReminderFor(sharma)), (door.execute, PrepareReminder(sharma)), (door.execute, LogReminder(sharma, 1)),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await say(message, other)
    assert (await door.query(LateCustomers(), other)).rows == ()


# ---- all who are late ----------------------------------------------------------------------------------
async def test_all_who_are_late_and_free_come_by_weight_and_the_others_are_counted(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        small = await rows.party("Om Sai")
        await rows.invoice(small, 100_00, due_on=days_ago(3))
        promised = await rows.party("Gupta", promise_on=TODAY)
        await rows.invoice(promised, 100_00, due_on=days_ago(30))
        fresh = await rows.party("Fresh")
        await rows.invoice(fresh, 100_00, due_on=days_ago(1))
        later = await rows.party("Later")
        await rows.invoice(later, 100_00, due_on=TODAY)
    view = await door.query(LateCustomers(), owner)
    assert [(row.name, row.asked, row.days) for row in view.rows] == [
        ("Sharma Traders", 57_820_00, 47), ("Om Sai", 100_00, 3),
    ]  # fmt: skip
    assert view.held == (("grace", 1), ("promise", 1))
    assert len((await door.query(LateCustomers(first=1), owner)).rows) == 1
    async with rows_of(engine, business) as rows:
        await rows.source("bank:icici", state={"covered_until": days_ago(9)})
    view = await door.query(LateCustomers(), owner)
    assert (view.rows, [source.name for source in view.stale]) == ((), ["bank:icici"])
    anyway = await door.query(LateCustomers(overrule=("stale",)), owner)
    assert [row.name for row in anyway.rows] == ["Sharma Traders", "Om Sai"]


# ---- how they pay --------------------------------------------------------------------------------------
async def test_payment_details_are_checked_kept_and_their_change_is_in_the_trail(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, rep: Actor
) -> None:
    set_ = SetPaymentDetails(
        upi_id="kaveri@okicici", account="0004 0500 4421", ifsc="icic0000044", phone="98200 12345"
    )
    view = await door.execute(set_, owner)
    assert (view.upi_id, view.account, view.ifsc, view.phone) == (
        "kaveri@okicici", "000405004421", "ICIC0000044", "919820012345",
    )  # fmt: skip
    assert view.by_transfer
    view = await door.execute(SetPaymentDetails(upi_id="", payee="Kaveri Services"), owner)
    assert (view.upi_id, view.payee, view.account) == (None, "Kaveri Services", "000405004421")
    with pytest.raises(Rejected, match="no UPI ID"):
        await door.execute(SetPaymentDetails(upi_id="kaveri"), owner)
    with pytest.raises(Denied):
        await door.execute(SetPaymentDetails(upi_id="thief@ybl"), rep)
    entries = await trail(engine, business, "payment_details.set")
    assert entries[1]["entry"]["before"]["upi_id"] == "kaveri@okicici"
    assert "upi_id" not in entries[1]["entry"]["after"]


async def test_the_account_of_a_connected_bank_is_offered_if_it_is_told_whole(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, rep: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source("bank:icici", state={"account": "000405004421"})
        await rows.source("bank:sbi", state={"account": "XXXXXX1234"})
        await rows.source("bank:hdfc", settings='{"account": "50100012345678"}')
    known = (await door.query(PaymentDetails(), owner)).known
    assert [(one.source, one.account) for one in known] == [
        ("bank:hdfc", "50100012345678"), ("bank:icici", "000405004421"),
    ]  # fmt: skip
    assert (await door.query(PaymentDetails(), rep)).known == ()


# ---- the pay page --------------------------------------------------------------------------------------
async def test_a_pay_page_shows_todays_figures_until_it_runs_out(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID, clock: Any
) -> None:
    made = await door.execute(PrepareReminder(sharma, language="hi"), owner)
    key, clerk = digest(made.key.encode()), system(business, "pay page")
    page = await door.query(PayPage(key), clerk)
    assert (page.firm, page.customer, page.asked, page.later, page.language) == (
        "Sharma Services", "Sharma Traders", 57_820_00, 6_000_00, "hi",
    )  # fmt: skip
    async with rows_of(engine, business) as rows:
        await rows.on_account(sharma, 57_820_00)
    assert (await door.query(PayPage(key), clerk)).asked == 1_000_00, "as of now"
    await door.execute(NotePayPageOpened(key), clerk)
    async with transaction(engine, [business]) as tx:
        assert await tx.value("SELECT opened_at FROM pay_links") == clock.now
    with pytest.raises(Denied):
        await door.query(PayPage(key), owner)
    for wrong in (digest(b"x"), digest(made.key[:-1].encode())):
        with pytest.raises(NotFound):
            await door.query(PayPage(wrong), clerk)
    clock.advance(days=31)
    with pytest.raises(NotFound):
        await door.query(PayPage(key), clerk)


async def test_the_page_of_a_customer_who_became_part_of_another_shows_that_one(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, sharma: UUID
) -> None:
    made = await door.execute(PrepareReminder(sharma), owner)
    async with rows_of(engine, business) as rows:
        anchor = await rows.tx.value("SELECT anchor FROM parties WHERE id = $1", sharma)
        other = await rows.party("Sharma Traders Pvt Ltd")
        await rows.invoice(other, 100_00, due_on=days_ago(9))
        await rows.put(
            "party_identities",
            subject=anchor,
            party_id=other,
            anchor=anchor,
            source="books:tally",
            external_id="1",
        )
        await rows.tx.run("DELETE FROM parties WHERE id = $1", sharma)
    page = await door.query(PayPage(digest(made.key.encode())), system(business, "pay page"))
    assert (page.customer, page.asked) == ("Sharma Traders Pvt Ltd", 100_00)


async def test_the_customers_card_tells_the_last_reminder_and_when_he_looked_at_his_page(
    door: Door, owner: Actor, business: UUID, sharma: UUID, clock: Any
) -> None:
    made = await door.execute(PrepareReminder(sharma), owner)
    talk = await door.query(PartyTalk(sharma), owner)
    assert (talk.reminded, talk.page_seen_at) == (None, None)
    await door.execute(LogReminder(sharma, 57_820_00), owner)
    clock.advance(hours=6, minutes=10)
    await door.execute(NotePayPageOpened(digest(made.key.encode())), system(business, "pay page"))
    talk = await door.query(PartyTalk(sharma), owner)
    assert (talk.reminded.by, talk.page_seen_at) == ("Ramesh", clock.now)
    view = await door.query(PartyCard(sharma), owner)
    text = str(party_card(view, Audience(Role.OWNER, "en", clock.now, "Asia/Kolkata"), talk).text)
    assert "Reminded today 9:00 am by Ramesh" in text
    assert "Looked at the pay page today 3:10 pm" in text
