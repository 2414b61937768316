"""Two payouts for one vendor's bill."""

RULE = "payable_paid_twice"
BOOKS = "standard:books"
PATIL = {"id": "V-1", "name": "Patil Paper"}


async def paid(firm, *days, amount=60_000, first=("B-1",)):
    await firm.say(
        BOOKS,
        "bill.received",
        "B-1",
        number="B-1",
        party=PATIL,
        issued_on="2026-11-03",
        amount=60_000,
        currency="INR",
    )
    for number, day in enumerate(days):
        bills = (
            {"references": {"bills": list(first)}}
            if number == 0
            else {"references": {"utr": ["UTRX0000002"]}}
        )
        await firm.say(
            BOOKS, "payout.processed", f"o{number}", amount=60_000 if number == 0 else amount, currency="INR",
            party=PATIL, paid_on=day, **bills,
        )  # fmt: skip
    await firm.settle()


async def test_it_asks(firm):
    await paid(firm, "2026-11-10", "2026-11-17")
    found = await firm.only(RULE)
    assert found.title == "₹600 went out twice to Patil Paper: 10 Nov and 17 Nov"
    assert found.lines == (
        "The first one paid a bill; the second one fits none.",
        "Is it the same bill paid twice?",
    )


async def test_once_or_another_amount_stays_quiet(firm):
    await paid(firm, "2026-11-10", "2026-11-17", amount=59_000)
    assert await firm.asked(RULE) == []


async def test_long_afterwards_stays_quiet(firm):
    await paid(firm, "2026-09-10", "2026-11-17")
    assert await firm.asked(RULE) == []


async def test_it_clears_when_the_second_pays_another_bill(firm):
    await paid(firm, "2026-11-10", "2026-11-17")
    await firm.say(
        BOOKS, "payout.processed", "o1", amount=60_000, currency="INR", party=PATIL, paid_on="2026-11-17",
        references={"bills": ["B-2"]},
    )  # fmt: skip
    await firm.say(
        BOOKS,
        "bill.received",
        "B-2",
        number="B-2",
        party=PATIL,
        issued_on="2026-11-12",
        amount=60_000,
        currency="INR",
    )
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_asking_it_back_leaves_a_note_and_undo_takes_it_away(firm):
    await paid(firm, "2026-11-10", "2026-11-17")
    notes = "SELECT state -> 'data' ->> 'text' FROM identities WHERE business_id = $1 AND kind = 'note' AND state ->> 'type' = 'note.added'"
    question = await firm.answer(RULE, "ask_back")
    assert [row[0] for row in await firm.run(notes)] == [
        "To be asked back: ₹600 went out twice to Patil Paper: 10 Nov and 17 Nov"
    ]
    await firm.undo(question)
    assert await firm.run(notes) == []
    assert len(await firm.asked(RULE)) == 1


async def test_the_same_money_counts_once(firm):
    await paid(firm, "2026-11-10", "2026-11-17")
    question = await firm.answer(RULE, "same_money")
    count = "SELECT count(*) FROM payouts WHERE business_id = $1"
    assert (await firm.run(count))[0][0] == 1
    await firm.undo(question)
    assert (await firm.run(count))[0][0] == 2


async def test_what_we_pay_is_not_for_reps(firm):
    await paid(firm, "2026-11-10", "2026-11-17")
    mine, _ = await firm.reps()
    assert await firm.asked(RULE, actor=mine) == []
