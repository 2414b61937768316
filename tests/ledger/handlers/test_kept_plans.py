"""Plans are kept for the statements that one plan suits, and for no others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from ledger import queries
from ledger.dispatch import Door, Reader
from ledger.domain.roles import Actor, Role
from tests.ledger.rows import TODAY, days_ago, rows_of

USUAL = queries.Receivables(first=2)


async def mode(reader: Reader) -> str:
    """How PostgreSQL plans the snapshot's next statement."""
    return str(await reader.tx.value("SHOW plan_cache_mode"))


async def test_a_snapshot_that_begins_with_the_usual_page_keeps_its_plan(door: Door, owner: Actor) -> None:
    async with door.reading(owner, first=USUAL) as reader:
        await reader.query(USUAL)
        assert await mode(reader) == "force_generic_plan"
        await reader.query(replace(USUAL, sort="amount"))
        assert await mode(reader) == "force_generic_plan"


async def test_any_other_question_is_planned_for_its_values(door: Door, owner: Actor) -> None:
    async with door.reading(owner, first=USUAL) as reader:
        await reader.query(USUAL)
        await reader.query(queries.Payables())
        assert await mode(reader) == "force_custom_plan"
        await reader.query(USUAL)
        assert await mode(reader) == "force_custom_plan"
    async with transaction(door.engine, [owner.business_id]) as tx:
        assert await tx.value("SHOW plan_cache_mode") == "force_custom_plan"


@pytest.mark.parametrize(
    "question",
    [
        replace(USUAL, search="Sharma"),
        replace(USUAL, min_outstanding=1),
        replace(USUAL, as_of=TODAY),
        queries.OwnBusiness(),
    ],
)
async def test_a_question_that_narrows_or_looks_back_keeps_none(
    question: object, door: Door, owner: Actor
) -> None:
    async with door.reading(owner, first=question) as reader:
        await reader.query(question)
        assert await mode(reader) == "force_custom_plan"


async def test_a_rep_whose_customers_are_few_of_many_keeps_none(door: Door, owner: Actor) -> None:
    rep = Actor(owner.business_id, Role.SALES, "Ravi", member_id=owner.member_id, owner_key="ravi")
    async with door.reading(rep, first=USUAL) as reader:
        await reader.query(USUAL)
        assert await mode(reader) == "force_custom_plan"


@pytest.mark.parametrize("sort", ["aging", "amount", "newest"])
async def test_the_kept_plan_pages_as_the_new_one(
    sort: str, door: Door, engine: AsyncEngine, owner: Actor
) -> None:
    async with rows_of(engine, owner.business_id) as rows:
        party = await rows.party("Sharma Traders")
        for n in range(9):
            await rows.invoice(party, 100_00 + n % 3, due_on=None if n % 4 == 0 else days_ago(n - 4))
    question = replace(USUAL, sort=sort)
    while True:
        kept = await door.query(question, owner)
        async with door.reading(owner) as reader:
            assert await reader.query(question) == kept
        if not kept.more:
            break
        question = replace(question, after=kept.end)


async def test_the_page_takes_one_statement_and_ages_by_the_business_day(
    door: Door, engine: AsyncEngine, owner: Actor
) -> None:
    async with rows_of(engine, owner.business_id) as rows:
        await rows.invoice(await rows.party("Sharma Traders"), 100_00, due_on=days_ago(3))
    async with door.reading(owner, first=USUAL) as reader:
        (bill,) = (await reader.query(USUAL)).rows
        assert reader.tx.statements == 1
    assert (bill.overdue_days, bill.age_days) == (3, 3)
