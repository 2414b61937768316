"""A replay that is killed with -9 goes on where it stopped: the same command, and nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from connectors.contract import Inbound
from ingest.reading import read_delivery
from ingest.replay_reading import source_of
from kit.database import transaction
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.commands import AddSource
from ledger.dispatch import Door
from ledger.store import replays
from ledger.store.append import append
from tests.conftest import TestDatabase

SOURCE = "crm:own"
DELIVERIES = 6_000


@pytest.fixture
def environment(database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    given = {
        "DATABASE_URL": database.url,
        "REDIS_URL": "",
        "MUNSHI_HOME": str(tmp_path),
        "MUNSHI_SECRET_KEY": new_seal_key(),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    process_seal.cache_clear()
    yield {**os.environ, **given}
    settings.cache_clear()
    process_seal.cache_clear()


async def received(door: Door, business: UUID) -> None:
    """Receive deals whose word nobody has explained, then learn the word behind the log's back."""
    async with transaction(door.engine, [business]) as tx:
        (basis,) = await replays.bases(tx, business, SOURCE)
    source = source_of(business, basis)
    for first in range(0, DELIVERIES, 1_000):
        deliveries = []
        for number in range(first, first + 1_000):
            data = {"id": f"d{number}", "name": f"Deal {number}", "status_word": "In talks"}
            body = {"type": "deal.status_reported", "timestamp": "2026-11-01T10:00:00+05:30", "data": data}
            at = door.clock() - timedelta(days=2) + timedelta(seconds=number)
            inbound = Inbound(json.dumps(body).encode(), {"webhook-id": f"m{number}"})
            deliveries.append(read_delivery(source, inbound, via="webhook", received_at=at).delivery)
        async with transaction(door.engine, [business]) as tx:
            await append(tx, deliveries)
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            "INSERT INTO status_mappings (business_id, source, kind, word, qualifier, status)"
            " VALUES ($1, $2, 'deal', 'In talks', '', 'deal.open')",
            business,
            SOURCE,
        )


async def counted(door: Door, business: UUID, what: str) -> int:
    async with transaction(door.engine, [business]) as tx:
        return int(await tx.value(f"SELECT count(*) FROM {what} WHERE business_id = $1", business))


def command(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "workers.cli", "replay", "--source", SOURCE, "--apply", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


async def test_a_replay_killed_between_two_slices_goes_on_there(
    environment, door: Door, owner, business: UUID
) -> None:
    await door.execute(AddSource(SOURCE, "standard", "Our CRM", {}), owner)
    await received(door, business)
    first = command(environment)
    deadline = time.monotonic() + 60
    while not 0 < await counted(door, business, "interpretations") < DELIVERIES:
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < deadline
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    left = await counted(door, business, "interpretations")
    assert 0 < left < DELIVERIES
    out, err = command(environment).communicate(timeout=120)
    told = json.loads(out)
    assert told["resumed"] is True, err
    assert told["counts"]["changed"] == DELIVERIES, "what was done before the kill is counted with it"
    assert await counted(door, business, "interpretations") == DELIVERIES, "none is read anew twice"
    out, _ = command(environment).communicate(timeout=120)
    told = json.loads(out)
    assert (told["resumed"], told["counts"].get("changed", 0)) == (False, 0)
