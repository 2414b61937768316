"""A party that owes us and that we owe."""

RULE = "setoff_possible"
BOTH = {"gstin": "27AAPFU0939F1ZV", "name": "Sharma Traders", "id": "C-1"}


async def both(firm, sold=100_000, bought=60_000):
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", sold, party=BOTH)
    await firm.say(
        "standard:books", "bill.received", "B-1", number="B-1", party=BOTH, issued_on="2026-11-03", amount=bought,
        currency="INR",
    )  # fmt: skip
    await firm.settle(days=2)


AGREED = "SELECT state -> 'data' AS data FROM identities WHERE business_id = $1 AND state ->> 'type' = 'setoff.agreed'"


async def test_it_offers_the_smaller_of_the_two(firm):
    await both(firm)
    found = await firm.only(RULE)
    assert found.severity == "info"
    assert found.title == "Sharma Traders owes you ₹1,000, and you owe them ₹600"
    assert found.lines[0] == "₹600 can be set off."


async def test_with_one_side_only_it_stays_quiet(firm):
    await firm.bill("INV-1", 100_000)
    await firm.settle(days=2)
    assert await firm.asked(RULE) == []


async def test_yes_is_agreed_from_today_and_undo_withdraws_it(firm):
    await both(firm)
    question = await firm.answer(RULE, "setoff")
    rows = await firm.run(AGREED)
    assert [(row["data"]["amount"], row["data"]["on"]) for row in rows] == [(60_000, "2026-11-22")]
    await firm.undo(question)
    assert await firm.run(AGREED) == []


async def test_no_holds_whatever_the_amounts_become(firm):
    await both(firm)
    await firm.answer(RULE, "apart")
    await firm.bill("INV-2", 500_000, party=BOTH)
    await firm.settle(days=2)
    assert await firm.asked(RULE) == []


async def test_it_clears_when_one_side_is_settled(firm):
    await both(firm)
    await firm.say("standard:books", "bill.voided", "B-1")
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_what_we_owe_is_not_for_reps(firm):
    await both(firm)
    mine, _ = await firm.reps()
    assert await firm.asked(RULE, actor=mine) == []
