"""Our programs as children of a test, and facts to give them work."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.children import spawn, stop
from kit.database import transaction
from ledger.domain.events import Delivery, NewEvent

ROOT = Path(__file__).parents[2]


@contextmanager
def program(
    module: str, *, log: Path, database_url: str, redis_url: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of ours until the end of the block."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATABASE_POOL_SIZE": "4",
    }
    with log.open("ab") as output:
        child = spawn([sys.executable, "-m", module], env=environment, cwd=ROOT, output=output)
        try:
            yield child
        finally:
            stop(child, signal.SIGTERM)


def invoices(business: UUID, count: int, *, start: int = 0) -> list[Delivery]:
    """Return deliveries of one new invoice each, a hundred customers in turn."""
    now = datetime.now(UTC)
    made = []
    for number in range(start, start + count):
        body = f"invoice {number}".encode()
        event = NewEvent(
            source_event_id=f"event-{number}",
            event_type="invoice.issued",
            kind="invoice",
            external_id=f"invoice-{number}",
            occurred_at=now,
            precision="instant",
            data={
                "number": f"INV-{number}",
                "party": {"id": f"party-{number % 100}", "name": f"Customer {number % 100}"},
                "issued_on": "2026-11-01",
                "amount": 1_000_00 + number,
                "currency": "INR",
            },
        )
        made.append(
            Delivery(
                business,
                "standard:books",
                "webhook",
                hashlib.sha256(body).digest(),
                body,
                now,
                events=(event,),
            )
        )
    return made


async def found_business(engine: AsyncEngine, business: UUID) -> None:
    """Put a business into a database that has no other fixture."""
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Sharma Services')", business)
        await tx.run(
            "INSERT INTO directory (kind, key, business_id) VALUES ('business', $1, $2)",
            str(business),
            business,
        )


async def count(engine: AsyncEngine, business: UUID, what: str) -> int:
    """Count the rows of a table for a business."""
    async with transaction(engine, [business]) as tx:
        found: int = await tx.value(f"SELECT count(*) FROM {what}")
        return found


async def until(
    true: Callable[[], Awaitable[bool]], *, within: float = 60.0, log: Path | None = None
) -> None:
    """Wait until something is true; fail with the log's end if it doesn't become so."""
    deadline = time.monotonic() + within
    while not await true():
        if time.monotonic() > deadline:
            raise AssertionError("not in time\n" + _end_of(log))
        await asyncio.sleep(0.05)


def _end_of(log: Path | None) -> str:
    return log.read_text("utf-8", "replace")[-3000:] if log else ""
