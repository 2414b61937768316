"""Replay measured on raw bodies that are really read again: webhooks of one event each, and batches and files of many.

Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.replay`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from uuid import uuid4

import asyncpg
import orjson
import uvloop
from cryptography.fernet import Fernet

from connectors.contract import Inbound
from ingest.reading import read_delivery
from ingest.replay import Outcome, replay
from ingest.replay_reading import source_of
from kit.database import make_engine, transaction
from ledger.commands import AddBusiness, AddSource, ReplayScope
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.store import migrate, replays
from ledger.store.append import append
from tests.bench.load import webhooks
from tests.bench.report import Report
from tests.connectors.bank_layouts import Txn, hdfc_delimited

EVENTS = int(os.environ.get("BENCH_REPLAY", "60000"))
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
AT_ONCE = 500


def gateway(count: int) -> Iterator[Inbound]:
    """Captured payments as Razorpay sends them, one in a call."""
    for start in range(0, count, 5_000):
        for request in webhooks(min(5_000, count - start), path="/", secret="s", first=start):
            head, _, body = request.partition(b"\r\n\r\n")
            lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
            yield Inbound(body, {name: value for name, _, value in lines})


def books(count: int) -> Iterator[Inbound]:
    """Bills as standard events, a hundred in a call."""
    for start in range(0, count, 100):
        events = [
            {
                "type": "invoice.issued", "timestamp": "2026-10-01T10:15:00+05:30",
                "data": {
                    "id": f"i{n}", "number": f"B{n:07d}", "party": {"id": f"c{n % 997}", "name": f"Customer {n % 997}"},
                    "issued_on": "2026-10-01", "due_on": "2026-10-31", "amount": 118_000, "currency": "INR",
                },
            }
            for n in range(start, start + 100)
        ]  # fmt: skip
        yield Inbound(orjson.dumps({"events": events}), {"webhook-id": f"m{start}"})


def statements(count: int) -> Iterator[Inbound]:
    """Bank statements of 5,000 lines."""
    for start in range(0, count, 5_000):
        lines = [
            Txn(
                date(2026, 1, 1) + timedelta(days=n // 200),
                50_000 + n,
                f"NEFT CR-HDFCN{n:011d}-CUSTOMER {n % 997}-BILL B{n:07d}",
                f"HDFCN{n:011d}",
            )
            for n in range(start, start + 5_000)
        ]
        yield Inbound(hdfc_delimited(lines, 0), filename=f"statement-{start}.txt")


async def measure_replay(report: Report, door: Door, url: str) -> None:
    """Read a firm's log again: nothing to change, as a dry run and applied; then with every event read otherwise."""
    actor = await _firm(door)
    total = Outcome(applied=False)
    for name, said in (
        ("payment:razorpay", "webhooks, one event each"),
        ("standard:books", "calls of a hundred events"),
        ("bank:hdfc", "bank statements of 5,000 lines"),
    ):
        outcome, rate = await _timed(door, actor, url, ReplayScope(source=name), apply=False)
        assert outcome.changes == 0, outcome
        total.counts += outcome.counts
        report.add(f"replay, dry run: {said}", rate, unit="events/s")
    assert total.counts["events"] > 0.99 * EVENTS, total.counts
    for said, apply in (("dry run", False), ("applied, nothing changed", True)):
        outcome, rate = await _timed(door, actor, url, ReplayScope(), apply=apply)
        report.add(
            f"replay of {outcome.counts['events']:,} events of all three, {said}",
            rate,
            unit="events/s",
            least=30_000,
        )
    async with transaction(door.engine, [actor.business_id]) as tx:
        await tx.run(
            'UPDATE sources SET settings = \'{"timezone": "America/Los_Angeles"}\''
            " WHERE business_id = $1 AND name = 'payment:razorpay'",
            actor.business_id,
        )
    scope = ReplayScope(source="payment:razorpay")
    for said, apply in (("dry run", False), ("applied", True)):
        outcome, rate = await _timed(door, actor, url, scope, apply=apply)
        assert outcome.counts["changed"] > 0.5 * outcome.counts["events"], outcome.counts
        changed = 100 * outcome.counts["changed"] // outcome.counts["events"]
        report.add(f"replay of webhooks, {changed}% read otherwise, {said}", rate, unit="events/s")


async def _timed(
    door: Door, actor: Actor, url: str, scope: ReplayScope, *, apply: bool
) -> tuple[Outcome, float]:
    started = time.perf_counter()
    outcome = await replay(door, actor, scope, apply=apply, database_url=url)
    return outcome, outcome.counts["events"] / (time.perf_counter() - started)


async def _firm(door: Door) -> Actor:
    business = uuid4()
    actor = system(business, "bench")
    await door.execute(AddBusiness(business, "Bench Replays"), actor)
    for name, connector, count, made in (
        ("payment:razorpay", "razorpay", EVENTS * 3 // 5, gateway),
        ("standard:books", "standard", EVENTS // 5, books),
        ("bank:hdfc", "bank", EVENTS // 5, statements),
    ):
        secret = "bench-secret-0123456789" if connector == "razorpay" else None
        await door.execute(AddSource(name, connector, name, {}, secret), actor)
        async with transaction(door.engine, [business]) as tx:
            (basis,) = await replays.bases(tx, business, name)
        source, moment, deliveries = source_of(business, basis), FIRST, made(count)
        while inbounds := list(islice(deliveries, AT_ONCE if connector == "razorpay" else 5)):
            read = []
            for inbound in inbounds:
                moment += timedelta(seconds=20)
                read.append(read_delivery(source, inbound, via="webhook", received_at=moment).delivery)
            async with transaction(door.engine, [business], role="munshi_ingest") as tx:
                await append(tx, read)
    connection = await asyncpg.connect(os.environ["ADMIN_DATABASE_URL"])
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return actor


async def main() -> None:
    """Measure replays alone."""
    url = os.environ["DATABASE_URL"]
    engine, report = make_engine(url, pool_size=4), Report()
    try:
        await measure_replay(report, Door(engine), url)
    finally:
        await engine.dispose()
        report.show()


if __name__ == "__main__":
    os.environ.setdefault("MUNSHI_SECRET_KEY", Fernet.generate_key().decode())
    migrate.upgrade(os.environ["ADMIN_DATABASE_URL"])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
