"""Money that members report and confirm, cheques in hand, deductions, write-offs, set-off, disputes, calls, notes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date

import pytest

from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import uuid7
from ledger.commands.workflow import (
    AcceptDeduction,
    AddNote,
    AgreeRefund,
    AgreeSetOff,
    ApproveWriteOff,
    ClaimDeduction,
    ConfirmPayment,
    DepositCheque,
    LogCall,
    RaiseDispute,
    ReceiveCheque,
    RefuseDeduction,
    ReplaceCheque,
    ReportPayment,
    ReturnCheque,
    SetDeductionLimit,
    SettleDispute,
    WithdrawDecision,
)
from ledger.domain.roles import Actor, Role
from ledger.queries import PartyCard
from ledger.queries.workflow import CashWithReps, ChequesInHand, Decisions, DeductionClaims
from tests.ledger.desk import BOOKS, SHARMA, Firm

TODAY = date(2026, 11, 20)


@pytest.fixture
async def firm(door, engine, clock, owner) -> Firm:
    """A firm with one customer, whose sales owner is Ravi, and one open bill."""
    made = Firm(door, engine, clock, owner)
    await made.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi@firm.in")
    await made.bill("INV-1", 11_800_000, 10_000_000)
    await made.settle()
    return made


async def one(firm: Firm, table: str, columns: str = "id"):
    (row,) = await firm.rows(f"SELECT {columns} FROM {table} WHERE business_id = $1")
    return row


async def ravi_of(firm: Firm) -> Actor:
    return await firm.member("Ravi", Role.SALES, owner_key="ravi@firm.in")


async def report(firm: Firm, actor: Actor, amount: int = 1_000_000, **more):
    party, bill = await one(firm, "parties"), await one(firm, "invoices")
    command = ReportPayment(party["id"], amount, "cash", TODAY, invoice_ids=(bill["id"],))
    return await firm.door.execute(replace(command, **more), actor)


async def test_reported_cash_is_with_the_rep_until_another_confirms_it(firm):
    ravi = await ravi_of(firm)
    reported = await report(firm, ravi)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    (held,) = await firm.door.query(CashWithReps(), firm.owner)
    assert (held.member_name, held.amount, held.payments[0].party_name) == (
        "Ravi", 1_000_000, "Sharma Traders",
    )  # fmt: skip
    mohan = await firm.member("Mohan", Role.SALES, owner_key="mohan@firm.in")
    assert await firm.door.query(CashWithReps(), mohan) == ()
    await firm.door.execute(ConfirmPayment(reported.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 10_800_000}
    assert await firm.door.query(CashWithReps(), firm.owner) == ()
    await firm.door.execute(WithdrawDecision(reported.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    (again,) = await firm.door.query(CashWithReps(), firm.owner)
    assert again == held


async def test_who_reported_never_confirms_by_whatever_device(firm):
    sunita = await firm.member("Sunita", Role.FINANCE)
    reported = await report(firm, sunita)
    phone = replace(sunita, name="Sunita on the phone", language="hi")
    owner_now = replace(sunita, role=Role.OWNER)
    for actor in (sunita, phone, owner_now):
        with pytest.raises(Denied) as refused:
            await firm.door.execute(ConfirmPayment(reported.id), actor)
        assert refused.value.code == "payment.own_report"
    await firm.door.execute(ConfirmPayment(reported.id), firm.owner)
    with pytest.raises(Stale, match=r"Ramesh, Fri 20 Nov, 09:10: Payment of ₹10,000 confirmed"):
        await firm.door.execute(ConfirmPayment(reported.id), await firm.member("Asha", Role.FINANCE))


async def test_two_confirm_at_once_and_it_counts_once(firm):
    reported = await report(firm, await ravi_of(firm))
    sunita = await firm.member("Sunita", Role.FINANCE)
    both = await asyncio.gather(
        *(firm.door.execute(ConfirmPayment(reported.id), who) for who in (firm.owner, sunita)),
        return_exceptions=True,
    )
    assert sorted(isinstance(each, Stale) for each in both) == [False, True]
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 10_800_000}


async def test_the_same_report_twice_is_one(firm):
    ravi = await ravi_of(firm)
    both = await asyncio.gather(report(firm, ravi), report(firm, ravi), return_exceptions=True)
    assert sorted(isinstance(each, Stale) for each in both) == [False, True]
    await report(firm, ravi, note="a second one")


async def test_cash_that_the_law_penalises_needs_to_be_acknowledged(firm):
    ravi = await ravi_of(firm)
    await report(firm, ravi, 15_000_000)
    with pytest.raises(Rejected) as warned:
        await report(firm, ravi, 5_000_000)
    assert warned.value.code == "cash.needs_acknowledgement"
    assert "₹2,00,000 in cash from Sharma Traders" in warned.value.message
    assert "s.186" in warned.value.message
    assert "split" not in str(warned.value).lower()
    await firm.settle()
    with pytest.raises(Rejected, match="penalised"):
        await report(firm, ravi, 5_000_000)
    await report(firm, ravi, 4_999_999)
    await report(firm, ravi, 5_000_000, acknowledged=True)


async def test_a_rep_reports_for_his_own_customers_only_and_money_that_can_be(firm):
    mohan = await firm.member("Mohan", Role.SALES, owner_key="mohan@firm.in")
    with pytest.raises(NotFound):
        await report(firm, mohan)
    for wrong in ({"amount": 0}, {"method": "barter"}, {"paid_on": date(2026, 11, 21)}):
        with pytest.raises(Rejected):
            await report(firm, firm.owner, **wrong)
    cheque = await report(firm, firm.owner, method="cheque", number="004512")
    with pytest.raises(Rejected, match="once the bank shows it"):
        await firm.door.execute(ConfirmPayment(cheque.id), await firm.member("Sunita", Role.FINANCE))


async def cheque_in_hand(firm: Firm, dated_on: date = TODAY):
    party, bill = await one(firm, "parties"), await one(firm, "invoices")
    command = ReceiveCheque(party["id"], "004512", 11_800_000, dated_on, "HDFC", (bill["id"],))
    made = await firm.door.execute(command, await ravi_of(firm))
    await firm.settle()
    return made


async def test_a_cheque_pays_nothing_in_hand_and_goes_its_way(firm):
    made = await cheque_in_hand(firm, date(2026, 11, 25))
    (held,) = await firm.door.query(ChequesInHand(), firm.owner)
    assert (held.number, held.post_dated, held.party_name) == ("004512", True, "Sharma Traders")
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    with pytest.raises(Rejected, match="dated Wed 25 Nov"):
        await firm.door.execute(DepositCheque(held.id, TODAY), firm.owner)
    firm.clock.advance(days=5)
    await firm.door.execute(DepositCheque(held.id, date(2026, 11, 25)), firm.owner)
    with pytest.raises(Stale, match="Cheque deposited"):
        await firm.door.execute(DepositCheque(made.id, date(2026, 11, 25)), firm.owner)
    await firm.say(
        "bank:icici", "bank.credited", "bank_line", "L-5", amount=11_800_000, currency="INR", account="000405004421",
        posted_on="2026-11-26", narration="CLG 004512", channel="CHEQUE", references={"tokens": ["004512"]},
    )  # fmt: skip
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 0}
    await firm.door.execute(ReturnCheque(held.id, date(2026, 11, 27), "Funds insufficient"), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    await firm.door.execute(WithdrawDecision(made.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 0}


async def test_a_cheque_is_replaced_by_another(firm):
    made = await cheque_in_hand(firm)
    new = await firm.door.execute(ReplaceCheque(made.id, "004513", 11_800_000, date(2026, 12, 1)), firm.owner)
    await firm.settle()
    (held,) = await firm.door.query(ChequesInHand(), firm.owner)
    assert held.number == "004513"
    assert new.id != made.id
    with pytest.raises(Stale):
        await firm.door.execute(ReturnCheque(made.id, TODAY), firm.owner)


async def test_a_deduction_is_claimed_accepted_and_refused(firm):
    bill, party = await one(firm, "invoices"), await one(firm, "parties")
    claim = ClaimDeduction(bill["id"], "tds", 200_000, note="2%")
    made = await firm.door.execute(claim, await ravi_of(firm))
    await firm.settle()
    (shown,) = await firm.door.query(DeductionClaims(party["id"]), firm.owner)
    assert shown.words == "short by TDS ₹2,000, to be checked"
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    sunita = await firm.member("Sunita", Role.FINANCE)
    verdict = await firm.door.execute(AcceptDeduction(shown.id), sunita)
    with pytest.raises(Stale, match=r"Sunita, .*: Deduction of ₹2,000 accepted: TDS"):
        await firm.door.execute(RefuseDeduction(made.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_600_000}
    assert await firm.door.query(DeductionClaims(), firm.owner) == ()
    await firm.door.execute(WithdrawDecision(verdict.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    await firm.door.execute(RefuseDeduction(made.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}
    assert await firm.door.query(DeductionClaims(), firm.owner) == ()


async def test_above_the_owners_limit_only_he_accepts(firm):
    bill = await one(firm, "invoices")
    sunita = await firm.member("Sunita", Role.FINANCE)
    claim = await firm.door.execute(ClaimDeduction(bill["id"], "cash_discount", 100_001), sunita)
    with pytest.raises(Denied) as refused:
        await firm.door.execute(AcceptDeduction(claim.id), sunita)
    assert refused.value.code == "deduction.over_limit"
    with pytest.raises(Denied):
        await firm.door.execute(SetDeductionLimit(200_000), sunita)
    assert await firm.door.execute(SetDeductionLimit(200_000), firm.owner) == 200_000
    with pytest.raises(NotFound):
        await firm.door.execute(AcceptDeduction(uuid7()), sunita)
    both = await asyncio.gather(
        firm.door.execute(AcceptDeduction(claim.id), sunita),
        firm.door.execute(RefuseDeduction(claim.id), firm.owner),
        return_exceptions=True,
    )
    assert sorted(isinstance(each, Stale) for each in both) == [False, True]


async def test_only_the_owner_gives_up_and_never_more_than_is_open(firm):
    bill = await one(firm, "invoices")
    sunita = await firm.member("Sunita", Role.FINANCE)
    with pytest.raises(Denied):
        await firm.door.execute(ApproveWriteOff(bill["id"], 1), sunita)
    with pytest.raises(Stale):
        await firm.door.execute(ApproveWriteOff(bill["id"], 11_800_001), firm.owner)
    made = await firm.door.execute(ApproveWriteOff(bill["id"], 800_000), firm.owner)
    with pytest.raises(Stale, match=r"Ramesh, .* written off"):
        await firm.door.execute(ApproveWriteOff(bill["id"], 800_000), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_000_000}
    with pytest.raises(Denied):
        await firm.door.execute(WithdrawDecision(made.id), sunita)
    await firm.door.execute(WithdrawDecision(made.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}


async def test_set_off_takes_the_oldest_of_both_sides_alike(firm):
    for number, amount, day in (("B-2", 300_000, "2026-11-10"), ("B-1", 200_000, "2026-11-01")):
        await firm.say(
            BOOKS, "bill.received", "bill", number, number=number, party=SHARMA, issued_on=day, amount=amount,
            currency="INR",
        )  # fmt: skip
    await firm.settle()
    party = await one(firm, "parties")
    with pytest.raises(Rejected, match="At most ₹5,000"):
        await firm.door.execute(AgreeSetOff(party["id"], 500_001, TODAY), firm.owner)
    both = await asyncio.gather(
        *(firm.door.execute(AgreeSetOff(party["id"], 300_000, TODAY), firm.owner) for _ in range(2)),
        return_exceptions=True,
    )
    (made,) = [each for each in both if not isinstance(each, Stale)]
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_500_000}
    rows = await firm.rows("SELECT number, outstanding FROM payables WHERE business_id = $1 ORDER BY number")
    assert [tuple(row) for row in rows] == [("B-1", 0), ("B-2", 200_000)]
    posted = await firm.rows(
        "SELECT side, sum(amount)::bigint AS amount FROM postings WHERE business_id = $1 AND kind = 'set_off'"
        " AND known_to IS NULL GROUP BY side ORDER BY side"
    )
    assert [tuple(row) for row in posted] == [("payable", -300_000), ("receivable", -300_000)]
    await firm.door.execute(WithdrawDecision(made.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-1": 11_800_000}


async def test_a_dispute_stands_until_it_is_settled(firm):
    bill = await one(firm, "invoices")
    await firm.door.execute(RaiseDispute(bill["id"], "two bags short"), await ravi_of(firm))
    await firm.settle()
    assert (await one(firm, "invoices", "status"))["status"] == "invoice.disputed"
    with pytest.raises(Stale):
        await firm.door.execute(RaiseDispute(bill["id"]), firm.owner)
    await firm.door.execute(SettleDispute(bill["id"]), firm.owner)
    await firm.settle()
    assert (await one(firm, "invoices", "status"))["status"] == "invoice.issued"


async def test_calls_and_notes_are_kept_with_the_customer(firm):
    party, ravi = await one(firm, "parties"), await ravi_of(firm)
    await firm.door.execute(LogCall(party["id"], "will_pay", promised_on=date(2026, 11, 25)), ravi)
    await firm.door.execute(AddNote("Speak to  his son", party_id=party["id"]), ravi)
    await firm.settle()
    view = await firm.door.query(PartyCard(party["id"]), ravi)
    assert view.brief.promise_on == date(2026, 11, 25)
    said = [(one.type, one.by) for one in await firm.door.query(Decisions(party["id"]), ravi)]
    assert {("call.logged", "Ravi"), ("note.added", "Ravi"), ("promise.made", "Ravi")} <= set(said)
    for wrong in (
        LogCall(party["id"], "will_pay"),
        LogCall(party["id"], "shouted"),
        AddNote("x"),
        AddNote(" ", party["id"]),
    ):
        with pytest.raises(Rejected):
            await firm.door.execute(wrong, ravi)


async def test_a_refund_is_agreed_up_to_what_is_here(firm):
    reported = await report(firm, await ravi_of(firm))
    await firm.door.execute(ConfirmPayment(reported.id), firm.owner)
    await firm.settle()
    receipt = await one(firm, "receipts")
    with pytest.raises(Rejected, match="Only ₹10,000 is here"):
        await firm.door.execute(AgreeRefund(receipt["id"], 1_000_001), firm.owner)
    await firm.door.execute(AgreeRefund(receipt["id"], 1_000_000), firm.owner)
    with pytest.raises(Stale):
        await firm.door.execute(AgreeRefund(receipt["id"], 1_000_000), firm.owner)


async def test_view_only_says_nothing_and_is_counted(firm):
    bill, party = await one(firm, "invoices"), await one(firm, "parties")
    ca = await firm.member("Mehta", Role.VIEW)
    commands = (
        ReportPayment(party["id"], 1, "cash", TODAY), ConfirmPayment(uuid7()), ReceiveCheque(party["id"], "1", 1, TODAY),
        ClaimDeduction(bill["id"], "tds", 1), AcceptDeduction(uuid7()), ApproveWriteOff(bill["id"], 1),
        AgreeSetOff(party["id"], 1, TODAY), RaiseDispute(bill["id"]), LogCall(party["id"], "no_answer"),
        AddNote("x", party_id=party["id"]), WithdrawDecision(uuid7()),
    )  # fmt: skip
    for command in commands:
        with pytest.raises(Denied):
            await firm.door.execute(command, ca)
    denied = await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'denied'")
    assert len(denied) == len(commands)
