"""₹2 lakh or more in cash from one person in a day, or for one bill."""

from ledger.domain.roles import Role
from tests.ledger.reconcile.firms import SHARMA, labels

RULE = "cash_over_limit"
LAKH = 10_000_000


async def cash(firm, *payments, into="cash"):
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", 3 * LAKH)
    for number, (amount, day) in enumerate(payments):
        await firm.say(
            "standard:books", "payment.received", f"c{number}", amount=amount, currency="INR", party=SHARMA,
            method="cash", into=into, paid_on=day, references={"invoices": ["INV-1"]},
        )  # fmt: skip
    await firm.settle()


async def test_two_payments_of_a_day_add_up(firm):
    await cash(firm, (LAKH, "2026-11-18"), (LAKH, "2026-11-18"))
    found = await firm.only(RULE)
    assert found.severity == "info"
    assert found.title == "₹2,00,000 in cash from Sharma Traders, till 18 Nov"
    assert "not allowed" in found.lines[0]
    assert not any("split" in text.lower() for text in (*found.lines, *found.why, *labels(found)))


async def test_several_days_for_one_bill_add_up(firm):
    await cash(firm, (LAKH, "2026-11-17"), (LAKH, "2026-11-18"))
    assert (
        await firm.only(RULE)
    ).title == "₹2,00,000 in cash from Sharma Traders for bill INV-1, till 18 Nov"


async def test_a_rupee_less_stays_quiet(firm):
    await cash(firm, (LAKH, "2026-11-18"), (LAKH - 100, "2026-11-18"))
    assert await firm.asked(RULE) == []


async def test_it_clears_when_the_entry_was_no_cash(firm):
    await cash(firm, (2 * LAKH, "2026-11-18"))
    await firm.say(
        "standard:books", "payment.received", "c0", amount=2 * LAKH, currency="INR", party=SHARMA, method="neft",
        paid_on="2026-11-18",
    )  # fmt: skip
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_known_holds_until_more_comes_and_undo_asks_again(firm):
    await cash(firm, (2 * LAKH, "2026-11-18"))
    question = await firm.answer(RULE, "known")
    await firm.sweep()
    assert await firm.asked(RULE) == []
    await firm.undo(question)
    assert len(await firm.asked(RULE)) == 1


async def test_it_is_for_the_owner_and_the_accountant(firm):
    await cash(firm, (2 * LAKH, "2026-11-18"))
    mine, _ = await firm.reps()
    assert await firm.asked(RULE, actor=mine) == []
    assert len(await firm.asked(RULE, actor=await firm.member("CA", Role.VIEW))) == 1
