"""A bank credit that nothing explains, and the bills that it may pay."""

from datetime import date, timedelta

RULE = "unmatched_bank_credit"


async def opened(books, *lines):
    await books.judge(*lines)
    await books.after(seconds=30)
    return await books.only(RULE)


async def test_it_asks_after_half_a_minute_and_clears_when_explained(books):
    line = await books.bank_line(1_000_000)
    assert await books.judge(line) == []
    assert await books.after(seconds=30) == ["conflict.opened"]
    await books.set("bank_lines", line, explained_by="receipt")
    assert await books.judge(line) == ["conflict.cleared"]
    assert (await books.only(RULE))["status"] == "cleared"


async def test_debits_and_explained_credits_are_no_question(books):
    debit = await books.bank_line(-500_000)
    explained = await books.bank_line(500_000, explained_by="settlement")
    await books.judge(debit, explained)
    assert await books.conflicts() == []


async def test_one_bill_of_just_this_amount_and_a_similar_name_comes_first(books):
    sharma, gupta = await books.party("Sharma Traders Pvt Ltd"), await books.party("Gupta Steel")
    bill = await books.invoice(sharma, "INV-102", 1_180_000)
    await books.invoice(gupta, "INV-103", 1_180_000, due_on=date(2026, 11, 18))
    found = await opened(books, await books.bank_line(1_180_000))
    first, second = found["evidence"]["candidates"]
    assert first["lines"] == [
        {"document": str(bill), "number": "INV-102", "amount": 1_180_000, "kind": "receipt"}
    ]
    assert first["evidence"] == ["amount exact", "4 days after due", "similar name"]
    assert second["name"] == "Gupta Steel"
    assert second["evidence"] == ["amount exact", "on the due day"]
    assert found["party_id"] == sharma


async def test_two_bills_less_tds_are_proposed_with_the_deduction(books):
    sharma = await books.party("Sharma Traders")
    await books.invoice(sharma, "INV-102", 3_422_000, base=2_900_000)
    await books.invoice(sharma, "INV-107", 2_360_000, base=2_000_000, due_on=date(2026, 11, 16))
    found = await opened(books, await books.bank_line(5_684_000))
    best = found["evidence"]["candidates"][0]
    assert best["cut"]["amount"] == 98_000
    assert best["cut"]["percent"] == "2%"
    assert best["cut"]["base"] == 4_900_000
    assert [(line["number"], line["amount"], line["kind"]) for line in best["lines"]] == [
        ("INV-102", 3_364_000, "receipt"),
        ("INV-102", 58_000, "tds"),
        ("INV-107", 2_320_000, "receipt"),
        ("INV-107", 40_000, "tds"),
    ]
    assert sum(line["amount"] for line in best["lines"] if line["kind"] == "receipt") == 5_684_000


async def test_a_known_payer_beats_a_similar_name(books):
    sharma, brother = await books.party("Sharma Traders"), await books.party("Verma and Sons")
    await books.receipt(brother, 50_000, payer="SHARMA TRADERS", allocated=50_000)
    await books.invoice(sharma, "INV-1", 700_000)
    await books.invoice(brother, "INV-2", 700_000)
    found = await opened(books, await books.bank_line(700_000))
    best = found["evidence"]["candidates"][0]
    assert best["name"] == "Verma and Sons"
    assert best["evidence"][-1] == "known payer"
    assert [party["name"] for party in found["evidence"]["parties"]] == ["Verma and Sons", "Sharma Traders"]


async def test_a_full_name_alone_proposes_no_bill_only_the_party(books):
    sharma = await books.party("Sharma Traders")
    await books.invoice(sharma, "INV-1", 999_900)
    found = await opened(books, await books.bank_line(700_000))
    assert found["evidence"]["candidates"] == []
    assert [party["name"] for party in found["evidence"]["parties"]] == ["Sharma Traders"]


async def test_an_amount_that_many_strangers_owe_says_nothing(books):
    for number in range(5):
        await books.invoice(await books.party(f"Customer {number}"), f"INV-{number}", 1_180_000)
    found = await opened(books, await books.bank_line(1_180_000, payer="UNKNOWN PERSON", narration="x"))
    assert found["evidence"]["candidates"] == []


async def test_a_new_bill_renews_the_proposals_and_the_version(books):
    sharma = await books.party("Sharma Traders")
    found = await opened(books, await books.bank_line(700_000))
    bill = await books.invoice(sharma, "INV-1", 700_000)
    assert await books.judge(bill) == ["conflict.changed"]
    renewed = await books.only(RULE)
    assert renewed["version"] == found["version"] + 1
    assert renewed["evidence"]["candidates"][0]["bills"][0]["number"] == "INV-1"
    assert await books.judge(bill) == []
    assert await books.judge(whole=True) == []


async def test_proposals_are_not_evidence_so_an_answer_outlives_them(books):
    line = await books.bank_line(700_000)
    found = await opened(books, line)
    await books.answer(found["id"], "own_transfer")
    bill = await books.invoice(await books.party("Sharma Traders"), "INV-1", 700_000)
    assert await books.judge(line, bill) == []
    assert (await books.only(RULE))["status"] == "resolved"
    await books.set("bank_lines", line, amount=710_000)
    assert await books.judge(line) == ["conflict.reopened"]


async def test_a_snooze_is_honoured_until_its_time(books):
    line = await books.bank_line(700_000)
    found = await opened(books, line)
    await books.rows(
        "UPDATE conflicts SET status = 'snoozed', due_at = $2 WHERE business_id = $1 RETURNING id",
        books.now + timedelta(days=1),
    )
    assert await books.after(line, hours=23) == []
    assert (await books.only(RULE))["status"] == "snoozed"
    assert await books.after(hours=1) == ["conflict.woken"]
    assert (await books.only(RULE))["version"] == found["version"] + 1


async def test_a_switched_off_rule_asks_nothing_and_clears_what_it_asked(books):
    line = await books.bank_line(700_000)
    await opened(books, line)
    await books.insert("rule_switches", rule=RULE, enabled=False)
    assert await books.judge() == ["conflict.cleared"]
    assert await books.judge(line, whole=True) == []
