"""The audit trail: how fast its chain is verified, and how fast it is taken away.

Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.audit`.
"""

from __future__ import annotations

import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from kit.database import transaction
from kit.ids import uuid7
from ledger.audit_export.asking import begin
from ledger.audit_export.json_lines import json_lines
from ledger.audit_export.workbook import write_workbook
from ledger.commands import AddBusiness
from ledger.commands.audit import NoteAuditVerified
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries.audit import VerifyAudit
from ledger.store.audit import Entry, append_audit
from tests.bench.report import Report, run_alone

ENTRIES, BATCH, BOOK_DAYS = 300_000, 500, 1
AT = datetime(2026, 4, 1, 4, 30, tzinfo=UTC)


async def measure_audit(report: Report, door: Door) -> None:
    """Fill a trail with transitions as the drainer writes them; verify it whole and on from a checkpoint; export it."""
    business = uuid7()
    actor = system(business, "command line")
    await door.execute(AddBusiness(business, "Sharma Services"), actor)
    started = time.perf_counter()
    await _fill(door, business)
    report.add(f"audit: append {ENTRIES:,} entries", ENTRIES / (time.perf_counter() - started), unit="/s")
    await _verify(report, door, actor)
    await _export(report, door, actor)


async def _fill(door: Door, business: UUID) -> None:
    for start in range(0, ENTRIES, BATCH):
        entries = [_transition(start + number) for number in range(BATCH)]
        async with transaction(door.engine, [business]) as tx:
            await append_audit(tx, business, entries, at=AT + timedelta(seconds=start))


def _transition(number: int) -> Entry:
    state = {"status": "invoice.issued", "amount": 118_000, "outstanding": 118_000, "due_on": "2026-11-20"}
    paid = {**state, "status": "invoice.paid", "outstanding": 0}
    because = [f"payment:razorpay evt_{number:012d}", f"bank:icici line {number}"]
    facts = {"party": uuid4(), "currency": "INR", "number": f"INV-{number}"}
    told = {**facts, "before": state, "after": paid, "because": because}
    return Entry("system:drainer", "invoice.changed", f"invoice:{uuid4()}", told)


async def _verify(report: Report, door: Door, actor: Actor) -> None:
    speeds = []
    for _ in range(3):
        started = time.perf_counter()
        verdict = await door.query(VerifyAudit(full=True), actor)
        speeds.append(verdict.entries / (time.perf_counter() - started))
        assert verdict.holds
        assert verdict.entries >= ENTRIES
    report.add("audit: verify from the first entry, best of 3", max(speeds), unit="entries/s", least=100_000)
    report.add("  worst of 3", min(speeds), unit="entries/s")
    await door.execute(NoteAuditVerified(verdict.sequence, verdict.head, verdict.entries, 0), actor)
    started = time.perf_counter()
    assert (await door.query(VerifyAudit(), actor)).entries == 1
    report.add("  again, behind the checkpoint", (time.perf_counter() - started) * 1_000, unit="ms")


async def _export(report: Report, door: Door, actor: Actor) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        size = count = 0
        async for entries, piece in json_lines(door, actor, await begin(door, actor, "jsonl", None, None)):
            size, count = size + len(piece), count + entries
        report.add("audit: export as JSON Lines", count / (time.perf_counter() - started), unit="entries/s")
        report.add("  size", size / 2**20, unit="MB")
        started = time.perf_counter()
        until = (AT + timedelta(days=BOOK_DAYS - 1)).date()
        span = await write_workbook(door, actor, Path(folder) / "book.xlsx", since=AT.date(), until=until)
        report.add(
            f"audit: export as workbook, {span.entries:,} entries", time.perf_counter() - started, unit="s"
        )
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    report.add("  memory that both took at most, beyond what we had", grown, unit="MB", most=60)


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_audit(report, Door(engine)))
