"""The morning digest: banks, what to collect, whom to call, what is expected and what is to pay."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.ids import uuid7
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from ledger.queries import Digest
from tests.ledger.rows import NOW, TODAY, Rows, days_ago, rows_of


async def _firm(rows: Rows) -> dict[str, UUID]:
    ids = {
        "habit": await rows.party("Sharma Traders", usual_days_late=20, owner="ravi"),
        "broken": await rows.party("Gupta Steel", promise_on=days_ago(7)),
        "promised": await rows.party("Verma", promise_on=TODAY + timedelta(days=4), promise_amount=30_00),
        "punctual": await rows.party("Rao", usual_days_late=30),
        "ahead": await rows.party("Iyer"),
        "foreign": await rows.party("Smith", currency="USD"),
    }
    await rows.invoice(ids["habit"], 1_42_000_00, due_on=days_ago(47))
    await rows.invoice(ids["broken"], 90_000_00, due_on=days_ago(12))
    await rows.invoice(ids["promised"], 50_00, due_on=days_ago(70))
    await rows.invoice(ids["punctual"], 10_000_00, due_on=days_ago(25))
    await rows.invoice(ids["ahead"], 500_00, due_on=days_ago(3))
    await rows.on_account(ids["ahead"], 900_00)
    await rows.invoice(ids["foreign"], 7_00, currency="USD", due_on=days_ago(3))
    vendor = await rows.party("Steel Mill", is_vendor=True, is_customer=False)
    await rows.payable(vendor, 2_00_000_00, due_on=TODAY + timedelta(days=6))
    await rows.payable(vendor, 10_000_00, due_on=days_ago(2))
    await rows.payable(vendor, 99_00, due_on=TODAY + timedelta(days=7))
    await rows.payable(vendor, 98_00)
    await rows.source(
        "bank:icici", label="ICICI", silence_hours=48,
        state={"balance": 3_84_210_00, "account": "XX4421", "covered_until": days_ago(1), "last_delivery_at": NOW},
    )  # fmt: skip
    await rows.source("books:tally", silence_hours=24, state={"last_delivery_at": NOW - timedelta(days=2)})
    for on, amount in (
        (days_ago(1), 68_000_00),
        (days_ago(1), 400_00),
        (days_ago(1), -5_00),
        (days_ago(2), 7_00),
    ):
        await rows.put(
            "bank_lines", id=uuid7(), anchor=uuid7(), source="bank:icici", account="XX4421", posted_on=on,
            amount=amount, currency="INR", narration="NEFT",
        )  # fmt: skip
    for status in ("open", "open", "waiting", "resolved"):
        await rows.put(
            "conflicts", id=uuid7(), rule="r", severity="warn", status=status, subjects=[], evidence="{}",
            evidence_digest="d", version=1, opened_at=NOW, due_at=NOW, changed_at=NOW,
        )  # fmt: skip
    return ids


async def test_the_owner_reads_the_whole_morning(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        ids = await _firm(rows)
    view = await door.query(Digest(), owner)
    assert (view.member_name, view.business_name, view.today) == ("Ramesh", "Sharma Services", TODAY)
    assert [(bank.balance, bank.came_yesterday, bank.covered_until) for bank in view.banks] == [
        (3_84_210_00, 68_400_00, days_ago(1))
    ]
    assert view.to_collect == 1_42_000_00 + 90_000_00 + 50_00 + 10_000_00
    assert view.overdue == view.to_collect
    assert [bucket.amount for bucket in view.aging] == [1_00_000_00, 1_42_000_00, 50_00, 0]
    assert [bucket.bills for bucket in view.aging] == [2, 1, 1, 0]
    assert [party.id for party in view.call_first] == [ids["broken"], ids["habit"], ids["punctual"]]
    assert [party.promise_broken for party in view.call_first] == [True, False, False]
    assert view.horizon == TODAY + timedelta(days=6)
    assert view.expected == 30_00 + 10_000_00
    assert view.to_pay == 2_10_000_00
    assert (view.questions, [source.name for source in view.quiet_sources], view.sees_payables) == (
        2,
        ["books:tally"],
        True,
    )


async def test_a_sales_rep_reads_his_own_customers_and_no_bank(
    door: Door, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        ids = await _firm(rows)
    view = await door.query(
        Digest(), Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    )
    assert (view.to_collect, view.overdue, [party.id for party in view.call_first]) == (
        1_42_000_00,
        1_42_000_00,
        [ids["habit"]],
    )
    assert (view.banks, view.to_pay, view.questions, view.quiet_sources, view.sees_payables) == (
        (),
        0,
        0,
        (),
        False,
    )


async def test_the_accountant_sees_payables_but_no_questions(
    door: Door, engine: AsyncEngine, business: UUID
) -> None:
    async with rows_of(engine, business) as rows:
        await _firm(rows)
    view = await door.query(Digest(), Actor(business, Role.VIEW, "CA", member_id=uuid7()))
    assert (view.to_pay, view.questions, len(view.banks), view.sees_payables) == (2_10_000_00, 0, 1, True)


async def test_a_source_that_can_not_be_read_is_told_but_not_a_hiccup(
    door: Door, engine: AsyncEngine, business: UUID, owner: Actor
) -> None:
    async with rows_of(engine, business) as rows:
        for name, hours in (("crm:hubspot", 3), ("payment:stripe", 1)):
            await rows.source(name)
            await rows.put(
                "pulls", source=name, stream="all", lane="live", failures=1, error="It is shut.",
                watermark=NOW - timedelta(hours=hours),
            )  # fmt: skip
    view = await door.query(Digest(), owner)
    assert [(source.name, source.state) for source in view.quiet_sources] == [("crm:hubspot", "failing")]


async def test_a_new_business_has_a_quiet_morning(door: Door, owner: Actor) -> None:
    view = await door.query(Digest(), owner)
    assert (view.banks, view.to_collect, view.overdue, view.call_first, view.expected, view.to_pay) == (
        (),
        0,
        0,
        (),
        0,
        0,
    )
