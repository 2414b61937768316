"""A restore drill: a firm that was lived in is dumped, restored into a new database, verified and folded anew."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import make_engine
from kit.postgres import postgres_binaries
from ledger.commands import RebuildBusiness, ResolveConflict, SweepBusiness
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Receivables
from ledger.queries.audit import AuditTrail, VerifyAudit
from tests.conftest import Cluster, SettableClock, TestDatabase
from tests.ledger.desk import Firm


def _run(name: str, *arguments: str) -> None:
    own = postgres_binaries() / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is neither in the wheel nor on this machine")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, check=False)
    if "server version mismatch" in done.stderr:
        pytest.skip(f"{found} is older than the server")
    assert done.returncode == 0, done.stderr


@pytest.fixture
async def restored(cluster: Cluster) -> Any:
    """An empty database beside the firm's, dropped at the end."""
    name = f"munshi_drill_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(cluster.admin_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    yield urlunsplit(urlsplit(cluster.admin_url)._replace(path=f"/{name}"))
    await admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    await admin.close()


async def _live(firm: Firm) -> None:
    """Bills, money, an answered question, one that waits, and a sweep."""
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.credit(5_684_000)
    await firm.settle()
    question = await firm.only()
    finance = await firm.member("Meena", Role.FINANCE)
    await firm.door.execute(ResolveConflict(question.id, question.answers[0].id, note="मीना से पूछा"), finance)
    await firm.bill("INV-108", 118_000, 100_000, party={"id": "C-2", "name": "Gupta Steel"})
    await firm.credit(77_700, line="L-2")
    await firm.settle()
    await firm.door.execute(SweepBusiness(), system(firm.owner.business_id, "sweep"))


async def _read(door: Door, owner: Actor) -> tuple[Any, ...]:
    return (
        await door.query(Receivables(), owner),
        await door.query(AuditTrail(first=200), owner),
        await door.query(VerifyAudit(full=True), owner),
    )


async def test_a_dump_restored_elsewhere_is_the_same_firm(
    door: Door,
    engine: AsyncEngine,
    owner: Actor,
    business: UUID,
    clock: SettableClock,
    database: TestDatabase,
    restored: str,
    tmp_path: Path,
) -> None:
    firm = Firm(door, engine, clock, owner)
    await _live(firm)
    before = await _read(door, owner)
    assert len(before[1].rows) > 10
    assert before[2].holds

    dump = tmp_path / "firm.dump"
    _run("pg_dump", "--format=custom", f"--file={dump}", database.admin_url)
    _run("pg_restore", "--exit-on-error", f"--dbname={restored}", str(dump))

    host = urlsplit(restored).netloc.rpartition("@")[2]
    engine_there = make_engine(
        urlunsplit(urlsplit(restored)._replace(netloc=f"munshi_app@{host}")), application="munshi-drill"
    )
    try:
        there = Door(engine_there, clock=clock)
        assert await _read(there, owner) == before
        rebuilt = await there.execute(RebuildBusiness(), system(business, "test"))
        assert rebuilt.events > 4
        assert {name: count for name, count in rebuilt.differing.items() if count} == {}
        foreign = replace(owner, business_id=uuid4())
        assert (await there.query(AuditTrail(), foreign)).rows == (), "row-level security came along"
    finally:
        await engine_there.dispose()
