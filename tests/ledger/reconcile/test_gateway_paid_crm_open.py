"""A paid bill whose deal still stands open in the CRM."""

RULE = "gateway_paid_crm_open"


async def told(books, *, bill_status="invoice.paid", status="deal.open", source="crm:hubspot"):
    party = await books.party("Sharma Traders")
    await books.invoice(party, "INV-102", 3_422_000, status=bill_status, outstanding=0)
    row = (await books.rows("SELECT id FROM invoices WHERE business_id = $1"))[0]["id"]
    return await books.claim(
        "invoice", row, party_id=party, word="Proposal sent", status=status, source=source
    )


async def test_it_waits_a_day_for_the_salesman_then_asks(books):
    claim = await told(books)
    await books.judge(claim)
    assert (await books.only(RULE))["status"] == "waiting"
    assert await books.after(hours=23) == []
    assert await books.after(hours=2) == ["conflict.opened"]
    assert (await books.only(RULE))["amount"] == 3_422_000


async def test_the_salesman_who_moves_the_deal_clears_it(books):
    claim = await told(books)
    await books.judge(claim)
    await books.after(hours=25)
    await books.set("claims", claim, status="invoice.paid", word="Closed won")
    assert await books.judge(claim) == ["conflict.cleared"]


async def test_an_open_bill_a_lost_deal_and_other_tools_are_not_asked_about(books):
    for case in (
        {"bill_status": "invoice.partially_paid"},
        {"status": "deal.lost"},
        {"source": "standard:shop"},
    ):
        await books.judge(await told(books, **case))
        assert await books.conflicts(RULE) == []
        for table in ("claims", "invoices"):
            await books.rows(f"DELETE FROM {table} WHERE business_id = $1")
