"""A CRM's word that a bill is paid, and no money for it."""

from datetime import date, timedelta

RULE = "crm_says_paid_no_payment_event"


async def claimed(books):
    party = await books.party("Sharma Traders")
    bill = await books.invoice(party, "INV-102", 3_422_000)
    row = (await books.rows("SELECT id FROM invoices WHERE business_id = $1"))[0]["id"]
    return party, bill, await books.claim("invoice", row, party_id=party)


async def test_it_waits_five_minutes_then_asks(books):
    _, _, claim = await claimed(books)
    assert await books.judge(claim) == []
    waiting = await books.only(RULE)
    assert waiting["status"] == "waiting"
    assert waiting["amount"] == 3_422_000
    assert await books.alarms() == [(RULE, books.now + timedelta(minutes=5))]
    assert await books.after(minutes=4) == []
    assert await books.after(minutes=1) == ["conflict.opened"]
    assert (await books.only(RULE))["status"] == "open"


async def test_money_within_the_quiet_window_leaves_no_question(books):
    _, bill, claim = await claimed(books)
    await books.judge(claim)
    party = (await books.only(RULE))["party_id"]
    receipt = await books.receipt(party, 3_422_000)
    await books.allocate(receipt, bill, 3_422_000)
    assert await books.judge(receipt, bill) == []
    assert await books.after(claim, minutes=10) == []
    assert (await books.only(RULE))["status"] == "cleared"


async def test_money_on_account_that_may_be_it_is_enough(books):
    party, _, claim = await claimed(books)
    receipt = await books.receipt(party, 3_364_000)  # 2% of the base short
    await books.judge(claim, receipt)
    assert await books.conflicts(RULE) == []


async def test_late_money_clears_the_open_question_even_if_only_the_money_was_touched(books):
    party, _, claim = await claimed(books)
    await books.judge(claim)
    await books.after(minutes=5)
    receipt = await books.receipt(party, 3_422_000)
    assert await books.judge(receipt) == ["conflict.cleared"]


async def test_an_answer_holds_for_its_evidence_and_a_new_word_opens_it_again(books):
    _, _, claim = await claimed(books)
    await books.judge(claim)
    await books.after(minutes=5)
    await books.answer((await books.only(RULE))["id"], "not_paid")
    assert await books.judge(claim) == []
    assert (await books.only(RULE))["status"] == "resolved"
    await books.set("claims", claim, word="paid in full")
    assert await books.judge(claim) == ["conflict.reopened"]
    again = await books.only(RULE)
    assert again["status"] == "open"
    assert again["evidence"]["changed"] == {"word": ["closedwon", "paid in full"]}
    assert books.entries[0].entry["changed"] == {"word": ["closedwon", "paid in full"]}


async def test_a_deal_without_a_bill_is_asked_too_and_a_paid_bill_never(books):
    party, bill, claim = await claimed(books)
    await books.set("invoices", bill, outstanding=0)
    deal = await books.claim("deal", party, party_id=party, amount=5_000_000)
    await books.judge(claim, deal)
    assert (await books.only(RULE))["subjects"] == [deal]


async def test_money_that_went_away_again_asks(books):
    party, _, claim = await claimed(books)
    receipt = await books.receipt(party, 3_422_000, received_on=date(2026, 11, 19))
    await books.judge(claim, receipt)
    assert await books.conflicts(RULE) == []
    await books.set("receipts", receipt, status="payment.reversed", refunded=3_422_000)
    await books.judge(receipt)
    assert (await books.only(RULE))["status"] == "waiting"
