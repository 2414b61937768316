"""10,000 bank lines with a bill's number in the narration: set against their bills by us, and by Tryton's statement rules.

Tryton 8.2 with `account_statement_rule` runs in an environment of its own (pip, once, outside of git), on the same
PostgreSQL server in a database of its own; it holds the same bills and parties, and one rule whose regular expression
takes the number out of the description. Measured there: the button "Apply rules", statement by statement, each in one
transaction, without a server process, as the user who is checked least; there at two sizes, from which the time for all
lines is reckoned (`BENCH_TRYTON_ALL=1` measures all of them there too: making the bills takes Tryton many minutes).
Measured here: reading the numbers out of the narrations, and draining, from lines in the log to allocations in the read
tables, with all rules and the audit trail. Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.tryton`.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import orjson

from connectors.bank.narration import read_narration
from kit.database import transaction
from kit.ids import digest
from ledger.commands import AddBusiness, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, system
from ledger.store.append import append
from tests.bench.actual import Skipped
from tests.bench.report import Report, run_alone

LINES = int(os.environ.get("BENCH_TRYTON", "10000"))
THERE = (500, 1_000)
ALL = bool(os.environ.get("BENCH_TRYTON_ALL"))
PARTIES, CHUNK = 1_000, 500
WANTED = ("trytond[PostgreSQL]~=8.2.0", "trytond-account-statement-rule~=8.2.0")
PROGRAM = Path(__file__).with_name("tryton_side.py")
FOLDER = Path(os.environ.get("MUNSHI_HOME", ".munshi")) / "bench" / "tryton"
INSTALL_SECONDS, RUN_SECONDS = 900, 1_800
DAY, BILLED = date(2026, 11, 5), date(2026, 10, 1)


def bills() -> list[tuple[str, str, int]]:
    """Return (number, party, paise)."""
    return [(f"INV-{n:05d}/26-27", f"Customer {n % PARTIES}", 11_800_00 + n * 100) for n in range(LINES)]


def narration(number: str, party: str) -> str:
    """Return what the bank prints of a payment of that bill."""
    return f"NEFT CR-HDFC0000001-{party.upper()}-{number}"


# ---- ours ------------------------------------------------------------------------------------------
async def ours(door: Door, given: Sequence[tuple[str, str, int]]) -> tuple[float, int]:
    """Return the seconds of reading the narrations and of draining the lines, and how many lines have their bill."""
    actor = system(uuid4(), "bench")
    await door.execute(AddBusiness(actor.business_id, "Bench Beside Tryton"), actor)
    issued = [
        NewEvent(
            f"b{n}", "invoice.issued", "invoice", f"b{n}", _at(BILLED), "instant",
            {"number": number, "amount": paise, "currency": "INR", "party": {"id": party, "name": party}, "issued_on": BILLED.isoformat()},
        )
        for n, (number, party, paise) in enumerate(given)
    ]  # fmt: skip
    await _append(door, actor, "standard:books", issued)
    await _drain(door, actor)
    await _analyse()
    started = time.perf_counter()
    read = [read_narration(narration(number, party)) for number, party, _ in given]
    reading = time.perf_counter() - started
    lines = [
        NewEvent(
            f"l{n}", "bank.credited", "bank_line", f"l{n}", _at(DAY), "day",
            {"amount": paise, "currency": "INR", "account": "4421", "posted_on": DAY.isoformat(), "channel": said.channel,
             "narration": narration(number, party), "payer": {"name": said.name},
             "references": {"tokens": list(said.tokens), "utr": list(said.utrs)}},
        )
        for n, ((number, party, paise), said) in enumerate(zip(given, read, strict=True))
    ]  # fmt: skip
    await _append(door, actor, "bank:hdfc", lines)
    started = time.perf_counter()
    await _drain(door, actor)
    seconds = reading + time.perf_counter() - started
    async with transaction(door.engine, [actor.business_id]) as tx:
        statement = "SELECT count(*) FROM allocations WHERE business_id = $1 AND kind = 'receipt'"
        return seconds, int(await tx.value(statement, actor.business_id))


async def _append(door: Door, actor: Actor, source: str, events: Sequence[NewEvent]) -> None:
    for start in range(0, len(events), 5_000):
        part = tuple(events[start : start + 5_000])
        body = f"{source} {start}".encode()
        made = Delivery(actor.business_id, source, "file", digest(body), body, datetime.now(UTC), events=part)
        async with transaction(door.engine, [actor.business_id], role="munshi_ingest") as tx:
            await append(tx, [made])


async def _drain(door: Door, actor: Actor) -> None:
    while (await door.execute(DrainBusiness(), actor)).more:
        pass


async def _analyse() -> None:
    connection = await asyncpg.connect(os.environ["ADMIN_DATABASE_URL"])
    await connection.execute("ANALYZE")
    await connection.close()


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# ---- Tryton's --------------------------------------------------------------------------------------
def tryton(given: Sequence[tuple[str, str, int]]) -> Mapping[str, Any]:
    """Return what Tryton made of the same lines; Skipped where it can't run."""
    python = _installed()
    told = {
        "bills": given,
        "lines": [(DAY.isoformat(), paise, narration(number, party)) for number, party, paise in given],
        "uri": _server(os.environ["ADMIN_DATABASE_URL"]), "database": f"tryton_{uuid4().hex[:8]}", "chunk": CHUNK,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="munshi-tryton-") as made:
        file = Path(made) / "told.json"
        file.write_bytes(orjson.dumps(told))
        said = _output([str(python), str(PROGRAM), str(file)], RUN_SECONDS).strip().rpartition("\n")[2]
    try:
        answer: Mapping[str, Any] = orjson.loads(said)
    except ValueError:
        raise Skipped(f"it said {said[:60]!r}") from None
    return answer


def _server(url: str) -> str:
    """Return the server's address as Tryton takes it: without a database, the socket's folder as the host."""
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    host, port = asked.get("host") or parts.hostname, asked.get("port") or parts.port
    if host and host.startswith("/"):
        return f"postgresql://{parts.username}@/?host={host}&port={port}"
    return f"postgresql://{parts.netloc}/"


def _installed() -> Path:
    """Return the Python of an environment with Tryton in it; fetched once, outside of git."""
    python = FOLDER.resolve() / "bin" / "python"
    marker = FOLDER.resolve() / "installed"
    if not marker.exists():
        print(f"Fetching {' and '.join(WANTED)} into {FOLDER} (once).", flush=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        _output([sys.executable, "-m", "venv", str(FOLDER.resolve())], INSTALL_SECONDS)
        _output([str(python), "-m", "pip", "install", "--quiet", *WANTED], INSTALL_SECONDS)
        marker.touch()
    return python


def _output(command: Sequence[str], seconds: int) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skipped(f"{Path(command[0]).name}: {type(error).__name__}") from None
    if done.returncode:
        last = (done.stderr.strip() or "it failed").splitlines()[-1]
        raise Skipped(f"{Path(command[0]).name}: {last[:90]}")
    return done.stdout


# ---- side by side ----------------------------------------------------------------------------------
async def measure_tryton(report: Report, door: Door) -> None:
    """Match the same lines on both sides."""
    given = bills()
    await ours(door, given[:200])
    seconds, matched = await ours(door, given)
    assert matched == LINES, matched
    report.add(f"{LINES:,} lines with a bill's number, from narrations to allocations", seconds, unit="s")
    sizes = (LINES,) if ALL else tuple(size for size in THERE if size < LINES) or (LINES,)
    each = 0.0
    for size in sizes:
        try:
            answer = await asyncio.to_thread(tryton, given[:size])
        except Skipped as why:
            report.say("trytond 8.2 with account_statement_rule", f"skipped: {why}")
            return
        each = answer["seconds"] / size
        said = f"  trytond {answer['version']}, account_statement_rule: {size:,} lines, {answer['matched']:,} with their bill"
        report.add(said, 1_000 * each, unit="ms a line")
    report.add("  ours", 1_000 * seconds / LINES, unit="ms a line")
    report.add("ratio: Tryton's time a line to ours", each * LINES / seconds, least=20)


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_tryton(report, Door(engine)))
