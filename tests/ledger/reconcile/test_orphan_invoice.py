"""A bill of a billing tool that the books lack."""

from ledger.domain.roles import Role

RULE = "orphan_invoice"
TOOL, TALLY = "payment:razorpay", "books:tally"
OTHER = {"id": "G-1", "name": "Gupta Steel", "gstin": "27AAPFU0939F1ZV"}


async def made(firm, *, books_till="2026-11-19", **more):
    """Bill INV-7 of the gateway's, and books that tell of another bill until a day."""
    await firm.connect(TALLY)
    await firm.party("Sharma Traders", "C-1", source=TOOL, owner="own-1")
    await firm.bill("INV-7", 118_000, source=TOOL, **({"issued_on": "2026-11-12"} | more))
    await firm.bill("INV-1", 50_000, source=TALLY, party=OTHER, on=books_till)
    await firm.settle()


async def test_it_asks_once_the_books_were_kept_for_three_working_days_more(firm):
    await made(firm)
    found = await firm.only(RULE)
    assert found.title == "Bill INV-7 of ₹1,180 to Sharma Traders is not in your books"
    assert found.lines[0] == "Razorpay made it on 12 Nov; the books go till 19 Nov and don't show it."


async def test_books_that_are_behind_prove_nothing_nor_do_a_sunday_and_a_holiday(firm):
    await firm.run(
        "UPDATE businesses SET settings = $2 WHERE business_id = $1 RETURNING 1",
        '{"holidays": ["2026-11-16"]}',
    )
    await made(
        firm, books_till="2026-11-16"
    )  # 13 and 14 November are working days, 15 is a Sunday, 16 a holiday
    assert await firm.asked(RULE) == []
    await firm.bill("INV-2", 50_000, source=TALLY, party=OTHER, on="2026-11-17")
    await firm.settle()
    await firm.sweep()
    await firm.settle()
    assert len(await firm.asked(RULE)) == 1


async def test_without_books_and_for_what_is_in_them_it_stays_quiet(firm):
    await firm.bill("INV-7", 118_000, source=TOOL)
    await firm.settle()
    assert await firm.asked(RULE) == []


async def test_a_bill_of_long_before_the_books_were_connected_stays_quiet(firm):
    await made(firm, issued_on="2026-07-01")
    assert await firm.asked(RULE) == []


async def test_it_clears_when_the_books_show_it(firm):
    await made(firm)
    await firm.say(
        TOOL, "party.upserted", "C-1", name="Sharma Traders", gstin="29AAGCB7383J1Z4", owner="own-1"
    )
    party = {"id": "T-1", "name": "Sharma Traders", "gstin": "29AAGCB7383J1Z4"}
    await firm.bill("INV-7", 118_000, source=TALLY, issued_on="2026-11-12", party=party)
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_right_as_it_is_holds_and_undo_asks_again(firm):
    await made(firm)
    question = await firm.answer(RULE, "not_needed")
    await firm.bill("INV-3", 50_000, source=TALLY, party=OTHER, on="2026-11-20")
    await firm.settle()
    await firm.sweep()
    assert await firm.asked(RULE) == []
    await firm.undo(question)
    assert len(await firm.asked(RULE)) == 1


async def test_a_rep_sees_it_of_his_own_customers_only(firm):
    await made(firm)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
    assert len(await firm.asked(RULE, actor=await firm.member("CA", Role.VIEW))) == 1
