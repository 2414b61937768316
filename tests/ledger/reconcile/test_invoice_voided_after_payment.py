"""A bill that was cancelled after money came for it."""

RULE = "invoice_voided_after_payment"


async def cancelled(firm, *, named=True, order=("pay", "void")):
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", 100_000)
    for step in order:
        if step == "pay":
            about = {"references": {"invoices": ["INV-1"]}} if named else {}
            await firm.say(
                "payment:razorpay", "payment.received", "p1", amount=100_000, currency="INR", paid_on="2026-11-10",
                party={"id": "C-1", "name": "Sharma Traders"}, method="upi", **about,
            )  # fmt: skip
            await firm.party("Sharma Traders", "C-1", source="payment:razorpay", gstin="27AAPFU0939F1ZV")
            await firm.party("Sharma Traders", "C-1", owner="own-1", gstin="27AAPFU0939F1ZV")
        else:
            await firm.say("standard:books", "invoice.voided", "INV-1")
        await firm.settle()


async def test_it_asks_in_whatever_order_both_came(firm):
    await cancelled(firm)
    found = await firm.only(RULE)
    assert found.title == "Bill INV-1 is cancelled, and ₹1,000 came for it from Sharma Traders"
    assert found.lines == ("The money pays nothing now.", "What shall become of it?")


async def test_money_that_comes_for_a_cancelled_bill_is_asked_about_too(firm):
    await cancelled(firm, order=("void", "pay"))
    assert len(await firm.asked(RULE)) == 1


async def test_other_money_of_the_customer_stays_quiet(firm):
    await cancelled(firm, named=False, order=("void", "pay"))
    assert await firm.asked(RULE) == []


async def test_it_clears_when_the_money_pays_the_new_bill(firm):
    await cancelled(firm)
    await firm.bill("INV-1A", 100_000)
    await firm.say(
        "payment:razorpay", "payment.received", "p1", amount=100_000, currency="INR", paid_on="2026-11-10",
        party={"id": "C-1", "name": "Sharma Traders"}, references={"invoices": ["INV-1", "INV-1A"]},
    )  # fmt: skip
    await firm.settle()
    assert await firm.asked(RULE) == []


async def test_giving_it_back_is_agreed_and_undo_withdraws_it(firm):
    await cancelled(firm)
    question = await firm.answer(RULE, "refund")
    agreed = "SELECT state -> 'data' AS data FROM identities WHERE business_id = $1 AND state ->> 'type' = 'refund.agreed'"
    (row,) = await firm.run(agreed)
    assert row["data"]["amount"] == 100_000
    await firm.undo(question)
    assert await firm.run(agreed) == []
    assert len(await firm.asked(RULE)) == 1


async def test_kept_for_the_next_bill_it_stays_on_account(firm):
    await cancelled(firm)
    await firm.answer(RULE, "keep")
    await firm.sweep()
    assert await firm.asked(RULE) == []
    assert (await firm.run("SELECT on_account FROM parties WHERE business_id = $1"))[0][0] == 100_000


async def test_a_rep_sees_it_of_his_own_customers_only(firm):
    await cancelled(firm)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
