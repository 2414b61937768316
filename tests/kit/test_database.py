"""A transaction on the pool: one round trip to open, never left open, and dead connections replaced unseen."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit import database as pool
from kit.database import Tx, transaction
from kit.ids import uuid7, uuid7s

ONE, OTHER = uuid4(), uuid4()
SEEN = "SELECT current_setting('app.businesses') AS businesses, current_user AS role"
MODE = "SELECT current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only')"


class Undone(Exception):
    pass


async def seen(engine: AsyncEngine) -> list[UUID]:
    async with transaction(engine, []) as tx:
        return list(await tx.value("SELECT NULLIF(current_setting('app.businesses'), '')::uuid[]"))


async def test_it_sees_its_businesses_in_its_role(engine):
    async with transaction(engine, [ONE, OTHER], role="munshi_ingest") as tx:
        assert await tx.value("SELECT current_setting('app.businesses')::uuid[]") == [ONE, OTHER]
        assert (await tx.row(SEEN))["role"] == "munshi_ingest"
    async with transaction(engine, [ONE]) as tx:
        assert (await tx.row(SEEN))["role"] == "munshi_app"
    assert await seen(engine) == []


@pytest.mark.parametrize(("snapshot", "mode"), [(False, "read committed off"), (True, "repeatable read on")])
async def test_it_is_as_isolated_as_asked(engine, snapshot, mode):
    async with transaction(engine, [ONE], snapshot=snapshot) as tx:
        assert await tx.value(MODE) == mode


@pytest.mark.parametrize("role", ["munshi_ingest', true), set_config('x.y', '1", "", "no role"])
async def test_what_is_no_name_is_no_role(engine, role):
    with pytest.raises(ValueError, match="is not a role"):
        async with transaction(engine, [ONE], role=role):
            pass


async def test_what_is_no_id_is_no_business(engine):
    with pytest.raises(AttributeError):
        async with transaction(engine, ["}', true); --"]):
            pass


async def written(engine: AsyncEngine) -> bool:
    async with transaction(engine, []) as tx:
        return bool(await tx.value("SELECT current_setting('munshi.note', true)"))


async def write_and_give_up(engine: AsyncEngine) -> None:
    async with transaction(engine, [ONE]) as tx:
        await tx.run("SELECT set_config('munshi.note', 'x', false)")
        raise Undone


async def test_an_exception_takes_all_back_and_leaves_the_connection_whole(engine):
    with pytest.raises(Undone):
        await write_and_give_up(engine)
    assert not await written(engine)
    assert await seen(engine) == []


async def test_a_failed_opening_leaves_no_transaction(engine):
    with pytest.raises(asyncpg.PostgresError):
        async with transaction(engine, [ONE], role="nobody_here"):
            pass
    async with transaction(engine, [OTHER]) as tx:
        assert await tx.value("SELECT current_setting('app.businesses')::uuid[]") == [OTHER]


@pytest.mark.parametrize("statement", ["SELECT pg_sleep(30)", "SELECT 1 / 0"])
async def test_a_cancelled_or_failed_statement_leaves_no_transaction(engine, statement):
    with pytest.raises((TimeoutError, asyncpg.DivisionByZeroError)):
        async with asyncio.timeout(0.2), transaction(engine, [ONE]) as tx:
            await tx.run(statement)
    assert await seen(engine) == []


async def note_and_fail(tx: Tx) -> None:
    async with tx.savepoint():
        await tx.run("SELECT set_config('munshi.note', 'lost', true)")
        await tx.run("SELECT 1 / 0")


async def test_a_savepoint_takes_back_only_its_own(engine):
    async with transaction(engine, [ONE]) as tx:
        await tx.run("SELECT set_config('munshi.note', 'kept', true)")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await note_and_fail(tx)
        async with tx.savepoint():
            await tx.run("SELECT 1")
        assert await tx.value("SELECT current_setting('munshi.note')") == "kept"


async def test_connections_that_the_server_ended_are_replaced_unseen(engine, database):
    for _ in range(3):
        await seen(engine)
        admin = await asyncpg.connect(database.admin_url)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await admin.close()
        await asyncio.sleep(0.1)
        assert await seen(engine) == []


async def backend(engine: AsyncEngine, *, fails: Exception | None = None) -> int:
    async with transaction(engine, [ONE]) as tx:
        pid = int(await tx.value("SELECT pg_backend_pid()"))
        if fails is not None:
            raise fails
    return pid


async def test_a_goodbye_between_two_statements_is_an_outage_and_the_connection_goes(engine):
    before = await backend(engine)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await backend(engine, fails=asyncpg.InternalClientError("cannot switch to another state"))
    assert await backend(engine) != before


async def test_only_a_connection_that_rested_is_asked_whether_it_lives(engine, monkeypatch):
    asked = []
    async with engine.connect() as connection:
        kind = type((await connection.get_raw_connection()).dbapi_connection)
    monkeypatch.setattr(kind, "ping", lambda self: asked.append(self))
    monkeypatch.setattr(pool, "FRESH_SECONDS", 60.0)
    for _ in range(3):
        await seen(engine)
    assert asked == []
    monkeypatch.setattr(pool, "FRESH_SECONDS", -1.0)
    await seen(engine)
    assert len(asked) == 1


def test_ids_of_a_batch_are_as_good_as_single_ones():
    made = uuid7s(500)
    assert len(set(made)) == 500
    assert {(one.version, one.variant) for one in made} == {(uuid7().version, uuid7().variant)}
    assert abs(uuid7().int // 2**80 - made[0].int // 2**80) < 60_000
    assert uuid7s(0) == []


async def test_work_that_is_cut_off_at_any_moment_leaves_no_transaction_behind(
    database, business: UUID
) -> None:
    engine = pool.make_engine(database.url, pool_size=1)

    async def work() -> None:
        async with transaction(engine, [business], role="munshi_ingest") as tx:
            await tx.fetch("SELECT pg_sleep(0.001)")

    for steps in range(60):
        task = asyncio.create_task(work())
        for _ in range(steps % 20):
            await asyncio.sleep(0)
        await asyncio.sleep(0.0005 * (steps // 20))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with transaction(engine, [business]) as tx:
            assert await tx.value("SELECT count(*) FROM members") == 1, f"cut off after {steps}"
    await engine.dispose()


async def test_a_goodbye_in_the_middle_of_a_commit_is_said_as_such(
    engine: AsyncEngine, business: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asyncpg.Connection.execute

    async def cut_off(self: asyncpg.Connection, query: str, *args: Any, **kwargs: Any) -> str:
        if query == "COMMIT":
            raise asyncpg.InternalClientError("the server said goodbye")
        return await whole(self, query, *args, **kwargs)

    monkeypatch.setattr(asyncpg.Connection, "execute", cut_off)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        async with transaction(engine, [business]) as tx:
            await tx.value("SELECT 1")
    monkeypatch.undo()
    async with transaction(engine, [business]) as tx:
        assert await tx.value("SELECT 1") == 1
