"""A bank file of 10,000 rows brought twice: by our door, and by Actual's own API where Node is present.

Actual is given the rows already parsed, in its own form, and with the payer's name told apart; we are given the bytes
of the bank's CSV. It is measured with and without an id on each row: a bank's file has none.
Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.actual`.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from ingest.sources import Source, Sources
from kit.clock import system_clock
from kit.database import transaction
from kit.sealing import process_seal
from ledger.commands import AddBusiness, AddSource, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from tests.bench.report import Report, run_alone
from tests.connectors.bank_layouts import Txn, hdfc_delimited

PACKAGE, WANTED = "@actual-app/api", "26.9"
PROGRAM = Path(__file__).with_name("actual.cjs")
FOLDER = Path(os.environ.get("MUNSHI_HOME", ".munshi")) / "bench" / "actual"
ROWS, TWINS = 10_000, 50
FIRST, OPENING = date(2025, 4, 1), 10_000_000_000
TWIN_DAY = FIRST + timedelta(days=364)  # the last day, so that the next file goes on with the day after
INSTALL_SECONDS, RUN_SECONDS = 900, 900
Row = tuple[Txn, str]


class Skipped(Exception):
    """Why there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Ours:
    """Seconds of an import to the log, then to the read tables, and of the same again; rows kept after each step."""

    logged: float
    derived: float
    again: float
    kept: Sequence[int]


def rows() -> list[Row]:
    """Return a year of lines with their payers; the last ones are twins: the same day, amount and words."""
    chance = random.Random(7)
    made = []
    for number in range(ROWS - TWINS):
        payer, utr = f"CUSTOMER {chance.randrange(1_000)}", f"HDFCN5{number:010d}"
        amount = chance.choice((1, -1)) * chance.randrange(10_000, 9_000_000)
        day = FIRST + timedelta(days=number * 364 // ROWS)
        made.append((Txn(day, amount, f"NEFT CR-HDFC0000001-{payer}-{utr}", utr), payer))
    return made + twins(TWIN_DAY)


def twins(day: date) -> list[Row]:
    """Return lines of one day that differ in nothing but the balance after them."""
    return [(Txn(day, 50_000, "UPI-CORNER SHOP-cornershop@examplebank"), "CORNER SHOP")] * TWINS


# ---- ours ------------------------------------------------------------------------------------------
async def _ours(door: Door, given: Sequence[Txn], later: Sequence[Txn]) -> Ours:
    business = uuid4()
    actor = system(business, "bench")
    await door.execute(AddBusiness(business, "Bench Bank"), actor)
    await door.execute(AddSource("bank:hdfc", "bank", "HDFC Bank", {}, None), actor)
    source = await Sources(door.engine, seal=process_seal).by_name(business, "bank:hdfc")
    file = hdfc_delimited(given, OPENING)
    kept: list[int] = []
    started = time.perf_counter()
    await _bring(door, source, file)
    logged = time.perf_counter() - started
    await _drain(door, actor)
    derived = time.perf_counter() - started
    kept.append(await _kept(door, actor))
    started = time.perf_counter()
    await _bring(door, source, file)
    await _drain(door, actor)
    again = time.perf_counter() - started
    kept.append(await _kept(door, actor))
    await _bring(door, source, hdfc_delimited(later, OPENING + sum(line.amount for line in given)))
    await _drain(door, actor)
    kept.append(await _kept(door, actor))
    return Ours(logged, derived, again, kept)


async def _bring(door: Door, source: Source, file: bytes) -> None:
    inbound = Inbound(file, filename="statement.csv")
    summary = await import_file(Appender(door.engine), source, inbound, via="file", now=system_clock())
    assert summary.unreadable == (), summary.unreadable[:3]


async def _drain(door: Door, actor: Actor) -> None:
    while (await door.execute(DrainBusiness(), actor)).more:
        pass


async def _kept(door: Door, actor: Actor) -> int:
    async with transaction(door.engine, [actor.business_id]) as tx:
        statement = "SELECT count(*) FROM bank_lines WHERE business_id = $1"
        return int(await tx.value(statement, actor.business_id))


# ---- Actual's --------------------------------------------------------------------------------------
def actual(given: Sequence[Row], later: Sequence[Row], *, mode: str) -> Mapping[str, Any]:
    """Return what Actual made of the same rows; Skipped where it can't run."""
    modules = _installed()
    with tempfile.TemporaryDirectory(prefix="munshi-actual-") as made:
        data = Path(made) / "data"
        data.mkdir()
        told = Path(made) / "rows.json"
        told.write_bytes(orjson.dumps({"rows": _told(given, "r"), "later": _told(later, "l")}))
        return _run([*_node(), str(PROGRAM), str(modules), str(told), str(data), mode])


def _told(given: Sequence[Row], mark: str) -> list[dict[str, Any]]:
    return [
        {
            "date": line.posted_on.isoformat(), "amount": line.amount, "payee_name": payer,
            "notes": line.narration, "id": f"{mark}{number}",
        }
        for number, (line, payer) in enumerate(given)
    ]  # fmt: skip


def _node() -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise Skipped("Node is not installed")
    return [node]


def _installed() -> Path:
    """Return the folder of modules with Actual's API in it; fetched once, outside of git."""
    _node()
    modules = FOLDER.resolve() / "node_modules"
    if not _version(modules).startswith(f"{WANTED}."):
        npm = shutil.which("npm")
        if npm is None:
            raise Skipped("npm is not installed")
        print(f"Fetching {PACKAGE} {WANTED} into {FOLDER} (once).", flush=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error")
        _output(
            [npm, "install", "--prefix", str(FOLDER.resolve()), *quiet, f"{PACKAGE}@{WANTED}"],
            INSTALL_SECONDS,
        )
    return modules


def _version(modules: Path) -> str:
    try:
        return str(orjson.loads((modules / PACKAGE / "package.json").read_bytes())["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _run(command: Sequence[str]) -> Mapping[str, Any]:
    said = _output(command, RUN_SECONDS).strip().rpartition("\n")[2]
    try:
        answer: Mapping[str, Any] = orjson.loads(said)
    except ValueError:
        raise Skipped(f"it said {said[:60]!r}") from None
    return answer


def _output(command: Sequence[str], seconds: int) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Skipped(f"{Path(command[0]).name}: {type(error).__name__}") from None
    if done.returncode:
        last = (done.stderr.strip() or "it failed").splitlines()[-1]
        raise Skipped(f"{Path(command[0]).name}: {last[:70]}")
    return done.stdout


# ---- side by side ----------------------------------------------------------------------------------
async def measure_bank_import(report: Report, door: Door) -> None:
    """Bring a year of lines, the same again, and the next day's file, by ours and by Actual's."""
    given, later = rows(), twins(TWIN_DAY + timedelta(days=1))
    lines, more = [line for line, _ in given], [line for line, _ in later]
    await _ours(door, lines[:300], more)
    runs = [await _ours(door, lines, more) for _ in range(3)]
    logged, derived, again = (
        statistics.median(getattr(run, name) for run in runs) for name in ("logged", "derived", "again")
    )
    report.add("bank import of 10,000 rows, a file's bytes to the log", logged, unit="s")
    report.add("  until the read tables show them", derived, unit="s")
    report.add("  the same again, read tables included", again, unit="s")
    report.say("  rows kept: import, again, next day's 50", _counts(runs[0].kept))
    others = []
    for mode, said in (("plain", "no ids"), ("ids", "an id a row")):
        try:
            answer = await asyncio.to_thread(actual, given, later, mode=mode)
        except Skipped as why:
            report.say(f"{PACKAGE}, {said}", f"skipped: {why}")
            continue
        others.append(answer)
        name = f"{PACKAGE} {answer['version']}, {said}"
        report.add(f"{name}, import of 10,000 rows", answer["once"]["seconds"], unit="s")
        report.add("  the same again, by Actual", answer["again"]["seconds"], unit="s")
        kept = [answer[step]["kept"] for step in ("once", "again", "after")]
        report.say("  rows kept: import, again, next day's 50, by Actual", _counts(kept))
    if others:
        once = min(answer["once"]["seconds"] for answer in others)
        report.say("  Node beside which it was measured", others[0]["node"])
        report.add("ratio: import, the quicker of Actual's to ours", once / logged, least=5)
        report.add("  to ours with the read tables", once / derived)
        slow = min(answer["again"]["seconds"] for answer in others)
        report.add("ratio: the same again, the quicker of Actual's to ours", slow / again, least=20)


def _counts(kept: Sequence[int]) -> str:
    return ", ".join(f"{count:,}" for count in kept)


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_bank_import(report, Door(engine)))
