"""`make bench`: every number of the spine in one run, as a table and as JSON (BENCH_JSON=file)."""

from __future__ import annotations

import asyncio
import os
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvloop
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.collector import spare_the_collector
from kit.database import make_engine, transaction
from kit.ids import digest
from ledger.commands import (
    AddBusiness,
    AddMember,
    AddSource,
    CreateToken,
    DrainBusiness,
    NewSource,
    RebuildBusiness,
    SweepBusiness,
)  # fmt: skip
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import system
from ledger.store import migrate
from ledger.store.append import append
from tests.bench.actual import measure_bank_import
from tests.bench.audit import measure_audit
from tests.bench.digests import measure_digests
from tests.bench.forecast import measure_forecast
from tests.bench.load import Measured, fire, webhooks
from tests.bench.matching import measure_matching
from tests.bench.parties import measure_parties
from tests.bench.programs import free_port, program, resident_mb
from tests.bench.receivables import measure_receivables
from tests.bench.replay import measure_replay
from tests.bench.report import Report
from tests.bench.sending import measure_sending
from tests.bench.taps import measure_taps
from tests.bench.tryton import measure_tryton

REQUESTS = int(os.environ.get("BENCH_REQUESTS", "20000"))
INVOICES = int(os.environ.get("BENCH_INVOICES", "100000"))
SECRET = "bench-secret-0123456789"


@dataclass(frozen=True, slots=True)
class Firm:
    """A business with one gateway source and a token."""

    business: UUID
    source: NewSource
    token: str


async def found(door: Door) -> Firm:
    """Found a business for one measurement."""
    business = uuid4()
    actor = system(business, "bench")
    await door.execute(AddBusiness(business, "Bench Traders"), actor)
    member = await door.execute(AddMember("Owner", "owner"), actor)
    source = await door.execute(AddSource("payment:razorpay", "razorpay", "Razorpay", {}, SECRET), actor)
    token = await door.execute(CreateToken(member, "bench"), actor)
    return Firm(business, source, token)


async def measure_ingest(report: Report, door: Door) -> None:
    """Webhooks over HTTP at 64 connections: ours idle, ours draining, and with an insert per request."""
    one, two, single, bare, drained = [await found(door) for _ in range(5)]
    port = free_port()
    async with program("graph", port=port, PORT=str(port)):
        await _warm(port, one)
        alone = await fire(_requests(one), port=port)
    report.add("webhooks/s, one api process, workers idle", alone.rate, unit="/s")
    report.add("  p99", alone.percentile(0.99), unit="ms", most=100)
    for firm, kind, path in ((single, "whole", f"/ingest/{single.source.key}"), (bare, "bare", "/naive")):
        port = free_port()
        async with program("tests.bench.naive", str(port), kind, str(firm.business), SECRET, port=port):
            await fire(webhooks(500, path=path, secret=SECRET), port=port)
            plain = await fire(webhooks(REQUESTS, path=path, secret=SECRET, first=1_000), port=port)
        said = {
            "whole": "the same work, a transaction per request",
            "bare": "a bare INSERT per request, raw body not kept",
        }
        report.add(f"  {said[kind]}", plain.rate, unit="/s")
        if kind == "whole":
            report.add(
                "  ratio: shared commit to a transaction per request", alone.rate / plain.rate, least=2.0
            )
    port = free_port()
    shared: dict[str, Any] = {"PORT": str(port), "API_SHARE_PORT": "true"}
    async with program("graph", port=port, **shared) as pid, program("graph", **shared):
        await asyncio.sleep(3)
        await _warm(port, two)
        idle = await fire(_requests(two), port=port)
        report.add("webhooks/s, two api processes, workers idle", idle.rate, unit="/s", least=5_000)
        report.add("  p99", idle.percentile(0.99), unit="ms", most=100)
        await _bills(door, drained, 2_000)
        await fire(_requests(drained, invoices=2_000)[:1_500], port=port)
        await _drain(door, drained)
        await _analyse()
        async with program("workers", DATABASE_POOL_SIZE="4") as worker:
            await asyncio.sleep(3)
            busy = await fire(_requests(drained, invoices=2_000), port=port)
            report.add("webhooks/s, workers draining the same business", busy.rate, unit="/s", least=2_500)
            report.add("  p99", busy.percentile(0.99), unit="ms", most=100)
            report.add(
                "  left to drain when the last was answered", await _pending(door, drained), unit="rows"
            )
            report.add("resident memory, worker under load", resident_mb(worker), unit="MB", most=250)
        report.add("resident memory, api under load", resident_mb(pid), unit="MB", most=200)


def _requests(firm: Firm, *, invoices: int = 0) -> list[bytes]:
    return webhooks(
        REQUESTS, path=f"/ingest/{firm.source.key}", secret=SECRET, first=1_000, invoices=invoices
    )


async def _warm(port: int, firm: Firm) -> Measured:
    return await fire(webhooks(500, path=f"/ingest/{firm.source.key}", secret=SECRET), port=port)


async def _pending(door: Door, firm: Firm) -> int:
    async with transaction(door.engine, [firm.business]) as tx:
        return int(
            await tx.value(
                "SELECT (SELECT count(*) FROM pending WHERE business_id = $1) + (SELECT count(*) FROM dirty WHERE business_id = $1)",
                firm.business,
            )
        )


def _called(who: int) -> str:
    """Return a customer's name, which begins as no other's: names that begin alike are derived together."""
    return f"K{who:05d} Traders"


async def _bills(door: Door, firm: Firm, count: int, *, parties: int = 1_000) -> None:
    """Append `count` bills of `parties` customers, and drain them."""
    chance = random.Random(1)
    for start in range(0, count, 5_000):
        events = []
        for number in range(start, min(start + 5_000, count)):
            month, day, who = 1 + number % 10, 1 + number % 28, chance.randrange(parties)
            data = {
                "number": f"B{number:07d}", "amount": 118_000, "base": 100_000, "currency": "INR",
                "party": {"id": f"c{who}", "name": _called(who)},
                "issued_on": f"2026-{month:02d}-{day:02d}", "due_on": f"2026-{month + 1:02d}-{day:02d}",
            }  # fmt: skip
            moment = datetime(2026, month, day, tzinfo=UTC)
            events.append(
                NewEvent(f"b{number}", "invoice.issued", "invoice", f"b{number}", moment, "instant", data)
            )
        body = str(start).encode()
        delivery = Delivery(
            firm.business,
            "standard:books",
            "file",
            digest(body),
            body,
            datetime.now(UTC),
            events=tuple(events),
        )
        async with transaction(door.engine, [firm.business], role="munshi_ingest") as tx:
            await append(tx, [delivery])
    await _drain(door, firm)


async def _money(door: Door, firm: Firm) -> int:
    """Append money for every third bill (each tenth of it short by tax), and bank credits that say nothing; drain."""
    events, day = [], datetime(2026, 11, 1, tzinfo=UTC)
    for number in range(0, INVOICES, 3):
        amount = 116_000 if number % 30 == 0 else 118_000
        data = {"amount": amount, "currency": "INR", "references": {"invoices": [f"B{number:07d}"]}}
        events.append(
            NewEvent(f"p{number}", "payment.received", "payment", f"p{number}", day, "instant", data)
        )
    for number in range(INVOICES // 50):
        line = {
            "amount": 50_000 + number, "currency": "INR", "account": "4421", "posted_on": "2026-11-01",
            "narration": f"NEFT FROM {_called(number)}", "payer": {"name": _called(number)},
        }  # fmt: skip
        events.append(NewEvent(f"l{number}", "bank.credited", "bank_line", f"l{number}", day, "day", line))
    for start in range(0, len(events), 5_000):
        part = tuple(events[start : start + 5_000])
        body = f"money {start}".encode()
        delivery = Delivery(
            firm.business, "payment:razorpay", "file", digest(body), body, datetime.now(UTC), events=part
        )
        async with transaction(door.engine, [firm.business], role="munshi_ingest") as tx:
            await append(tx, [delivery])
    await _drain(door, firm)
    return len(events)


async def _analyse() -> None:
    """Gather statistics, as a database that has lived for a while has them."""
    connection = await asyncpg.connect(os.environ["ADMIN_DATABASE_URL"])
    await connection.execute("ANALYZE")
    await connection.close()


async def _drain(door: Door, firm: Firm) -> None:
    while (await door.execute(DrainBusiness(), system(firm.business, "drainer"))).more:
        pass


async def measure_state(report: Report, door: Door) -> Firm:
    """Drain, refold and sweep a business with many bills, a third of them paid."""
    firm = await found(door)
    started = time.perf_counter()
    await _bills(door, firm, INVOICES, parties=INVOICES // 40)
    report.add(
        f"append and drain, {INVOICES:,} bills", INVOICES / (time.perf_counter() - started), unit="events/s"
    )
    await _analyse()
    started = time.perf_counter()
    paid = await _money(door, firm)
    report.add(
        f"append and drain, {paid:,} payments and bank lines",
        paid / (time.perf_counter() - started),
        unit="events/s",
    )
    await _analyse()
    started = time.perf_counter()
    rebuilt = await door.execute(RebuildBusiness(), system(firm.business, "bench"))
    assert rebuilt.differing == {}, rebuilt.differing
    report.add(
        "refold of the whole log, compared row by row",
        rebuilt.events / (time.perf_counter() - started),
        unit="events/s",
    )
    started = time.perf_counter()
    await door.execute(SweepBusiness(), system(firm.business, "sweep"))
    report.add(f"full sweep, all rules, {INVOICES:,} bills", time.perf_counter() - started, unit="s", most=10)
    return firm


async def main() -> None:
    """Measure everything on the scratch servers that DATABASE_URL and ADMIN_DATABASE_URL name."""
    os.environ.setdefault("MUNSHI_SECRET_KEY", Fernet.generate_key().decode())
    engine: AsyncEngine = make_engine(os.environ["DATABASE_URL"], pool_size=4)
    door, report = Door(engine), Report()
    spare_the_collector()  # as every program of ours does
    try:
        await measure_ingest(report, door)
        await measure_bank_import(report, door)
        measure_forecast(report)
        await measure_state(report, door)
        await measure_receivables(report, door)
        await measure_taps(report, door)
        await measure_sending(report, door)
        await measure_parties(report, door)
        await measure_audit(report, door)
        await measure_digests(report, os.environ["DATABASE_URL"], os.environ["ADMIN_DATABASE_URL"])
        await measure_tryton(report, door)
        await measure_replay(report, door, os.environ["DATABASE_URL"])
        await measure_matching(report, engine)
    finally:
        await engine.dispose()
        report.show()


def settle_in() -> Any:
    """Migrate the scratch database before the loop starts (Alembic runs its own)."""
    migrate.upgrade(os.environ["ADMIN_DATABASE_URL"])


if __name__ == "__main__":
    settle_in()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
