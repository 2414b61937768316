"""Who owed what on a day, as it was known: the same sums as today's where nothing came after, and lists by many sides."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.errors import Denied, Rejected
from kit.ids import uuid7
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries import Parties, TotalCount, WhoOwesMe
from tests.ledger.handlers.test_tie_out import Teller
from tests.ledger.rows import NOW, TODAY, days_ago, rows_of

REP = "ravi"
bills = st.lists(
    st.tuples(st.integers(1, 900), st.integers(0, 90), st.one_of(st.none(), st.integers(-20, 60))), max_size=5
)
"""(rupees, days ago, credit days) of bills."""
firms = st.lists(st.tuples(bills, st.integers(0, 1200)), min_size=1, max_size=3)
"""Customers with their bills and with money that is set against none."""


def rep(business: UUID) -> Actor:
    """A sales rep whose customers are Ravi's."""
    return Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key=REP)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(firm=firms)
async def test_a_day_after_which_nothing_came_stands_as_today_does(
    firm: list[tuple[list[tuple[int, int, int | None]], int]], door: Door, engine: AsyncEngine, owner: Actor
) -> None:
    async with rows_of(engine, owner.business_id) as rows:
        for table in ("postings", "invoices", "parties"):
            await rows.tx.run(f"DELETE FROM {table} WHERE business_id = $1", owner.business_id)
        for number, (owed, paid) in enumerate(firm):
            party = await rows.party(f"Customer {number}")
            for rupees, ago, credit in owed:
                due = days_ago(ago) + timedelta(days=credit) if credit is not None else None
                bill = await rows.invoice(party, rupees * 100, issued_on=days_ago(ago), due_on=due)
                await rows.posting(party, bill, rupees * 100, effective_on=days_ago(ago), due_on=due)
            if paid:
                await rows.on_account(party, paid * 100)
                await rows.posting(party, uuid7(), -paid * 100, kind="advance", effective_on=days_ago(1))
    for sort in ("urgency", "amount", "name"):
        now = await door.query(WhoOwesMe(first=50, sort=sort), owner)
        then = await door.query(WhoOwesMe(first=50, sort=sort, as_of=TODAY), owner)
        known = await door.query(WhoOwesMe(first=50, sort=sort, known_at=NOW), owner)
        assert then == known == now


async def test_what_came_later_is_not_known_before_and_the_past_stays(
    door: Door, business: UUID, owner: Actor
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        teller.bill("INV-1", 1_000_00, due_on="2026-09-15"), teller.bill("INV-2", 500_00, due_on="2026-10-15")
    )
    before = door.clock()
    await teller.tell(teller.receipt("r1", 1_000_00))  # on 20 September, told now
    then = await door.query(WhoOwesMe(as_of=days_ago(59)), owner)  # 22 September
    assert (then.total, then.overdue, then.rows[0].on_account) == (500_00, 0, 1_000_00)
    assert (then.rows[0].open_bills, then.rows[0].overdue_days) == (1_500_00, 0)
    known = await door.query(WhoOwesMe(as_of=days_ago(59), known_at=before), owner)
    assert (known.total, known.overdue, known.rows[0].overdue_days) == (1_500_00, 1_000_00, 7)
    early = await door.query(WhoOwesMe(as_of=days_ago(100)), owner)
    assert (early.total, early.rows, early.count) == (0, (), 0)
    assert await door.query(TotalCount(WhoOwesMe(as_of=days_ago(59))), owner) == 1


async def test_a_closed_day_answers_as_signed_and_a_moment_needs_a_timezone(door: Door, owner: Actor) -> None:
    with pytest.raises(Rejected, match="timezone"):
        await door.query(WhoOwesMe(known_at=NOW.replace(tzinfo=None)), owner)


async def test_parties_are_listed_by_kind_owner_group_balance_and_search(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        sharma = await rows.party("Sharma Traders", owner=REP, pan="AAPFU0939F", gstin="27AAPFU0939F1ZV")
        om = await rows.party("Om Steel", pan="AAPFU0939F", phone="+91 98000 00001")
        vendor = await rows.party("Zenith Supply", is_customer=False, is_vendor=True)
        await rows.invoice(sharma, 200_00, due_on=days_ago(3))
        await rows.invoice(om, 300_00)
        await rows.payable(vendor, 900_00)

    async def named(**wanted: object) -> list[str]:
        page = await door.query(Parties(**wanted), owner)  # type: ignore[arg-type]
        assert page.count == len(page.rows) == await door.query(TotalCount(Parties(**wanted)), owner)  # type: ignore[arg-type]
        return [row.name for row in page.rows]

    assert await named() == ["Om Steel", "Sharma Traders", "Zenith Supply"]
    assert await named(kind="customer", sort="receivable") == ["Om Steel", "Sharma Traders"]
    assert await named(kind="vendor") == ["Zenith Supply"]
    assert await named(owner=REP) == ["Sharma Traders"]
    assert await named(pan="aapfu0939f") == ["Om Steel", "Sharma Traders"]
    assert await named(gstin="27aapfu0939f1zv") == ["Sharma Traders"]
    assert await named(balance="them", sort="payable") == ["Zenith Supply"]
    assert await named(balance="us") == ["Om Steel", "Sharma Traders"]
    assert await named(balance="any", search="sharmaa") == ["Sharma Traders"]
    assert await named(search="9800000001") == ["Om Steel"]
    assert await named(search="nobody of that name") == []
    for wrong in ({"kind": "friend"}, {"balance": "all"}, {"sort": "age"}):
        with pytest.raises(Rejected):
            await named(**wrong)
    first = await door.query(Parties(first=2, sort="receivable"), owner)
    rest = await door.query(Parties(first=2, sort="receivable", after=first.end), owner)
    assert [row.name for row in (*first.rows, *rest.rows)] == ["Om Steel", "Sharma Traders", "Zenith Supply"]


async def test_a_rep_finds_his_own_customers_and_nothing_by_what_we_owe(
    door: Door, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        own, other = await rows.party("Sharma Traders", owner=REP), await rows.party("Om Steel", owner="asha")
        for party in (own, other):
            bill = await rows.invoice(party, 100_00)
            await rows.posting(party, bill, 100_00)
    ravi = rep(business)
    for question in (Parties(), Parties(owner="asha"), Parties(search="o"), Parties(sort="receivable")):
        assert {row.name for row in (await door.query(question, ravi)).rows} <= {"Sharma Traders"}
    then = await door.query(WhoOwesMe(as_of=TODAY), ravi)
    assert ([row.name for row in then.rows], then.total, then.count) == (["Sharma Traders"], 100_00, 1)
    assert await door.query(TotalCount(WhoOwesMe(as_of=TODAY)), ravi) == 1
    for hidden in (Parties(sort="payable"), Parties(balance="them"), Parties(balance="any")):
        with pytest.raises(Denied):
            await door.query(hidden, ravi)
        with pytest.raises(Denied):
            await door.query(TotalCount(hidden), ravi)
