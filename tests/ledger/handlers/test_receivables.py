"""Receivables and payables: pages without gaps, scope, filters, and the past as the postings tell it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.errors import Denied, Rejected
from kit.ids import uuid7
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries import InvoicesByIds, Payables, PayablesByIds, Receivables
from tests.ledger.rows import TODAY, days_ago, rows_of


def rep(business: UUID, key: str | None = "ravi") -> Actor:
    """A sales rep with a CRM identity."""
    return Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key=key)


@pytest.mark.parametrize("sort", ["aging", "amount", "newest"])
async def test_pages_have_no_gap_and_no_twin_under_equal_sort_keys(
    sort: str, door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("Sharma Traders")
        made = [
            await rows.invoice(
                party,
                100_00 * (1 + n % 3),
                issued_on=days_ago(50 + n % 2),
                due_on=None if n % 5 == 0 else days_ago(n % 4),
            )
            for n in range(47)
        ]
    seen, after = [], None
    while True:
        page = await door.query(Receivables(first=7, after=after, sort=sort), owner)
        seen += page.rows
        after = page.end
        if not page.more:
            break
    assert len(seen) == 47
    assert {bill.id for bill in seen} == set(made)
    keys = {
        "aging": [(b.due_on or b.issued_on, b.id) for b in seen],
        "amount": [(-b.outstanding, -b.id.int) for b in seen],
        "newest": [(-b.issued_on.toordinal(), -b.id.int) for b in seen],
    }[sort]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "after",
    [
        "",
        "x",
        "!!!",
        "bnVsbA",
        "WyJyZWNlaXZhYmxlczphbW91bnQiLCIxIiwiMiJd",
        "a" * 5_000,
        "\x00",
        "₹",
        "e30",
        "W10",
    ],
)
async def test_a_wrong_cursor_is_rejected_by_name(after: str, door: Door, owner: Actor) -> None:
    with pytest.raises(Rejected) as error:
        await door.query(Receivables(after=after), owner)
    assert error.value.code == "cursor.invalid"


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (Receivables(first=0), "page.size"),
        (Receivables(first=201), "page.size"),
        (Receivables(sort="colour"), "sort.unknown"),
        (Receivables(known_at=datetime(2026, 1, 1)), "time.naive"),  # noqa: DTZ001
        (Receivables(known_at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))), "time.range"),
        (Payables(known_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))), "time.range"),
    ],
)
async def test_what_makes_no_sense_is_rejected(
    question: Receivables, code: str, door: Door, owner: Actor
) -> None:
    with pytest.raises(Rejected) as error:
        await door.query(question, owner)
    assert error.value.code == code


async def test_a_cursor_of_another_order_is_rejected(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        await rows.invoice(await rows.party("A"), 5)
    page = await door.query(Receivables(sort="amount"), owner)
    with pytest.raises(Rejected):
        await door.query(Receivables(sort="aging", after=page.end), owner)


async def test_a_bill_without_due_date_ages_by_its_own_and_is_never_overdue(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        await rows.invoice(party, 100, issued_on=days_ago(78))
        await rows.invoice(party, 200, issued_on=days_ago(90), due_on=days_ago(47))
        await rows.invoice(party, 300, issued_on=days_ago(2), due_on=TODAY)
    page = await door.query(Receivables(), owner)
    assert [(b.outstanding, b.age_days, b.overdue_days) for b in page.rows] == [
        (100, 78, 0),
        (200, 47, 47),
        (300, 0, 0),
    ]
    late = await door.query(Receivables(overdue_only=True), owner)
    assert [b.outstanding for b in late.rows] == [200]


async def test_filters_narrow_by_party_amount_number_and_misspelt_name(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        sharma, gupta = await rows.party("Sharma Traders"), await rows.party("Gupta Steel")
        await rows.invoice(sharma, 100, number="INV-7%")
        await rows.invoice(gupta, 900, number="GS/12")

    async def found(**asked: object) -> list[int]:
        page = await door.query(Receivables(**asked), owner)  # type: ignore[arg-type]
        return [b.outstanding for b in page.rows]

    assert await found(party_id=gupta) == [900]
    assert await found(min_outstanding=101) == [900]
    assert await found(search="sarma") == [100]
    assert await found(search="gs/1") == [900]
    assert await found(search="%") == [100]
    assert await found(search="\x00\ud800") == [100, 900] or await found(search="\x00\ud800") == []


async def test_a_sales_rep_sees_the_bills_of_his_own_customers_only(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        mine, other = await rows.party("Mine", owner="ravi"), await rows.party("Other", owner="neha")
        nobody = await rows.party("Nobody's")
        bills = {
            name: await rows.invoice(party, 100)
            for name, party in (("mine", mine), ("other", other), ("nobody", nobody))
        }
        vendor = await rows.payable(mine, 100)
        for bill, party in ((bills["mine"], mine), (bills["other"], other)):
            await rows.posting(party, bill, 100)
    ravi = rep(business)
    for question in (Receivables(), Receivables(as_of=TODAY), Receivables(search="o")):
        page = await door.query(question, ravi)
        assert {b.id for b in page.rows} <= {bills["mine"]}
    assert set(await door.query(InvoicesByIds(tuple(bills.values())), ravi)) == {bills["mine"]}
    assert set(await door.query(InvoicesByIds(tuple(bills.values())), owner)) == set(bills.values())
    for unknown in (rep(business, None), rep(business, "")):
        assert (await door.query(Receivables(), unknown)).rows == ()
    for forbidden in (Payables(), PayablesByIds((vendor,))):
        with pytest.raises(Denied):
            await door.query(forbidden, ravi)


async def test_another_business_sees_nothing(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        bill = await rows.invoice(await rows.party("A"), 100)
    stranger = uuid7()
    async with transaction(engine, [stranger]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Other')", stranger)
    actor = Actor(stranger, Role.OWNER, "Someone", member_id=uuid7())
    assert (await door.query(Receivables(), actor)).rows == ()
    assert await door.query(InvoicesByIds((bill,)), actor) == {}


async def test_a_bill_in_full_has_its_dues_claims_and_allocations(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    subject, receipt = uuid7(), uuid7()
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        bill = await rows.invoice(party, 600, amount=1_000)
        await rows.put(
            "dues", invoice_id=bill, number=1, anchor=subject, due_on=TODAY, amount=1_000, outstanding=600
        )
        await rows.claim(
            subject, bill, party=party, word="Pending", status="invoice.issued", amount=1_000, currency="INR"
        )
        await rows.put(
            "receipts", id=receipt, anchor=uuid7(), party_id=party, status="payment.received", arrived=True,
            received_on=days_ago(3), amount=400, refunded=0, allocated=400, currency="INR", reference="UTR1",
        )  # fmt: skip
        await rows.put(
            "allocations",
            receipt_id=receipt,
            document_id=bill,
            kind="receipt",
            anchor=subject,
            amount=300,
            why="invoice_number",
        )
        await rows.put(
            "allocations",
            receipt_id=uuid7(),
            document_id=bill,
            kind="tds",
            anchor=subject,
            amount=100,
            why="decided",
        )
    found = (await door.query(InvoicesByIds((bill,)), owner))[bill]
    assert [(due.due_on, due.outstanding) for due in found.dues] == [(TODAY, 600)]
    assert [(claim.source, claim.word, claim.amount) for claim in found.claims] == [
        ("books:tally", "Pending", 1_000)
    ]
    assert [(a.kind, a.amount, a.received_on, a.reference) for a in found.allocations] == [
        ("tds", 100, days_ago(60), None),
        ("receipt", 300, days_ago(3), "UTR1"),
    ]


async def test_payables_total_is_in_the_business_currency_and_stops_at_the_day_asked_for(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        vendor = await rows.party("Steel Mill", is_vendor=True)
        late = await rows.payable(vendor, 100, due_on=days_ago(5))
        await rows.payable(vendor, 1_000, due_on=TODAY + timedelta(days=30))
        await rows.payable(vendor, 10_000)
        await rows.payable(vendor, 77, currency="USD", due_on=days_ago(9))
    page = await door.query(Payables(first=2), owner)
    assert (page.total, page.overdue, page.more, len(page.rows)) == (11_100, 100, True, 2)
    rest = await door.query(Payables(first=2, after=page.end), owner)
    assert (rest.total, rest.more, len(rest.rows)) == (11_100, False, 2)
    due = await door.query(Payables(until=TODAY), owner)
    assert (due.total, {b.currency for b in due.rows}) == (100, {"INR", "USD"})
    assert (await door.query(PayablesByIds((late,)), owner))[late].overdue_days == 5


postings = st.lists(
    st.tuples(
        st.integers(0, 3),  # document
        st.sampled_from(["invoice", "receipt", "deduction", "credit_note", "reversal"]),
        st.integers(1, 500),
        st.integers(0, 9),  # effective on this day
        st.integers(0, 9),  # known from this day
        st.none() | st.integers(0, 9),  # known for so many days
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=postings, as_of=st.none() | st.integers(0, 9), known=st.none() | st.integers(0, 18))
async def test_as_of_and_known_at_agree_with_a_naive_model(
    made: list[tuple[int, str, int, int, int, int | None]],
    as_of: int | None,
    known: int | None,
    door: Door,
    engine: AsyncEngine,
) -> None:
    if as_of is None and known is None:
        return
    business = uuid7()
    day, moment = date(2026, 6, 1), datetime(2026, 6, 1, tzinfo=UTC)
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'B')", business)
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        documents = [await rows.invoice(party, 1) for _ in range(3)] + [uuid7()]
        for document, kind, amount, on, since, span in made:
            await rows.posting(
                party,
                documents[document],
                amount if kind in ("invoice", "reversal") else -amount,
                kind=kind,
                effective_on=day + timedelta(days=on),
                known_from=moment + timedelta(days=since),
                known_to=None if span is None else moment + timedelta(days=since + span + 1),
            )
    expected: dict[UUID, int] = {}
    for document, kind, amount, on, since, span in made:
        end = 10_000 if span is None else since + span + 1
        in_time = as_of is None or on <= as_of
        in_mind = (span is None) if known is None else since <= known < end
        if in_time and in_mind:
            sign = 1 if kind in ("invoice", "reversal") else -1
            expected[documents[document]] = expected.get(documents[document], 0) + sign * amount
    page = await door.query(
        Receivables(
            first=200,
            as_of=None if as_of is None else day + timedelta(days=as_of),
            known_at=None if known is None else moment + timedelta(days=known),
        ),
        Actor(business, Role.OWNER, "O", member_id=uuid7()),
    )
    assert {bill.id: bill.outstanding for bill in page.rows} == {k: v for k, v in expected.items() if v > 0}


async def test_the_due_day_of_the_past_is_that_of_the_oldest_due_then_open(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        party = await rows.party("A")
        bill = await rows.invoice(party, 300, amount=1_000)
        await rows.posting(party, bill, 600, due_on=days_ago(40))
        await rows.posting(party, bill, 400, due_on=days_ago(10))
        await rows.posting(party, bill, -700, kind="receipt", effective_on=days_ago(20))
    before = (await door.query(Receivables(as_of=days_ago(21)), owner)).rows[0]
    after = (await door.query(Receivables(as_of=days_ago(5)), owner)).rows[0]
    assert (before.outstanding, before.due_on, before.overdue_days, before.status) == (
        1_000,
        days_ago(40),
        19,
        "invoice.issued",
    )
    assert (after.outstanding, after.due_on, after.overdue_days, after.status) == (
        300,
        days_ago(10),
        5,
        "invoice.partially_paid",
    )
    paged = await door.query(Payables(as_of=TODAY), owner)
    assert paged.rows == ()
