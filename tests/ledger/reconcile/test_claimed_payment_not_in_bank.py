"""A payment that a customer says he made, and that the bank doesn't show."""

from datetime import date

import pytest

from kit.database import transaction
from kit.errors import Denied
from kit.ids import derived
from ledger.domain.roles import Role
from ledger.store.operator import append_operator_event

RULE = "claimed_payment_not_in_bank"
SHARMA = str(derived("standard:books", "party", "C-1"))
UTR = "N318261234567890"


async def claimed(firm, *, method="bank", by=None, on="2026-11-20"):
    """On Friday 20 November somebody notes that Sharma Traders has paid."""
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", 100_000)
    who = by or await firm.member("Ravi", Role.SALES, owner_key="own-1")
    async with transaction(firm.engine, [firm.owner.business_id]) as tx:
        await append_operator_event(
            tx, who, "payment.reported", kind="payment", external_id="rep-1", at=firm.clock.now,
            data={
                "amount": 100_000, "currency": "INR", "party": {"id": SHARMA}, "method": method, "paid_on": on,
                "references": {"utr": [UTR]}, "by": str(who.member_id),
            },
        )  # fmt: skip
    await firm.settle()


async def known_till(firm, day):
    """Connect a bank whose statement covers the days until `day`."""
    await firm.run(
        "INSERT INTO source_state (business_id, source, covered_until) VALUES ($1, 'bank:icici', $2)"
        " ON CONFLICT (business_id, source) DO UPDATE SET covered_until = excluded.covered_until RETURNING 1",
        date.fromisoformat(day),
    )


async def test_it_asks_after_two_working_days_and_not_over_the_weekend(firm):
    await claimed(firm)
    await known_till(firm, "2026-12-31")
    await firm.days(3)  # Monday: one working day (Saturday) and this one
    assert await firm.asked(RULE) == []
    await firm.days(1)
    found = await firm.only(RULE)
    assert found.title == "₹1,000 from Sharma Traders, said to be paid on 20 Nov, is not in the bank"
    assert found.lines[-1] == "Has it come?"


async def test_a_listed_holiday_is_no_working_day(firm):
    await firm.run(
        """UPDATE businesses SET settings = '{"holidays": ["2026-11-21"]}' WHERE business_id = $1 RETURNING 1"""
    )
    await claimed(firm)
    await firm.days(4)
    assert await firm.asked(RULE) == []
    await firm.days(1)
    assert len(await firm.asked(RULE)) == 1


async def test_while_the_bank_is_not_known_so_far_nobody_is_asked(firm):
    await claimed(firm)
    await known_till(firm, "2026-11-21")
    await firm.days(6)
    assert await firm.asked(RULE) == []
    await known_till(firm, "2026-11-25")
    await firm.days(1)
    assert len(await firm.asked(RULE)) == 1


async def test_it_clears_when_the_money_comes(firm):
    await claimed(firm)
    await firm.days(4)
    assert len(await firm.asked(RULE)) == 1
    await firm.say(
        "bank:icici", "bank.credited", "L-1", amount=100_000, currency="INR", account="000405004421",
        posted_on="2026-11-24", narration=f"NEFT-{UTR}", references={"utr": [UTR]},
    )  # fmt: skip
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_cash_is_another_question(firm):
    await claimed(firm, method="cash")
    await firm.days(5)
    assert await firm.asked(RULE) == []


async def test_it_came_into_another_account_but_not_by_the_word_of_who_noted_it(firm):
    await claimed(firm, by=firm.owner)
    await firm.days(4)
    with pytest.raises(Denied):
        await firm.answer(RULE, "came")
    await firm.answer(RULE, "came", actor=await firm.member("Asha", Role.FINANCE))
    assert (await firm.run("SELECT outstanding FROM invoices WHERE business_id = $1"))[0][0] == 0


async def test_it_is_asked_again_two_days_after_they_were_asked(firm):
    await claimed(firm)
    await firm.days(4)
    await firm.answer(RULE, "ask")
    assert await firm.asked(RULE) == []
    await firm.days(3)
    assert len(await firm.asked(RULE)) == 1


async def test_not_paid_leaves_the_bill_open(firm):
    await claimed(firm)
    await firm.days(4)
    await firm.answer(RULE, "wrong")
    assert (await firm.run("SELECT outstanding FROM invoices WHERE business_id = $1"))[0][0] == 100_000
    assert await firm.asked(RULE) == []
