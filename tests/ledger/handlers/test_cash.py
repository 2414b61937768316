"""Can I pay: banks, receipts, bills, payouts, cheques and dues in one course; interest by law and vendors' limits."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.errors import Denied, NotFound, Rejected
from kit.ids import uuid7
from ledger.commands.cash import ConfirmBankRate, EndDue, MarkVendor, RefuseDue, SetMsmed, StateDue
from ledger.commands.workflow import WithdrawDecision
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries import Digest
from ledger.queries.cash import CashAhead, MsmedInterest, RecurringDues, VendorLimits
from tests.conftest import SettableClock
from tests.ledger.desk import Firm
from tests.ledger.rows import NOW, TODAY, Rows, days_ago, rows_of


def _ahead(days: int) -> date:
    return TODAY + timedelta(days=days)


def _of(business: UUID, role: Role) -> Actor:
    return Actor(business, role, "Other", member_id=uuid7(), owner_key="ravi")


async def _bank(
    rows: Rows, balance: int, *, name: str = "bank:icici", account: str = "XX4421", old: int = 1
) -> None:
    await rows.source(
        name,
        state={
            "balance": balance,
            "account": account,
            "covered_until": days_ago(old),
            "last_delivery_at": NOW,
        },
    )


async def _line(rows: Rows, on: date, amount: int, narration: str = "NEFT", **given: object) -> None:
    row = {
        "id": uuid7(), "anchor": uuid7(), "source": "bank:icici", "account": "000405004421", "posted_on": on,
        "amount": amount, "currency": "INR", "narration": narration, **given,
    }  # fmt: skip
    await rows.put("bank_lines", **row)


async def _payout(rows: Rows, status: str, on: date, amount: int, party: UUID | None = None) -> UUID:
    payout = uuid7()
    await rows.put(
        "payouts", id=payout, anchor=uuid7(), party_id=party, status=status, paid_on=on, amount=amount, allocated=0,
        currency="INR",
    )  # fmt: skip
    return payout


async def _expect(rows: Rows, bill: UUID, on: date, low: date, high: date) -> None:
    await rows.put("expectations", invoice_id=bill, expected_on=on, from_on=low, to_on=high, made_on=TODAY)


async def test_a_shortage_is_named_with_those_who_would_cover_it(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await _bank(rows, 1_00_000_00)
        soon = await rows.party("Rao", usual_days_late=0)
        await _expect(
            rows, await rows.invoice(soon, 50_000_00, due_on=_ahead(2)), _ahead(2), _ahead(1), _ahead(12)
        )
        gupta = await rows.party("Gupta")
        await _expect(
            rows, await rows.invoice(gupta, 30_000_00, due_on=days_ago(9)), _ahead(8), _ahead(7), _ahead(20)
        )
        verma = await rows.party("Verma")
        await _expect(
            rows, await rows.invoice(verma, 25_000_00, due_on=days_ago(5)), _ahead(9), _ahead(8), _ahead(20)
        )
        disputed = await rows.party("Khan")
        await rows.invoice(disputed, 9_00_000_00, due_on=days_ago(5), status="invoice.disputed")
        mill = await rows.party("Steel Mill", is_vendor=True, is_customer=False)
        await rows.payable(mill, 1_95_000_00, due_on=_ahead(6))
        await rows.payable(mill, 7_00)
    view = await door.query(CashAhead(), owner)
    assert view.opening == 1_00_000_00
    assert view.shortage is not None
    assert (view.shortage.on, view.shortage.amount) == (_ahead(6), 45_000_00)
    assert [(one.name, one.amount) for one in view.shortage.by] == [
        ("Gupta", 30_000_00),
        ("Verma", 25_000_00),
    ]
    assert (view.not_expected, view.no_day) == (9_00_000_00, 7_00)
    assert (len(view.days), len(view.weeks)) == (14, 8)
    assert [(m.name, m.amount) for m in view.moves if m.on <= _ahead(6)] == [
        ("Rao", 50_000_00), ("Steel Mill", -1_95_000_00),
    ]  # fmt: skip
    assert (view.weeks[0].closing, view.weeks[0].low) == (-45_000_00, -95_000_00)
    digest = await door.query(Digest(), owner)
    assert digest.shortage == view.shortage
    assert (digest.to_pay, digest.dues) == (1_95_000_00, ())


async def test_advances_scheduled_payouts_and_own_cheques_are_counted_once(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await _bank(rows, 10_00_000_00)
        mill = await rows.party("Steel Mill", is_vendor=True)
        await rows.payable(mill, 1_00_000_00, due_on=days_ago(3))
        await rows.payable(mill, 50_000_00, due_on=_ahead(5))
        await rows.tx.run(
            "UPDATE parties SET payable = payable - 30_000_00 WHERE id = $1", mill
        )  # an advance
        await _payout(rows, "payout.scheduled", _ahead(2), 40_000_00, mill)
        await _payout(rows, "payout.processed", _ahead(4), 11_00)  # a post-dated cheque of ours
        unseen = await _payout(rows, "payout.processed", days_ago(6), 22_00)
        await _payout(rows, "payout.processed", days_ago(6), 33_00)  # no cheque: the bank would show it
        cheque = uuid7()
        await rows.claim(cheque, unseen, party=mill, row_kind="payout")
        await rows.put(
            "identities", subject=cheque, source="books:tally", kind="payout", external_id="c",
            state='{"type": "payout.processed", "data": {"mode": "Cheque"}}',
        )  # fmt: skip
        await rows.put(
            "cheques", id=uuid7(), anchor=uuid7(), status="cheque.received", number="77", dated_on=_ahead(3),
            amount=44_00, currency="INR",
        )  # fmt: skip
    view = await door.query(CashAhead(), owner)
    assert [(m.kind, m.on, m.amount) for m in view.moves] == [
        ("bill", TODAY, -30_000_00), ("own_cheque", TODAY, -22_00), ("payout", _ahead(2), -40_000_00),
        ("own_cheque", _ahead(4), -11_00), ("cheque", _ahead(5), 44_00), ("bill", _ahead(5), -50_000_00),
    ]  # fmt: skip
    assert view.overdue_bills == 30_000_00
    assert view.shortage is None
    assert (await door.query(Digest(), owner)).to_pay == 1_20_000_00


async def test_accounts_are_added_by_their_latest_balance_and_other_currencies_stand_apart(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await _bank(rows, 1_000_00)
        await _line(rows, days_ago(3), -5_00, balance=9_00)  # the statement of XX4421 goes further
        for amount, balance in ((50_00, 650_00), (-100_00, 550_00)):
            await _line(rows, days_ago(2), amount, account="000405009999", balance=balance)
        await _line(rows, days_ago(4), 1, account="000405009999", balance=600_00)
        await rows.source("bank:citi")
        await _line(rows, days_ago(1), 7_00, source="bank:citi", account="77", currency="USD", balance=70_00)
        smith = await rows.party("Smith", currency="USD")
        await rows.invoice(smith, 5_00, currency="USD", due_on=_ahead(1))
    view = await door.query(CashAhead(), owner)
    assert sorted((a.account, a.balance, a.until) for a in view.accounts) == [
        ("000405004421", 1_000_00, days_ago(1)),
        ("000405009999", 550_00, days_ago(2)),
    ]
    assert view.opening == 1_550_00
    assert [(o.currency, o.in_banks, o.to_come, o.to_pay) for o in view.others] == [("USD", 70_00, 5_00, 0)]


@pytest.mark.parametrize(
    ("balance", "old", "why"),
    [(None, 0, "no_bank"), (1_00, 8, "stale_bank"), (1_00, 7, None), (-5_00, 1, "overdrawn")],
)
async def test_no_shortage_is_claimed_without_a_fresh_balance(
    door: Door,
    engine: AsyncEngine,
    business: UUID,
    owner: Actor,
    balance: int | None,
    old: int,
    why: str | None,
) -> None:
    async with rows_of(engine, business) as rows:
        if balance is not None:
            await _bank(rows, balance, old=old)
        mill = await rows.party("Steel Mill", is_vendor=True)
        await rows.payable(mill, 50_000_00, due_on=_ahead(1))
    view = await door.query(CashAhead(), owner)
    digest = await door.query(Digest(), owner)
    assert view.why_not == why
    assert (view.shortage is None, digest.shortage is None) == (why is not None,) * 2
    assert view.days[1].paid == 50_000_00
    if balance is not None:
        assert view.accounts[0].days_old == old


async def test_an_agreed_overdraft_is_money_too(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.source(
            "bank:icici", settings='{"overdraft_limit": 10000000}',
            state={"balance": -40_000_00, "account": "1", "covered_until": days_ago(1)},
        )  # fmt: skip
    view = await door.query(CashAhead(), owner)
    assert (view.opening, view.why_not) == (60_000_00, None)


async def test_dues_are_proposed_confirmed_once_counted_and_seen_as_paid(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor, clock: SettableClock
) -> None:
    async with rows_of(engine, business) as rows:
        await _bank(rows, 50_000_00)
        for month, amount in ((8, 40_000_00), (9, 52_000_00), (10, 45_000_00)):
            await _line(rows, date(2026, month, 19), -amount, "GST PMT-06 CHALLAN")
        for month in (9, 10, 11):
            await _line(
                rows, date(2026, month, 5), -20_000_00, "NEFT SHOP RENT", handle="nam:SHAH", payer="SHAH"
            )
    view = await door.query(RecurringDues(), owner)
    seen = {one.kind: one for one in view.proposals if one.amount is not None}
    assert (seen["gst"].amount, seen["gst"].day) == (45_000_00, 20)
    assert (seen["rent"].amount, seen["rent"].day, seen["rent"].payee) == (20_000_00, 5, "nam:SHAH")
    made = await door.execute(StateDue("GST", 45_000_00, 20, "gst"), owner)
    clock.advance(minutes=1)
    again = await door.execute(StateDue("GST", 60_000_00, 20, "gst"), owner)
    assert (made.id, made.next_on) == (again.id, TODAY)
    rent = seen["rent"]
    await door.execute(StateDue(rent.name, 20_000_00, 5, "rent", payee=rent.payee, since=days_ago(60)), owner)
    view = await door.query(RecurringDues(), owner)
    assert [(d.name, d.amount, d.next_on, d.paid_on) for d in view.dues] == [
        ("GST", 60_000_00, TODAY, None),
        (rent.name, 20_000_00, date(2026, 12, 5), date(2026, 11, 5)),
    ]
    assert view.dues[0].lately == 45_000_00
    assert not [one for one in view.proposals if one.amount is not None]
    ahead = await door.query(CashAhead(), owner)
    assert [(m.kind, m.name, m.on, m.amount, m.about) for m in ahead.moves] == [
        ("due", "GST", TODAY, -60_000_00, True)
    ]
    assert ahead.shortage is not None
    assert (ahead.shortage.on, ahead.shortage.amount) == (TODAY, 10_000_00)
    digest = await door.query(Digest(), owner)
    assert (digest.to_pay, [due.name for due in digest.dues]) == (60_000_00, ["GST"])
    async with rows_of(engine, business) as rows:
        await _line(rows, days_ago(1), -55_000_00, "GST PMT-06 CHALLAN")
    assert (await door.query(Digest(), owner)).to_pay == 0
    assert not (await door.query(CashAhead(), owner)).moves
    assert (await door.query(RecurringDues(), owner)).dues[1].next_on == date(2026, 12, 20)


async def test_dues_end_are_refused_and_are_withdrawn(door, engine, clock, owner) -> None:
    firm = Firm(door, engine, clock, owner)
    async with rows_of(engine, owner.business_id) as rows:
        for month in (9, 10, 11):
            await _line(
                rows, date(2026, month, 12), -9_00, "NEFT AIRTEL", handle="nam:AIRTEL", payer="AIRTEL"
            )
    made = await door.execute(StateDue("Wages", 10_000_00, 31, "salary"), owner)
    assert made.next_on == date(2026, 11, 30)
    clock.advance(minutes=1)
    ended = await door.execute(EndDue(made.id), owner)
    assert ended.next_on is None
    assert not (await door.query(RecurringDues(), owner)).dues
    clock.advance(minutes=1)
    back = await door.execute(StateDue("Wages", 12_000_00, 31, "salary"), owner)
    assert (back.id, back.until, back.next_on) == (made.id, None, date(2026, 11, 30))
    await firm.drain()
    clock.advance(minutes=1)
    await door.execute(WithdrawDecision(made.id), owner)
    await firm.drain()
    view = await door.query(RecurringDues(), owner)
    assert not view.dues
    (airtel,) = [one for one in view.proposals if one.amount is not None]
    assert airtel.name == "AIRTEL"
    await door.execute(RefuseDue(airtel.key), owner)
    esi = next(one for one in view.proposals if one.kind == "esi")
    await door.execute(RefuseDue(esi.key), owner)
    left = await door.query(RecurringDues(), owner)
    assert not {"other", "esi"} & {one.kind for one in left.proposals}
    assert not left.dues
    with pytest.raises(NotFound):
        await door.execute(RefuseDue(airtel.key), owner)
    with pytest.raises(NotFound):
        await door.execute(EndDue(uuid7()), owner)
    for wrong in (
        StateDue(" ", 1, 1), StateDue("A", 0, 1), StateDue("A", 1, 32), StateDue("A", 1, 1, "gold"),
        StateDue("A", 1, 1, months=()), StateDue("A", 1, 1, since=TODAY, until=days_ago(1)),
    ):  # fmt: skip
        with pytest.raises(Rejected):
            await door.execute(wrong, owner)


async def test_interest_by_law_is_off_until_owner_or_finance_says_what_we_are(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        late = await rows.invoice(party, 1_00_000_00, issued_on=date(2026, 3, 1), due_on=date(2026, 3, 31))
        await rows.invoice(party, 50_000_00, issued_on=days_ago(10))
        await rows.invoice(party, 70_000_00, issued_on=date(2024, 1, 1))
        await rows.posting(party, late, -20_000_00, kind="receipt", effective_on=date(2026, 3, 20))
    assert (await door.query(MsmedInterest(), owner)).kind is None
    with pytest.raises(Rejected, match="not for traders"):
        await door.execute(SetMsmed("small", "trader", date(2025, 4, 1)), owner)
    view = await door.execute(
        SetMsmed("small", "manufacturer", date(2025, 4, 1)), _of(business, Role.FINANCE)
    )
    assert (view.kind, view.bills, view.left_out, view.rate_wanted_from) == (
        "small",
        (),
        1 + 1,
        date(2026, 4, 1),
    )
    view = await door.execute(ConfirmBankRate(525, date(2026, 2, 6)), owner)
    (bill,) = view.bills
    assert (bill.last_day, bill.agreed, bill.until) == (date(2026, 3, 31), True, TODAY)
    april = round(1_00_000_00 * 3 * 525 * 30 / 3_650_000)
    assert bill.interest > 0
    assert view.total == bill.interest
    assert view.rate_wanted_from is None
    assert bill.interest > 7 * april * 80 // 100  # seven months and more on ₹80,000
    assert bill.interest < 8 * april
    off = await door.execute(SetMsmed(None), owner)
    assert (off.kind, off.bills, len(off.rates)) == (None, (), 6)


async def test_marked_vendors_bills_have_a_last_day(door, engine, clock, owner, business) -> None:
    firm = Firm(door, engine, clock, owner)
    await firm.say(
        "standard:books", "bill.received", "bill", "b1", number="B-1", party={"id": "V1", "name": "Tiny Tools"},
        issued_on="2026-11-10", amount=10_000_00, currency="INR",
    )  # fmt: skip
    for number, issued, due in (("B-2", "2026-09-01", "2026-12-30"), ("B-3", "2026-02-01", "2026-03-01")):
        await firm.say(
            "standard:books", "bill.received", "bill", number, number=number, party={"id": "V1", "name": "Tiny Tools"},
            issued_on=issued, due_on=due, amount=20_000_00, currency="INR",
        )  # fmt: skip
    await firm.drain()
    (vendor,) = await firm.rows("SELECT id FROM parties WHERE business_id = $1")
    assert not (await door.query(VendorLimits(), owner)).rows
    await door.execute(MarkVendor(vendor["id"], "micro", date(2026, 1, 1)), owner)
    await firm.drain()
    view = await door.query(VendorLimits(), _of(business, Role.VIEW))
    assert [(r.number, r.last_day, r.days_left, r.state) for r in view.rows] == [
        ("B-3", date(2026, 3, 1), -264, "lost"),
        ("B-2", date(2026, 10, 16), -35, "late"),
        ("B-1", date(2026, 11, 25), 5, "in_time"),
    ]
    assert (view.disallowed, view.lost, view.late) == (30_000_00, 20_000_00, 40_000_00)
    assert (view.year_end, view.rows[1].deductible_until) == (date(2027, 3, 31),) * 2
    with pytest.raises(Rejected):
        await door.execute(MarkVendor(vendor["id"], "medium"), owner)
    clock.advance(minutes=1)
    await door.execute(MarkVendor(vendor["id"], "not"), owner)
    await firm.drain()
    assert not (await door.query(VendorLimits(), owner)).vendors


async def test_sales_sees_none_of_it_and_the_accountant_changes_nothing(
    door: Door, engine: AsyncEngine, business: UUID
) -> None:
    questions = (CashAhead(), RecurringDues(), MsmedInterest(), VendorLimits())
    commands = (
        StateDue("GST", 1_00, 20), EndDue(uuid7()), RefuseDue("x"), SetMsmed(None), ConfirmBankRate(500, TODAY),
        MarkVendor(uuid7(), "micro"),
    )  # fmt: skip
    for question in questions:
        with pytest.raises(Denied):
            await door.query(question, _of(business, Role.SALES))
        for role in (Role.FINANCE, Role.VIEW):
            await door.query(question, _of(business, role))
    for command in commands:
        for role in (Role.SALES, Role.VIEW):
            with pytest.raises(Denied):
                await door.execute(command, _of(business, role))
