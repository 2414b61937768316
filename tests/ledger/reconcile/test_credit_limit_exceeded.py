"""A customer who owes more than his credit limit."""

RULE = "credit_limit_exceeded"


async def owing(firm, amount, *, limit=100_000):
    await firm.party("Sharma Traders", "C-1", credit_limit=limit, owner="own-1")
    await firm.bill("INV-1", amount)
    await firm.settle()


async def test_it_asks_above_the_limit(firm):
    await owing(firm, 120_000)
    found = await firm.only(RULE)
    assert found.title == "Sharma Traders owes ₹1,200, over the limit of ₹1,000"
    assert found.lines == ("That is ₹200 too much.", "Sell on credit all the same?")


async def test_at_the_limit_and_without_one_it_stays_quiet(firm):
    await owing(firm, 100_000)
    assert await firm.asked(RULE) == []


async def test_without_a_limit_it_stays_quiet(firm):
    await owing(firm, 900_000, limit=0)
    assert await firm.asked(RULE) == []


async def test_allowed_holds_until_it_is_much_more_and_undo_asks_again(firm):
    await owing(firm, 120_000)
    question = await firm.answer(RULE, "allow")
    await firm.bill("INV-2", 2_000)
    await firm.settle()
    assert await firm.asked(RULE) == []
    await firm.undo(question)
    assert len(await firm.asked(RULE)) == 1
    await firm.answer(RULE, "allow")
    await firm.bill("INV-3", 40_000)
    await firm.settle()
    assert len(await firm.asked(RULE)) == 1


async def test_it_clears_when_the_bill_is_cancelled(firm):
    await owing(firm, 120_000)
    await firm.say("standard:books", "invoice.voided", "INV-1")
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_a_rep_sees_it_of_his_own_customers_only(firm):
    await owing(firm, 120_000)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
