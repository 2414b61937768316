"""One bill, under one customer in the billing tool and under another in the books."""

RULE = "invoice_under_two_customers"
TOOL, TALLY = "payment:razorpay", "books:tally"


async def twice(firm, *, amount=118_000, name="Ramesh Sharma", issued_on="2026-11-12"):
    await firm.connect(TALLY)
    await firm.party("Sharma Traders", "C-1", source=TOOL, owner="own-1")
    await firm.bill("INV-7", 118_000, source=TOOL, issued_on="2026-11-12")
    await firm.bill("INV-7", amount, source=TALLY, issued_on=issued_on, party={"id": "T-1", "name": name})
    await firm.settle()


async def bills(firm):
    return (await firm.run("SELECT count(*) FROM invoices WHERE business_id = $1"))[0][0]


async def test_it_asks(firm):
    await twice(firm)
    found = await firm.only(RULE)
    assert (
        found.title
        == "Bill INV-7 of ₹1,180 is under Sharma Traders in Razorpay, and under Ramesh Sharma in the books"
    )
    assert found.lines == ("As it is, it counts twice.", "Are these two the same customer?")


async def test_another_amount_or_year_is_another_bill(firm):
    await twice(firm, amount=119_000)
    assert await firm.asked(RULE) == []


async def test_the_number_of_last_year_is_another_bill(firm):
    await twice(firm, issued_on="2026-03-12")
    assert await firm.asked(RULE) == []


async def test_the_same_customer_makes_one_bill_of_both_and_undo_parts_them(firm):
    await twice(firm)
    question = await firm.answer(RULE, "same_customer")
    assert await bills(firm) == 1
    await firm.undo(question)
    assert await bills(firm) == 2
    assert len(await firm.asked(RULE)) == 1


async def test_it_clears_when_the_books_cancel_theirs_or_the_tool_its_own(firm):
    await twice(firm)
    await firm.say(TOOL, "invoice.voided", "INV-7")
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_two_bills_it_is_and_stays(firm):
    await twice(firm)
    await firm.answer(RULE, "both_right")
    await firm.sweep()
    assert await firm.asked(RULE) == []


async def test_a_rep_sees_it_of_his_own_customers_only(firm):
    await twice(firm)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
