"""Two parties that may be one: asked once, joined or kept apart for good."""

import pytest

from ledger.domain.roles import Role

RULE = "possible_duplicate_party"
BOOKS, CRM = "standard:books", "crm:hubspot"


async def names(firm):
    rows = await firm.run("SELECT name FROM parties WHERE business_id = $1 ORDER BY name")
    return [row["name"] for row in rows]


async def two(
    firm, one="Sharma Traders", other="Sharmaa Traders Pvt Ltd", *, source=CRM, first=None, second=None
):
    await firm.party(one, "C-1", **(first or {}))
    await firm.party(other, "H-9", source=source, **(second or {}))
    await firm.settle()


@pytest.mark.parametrize(
    ("one", "other", "first", "second"),
    [
        ("Sharma Traders", "Sharmaa Traders Pvt. Ltd.", {}, {}),
        ("Aggarwal Steel", "M/s Agarwal Steel", {}, {}),
        ("Sharma Traders", "Ramesh Ji", {"phone": "+91 98200 12345"}, {"phone": "9820012345"}),
        ("Sharma Traders", "Ramesh Ji", {"email": "Ramesh@Sharma.in "}, {"email": "ramesh@sharma.in"}),
        ("Sharma Cement", "Sharma Cem Works", {"pan": "AAPFU0939F"}, {"gstin": "27AAPFU0939F1ZV"}),
    ],
    ids=["a name written otherwise", "a name as it sounds", "telephone", "e-mail", "PAN and like names"],
)  # fmt: skip
async def test_it_asks(firm, one, other, first, second):
    await two(firm, one, other, first=first, second=second)
    found = await firm.only(RULE)
    assert found.severity == "warn"
    assert found.title.startswith("Are ")
    assert one in found.title
    assert other in found.title


@pytest.mark.parametrize(
    ("one", "other", "source", "first", "second"),
    [
        ("Sharma Traders", "Sharma Cement Works", CRM, {}, {}),
        ("Sharma Traders", "Sharma Traders", BOOKS, {}, {}),
        ("Sharma Traders", "Sharma Traders", CRM, {"gstin": "27AAPFU0939F1ZV"}, {"gstin": "29AAGCB7383J1Z4"}),
        ("Sharma Traders", "Gupta Steel", CRM, {"pan": "AAPFU0939F"}, {"pan": "AAPFU0939F"}),
        ("Sharma Traders", "Gupta Steel", CRM, {"phone": "9999999999"}, {"phone": "9999999999"}),
        ("Customer 1", "Customer 11", CRM, {}, {}),
    ],
    ids=["other names", "two of one source", "another GSTIN", "brother firms", "no telephone", "numbers count"],
)  # fmt: skip
async def test_it_stays_quiet(firm, one, other, source, first, second):
    await two(firm, one, other, source=source, first=first, second=second)
    assert await firm.asked(RULE) == []


async def test_what_half_the_town_shares_tells_nothing(firm):
    for number in range(7):
        await firm.party(f"Firm {'ABCDEFG'[number] * 3}", f"C-{number}", phone="9820012345")
    await firm.settle()
    assert await firm.asked(RULE) == []


async def test_the_same_bill_in_both_ledgers_of_one_source_is_telling(firm):
    await firm.bill("INV-1", 100_000, party={"id": "C-1", "name": "Sharma Traders"})
    await firm.bill("INV-1", 100_000, party={"id": "C-2", "name": "SHARMA TRADERS"}, issued_on="2026-11-03")
    await firm.settle()
    assert len(await firm.asked(RULE)) <= 1


async def test_the_second_one_is_noticed_when_it_comes_later(firm):
    await firm.party("Sharma Traders", "C-1")
    await firm.settle()
    await firm.party("Sharma Traders", "H-9", source=CRM)
    await firm.settle()
    assert len(await firm.asked(RULE)) == 1


async def test_yes_makes_them_one_and_undo_parts_them_again(firm):
    await two(firm)
    question = await firm.answer(RULE, "same")
    assert len(await names(firm)) == 1
    await firm.undo(question)
    assert len(await names(firm)) == 2
    assert len(await firm.asked(RULE)) == 1


async def test_no_is_never_asked_again_and_undo_asks(firm):
    await two(firm)
    question = await firm.answer(RULE, "different")
    await firm.party("Sharma Traders India", "C-1", phone="9820012345")
    await firm.party("Sharma Traders India", "H-9", source=CRM, phone="9820012345")
    await firm.settle()
    await firm.sweep()
    assert await firm.asked(RULE) == []
    assert len(await names(firm)) == 2
    await firm.undo(question)
    assert len(await firm.asked(RULE)) == 1


async def test_it_clears_when_a_source_tells_them_apart(firm):
    await two(firm, first={"phone": "9820012345"}, second={"phone": "9820012345"})
    await firm.party("Sharma Traders", "C-1", gstin="27AAPFU0939F1ZV")
    await firm.party("Sharmaa Traders", "H-9", source=CRM, gstin="29AAGCB7383J1Z4")
    await firm.settle()
    assert await firm.asked(RULE) == []
    assert len(await firm.asked(RULE, "cleared")) == 1


async def test_a_rep_sees_it_of_his_own_customers_only(firm):
    await two(firm, first={"owner": "own-1"}, second={"owner": "own-1"})
    mine, other = await firm.reps()
    assert len(await firm.asked(RULE, actor=mine)) == 1
    assert await firm.asked(RULE, actor=other) == []
    assert len(await firm.asked(RULE, actor=await firm.member("CA", Role.VIEW))) == 1


async def test_two_bills_of_one_number_day_and_amount_under_two_names_tell(firm):
    for number in ("INV-1", "INV-2"):
        await firm.bill(number, 100_000, party={"id": "C-1", "name": "Sharma Traders"})
        await firm.bill(number, 100_000, source=CRM, party={"id": "H-9", "name": "Ramesh Ji"})
        await firm.settle()
        asked = await firm.asked(RULE)
        assert len(asked) == (number == "INV-2")
    assert "2 bills of the same number, day and amount" in " ".join(asked[0].lines)
    await firm.answer(RULE, "same")
    assert len(await names(firm)) == 1
    rows = await firm.run("SELECT amount FROM invoices WHERE business_id = $1")
    assert [row["amount"] for row in rows] == [100_000, 100_000]


async def test_bills_that_differ_in_day_or_amount_tell_nothing(firm):
    for number, amount, day in (("INV-1", 100_000, "2026-11-03"), ("INV-2", 99_999, "2026-11-02")):
        await firm.bill(number, 100_000, party={"id": "C-1", "name": "Sharma Traders"})
        await firm.bill(number, amount, source=CRM, party={"id": "H-9", "name": "Ramesh Ji"}, issued_on=day)
    await firm.settle()
    assert await firm.asked(RULE) == []


async def test_linked_and_parted_in_any_order_ends_in_the_last_word(firm):
    await two(firm)
    first = await firm.answer(RULE, "same")
    await firm.undo(first)
    second = await firm.answer(RULE, "different")
    assert len(await names(firm)) == 2
    await firm.undo(second)
    await firm.answer(RULE, "same")
    assert len(await names(firm)) == 1
