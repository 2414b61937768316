"""What may be lost: nothing. Workers are killed, Redis is flushed, PostgreSQL is restarted, in the middle of work."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pika
import pytest
import redis
from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.door import Appender
from kit.database import make_engine, transaction
from kit.errors import Retryable
from kit.ids import uuid7
from kit.postgres import PostgresServer
from ledger.domain.events import Delivery
from ledger.store.audit_chain import verify_audit
from tests.conftest import TestDatabase, migrate
from tests.workers.programs import count, found_business, invoices, program, until
from workers.broker import DRAIN_QUEUE, SWEEP_QUEUE, make_broker
from workers.doorbell import Doorbell


async def everything_folded(engine: AsyncEngine, business: UUID, wanted: int) -> bool:
    return (
        await count(engine, business, "invoices") == wanted and await count(engine, business, "pending") == 0
    )


async def the_audit_holds(engine: AsyncEngine, business: UUID) -> bool:
    async with transaction(engine, [business], snapshot=True) as tx:
        return (await verify_audit(tx, business)).broken_at is None


async def append_all(appender: Appender, deliveries: list[Delivery]) -> None:
    """As a sender does: again, until it is told that it was kept."""

    async def one(delivery: Delivery) -> None:
        while True:
            try:
                await appender.append(delivery)
            except Retryable:
                await asyncio.sleep(0.2)
            else:
                return

    await asyncio.gather(*(one(delivery) for delivery in deliveries))


@pytest.mark.servers
async def test_a_ring_reaches_a_worker_and_what_was_appended_is_folded(
    database: TestDatabase, engine: AsyncEngine, business: UUID, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    bell = Doorbell(make_broker(redis_url))
    with program("workers", log=log, database_url=database.url, redis_url=redis_url):
        await append_all(Appender(engine, ring=bell.ring), invoices(business, 200))
        await until(lambda: everything_folded(engine, business, 200), log=log)
    await bell.close()
    assert await the_audit_holds(engine, business)


async def test_without_a_broker_a_worker_finds_its_work_by_itself(
    database: TestDatabase, engine: AsyncEngine, business: UUID, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with program("workers", log=log, database_url=database.url):
        await append_all(Appender(engine), invoices(business, 50))
        await until(lambda: everything_folded(engine, business, 50), log=log)


async def test_kill_9_of_the_worker_in_mid_drain_loses_nothing(
    database: TestDatabase, engine: AsyncEngine, business: UUID, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    bell = Doorbell(make_broker(redis_url))
    await append_all(Appender(engine, ring=bell.ring), invoices(business, 3_000))
    await bell.close()

    async def draining() -> bool:
        async with transaction(engine, [business]) as tx:
            held = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
            return bool(await tx.value(held))

    with program("workers", log=log, database_url=database.url, redis_url=redis_url) as worker:
        await until(draining, log=log)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert await count(engine, business, "pending") > 0
    with (
        program("workers", log=log, database_url=database.url, redis_url=redis_url),
        program("workers.scheduler", log=log, database_url=database.url, redis_url=redis_url),
    ):
        await until(lambda: everything_folded(engine, business, 3_000), log=log, within=120)
    assert await the_audit_holds(engine, business)


async def test_a_flushed_redis_loses_nothing(
    database: TestDatabase, engine: AsyncEngine, business: UUID, redis_url: str, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    bell, client = Doorbell(make_broker(redis_url)), redis.Redis.from_url(redis_url)
    appender = Appender(engine, ring=bell.ring)
    with (
        program("workers", log=log, database_url=database.url, redis_url=redis_url),
        program("workers.scheduler", log=log, database_url=database.url, redis_url=redis_url),
    ):
        for start in range(0, 600, 100):
            await append_all(appender, invoices(business, 100, start=start))
            client.flushdb()
        await bell.close()
        client.flushdb()
        await until(lambda: everything_folded(engine, business, 600), log=log)


@pytest.fixture
def restartable() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="mt-", dir="/tmp"))
    folder.chmod(0o711)
    server = PostgresServer(folder / "postgres", folder / "s", output=subprocess.DEVNULL)
    server.start()
    server.ensure_database("munshi")
    migrate(server.url("munshi"))
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def pool(restartable: PostgresServer) -> AsyncIterator[AsyncEngine]:
    made = make_engine(restartable.url("munshi", role="munshi_app"))
    yield made
    await made.dispose()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
async def test_a_restart_of_postgresql_in_mid_work_loses_nothing(
    restartable: PostgresServer, pool: AsyncEngine, redis_url: str, tmp_path: Path, how: signal.Signals
) -> None:
    log, business = tmp_path / "log", uuid7()
    await found_business(pool, business)
    bell = Doorbell(make_broker(redis_url))
    url = restartable.url("munshi", role="munshi_app")
    with (
        program("workers", log=log, database_url=url, redis_url=redis_url) as worker,
        program("workers.scheduler", log=log, database_url=url, redis_url=redis_url) as scheduler,
    ):
        sending = asyncio.create_task(append_all(Appender(pool, ring=bell.ring), invoices(business, 2_000)))
        await asyncio.sleep(0.5)
        assert restartable.process is not None
        os.kill(restartable.process.pid, how)
        restartable.process.wait(20)
        restartable.start()
        await sending
        await until(lambda: everything_folded(pool, business, 2_000), log=log, within=120)
        assert worker.poll() is None
        assert scheduler.poll() is None
    await bell.close()
    assert await the_audit_holds(pool, business)


@pytest.fixture
def rabbitmq() -> Iterator[str]:
    """RabbitMQ of this machine, with our queues removed before and after."""
    url = os.environ.get("MUNSHI_TEST_MACHINE_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/%2F")
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.blocked_connection_timeout = 3
    try:
        connection = pika.BlockingConnection(parameters)
    except Exception as error:
        pytest.skip(f"no RabbitMQ of this machine on port 5672 for us: {type(error).__name__}")

    def remove() -> None:
        channel = connection.channel()
        for queue in (DRAIN_QUEUE, SWEEP_QUEUE):
            for name in (queue, f"{queue}.DQ", f"{queue}.XQ"):
                channel.queue_delete(name)

    remove()
    yield url
    remove()
    connection.close()


async def test_rings_by_rabbitmq_reach_a_worker_too(
    database: TestDatabase, engine: AsyncEngine, business: UUID, rabbitmq: str, tmp_path: Path
) -> None:
    log, bell = tmp_path / "log", Doorbell(make_broker(rabbitmq))
    with program("workers", log=log, database_url=database.url, redis_url=rabbitmq):
        await append_all(Appender(engine, ring=bell.ring), invoices(business, 20))
        await until(lambda: everything_folded(engine, business, 20), log=log)
    await bell.close()
