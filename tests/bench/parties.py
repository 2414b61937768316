"""What a drain costs per touched party, in a running business of many parties with many bills each.

Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.parties`.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg

from kit.database import transaction
from kit.ids import digest
from ledger.commands import AddBusiness, DrainBusiness
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import Actor, system
from ledger.store.append import append
from tests.bench.report import Report, run_alone

PARTIES, BILLS, TOUCHED, ROUNDS = 1_000, 20, 100, 5
FIRST = date(2026, 1, 5)


def bills() -> list[NewEvent]:
    """Bills of customers whose names differ, a third of them paid in the books already."""
    chance = random.Random(3)
    made = []
    for number in range(PARTIES * BILLS):
        party = number % PARTIES
        day = FIRST + timedelta(days=number // PARTIES * 14)
        amount = chance.randrange(5_000, 90_000) * 118
        data = {
            "number": f"B{number:06d}", "amount": amount, "base": amount * 100 // 118, "currency": "INR",
            "party": {"id": f"c{party}", "name": name_of(party)}, "issued_on": day.isoformat(),
            "due_on": (day + timedelta(days=30)).isoformat(),
        }  # fmt: skip
        made.append(
            NewEvent(f"b{number}", "invoice.issued", "invoice", f"b{number}", _at(day), "instant", data)
        )
    return made


def name_of(party: int) -> str:
    """Return a name whose first letters are its own, as a town's are."""
    letters = "".join(chr(65 + party // 26**place % 26) for place in range(3))
    return f"{letters}andra {party} Traders"


def lines(touched: Sequence[int], turn: int, known: Sequence[NewEvent]) -> list[NewEvent]:
    """One bank credit of each party: the exact amount of one of its bills, by name."""
    made = []
    for party in touched:
        bill = known[turn * PARTIES + party].data
        day = date(2026, 11, 2) + timedelta(days=turn)
        data = {
            "amount": bill["amount"], "currency": "INR", "account": "4421", "posted_on": day.isoformat(), "channel": "NEFT",
            "narration": f"NEFT CR-{name_of(party).upper()}-{turn}", "payer": {"name": name_of(party).upper()},
        }  # fmt: skip
        made.append(
            NewEvent(
                f"l{turn}:{party}", "bank.credited", "bank_line", f"l{turn}:{party}", _at(day), "day", data
            )
        )
    return made


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def _append(door: Door, actor: Actor, source: str, events: Sequence[NewEvent]) -> None:
    for start in range(0, len(events), 5_000):
        part = tuple(events[start : start + 5_000])
        body = f"{source} {part[0].source_event_id}".encode()
        delivery = Delivery(
            actor.business_id, source, "file", digest(body), body, datetime.now(UTC), events=part
        )
        async with transaction(door.engine, [actor.business_id], role="munshi_ingest") as tx:
            await append(tx, [delivery])


async def _drain(door: Door, actor: Actor) -> None:
    while (await door.execute(DrainBusiness(), actor)).more:
        pass


async def measure_parties(report: Report, door: Door) -> None:
    """Bring a credit of each of some parties, drain, and divide; then of one alone."""
    actor = system(uuid4(), "bench")
    await door.execute(AddBusiness(actor.business_id, "Bench Parties"), actor)
    known = bills()
    await _append(door, actor, "standard:books", known)
    await _drain(door, actor)
    connection = await asyncpg.connect(os.environ["ADMIN_DATABASE_URL"])
    await connection.execute("ANALYZE")
    await connection.close()
    chance, spent, alone = random.Random(5), [], []
    for turn in range(ROUNDS):
        touched = chance.sample(range(PARTIES), TOUCHED + 1)
        await _append(door, actor, "bank:hdfc", lines(touched[1:], turn, known))
        started = time.perf_counter()
        await _drain(door, actor)
        spent.append(time.perf_counter() - started)
        await _append(door, actor, "bank:hdfc", lines(touched[:1], turn, known))
        started = time.perf_counter()
        await _drain(door, actor)
        alone.append(time.perf_counter() - started)
    said = f"drain per touched party, {TOUCHED} of {PARTIES:,} parties with {BILLS} bills each"
    report.add(said, 1_000 * sum(spent[1:]) / TOUCHED / (ROUNDS - 1), unit="ms", most=10)
    report.add(
        "  a drain of one party alone, all rules and the audit chain with it",
        1_000 * sorted(alone)[ROUNDS // 2],
        unit="ms",
    )


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_parties(report, Door(engine)))
