"""Closed periods: reports of their days answer as signed, what comes later is listed apart, and nothing is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import uuid7
from ledger.commands import RebuildBusiness
from ledger.commands.tie_out import ClosePeriod, ReopenPeriod
from ledger.dispatch import Door
from ledger.domain.events import Delivery
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Payables, Receivables
from ledger.queries.tie_out import AfterClosing, ClosedPeriods, TieOut
from tests.ledger.handlers.test_tie_out import Teller, teller  # noqa: F401  a fixture

OCTOBER = date(2026, 10, 31)
SEPTEMBER = date(2026, 9, 30)


def member(business: UUID, role: Role) -> Actor:
    """A member of a role."""
    return Actor(business, role, role.value, member_id=uuid7())


async def outstanding(door: Door, owner: Actor, as_of: date, known_at: datetime | None = None) -> int:
    """What is to collect as of a day."""
    page = await door.query(Receivables(as_of=as_of, known_at=known_at), owner)
    return sum(bill.outstanding for bill in page.rows)


async def test_a_closed_period_answers_as_signed_and_lists_what_came_later(
    door: Door,
    teller: Teller,  # noqa: F811
    owner: Actor,
) -> None:
    await teller.tell(teller.bill("INV-1", 1_000_00), teller.bill("INV-2", 300_00))
    made = await door.execute(ClosePeriod(OCTOBER, "GST return filed"), owner)
    assert (made.until, made.note, made.receivable, made.changes) == (
        OCTOBER,
        "GST return filed",
        1_300_00,
        0,
    )
    assert made.closed_by == "Ramesh"
    closed_at = door.clock()
    door.clock.advance(hours=1)  # type: ignore[attr-defined]
    await teller.tell(
        teller.receipt("r1", 400_00, references={"invoices": ["INV-1"]}),  # of September, told late
        teller.bill("INV-3", 50_00, issued_on="2026-11-05"),  # of November
    )
    assert await outstanding(door, owner, OCTOBER) == 1_300_00
    assert await outstanding(door, owner, date(2026, 9, 25)) == 1_300_00
    assert (
        await outstanding(door, owner, OCTOBER, door.clock()) == 900_00
    )  # who asks for today's knowledge gets it
    assert await outstanding(door, owner, date(2026, 11, 20)) == 950_00
    late = await door.query(AfterClosing(OCTOBER), owner)
    (change,) = late.rows
    assert (change.kind, change.amount, change.on) == ("receipt", -400_00, date(2026, 9, 20))
    assert change.known_at > closed_at
    assert change.party_name == "Sharma Traders"
    (period,) = await door.query(ClosedPeriods(), owner)
    assert (period.receivable, period.changes) == (1_300_00, 1)
    page = await door.query(TieOut(as_on=OCTOBER), owner)
    assert (page.signed_until, page.known_at, page.totals[0].ours, page.totals[0].books) == (
        OCTOBER,
        closed_at,
        1_300_00,
        1_300_00,
    )


async def test_moving_money_within_a_party_is_no_change_and_a_voided_bill_is_one(
    door: Door,
    teller: Teller,  # noqa: F811
    owner: Actor,
) -> None:
    await teller.tell(teller.bill("INV-1", 1_000_00), teller.receipt("r1", 400_00))
    await door.execute(ClosePeriod(OCTOBER, "filed"), owner)
    door.clock.advance(hours=1)  # type: ignore[attr-defined]
    at = datetime(2026, 11, 1, tzinfo=UTC)
    await teller.tell(teller.receipt("r1", 400_00, references={"invoices": ["INV-1"]}, at=at))
    assert (await door.query(AfterClosing(OCTOBER), owner)).rows == ()
    await teller.tell(teller.say("books:tally", "invoice.voided", "iINV-1", number="INV-1", at=at))
    (change,) = (await door.query(AfterClosing(OCTOBER), owner)).rows
    assert (change.kind, change.number, change.amount) == ("bill", "INV-1", -1_000_00)
    # As signed: the books had the money on account.
    assert await outstanding(door, owner, OCTOBER) == 1_000_00


async def test_changes_are_paged_newest_first(
    door: Door,
    teller: Teller,  # noqa: F811
    owner: Actor,
) -> None:
    await door.execute(ClosePeriod(OCTOBER, "filed"), owner)
    for n in range(7):
        await teller.tell(teller.bill(f"INV-{n}", 100 + n))
    seen, after = [], None
    while True:
        page = await door.query(AfterClosing(OCTOBER, first=3, after=after), owner)
        seen += page.rows
        after = page.end
        if not page.more:
            break
    assert [change.number for change in seen] == [f"INV-{n}" for n in reversed(range(7))]


async def test_the_first_signature_of_a_day_counts_until_it_is_taken_back(
    door: Door,
    teller: Teller,  # noqa: F811
    owner: Actor,
    engine: AsyncEngine,
) -> None:
    await teller.tell(teller.bill("INV-1", 100_00))
    await door.execute(ClosePeriod(SEPTEMBER, "September"), owner)
    door.clock.advance(days=1)  # type: ignore[attr-defined]
    await teller.tell(teller.bill("INV-2", 30_00))
    await door.execute(ClosePeriod(OCTOBER, "October"), owner)
    assert await outstanding(door, owner, SEPTEMBER) == 100_00
    assert await outstanding(door, owner, OCTOBER) == 130_00
    assert [period.until for period in await door.query(ClosedPeriods(), owner)] == [OCTOBER, SEPTEMBER]
    with pytest.raises(Stale):
        await door.execute(ClosePeriod(SEPTEMBER, "again"), owner)
    door.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await door.execute(ReopenPeriod(SEPTEMBER, "a bill was missing"), owner)
    assert await outstanding(door, owner, SEPTEMBER) == 130_00  # as October was signed
    door.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await door.execute(ReopenPeriod(OCTOBER), owner)
    await teller.tell(teller.bill("INV-3", 7_00))
    assert await outstanding(door, owner, SEPTEMBER) == 137_00
    for question in (AfterClosing(OCTOBER), AfterClosing(date(2026, 1, 1))):
        with pytest.raises(NotFound):
            await door.query(question, owner)
    with pytest.raises(NotFound):
        await door.execute(ReopenPeriod(OCTOBER), owner)
    door.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await door.execute(ClosePeriod(OCTOBER, "October, with INV-3"), owner)
    assert await outstanding(door, owner, OCTOBER) == 137_00
    await teller.drain()
    assert (await door.execute(RebuildBusiness(), system(owner.business_id, "test"))).differing == {}
    async with transaction(engine, [owner.business_id]) as tx:
        rows = await tx.fetch(
            "SELECT action, subject FROM audit WHERE action LIKE 'period.%' ORDER BY sequence"
        )
    assert [tuple(row) for row in rows] == [
        ("period.closed", "2026-09-30"),
        ("period.closed", "2026-10-31"),
        ("period.reopened", "2026-09-30"),
        ("period.reopened", "2026-10-31"),
        ("period.closed", "2026-10-31"),
    ]


async def test_payables_are_signed_too(
    door: Door,
    teller: Teller,  # noqa: F811
    owner: Actor,
) -> None:
    def bill(number: str) -> Delivery:
        return teller.say(
            "books:tally", "bill.received", number, number=number, party={"id": "v", "name": "Gupta"},
            issued_on="2026-09-03", amount=64_900_00,
        )  # fmt: skip

    await teller.tell(bill("A"))
    await door.execute(ClosePeriod(OCTOBER, "filed"), owner)
    await teller.tell(bill("B"))
    assert (await door.query(Payables(as_of=OCTOBER), owner)).total == 64_900_00
    assert (await door.query(Payables(as_of=date(2026, 11, 1)), owner)).total == 2 * 64_900_00


@pytest.mark.parametrize(
    ("until", "note", "code"),
    [
        (date(2026, 11, 20), "today", "period.not_over"),
        (date(2026, 12, 31), "later", "period.not_over"),
        (OCTOBER, "  ", "period.note"),
        (OCTOBER, "x" * 501, "period.note"),
        (OCTOBER, "a\x00b", "period.note"),
    ],
)
async def test_what_can_not_be_closed(until: date, note: str, code: str, door: Door, owner: Actor) -> None:
    with pytest.raises(Rejected) as error:
        await door.execute(ClosePeriod(until, note), owner)
    assert error.value.code == code
    assert await door.query(ClosedPeriods(), owner) == ()


async def test_who_may_close_reopen_and_see(door: Door, business: UUID, owner: Actor) -> None:
    finance, sales, view = (member(business, role) for role in (Role.FINANCE, Role.SALES, Role.VIEW))
    for actor in (sales, view):
        with pytest.raises(Denied):
            await door.execute(ClosePeriod(OCTOBER, "filed"), actor)
    await door.execute(ClosePeriod(OCTOBER, "filed"), finance)
    for actor in (finance, sales, view):
        with pytest.raises(Denied):
            await door.execute(ReopenPeriod(OCTOBER), actor)
    for question in (ClosedPeriods(), AfterClosing(OCTOBER)):
        with pytest.raises(Denied):
            await door.query(question, sales)
        await door.query(question, view)
    door.clock.advance(seconds=1)  # type: ignore[attr-defined]
    await door.execute(ReopenPeriod(OCTOBER), owner)
