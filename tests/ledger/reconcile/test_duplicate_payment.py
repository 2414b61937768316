"""The same amount twice from one customer, and only one bill of it."""

from datetime import date, timedelta

RULE = "duplicate_payment"


async def twice(books, *, second=date(2026, 11, 18), first=date(2026, 11, 16)):
    party = await books.party("Sharma Traders")
    bill = await books.invoice(party, "INV-102", 500_000)
    one = await books.receipt(party, 500_000, received_on=first, reference="UTR1")
    await books.allocate(one, bill, 500_000)
    two = await books.receipt(party, 500_000, received_on=second, reference="UTR2")
    return party, one, two


async def test_it_asks_about_the_two_and_clears_when_the_second_is_given_back(books):
    _, one, two = await twice(books)
    await books.judge(two)
    assert await books.after(seconds=30) == ["conflict.opened"]
    found = await books.only(RULE)
    assert found["subjects"] == sorted([one, two])
    assert found["evidence"]["anchor"] == str(two)
    await books.set("receipts", two, refunded=500_000, status="payment.refunded")
    assert await books.judge(two) == ["conflict.cleared"]


async def test_touching_only_the_first_one_finds_the_pair_as_well(books):
    _, one, _ = await twice(books)
    await books.judge(one)
    assert len(await books.conflicts(RULE)) == 1


async def test_two_round_sums_on_account_or_weeks_apart_are_no_duplicate(books):
    party = await books.party("Gupta Steel")
    await books.receipt(party, 5_000_000)
    await books.receipt(party, 5_000_000)
    await twice(books, first=date(2026, 10, 20))
    await books.judge(whole=True)
    assert await books.conflicts() == []


async def test_of_several_earlier_ones_the_nearest_is_named_whatever_was_touched(books):
    party, _, two = await twice(books, first=date(2026, 11, 8))
    near = await books.receipt(party, 500_000, received_on=date(2026, 11, 17), allocated=500_000)
    for touched in ([near], [two], []):
        await books.judge(*touched, whole=not touched)
        assert (await books.only(RULE))["subjects"] == sorted([near, two])


async def test_both_right_stays_answered_until_the_evidence_changes(books):
    _, one, two = await twice(books)
    await books.judge(two)
    await books.after(seconds=30)
    await books.answer((await books.only(RULE))["id"], "both_right")
    assert await books.judge(one, two) == []
    assert await books.after(two, days=30) == []
    await books.set("receipts", two, received_on=date(2026, 11, 18) - timedelta(days=1))
    assert await books.judge(two) == ["conflict.reopened"]
