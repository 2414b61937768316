"""The demo firm's files: what the bank and the spreadsheet say is read without a question left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.contract import Inbound, Observation, load_connector
from ledger.domain.checks import check_event
from workers.simulator import bank
from workers.simulator.live import Live
from workers.simulator.world import World, build

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    return build(7, TODAY)


def read(source: str, connector: str, name: str, body: bytes) -> list[Observation]:
    observed = load_connector(connector).observe(
        Inbound(body, filename=name), source=source, settings={"timezone": "Asia/Kolkata"}, now=NOW
    )
    assert not observed.unreadable
    for observation in observed.observations:
        assert observation.event_type is not None
        check_event(observation.event_type, observation.data)
    return list(observed.observations)


def test_every_bank_line_is_read_once_however_often_it_is_sent(world: World) -> None:
    seen: dict[str, Observation] = {}
    for name, body in bank.weekly_files(world):
        for observation in read(bank.SOURCE, "bank", name, body):
            known = seen.setdefault(observation.event_id, observation)
            assert known.data["amount"] == observation.data["amount"]
    assert len(seen) == len(world.bank)
    total = sum(
        o.data["amount"] if o.event_type == "bank.credited" else -o.data["amount"] for o in seen.values()
    )
    assert total == sum(line.amount for line in world.bank)


def test_references_and_bill_numbers_come_out_of_the_narrations(world: World) -> None:
    found: set[str] = set()
    for name, body in bank.weekly_files(world):
        for observation in read(bank.SOURCE, "bank", name, body):
            references = observation.data.get("references", {})
            found |= {*references.get("utr", ()), *references.get("tokens", ())}
    for paid in world.payments:
        assert paid.utr in found
        if paid.party.habit.channel in ("neft", "imps", "upi"):
            assert {number.replace("-", "") for number, _ in paid.settles} <= found
    assert {s.utr for s in world.settlements if s.in_bank} <= found
    assert {c.number for c in world.cheques if c.cleared_on} <= {f.lstrip("0").zfill(6) for f in found}


def test_the_files_of_the_present_are_read_too(world: World) -> None:
    live, at, files = Live(world), datetime(2026, 11, 20, 5, 0, tzinfo=UTC), 0
    for n in range(80):
        step = live.step(at + timedelta(seconds=31 * n))
        if step.file is not None:
            assert read(bank.SOURCE, "bank", *step.file)
            files += 1
    assert files > 5
