"""A cheque that the bank sent back."""

from tests.ledger.reconcile.firms import labels

RULE = "cheque_returned"
BOOKS = "standard:books"
SHARMA = {"id": "C-1", "name": "Sharma Traders"}


async def returned(firm, *, on="2026-11-18", amount=85_000):
    await firm.party("Sharma Traders", "C-1", owner="own-1")
    await firm.bill("INV-1", 100_000)
    cheque = {"number": "004417", "amount": amount, "currency": "INR", "party": SHARMA}
    await firm.say(BOOKS, "cheque.received", "q1", **cheque, references={"invoices": ["INV-1"]})
    await firm.say(BOOKS, "cheque.returned", "q1", **cheque, on=on, reason="Funds insufficient")
    await firm.settle()


async def test_it_asks_first_of_all_and_says_by_when_a_notice_must_go(firm):
    await returned(firm)
    found = await firm.only(RULE)
    assert found.severity == "block"
    assert found.title == "Cheque 004417 of ₹850 from Sharma Traders came back on 18 Nov"
    assert found.lines == (
        "The bank says: Funds insufficient.",
        "The bills that it paid are open again.",
        "A notice by law (s.138) must go out by 18 Dec: within 30 days of the bank's memo.",
        "What shall be done?",
    )
    assert labels(found)[0] == "They pay in another way: in a week"


async def test_a_cheque_in_hand_and_one_of_last_year_stay_quiet(firm):
    await returned(firm, on="2026-02-18")
    assert await firm.asked(RULE) == []


async def test_it_clears_when_it_is_replaced(firm):
    await returned(firm)
    await firm.say(BOOKS, "cheque.replaced", "q1", replaced_by="004418")
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_it_clears_when_they_owe_nothing_any_more(firm):
    await returned(firm)
    await firm.say(
        BOOKS, "payment.received", "p1", amount=100_000, currency="INR", party=SHARMA, into="cash",
        paid_on="2026-11-19", references={"invoices": ["INV-1"]},
    )  # fmt: skip
    await firm.settle()
    assert await firm.asked(RULE) == []


async def test_a_promise_is_noted_and_undo_takes_it_back(firm):
    await returned(firm)
    question = await firm.answer(RULE, "promised")
    promised = "SELECT promise_on::text, promise_amount FROM parties WHERE business_id = $1"
    assert [tuple(row) for row in await firm.run(promised)] == [("2026-11-27", 85_000)]
    await firm.undo(question)
    assert [tuple(row) for row in await firm.run(promised)] == [(None, None)]
    assert len(await firm.asked(RULE)) == 1


async def test_the_fee_is_noted(firm):
    await returned(firm)
    await firm.answer(RULE, "fee")
    rows = await firm.run(
        "SELECT state -> 'data' ->> 'text' FROM identities WHERE business_id = $1 AND kind = 'note'"
    )
    assert [row[0] for row in rows] == [
        "Charge the bank's fee: Cheque 004417 of ₹850 from Sharma Traders came back on 18 Nov"
    ]


async def test_a_rep_sees_it_of_his_own_customers_only(firm):
    await returned(firm)
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
