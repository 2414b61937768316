"""Money by its reference or amount: where it is, what it paid, who may see it."""

from __future__ import annotations

import pytest

from kit.errors import Rejected
from ledger.domain.roles import Role
from ledger.queries.money import FindMoney
from tests.ledger.desk import BANK, CRM, SHARMA, Firm

UTR = "HDFCN52026111800"


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


async def came(firm: Firm, amount: int, line: str = "L-1", reference: str = UTR, **extra) -> None:
    await firm.say(
        BANK, "bank.credited", "bank_line", line, amount=amount, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration=f"NEFT-{reference}-SHARMA TRADERS", channel="NEFT",
        references={"utr": [reference]}, payer={"name": "SHARMA TRADERS"}, **extra,
    )  # fmt: skip


async def test_a_utr_leads_to_the_money_the_bank_that_shows_it_and_the_question_about_it(firm):
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await came(firm, 5_684_000)
    await firm.settle()
    found = await firm.door.query(FindMoney(UTR.lower()), firm.owner)
    assert [(one.kind, one.amount, one.out) for one in found] == [("receipt", 5_684_000, False)]
    assert found[0].bank is not None
    assert found[0].question == (await firm.only()).id
    assert await firm.door.query(FindMoney(amount=5_684_000), firm.owner) == found
    assert await firm.door.query(FindMoney("AXISN52026111800"), firm.owner) == ()


async def test_what_it_paid_is_told_bill_by_bill(firm):
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await came(firm, 3_422_000)
    await firm.say(
        BANK, "bank.debited", "bank_line", "L-2", amount=777_700, currency="INR", account="000405004421",
        posted_on="2026-11-18", narration="NEFT-UTIBN52026111900-BHARAT YARN", channel="NEFT",
        references={"utr": ["UTIBN52026111900"]}, payer={"name": "BHARAT YARN"},
    )  # fmt: skip
    await firm.settle()
    for view in await firm.door.query(FindMoney(UTR), firm.owner):
        assert (view.party_name, [(bill.number, bill.amount) for bill in view.paid]) == (
            "Sharma Traders",
            [("INV-102", 3_422_000)],
        )
    out = await firm.door.query(FindMoney("UTIBN52026111900"), firm.owner)
    assert [(one.out, one.amount) for one in out] == [(True, 777_700)]


async def test_a_rep_finds_his_customers_money_and_no_bank_line(firm):
    await firm.say(CRM, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi")
    await firm.bill("INV-102", 3_422_000, 2_900_000, party={**SHARMA})
    await came(firm, 3_422_000)
    await firm.settle()
    ravi = await firm.member("Ravi", Role.SALES, owner_key="nobody")
    assert await firm.door.query(FindMoney(UTR), ravi) == ()


@pytest.mark.parametrize(
    "question", [FindMoney(), FindMoney("abc"), FindMoney("x" * 99), FindMoney("ABCDEF1", 5)]
)
async def test_half_a_question_is_refused_kindly(firm, question):
    with pytest.raises(Rejected):
        await firm.door.query(question, firm.owner)
