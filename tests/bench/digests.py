"""A morning: the digests of many businesses with small ledgers, composed and put into the outbox.

Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.digests`.
"""

from __future__ import annotations

import asyncio
import os
import random
import time as clocks
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvloop
from cryptography.fernet import Fernet

from bot.alerts import Bell
from bot.digest import queue_due_digests
from kit.database import make_engine
from ledger.dispatch import Door
from ledger.store import migrate
from ledger.store.directory import chat_key
from tests.bench.report import Report

BUSINESSES = int(os.environ.get("BENCH_DIGESTS", "10000"))
CUSTOMERS, BILLS, VENDORS, LINES, RECEIPTS = 8, 16, 3, 20, 5
NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
TODAY = date(2026, 11, 20)
_AT_ONCE = 500
_POOL = 8  # what the scheduler has
_NAMES = (
    "Sharma Traders",
    "Gupta Steel",
    "Patil Paper",
    "Khan Electricals",
    "Om Sai",
    "Joshi Foods",
    "Mehta & Co",
    "Devi",
)

Rows = dict[str, list[tuple[Any, ...]]]
COLUMNS = {
    "businesses": ("business_id", "name"),
    "directory": ("kind", "key", "business_id", "ref"),
    "members": ("business_id", "id", "name", "role", "digest_at", "chat_id", "created_at"),
    "sources": ("business_id", "name", "connector", "label", "key_hash", "silence_hours"),
    "source_state": ("business_id", "source", "last_delivery_at", "last_event_at", "covered_until", "balance", "account"),
    "parties": (
        "business_id", "id", "anchor", "name", "search_name", "is_customer", "is_vendor", "currency", "receivable",
        "open_bills", "on_account", "payable", "usual_days_late", "promise_on",
    ),
    "invoices": (
        "business_id", "id", "anchor", "party_id", "number", "kind", "status", "issued_on", "due_on", "amount",
        "outstanding", "currency",
    ),
    "payables": (
        "business_id", "id", "anchor", "party_id", "number", "kind", "status", "issued_on", "due_on", "amount",
        "outstanding", "currency",
    ),
    "expectations": ("business_id", "invoice_id", "expected_on", "from_on", "to_on", "made_on"),
    "bank_lines": (
        "business_id", "id", "anchor", "source", "account", "posted_on", "amount", "currency", "narration", "balance",
    ),
    "receipts": (
        "business_id", "id", "anchor", "party_id", "status", "arrived", "received_on", "amount", "refunded", "allocated",
        "currency",
    ),
}  # fmt: skip


def _firm(number: int, chance: random.Random, into: Rows) -> None:
    """Add one small trader: bills of eight customers, half of them late, three vendors, a bank and the books."""
    business, member = UUID(int=chance.getrandbits(128), version=4), uuid4()
    into["businesses"].append((business, f"Firm {number}"))
    into["directory"].append(("business", str(business), business, None))
    into["directory"].append(("chat", chat_key(number + 1), business, member))
    hour = time(8, 0)
    created = NOW - timedelta(days=60)
    into["members"].append((business, member, "Ramesh Sharma", "owner", hour, number + 1, created))
    heard = NOW - timedelta(hours=chance.randrange(1, 40))
    for name, connector, label in (("bank:icici", "bank", "ICICI"), ("books:tally", "tally", "Tally")):
        into["sources"].append((business, name, connector, label, business.bytes, 36))
        bank = name == "bank:icici"
        shown = (TODAY - timedelta(days=1), 38_421_000, "000405004421") if bank else (None, None, None)
        into["source_state"].append((business, name, heard, heard, *shown))
    owing: dict[int, int] = dict.fromkeys(range(CUSTOMERS), 0)
    parties = [uuid4() for _ in range(CUSTOMERS + VENDORS)]
    for bill in range(BILLS):
        customer, amount = bill % CUSTOMERS, chance.randrange(5_000, 90_000) * 118
        issued = TODAY - timedelta(days=chance.randrange(1, 120))
        due, made = issued + timedelta(days=30), uuid4()
        owing[customer] += amount
        into["invoices"].append(
            (business, made, made, parties[customer], f"INV-{bill}", "invoice", "invoice.issued", issued, due, amount, amount, "INR")
        )  # fmt: skip
        likely = max(due + timedelta(days=12), TODAY)
        into["expectations"].append((business, made, likely, likely, likely + timedelta(days=9), TODAY))
    for place, party in enumerate(parties):
        name, owed = f"{_NAMES[place % 8]} {place}", owing.get(place, 0)
        customer = place < CUSTOMERS
        bought = 0 if customer else chance.randrange(5_000, 50_000) * 118
        promise = TODAY - timedelta(days=3) if place == 1 else None
        into["parties"].append(
            (business, party, party, name, name.casefold(), customer, not customer, "INR", owed, owed, 0, bought, 12, promise)
        )  # fmt: skip
        if bought:
            due, made = TODAY + timedelta(days=chance.randrange(-3, 12)), uuid4()
            into["payables"].append(
                (business, made, made, party, f"V-{place}", "bill", "payable.due", due - timedelta(days=30), due, bought, bought, "INR")
            )  # fmt: skip
    for number in range(RECEIPTS):
        made, on = uuid4(), TODAY - timedelta(days=number % 3)
        into["receipts"].append(
            (business, made, made, parties[number], "payment.received", True, on, 590_000, 0, 0, "INR")
        )
    balance = 38_421_000
    for line in range(LINES):
        amount = chance.randrange(-40_000, 60_000) * 100
        made, on = uuid4(), TODAY - timedelta(days=1 + line // 2)
        into["bank_lines"].append(
            (business, made, made, "bank:icici", "000405004421", on, amount, "INR", f"NEFT {line}", balance)
        )
        balance -= amount


async def _found(url: str) -> None:
    """Write the businesses down, as the owner of the tables."""
    connection = await asyncpg.connect(url)
    chance = random.Random(7)
    for start in range(0, BUSINESSES, _AT_ONCE):
        rows: Rows = {table: [] for table in COLUMNS}
        for number in range(start, min(start + _AT_ONCE, BUSINESSES)):
            _firm(number, chance, rows)
        for table, records in rows.items():
            await connection.copy_records_to_table(table, records=records, columns=COLUMNS[table])
    await connection.execute("ANALYZE")
    await connection.close()


async def _forget(url: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("TRUNCATE " + ", ".join((*COLUMNS, "outbox", "buttons", "alerts_told")))
    await connection.close()


async def measure_digests(report: Report, url: str, admin_url: str) -> None:
    """Compose and queue everybody's digest, then look for alerts where there are none; no other firm stays."""
    await _forget(admin_url)
    await _found(admin_url)
    engine = make_engine(url, pool_size=_POOL)
    door = Door(engine, clock=lambda: NOW)
    try:
        started = clocks.perf_counter()
        queued = await queue_due_digests(door, NOW)
        took = clocks.perf_counter() - started
        assert queued == BUSINESSES, queued
        report.add(f"{BUSINESSES:,} firms' digests, composed and queued", took, unit="s", most=60)
        bell = Bell(door)
        await bell.ring(NOW)  # what all these receipts bring is settled here
        for what, later in (("firms heard of lately", 15), ("all firms", 1_200)):
            started = clocks.perf_counter()
            assert await bell.ring(NOW + timedelta(seconds=later)) == 0
            took = clocks.perf_counter() - started
            report.add(f"  looking whom to alert, nothing new, {what}", took, unit="s")
    finally:
        await engine.dispose()
        await _forget(admin_url)


async def main() -> None:
    """Measure on the scratch servers that DATABASE_URL and ADMIN_DATABASE_URL name."""
    os.environ.setdefault("MUNSHI_SECRET_KEY", Fernet.generate_key().decode())
    report = Report()
    await measure_digests(report, os.environ["DATABASE_URL"], os.environ["ADMIN_DATABASE_URL"])
    report.show()


if __name__ == "__main__":
    migrate.upgrade(os.environ["ADMIN_DATABASE_URL"])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
