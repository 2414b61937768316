"""Money that the books show in the bank, and the bank doesn't."""

RULE = "books_receipt_not_in_bank"
BANK, TALLY = "bank:icici", "books:tally"


async def entered(firm, *, till="2026-11-19", into="bank"):
    await firm.party("Sharma Traders", "C-1", source=TALLY, owner="own-1")
    await firm.bill("INV-1", 100_000, source=TALLY)
    await firm.say(
        TALLY, "payment.received", "r1", amount=100_000, currency="INR", party={"id": "C-1", "name": "Sharma Traders"},
        paid_on="2026-11-10", into=into, method="neft", references={"utr": ["HDFCN52026111000"], "invoices": ["INV-1"]},
    )  # fmt: skip
    await statement(firm, "l0", "2026-11-02", till)


async def statement(firm, name, first, till, **more):
    await firm.connect(BANK) if name == "l0" else None
    line = {"amount": 5, "currency": "INR", "account": "4421", "narration": "INTEREST", "posted_on": first}
    await firm.say(BANK, "bank.credited", name, covered=(first, till), **(line | more))
    await firm.settle()


async def outstanding(firm):
    return (await firm.run("SELECT outstanding FROM invoices WHERE business_id = $1"))[0][0]


async def test_it_asks_once_the_statement_covers_the_days(firm):
    await entered(firm)
    found = await firm.only(RULE)
    assert found.title == "The books say ₹1,000 came from Sharma Traders on 10 Nov; the bank doesn't show it"
    assert found.why == ("Entered in Tally, by NEFT, reference HDFCN52026111000.",)
    assert await outstanding(firm) == 100_000


async def test_a_statement_that_ends_before_proves_nothing(firm):
    await entered(firm, till="2026-11-12")
    assert await firm.asked(RULE) == []


async def test_cash_needs_no_bank(firm):
    await entered(firm, into="cash")
    assert await firm.asked(RULE) == []


async def test_it_clears_when_the_bank_shows_it_after_all(firm):
    await entered(firm)
    await statement(
        firm, "l1", "2026-11-11", "2026-11-19", amount=100_000, narration="NEFT-HDFCN52026111000-SHARMA TRADERS",
        references={"utr": ["HDFCN52026111000"]},
    )  # fmt: skip
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1
    assert await outstanding(firm) == 0


async def test_yes_it_came_counts_it_once_and_undo_takes_it_back(firm):
    await entered(firm)
    question = await firm.answer(RULE, "came")
    assert await outstanding(firm) == 0
    rows = await firm.run("SELECT amount, arrived FROM receipts WHERE business_id = $1 AND amount > 5")
    assert [tuple(row) for row in rows] == [(100_000, True)]
    await firm.undo(question)
    assert await outstanding(firm) == 100_000
    assert len(await firm.asked(RULE)) == 1
    await firm.answer(RULE, "came")
    assert await outstanding(firm) == 0


async def test_a_wrong_entry_stays_answered(firm):
    await entered(firm)
    await firm.answer(RULE, "wrong")
    await firm.sweep()
    assert await firm.asked(RULE) == []


async def test_what_the_bank_shows_is_not_for_reps(firm):
    await entered(firm)
    mine, _ = await firm.reps()
    assert await firm.asked(RULE, actor=mine) == []
