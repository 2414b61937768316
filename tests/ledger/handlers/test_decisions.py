"""Decisions by hand: money set against bills, wrong matches, what money is, habits, names; each with its way back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import uuid7
from ledger.commands.workflow import (
    AllocateReceipt,
    BillShare,
    ClassifyMoney,
    LinkParties,
    RejectMatch,
    SetHabit,
    UnlinkParties,
    WithdrawDecision,
)
from ledger.domain.roles import Role
from ledger.queries.workflow import Decisions
from tests.ledger.desk import BANK, BOOKS, Firm

GUPTA = {"id": "C-2", "name": "Gupta Steel"}


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def ids(firm: Firm, table: str, *columns: str) -> dict[Any, Any]:
    name = columns[0]
    rows = await firm.rows(f"SELECT {name}, id FROM {table} WHERE business_id = $1")
    return {row[name]: row["id"] for row in rows}


async def with_money(firm: Firm, amount: int = 5_000_000) -> tuple[dict[Any, Any], Any]:
    """Two bills of Sharma, and money in the bank that fits neither."""
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.say(
        BANK, "bank.credited", "bank_line", "L-9", amount=amount, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-X9-KHAN AND COMPANY", channel="NEFT", payer={"name": "KHAN AND COMPANY"},
    )  # fmt: skip
    await firm.settle()
    (receipt,) = await firm.rows("SELECT id FROM receipts WHERE business_id = $1")
    return await ids(firm, "invoices", "number"), receipt["id"]


async def test_money_is_set_against_bills_by_hand_and_taken_back_as_a_whole(firm):
    bills, receipt = await with_money(firm)
    lines = (BillShare(bills["INV-102"], 3_422_000), BillShare(bills["INV-107"], 1_500_000))
    view = await firm.door.execute(AllocateReceipt(receipt, lines, on_account=78_000), firm.owner)
    assert view.can_undo
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 0, "INV-107": 860_000}
    (party,) = await firm.rows("SELECT id, on_account FROM parties WHERE business_id = $1")
    assert party["on_account"] == 78_000
    (listed,) = await firm.door.query(Decisions(party["id"]), firm.owner)
    assert (listed.id, listed.by, listed.words) == (
        view.id, "Ramesh", "Decided which bills this money pays",
    )  # fmt: skip
    gone = await firm.door.execute(WithdrawDecision(view.id, note="wrong bill"), firm.owner)
    assert not gone.standing
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 2_360_000}
    with pytest.raises(Stale, match="Ramesh took this back on Fri 20 Nov"):
        await firm.door.execute(WithdrawDecision(view.id), firm.owner)


async def test_taking_back_the_second_word_leaves_the_first(firm):
    bills, receipt = await with_money(firm, 1_000_000)
    first = AllocateReceipt(receipt, (BillShare(bills["INV-102"], 1_000_000),))
    second = AllocateReceipt(receipt, (BillShare(bills["INV-107"], 1_000_000),))
    await firm.door.execute(first, firm.owner)
    await firm.settle()
    view = await firm.door.execute(second, firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 1_360_000}
    await firm.door.execute(WithdrawDecision(view.id), firm.owner)
    await firm.settle()
    assert await firm.outstanding() == {"INV-102": 2_422_000, "INV-107": 2_360_000}


async def test_an_allocation_says_what_is_wrong_with_it(firm):
    bills, receipt = await with_money(firm)
    await firm.bill("G-1", 100_000, 100_000, party=GUPTA)
    await firm.settle()
    bills = await ids(firm, "invoices", "number")
    share = BillShare(bills["INV-102"], 3_422_000)
    both = (replace(share, amount=100_000), BillShare(bills["G-1"], 100_000))
    for command, error, code in (
        (AllocateReceipt(receipt, (share,)), Rejected, "allocation.sum"),
        (AllocateReceipt(receipt, (share,), on_account=1_578_001), Rejected, "allocation.sum"),
        (AllocateReceipt(receipt, (replace(share, amount=5_000_000),)), Stale, "allocation.over_outstanding"),
        (AllocateReceipt(receipt, (replace(share, kind="gift"),), 5_000_000), Rejected, "allocation.line"),
        (AllocateReceipt(receipt, both, 4_800_000), Rejected, "allocation.whose"),
        (AllocateReceipt(receipt, (), 5_000_000), Rejected, "allocation.whose"),
        (AllocateReceipt(receipt, (share,), 1_578_000, learn="often"), Rejected, "learn.unknown"),
        (AllocateReceipt(uuid7(), (share,), 1_578_000), NotFound, "receipt.not_found"),
        (
            AllocateReceipt(receipt, (replace(share, invoice_id=uuid7()),), 1_578_000),
            NotFound,
            "invoice.not_found",
        ),
    ):
        with pytest.raises(error) as refused:
            await firm.door.execute(command, firm.owner)
        assert refused.value.code == code, command
    assert (
        await firm.rows("SELECT 1 FROM external_events WHERE business_id = $1 AND source = 'operator'") == []
    )


async def test_finance_lets_go_up_to_the_owners_limit_and_what_tax_rates_explain(firm):
    bills, receipt = await with_money(firm, 3_364_000)
    sunita = await firm.member("Sunita", Role.FINANCE)
    money = BillShare(bills["INV-102"], 3_200_000)
    rest = BillShare(bills["INV-107"], 164_000)
    discount = BillShare(bills["INV-102"], 222_000, "cash_discount")
    with pytest.raises(Denied) as refused:
        await firm.door.execute(AllocateReceipt(receipt, (money, discount, rest)), sunita)
    assert refused.value.code == "deduction.over_limit"
    tds = BillShare(bills["INV-102"], 58_000, "tds")
    paid = BillShare(bills["INV-102"], 3_364_000)
    await firm.door.execute(AllocateReceipt(receipt, (paid, tds)), sunita)
    await firm.settle()
    assert (await firm.outstanding())["INV-102"] == 0


async def test_two_at_once_set_the_same_money_once_and_the_second_is_told_by_whom(firm):
    bills, receipt = await with_money(firm, 1_000_000)
    sunita = await firm.member("Sunita", Role.FINANCE)
    both = await asyncio.gather(
        firm.door.execute(AllocateReceipt(receipt, (BillShare(bills["INV-102"], 1_000_000),)), firm.owner),
        firm.door.execute(AllocateReceipt(receipt, (BillShare(bills["INV-107"], 1_000_000),)), sunita),
        return_exceptions=True,
    )
    (told,) = [one for one in both if isinstance(one, Stale)]
    assert told.code == "decision.taken"
    winner = next(one for one in both if not isinstance(one, Stale))
    assert told.message == f"{winner.by}, Fri 20 Nov, 09:10: Decided which bills this money pays."


async def test_who_looked_before_somebody_decided_is_told(firm):
    bills, receipt = await with_money(firm, 1_000_000)
    looked = firm.clock.now
    firm.clock.now += timedelta(minutes=1)
    await firm.door.execute(ClassifyMoney(receipt, "loan"), firm.owner)
    await firm.settle()
    late = AllocateReceipt(receipt, (BillShare(bills["INV-102"], 1_000_000),), seen=looked)
    with pytest.raises(Stale, match=r"Ramesh, .*: Bank entry marked as loan"):
        await firm.door.execute(late, firm.owner)
    await firm.door.execute(replace(late, seen=firm.clock.now), firm.owner)


async def test_a_wrong_match_is_said_as_the_contract_asks(firm):
    bills, receipt = await with_money(firm, 1_000_000)
    view = await firm.door.execute(RejectMatch(receipt, invoice_id=bills["INV-102"]), firm.owner)
    (event,) = await firm.rows(
        "SELECT normalised FROM external_events WHERE business_id = $1 AND event_type = 'link.rejected'"
    )
    anchors = await firm.rows(
        "SELECT anchor FROM receipts WHERE business_id = $1"
        " UNION SELECT anchor FROM invoices WHERE business_id = $1 AND number = 'INV-102'"
    )
    assert set(event["normalised"]["subjects"]) == {str(row["anchor"]) for row in anchors}
    with pytest.raises(Rejected, match="either the bill or the party"):
        await firm.door.execute(RejectMatch(receipt), firm.owner)
    assert view.type == "link.rejected"


async def test_money_that_is_no_sale_is_classified_and_taken_back(firm):
    _, receipt = await with_money(firm, 1_000_000)
    with pytest.raises(Rejected) as refused:
        await firm.door.execute(ClassifyMoney(receipt, "lottery"), firm.owner)
    assert "own_transfer" in refused.value.remedy
    view = await firm.door.execute(ClassifyMoney(receipt, "loan", learn="always"), firm.owner)
    await firm.settle()
    (row,) = await firm.rows("SELECT classified FROM receipts WHERE business_id = $1")
    assert row["classified"] == "loan"
    await firm.door.execute(WithdrawDecision(view.id), firm.owner)
    await firm.settle()
    (row,) = await firm.rows("SELECT classified FROM receipts WHERE business_id = $1")
    assert row["classified"] is None


async def test_names_are_joined_parted_and_the_link_taken_back(firm):
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.bill("INV-2", 200_000, 200_000, party=GUPTA)
    await firm.settle()
    parties = await ids(firm, "parties", "name")
    link = LinkParties(parties["Sharma Traders"], parties["Gupta Steel"])
    view = await firm.door.execute(link, firm.owner)
    await firm.settle()
    (one,) = await firm.rows("SELECT id, open_bills FROM parties WHERE business_id = $1")
    assert one["open_bills"] == 300_000
    await firm.door.execute(UnlinkParties(one["id"], BOOKS, "C-2"), firm.owner)
    await firm.settle()
    assert await ids(firm, "parties", "name") == parties
    with pytest.raises(NotFound):
        await firm.door.execute(UnlinkParties(parties["Gupta Steel"], BOOKS, "C-9"), firm.owner)
    await firm.door.execute(WithdrawDecision(view.id), firm.owner)
    await firm.settle()
    assert await ids(firm, "parties", "name") == parties


async def test_a_habit_is_one_of_three(firm):
    await firm.bill("INV-1", 100_000, 100_000)
    await firm.settle()
    (party,) = await firm.rows("SELECT id, anchor FROM parties WHERE business_id = $1")
    with pytest.raises(Rejected, match="no way of paying"):
        await firm.door.execute(SetHabit(party["id"], "late"), firm.owner)
    await firm.door.execute(SetHabit(party["id"], "oldest_first"), firm.owner)
    (event,) = await firm.rows(
        "SELECT normalised FROM external_events WHERE business_id = $1 AND event_type = 'habit.decided'"
    )
    assert event["normalised"] == {"party": str(party["anchor"]), "habit": "oldest_first"}


async def test_who_may_not_decide_is_refused_and_the_refusals_are_counted(firm):
    bills, receipt = await with_money(firm, 1_000_000)
    decided = await firm.door.execute(ClassifyMoney(receipt, "loan"), firm.owner)
    party = uuid7()
    commands = (
        AllocateReceipt(receipt, (BillShare(bills["INV-102"], 1_000_000),)),
        RejectMatch(receipt, invoice_id=bills["INV-102"]),
        ClassifyMoney(receipt, "loan"),
        SetHabit(party, "on_account"),
        LinkParties(party, party),
        UnlinkParties(party, BOOKS, "C-1"),
        WithdrawDecision(decided.id),
    )
    for role in (Role.SALES, Role.VIEW):
        member = await firm.member(role.value, role, owner_key="ravi@firm.in")
        for command in commands:
            with pytest.raises(Denied):
                await firm.door.execute(command, member)
    denied = await firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'denied'")
    assert len(denied) == 2 * len(commands)
