"""Any order of arrival, any duplication and any rhythm of draining end in the same read tables, byte for byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import ledger.handlers.drain
from ingest.door import Appender
from kit.database import transaction
from ledger.commands import AddBusiness, DrainBusiness, RebuildBusiness
from ledger.dispatch import Door
from ledger.domain.events import Delivery
from ledger.domain.roles import system
from tests.ledger.firms import BANK, BOOKS, START, Firm, delivery, read_tables


async def found(door: Door) -> UUID:
    business = uuid4()
    await door.execute(AddBusiness(business, "Order Traders"), system(business, "test"))
    return business


async def drain(door: Door, business: UUID, limit: int = 1_000) -> None:
    while (await door.execute(DrainBusiness(limit), system(business, "drainer"))).more:
        door.clock.advance(seconds=1)  # type: ignore[attr-defined]


async def tell(
    door: Door, business: UUID, log: Sequence[Delivery], *, chance: random.Random | None = None
) -> dict[str, list[str]]:
    """Append a log (draining at random moments where `chance` is given) and return the read tables."""
    appender = Appender(door.engine)
    for one in log:
        await appender.append(one)
        if chance is not None and chance.random() < 0.15:
            door.clock.advance(minutes=1)  # type: ignore[attr-defined]
            await drain(door, business, limit=chance.choice([1, 3, 1_000]))
    door.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await drain(door, business)
    async with transaction(door.engine, [business]) as tx:
        return await read_tables(tx, business)


@pytest.mark.parametrize("seed", range(12))
async def test_any_permutation_and_duplication_of_arrivals_gives_the_same_read_tables(
    door: Door, seed: int
) -> None:
    """Each telling is a business of its own; ids depend on sources alone, so the rows must be equal."""
    first = await found(door)
    straight = await tell(door, first, Firm(first, seed).build(60))
    assert len(straight["invoices"]) > 2
    assert len(straight["postings"]) > 4
    chance = random.Random(seed + 1_000)
    second = await found(door)
    log = Firm(second, seed).build(60)
    shuffled = log + chance.sample(log, len(log) // 3)
    chance.shuffle(shuffled)
    assert await tell(door, second, shuffled, chance=chance) == straight


@pytest.mark.parametrize("seed", [3, 4])
async def test_the_stored_state_is_a_refold_of_the_log(door: Door, business: UUID, seed: int) -> None:
    log = Firm(business, seed).build(80)
    chance = random.Random(seed)
    chance.shuffle(log)
    before = await tell(door, business, log, chance=chance)
    compared = await door.execute(RebuildBusiness(), system(business, "test"))
    assert compared.events > 60
    assert compared.differing == {}
    async with transaction(door.engine, [business]) as tx:
        await tx.run("UPDATE invoices SET outstanding = outstanding + 1 WHERE business_id = $1", business)
        await tx.run("DELETE FROM postings WHERE business_id = $1 AND kind = 'receipt'", business)
        kept = await tx.fetch(
            "SELECT subject, key FROM identity_keys WHERE business_id = $1 ORDER BY 1, 2", business
        )
        await tx.run(
            "UPDATE identity_keys SET key = 'x' || key WHERE business_id = $1 AND key LIKE 'inv:%'", business
        )
        await tx.run(
            "INSERT INTO identities (business_id, subject, source, kind, external_id, state)"
            " VALUES ($1, $1, 'books:x', 'invoice', 'never', '{}')",
            business,
        )
    assert set((await door.execute(RebuildBusiness(), system(business, "test"))).differing) == {
        "invoices",
        "postings",
    }
    door.clock.advance(minutes=1)  # type: ignore[attr-defined]
    await door.execute(RebuildBusiness(apply=True), system(business, "test"))
    async with transaction(door.engine, [business]) as tx:
        assert await read_tables(tx, business) == before
        now = await tx.fetch(
            "SELECT subject, key FROM identity_keys WHERE business_id = $1 ORDER BY 1, 2", business
        )
        assert now == kept
        never = await tx.fetch(
            "SELECT 1 FROM identities WHERE business_id = $1 AND external_id = 'never'", business
        )
        assert never == []


async def test_eight_writers_beside_drainers_give_the_same_read_tables(
    door: Door, engine: AsyncEngine
) -> None:
    first = await found(door)
    straight = await tell(door, first, Firm(first, 77).build(120))
    second = await found(door)
    log = Firm(second, 77).build(120)
    random.Random(5).shuffle(log)
    writing = asyncio.Event()

    async def write(part: Sequence[Delivery]) -> None:
        appender = Appender(engine)
        for one in part:
            await appender.append(one)

    async def keep_draining() -> int:
        rounds = 0
        while not writing.is_set():
            await door.execute(DrainBusiness(20), system(second, "drainer"))
            rounds += 1
            await asyncio.sleep(0)
        return rounds

    drainers = [asyncio.create_task(keep_draining()) for _ in range(2)]
    await asyncio.gather(*(write(log[start::8]) for start in range(8)))
    writing.set()
    assert all(rounds > 0 for rounds in await asyncio.gather(*drainers))
    await drain(door, second)
    async with transaction(engine, [second]) as tx:
        assert await read_tables(tx, second) == straight


async def test_as_of_and_known_at_agree_with_snapshots_taken_on_the_way(door: Door, business: UUID) -> None:
    """Naive model: after each drain remember every posting; later each past moment must still add up to it."""
    log = Firm(business, 9).build(70)
    random.Random(9).shuffle(log)
    appender, model = Appender(door.engine), []
    current = (
        "SELECT document_id, effective_on, sum(amount)::bigint FROM postings "
        "WHERE business_id = $1 AND known_to IS NULL GROUP BY 1, 2 HAVING sum(amount) <> 0"
    )
    for one in log:
        await appender.append(one)
        door.clock.advance(minutes=7)  # type: ignore[attr-defined]
        await drain(door, business)
        async with transaction(door.engine, [business]) as tx:
            rows = [tuple(row) for row in await tx.fetch(current, business)]
        model.append((door.clock(), rows))
    sums = (
        "SELECT document_id, sum(amount)::bigint FROM postings WHERE business_id = $1 AND effective_on <= $2 "
        "AND known_from <= $3 AND (known_to IS NULL OR known_to > $3) GROUP BY 1 HAVING sum(amount) <> 0"
    )
    async with transaction(door.engine, [business]) as tx:
        for moment, rows in model:
            for day in (date(2026, 6, 10), date(2026, 7, 1), date(2027, 1, 1)):
                expected: dict[UUID, int] = {}
                for document, effective_on, amount in rows:
                    if effective_on <= day:
                        expected[document] = expected.get(document, 0) + amount
                found_sums = dict(map(tuple, await tx.fetch(sums, business, day, moment)))
                assert found_sums == {document: amount for document, amount in expected.items() if amount}


async def test_a_bill_that_moves_to_another_customer_leaves_nothing_with_the_first(
    door: Door, business: UUID
) -> None:
    def bill(event_type: str, party: str, at: int) -> Delivery:
        data = {"number": "INV-1", "party": {"id": party, "name": party}, "amount": 500, "currency": "INR"}
        moment = START.replace(hour=at)
        return delivery(business, BOOKS, event_type, "i1", {**data, "issued_on": "2026-06-01"}, at=moment)

    other = {
        "number": "INV-2",
        "party": {"id": "a", "name": "a"},
        "amount": 70,
        "currency": "INR",
        "issued_on": "2026-06-01",
    }
    await tell(
        door,
        business,
        [bill("invoice.issued", "a", 1), delivery(business, BOOKS, "invoice.issued", "i2", other)],
    )
    await tell(door, business, [bill("invoice.revised", "b", 2)])
    async with transaction(door.engine, [business]) as tx:
        rows = await tx.fetch(
            "SELECT name, open_bills FROM parties WHERE business_id = $1 ORDER BY name", business
        )
    assert [tuple(row) for row in rows] == [("a", 70), ("b", 500)]


async def test_behind_a_backlog_everything_is_folded_before_anything_is_derived(
    door: Door, business: UUID
) -> None:
    log = Firm(business, 5).build(40)
    appender = Appender(door.engine)
    for one in log:
        await appender.append(one)
    door.clock.advance(minutes=1)  # type: ignore[attr-defined]
    first = await door.execute(DrainBusiness(limit=10), system(business, "drainer"))
    async with transaction(door.engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM dirty WHERE business_id = $1", business) > 0
        assert await tx.value("SELECT count(*) FROM invoices WHERE business_id = $1", business) == 0
    assert first.more
    await drain(door, business, limit=10)
    async with transaction(door.engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM dirty WHERE business_id = $1", business) == 0
        assert (
            await tx.value(
                "SELECT count(*) FROM pending WHERE business_id = $1 AND due_at <= $2", business, door.clock()
            )
            == 0
        )
    assert (await door.execute(RebuildBusiness(), system(business, "test"))).differing == {}


async def test_what_a_backlog_folded_is_derived_in_portions(
    door: Door, business: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.handlers.drain, "DERIVED_AT_ONCE", 2)
    appender = Appender(door.engine)
    for n in range(12):
        said = {
            "number": f"INV-{n}", "issued_on": "2026-09-01", "amount": 100, "currency": "INR",
            "party": {"id": f"c{n}", "name": f"{chr(65 + n) * 8} Traders"},
        }  # fmt: skip
        await appender.append(delivery(business, BOOKS, "invoice.issued", f"i{n}", said))
    bills = []
    for _ in range(12):
        await door.execute(DrainBusiness(limit=5), system(business, "drainer"))
        async with transaction(door.engine, [business]) as tx:
            bills.append(await tx.value("SELECT count(*) FROM invoices WHERE business_id = $1", business))
    assert bills[:5] == [0, 0, 2, 4, 6]
    assert bills[-1] == 12


async def test_a_statement_that_shows_the_days_and_not_the_money_opens_the_bill_again(
    door: Door, business: UUID
) -> None:
    party = {"id": "c1", "name": "Sharma Traders"}
    money = {"amount": 118_00, "currency": "INR", "party": party}
    invoice = delivery(
        business, BOOKS, "invoice.issued", "i1", {"number": "INV-1", "issued_on": "2026-09-01", **money}
    )
    receipt = delivery(
        business, BOOKS, "payment.received", "r1",
        {"into": "bank", "paid_on": "2026-09-20", "references": {"invoices": ["INV-1"]}, **money},
    )  # fmt: skip
    tables = await tell(door, business, [invoice, receipt])
    assert "invoice.paid" in tables["invoices"][0]
    line = {
        "amount": 5_00, "currency": "INR", "account": "4421", "posted_on": "2026-09-10", "narration": "NEFT X",
    }  # fmt: skip
    statement = replace(
        delivery(business, BANK, "bank.credited", "L1", line, kind="bank_line", precision="day"),
        covered_from=date(2026, 9, 1),
        covered_until=date(2026, 9, 30),
    )
    tables = await tell(door, business, [statement])
    assert "invoice.issued" in tables["invoices"][0]
    rebuilt = await door.execute(RebuildBusiness(), system(business, "test"))
    assert rebuilt.differing == {}
