"""The demo firm's present: repeatable from its moments, its bank files in line with its history."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from workers.simulator.live import Live, Step
from workers.simulator.world import World, build

FOUNDED = date(2026, 11, 20)


@pytest.fixture(scope="module")
def world() -> World:
    return build(7, FOUNDED)


def run(world: World, count: int, *, start: datetime) -> list[Step]:
    live = Live(world)
    return [live.step(start + timedelta(seconds=31 * n)) for n in range(count)]


def test_the_same_moments_bring_the_same_steps(world: World) -> None:
    start = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    assert run(world, 120, start=start) == run(world, 120, start=start)


def test_something_of_every_kind_happens_within_the_hour(world: World) -> None:
    steps = run(world, 120, start=datetime(2026, 11, 20, 5, 0, tzinfo=UTC))
    words = " | ".join(step.words for step in steps)
    assert all(step.messages or step.file for step in steps)
    for told in (" paid SFS-", "Bill SFS-", "Bank credit", "CRM: ", "Bill from ", "Razorpay settled"):
        assert told in words
    assert sum("Bank credit" in step.words for step in steps) > 10


def test_what_happens_now_is_never_ahead_of_the_clock(world: World) -> None:
    start = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    for place, step in enumerate(run(world, 100, start=start)):
        at = start + timedelta(seconds=31 * place)
        assert all(message.at <= at for message in step.messages)


def test_ids_of_the_present_never_collide(world: World) -> None:
    steps = run(world, 400, start=datetime(2026, 11, 20, 4, 0, tzinfo=UTC))
    ids = [(m.source, m.id) for step in steps for m in step.messages]
    assert len(ids) == len(set(ids))


def test_each_bank_file_continues_the_balance_of_the_one_before(world: World) -> None:
    steps = run(world, 300, start=datetime(2026, 11, 20, 4, 0, tzinfo=UTC))
    balances: dict[str, str] = {}
    files = [step.file[1] for step in steps if step.file]
    for body in files:
        text = body.decode()
        rows = list(csv.DictReader(io.StringIO(text[text.index("No.,") :])))
        previous = None
        for row in rows:
            paise = int(row["Transaction Amount(INR)"].replace(".", "")) * (1 if row["Cr/Dr"] == "CR" else -1)
            balance = int(row["Available Balance(INR)"].replace(".", ""))
            assert previous is None or previous + paise == balance
            previous = balance
            assert (
                balances.setdefault(row["Transaction ID"], row["Available Balance(INR)"])
                == row["Available Balance(INR)"]
            )
    assert len(files) > 30


def test_the_firm_goes_on_after_days_of_rest(world: World) -> None:
    live = Live(world)
    live.step(datetime(2026, 11, 20, 6, 0, tzinfo=UTC))
    for n in range(60):
        step = live.step(datetime(2026, 12, 3, 6, 0, tzinfo=UTC) + timedelta(seconds=30 * n))
        assert step.messages or step.file
