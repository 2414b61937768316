"""A customer's money in the bank that the books don't show."""

RULE = "bank_credit_not_in_books"
BANK, TALLY = "bank:icici", "books:tally"
SHARMA = {"id": "C-1", "name": "Sharma Traders"}


async def came(firm, *, books_till="2026-11-19", tells_money=True, day="2026-10-12"):
    await firm.connect(TALLY)
    await firm.connect(BANK)
    await firm.party("Sharma Traders", "C-1", source=TALLY, owner="own-1", on="2026-10-02")
    await firm.bill("INV-1", 100_000, source=TALLY, party=SHARMA, on="2026-10-02")
    await firm.say(
        BANK, "bank.credited", "l1", amount=100_000, currency="INR", account="4421", posted_on=day,
        narration="NEFT-HDFCN52026101200-SHARMA TRADERS-INV-1", payer={"name": "SHARMA TRADERS"},
        references={"utr": ["HDFCN52026101200"], "tokens": ["INV-1"], "invoices": ["INV-1"]}, channel="NEFT",
    )  # fmt: skip
    if tells_money:
        await firm.say(
            TALLY, "payment.received", "r0", amount=7_000, currency="INR", into="cash", paid_on="2026-10-03",
            party={"id": "G-1", "name": "Gupta Steel"}, on="2026-10-03",
        )  # fmt: skip
    await firm.bill("INV-2", 50_000, source=TALLY, party={"id": "G-1", "name": "Gupta Steel"}, on=books_till)
    await firm.settle()


async def test_it_tells_what_is_to_be_entered(firm):
    await came(firm)
    found = await firm.only(RULE)
    assert found.severity == "info"
    assert found.title == "₹1,000 from Sharma Traders came on 12 Oct and is not in your books"
    assert found.lines == ("Icici shows it; the books go till 19 Nov and don't.", "It is to be entered.")


async def test_books_that_are_behind_or_tell_no_money_are_not_asked(firm):
    await came(firm, books_till="2026-10-14")
    assert await firm.asked(RULE) == []


async def test_books_that_never_tell_of_money_are_not_asked(firm):
    await came(firm, tells_money=False)
    assert await firm.asked(RULE) == []


async def test_it_clears_when_it_is_entered(firm):
    await came(firm)
    await firm.say(
        TALLY, "payment.received", "r1", amount=100_000, currency="INR", into="bank", paid_on="2026-10-12", party=SHARMA,
        references={"utr": ["HDFCN52026101200"]},
    )  # fmt: skip
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_entered_in_another_way_holds_and_undo_asks_again(firm):
    await came(firm)
    question = await firm.answer(RULE, "entered")
    await firm.bill("INV-3", 1_000, source=TALLY, party=SHARMA, on="2026-11-20")
    await firm.settle()
    await firm.sweep()
    assert await firm.asked(RULE) == []
    await firm.undo(question)
    assert len(await firm.asked(RULE)) == 1


async def test_i_will_enter_it_asks_again_in_three_days(firm):
    await came(firm)
    await firm.answer(RULE, "enter")
    assert await firm.asked(RULE) == []
    await firm.settle(days=3)
    assert len(await firm.asked(RULE)) == 1


async def test_what_the_bank_shows_is_not_for_reps(firm):
    await came(firm)
    mine, _ = await firm.reps()
    assert await firm.asked(RULE, actor=mine) == []


async def test_for_a_month_it_only_stands_on_the_list_of_what_is_to_be_entered(firm):
    await came(firm, day="2026-10-25")
    assert await firm.asked(RULE) == []
    await firm.settle(days=12)
    await firm.sweep()
    await firm.settle()
    assert len(await firm.asked(RULE)) == 1
