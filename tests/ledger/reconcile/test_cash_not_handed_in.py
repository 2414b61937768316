"""Cash that somebody reported and nobody confirmed."""

import pytest

from kit.database import transaction
from kit.errors import Denied
from kit.ids import derived
from ledger.domain.roles import Role
from ledger.queries import Conflicts
from ledger.store.operator import append_operator_event

RULE = "cash_not_handed_in"
SHARMA = str(derived("standard:books", "party", "C-1"))


async def reported(firm, *, method="cash", by=None):
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", 100_000)
    rep = by or await firm.member("Ravi", Role.SALES, owner_key="own-1")
    async with transaction(firm.engine, [firm.owner.business_id]) as tx:
        await append_operator_event(
            tx, rep, "payment.reported", kind="payment", external_id="rep-1", at=firm.clock.now,
            data={
                "amount": 100_000, "currency": "INR", "party": {"id": SHARMA}, "method": method, "paid_on": "2026-11-20",
                "references": {"invoices": ["INV-1"]}, "by": str(rep.member_id),
            },
        )  # fmt: skip
    await firm.settle()
    return rep


async def outstanding(firm):
    return (await firm.run("SELECT outstanding FROM invoices WHERE business_id = $1"))[0][0]


async def test_it_asks_after_two_days(firm):
    await reported(firm)
    await firm.days(2)
    assert await firm.asked(RULE) == []
    await firm.days(1)
    found = await firm.only(RULE)
    assert found.title == "₹1,000 in cash from Sharma Traders is with Ravi since 20 Nov"
    assert found.lines[-1] == "Has it been handed in?"
    assert await outstanding(firm) == 100_000


async def test_what_goes_through_the_bank_is_no_cash(firm):
    await reported(firm, method="upi")
    await firm.days(3)
    assert await firm.asked(RULE) == []


async def test_yes_pays_the_bill_and_undo_leaves_the_report(firm):
    await reported(firm)
    await firm.days(3)
    question = await firm.answer(RULE, "handed_in")
    assert await outstanding(firm) == 0
    assert (await firm.run("SELECT count(*) FROM receipts WHERE business_id = $1"))[0][0] == 1
    await firm.undo(question)
    assert await outstanding(firm) == 100_000
    assert len(await firm.asked(RULE)) == 1


async def test_who_reported_it_can_not_confirm_it(firm):
    await reported(firm, by=firm.owner)
    await firm.days(3)
    [his] = (await firm.door.query(Conflicts(), firm.owner)).rows
    assert "handed_in" not in [option.id for option in his.answers]
    with pytest.raises(Denied) as denied:
        await firm.answer(RULE, "handed_in")
    assert denied.value.code == "payment.own_report"
    await firm.answer(RULE, "handed_in", actor=await firm.member("Asha", Role.FINANCE))
    assert await outstanding(firm) == 0


async def test_it_clears_when_it_is_confirmed_elsewhere(firm):
    await reported(firm)
    await firm.days(3)
    await firm.decide("payment.confirmed", "payment", "rep-1", into="cash")
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_a_rep_sees_it_of_his_own_customers_and_can_not_answer(firm):
    await reported(firm)
    await firm.days(3)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
    with pytest.raises(Denied):
        await firm.answer(RULE, "handed_in", actor=mine)
