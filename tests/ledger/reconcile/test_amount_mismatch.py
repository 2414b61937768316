"""Money that names a bill and isn't what the bill asks."""

from datetime import date

RULE = "amount_mismatch"


async def paid(books, bill_amount, money, *, base=None, why="invoice_number"):
    party = await books.party("Sharma Traders")
    bill = await books.invoice(party, "INV-102", bill_amount, base=base)
    receipt = await books.receipt(party, money)
    await books.allocate(receipt, bill, min(money, bill_amount), why=why)
    await books.judge(receipt, bill)
    await books.after(seconds=30)
    return bill, receipt


async def test_short_by_tds_proposes_the_rate(books):
    bill, receipt = await paid(books, 1_180_000, 1_080_000, base=1_000_000)
    found = await books.only(RULE)
    assert found["status"] == "open"
    assert sorted(found["subjects"]) == sorted([bill, receipt])
    (best,) = found["evidence"]["candidates"]
    assert best["cut"] == {
        "amount": 100_000,
        "percent": "10%",
        "base": 1_000_000,
        "why": "s.393 professional fees",
    }
    assert best["lines"] == [{"document": str(bill), "number": "INV-102", "amount": 100_000, "kind": "tds"}]


async def test_a_rupee_of_rounding_in_tds_is_allowed(books):
    await paid(books, 1_180_050, 1_160_000, base=1_000_042)
    assert (await books.only(RULE))["evidence"]["candidates"][0]["cut"]["amount"] == 20_050


async def test_tds_cut_on_gst_as_well_is_named_a_mistake(books):
    await paid(books, 1_180_000, 1_062_000, base=1_000_000)
    best = (await books.only(RULE))["evidence"]["candidates"][0]
    assert best["mistaken"]
    assert best["cut"]["base"] == 1_180_000


async def test_both_cuts_on_one_bill_are_found(books):
    await paid(books, 1_180_000, 1_060_000, base=1_000_000)
    best = (await books.only(RULE))["evidence"]["candidates"][0]
    assert [(line["kind"], line["amount"]) for line in best["lines"]] == [
        ("tds", 100_000),
        ("gst_tds", 20_000),
    ]


async def test_a_part_payment_a_rupee_and_a_decided_allocation_are_no_question(books):
    await paid(books, 1_000_000, 600_000)
    await paid(books, 1_000_000, 999_950)
    await paid(books, 1_000_000, 900_000, why="decided")
    assert await books.conflicts() == []


async def test_too_much_money_is_asked_and_cleared_once_it_is_used(books):
    _, receipt = await paid(books, 1_000_000, 1_050_000)
    assert (await books.only(RULE))["evidence"]["over"] == 50_000
    await books.set("receipts", receipt, allocated=1_050_000)
    assert await books.judge(receipt) == ["conflict.cleared"]


async def test_the_rest_coming_later_clears_it_and_a_different_rest_opens_it_again(books):
    bill, receipt = await paid(books, 1_000_000, 900_000)
    found = await books.only(RULE)
    await books.answer(found["id"], "still_due")
    assert await books.judge(receipt, bill) == []
    await books.set("invoices", bill, outstanding=50_000)
    assert await books.judge(receipt, bill) == ["conflict.reopened"]
    party = found["party_id"]
    rest = await books.receipt(party, 50_000, received_on=date(2026, 11, 19))
    await books.allocate(rest, bill, 50_000)
    assert await books.judge(rest, bill, receipt) == ["conflict.cleared"]
