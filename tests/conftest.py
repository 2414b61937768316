"""Fixtures: a real PostgreSQL and Redis from the wheels, and a fresh clone of the migrated database per test.

MUNSHI_TEST_DATABASE_URL (superuser) and MUNSHI_TEST_REDIS_URL put other servers in their place. Tests marked
`servers` run a second time against the servers of this machine (5432, 6379), where they answer.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import hypothesis
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import make_engine, transaction
from kit.ids import uuid7
from kit.postgres import PostgresServer
from kit.redis_server import RedisServer, redis_binary
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system

MACHINE_DATABASE = "postgresql://postgres@127.0.0.1:5432/postgres"
MACHINE_REDIS = "redis://127.0.0.1:6379/15"
APPLICATION_ROLE = "munshi_app"

# In CI the same examples each time; at the desk new ones, so that what is found there becomes a test.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("desk", deadline=None)  # a loaded machine is no failure
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "max_connections": "150",
    "log_min_messages": "warning",
}


@dataclass(slots=True)
class SettableClock:
    """A clock that stands where a test puts it: `clock.now = …`, `clock.advance(days=3)`."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 3, 30, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Move on by a timedelta's arguments."""
        self.now += timedelta(**span)


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """A migrated database of one test: `url` as the application's role, `admin_url` as its owner."""

    __test__ = False

    name: str
    url: str
    admin_url: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server with a migrated template: its superuser's address, and the template's name."""

    admin_url: str
    template: str

    def clone(self) -> TestDatabase:
        """Make a database from the template."""
        name = f"munshi_test_{uuid4().hex[:12]}"
        _now(
            _statement(
                self.admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" STRATEGY file_copy'
            )
        )
        admin = _with_database(self.admin_url, name)
        return TestDatabase(name, _as_role(admin, APPLICATION_ROLE), admin)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        _now(_statement(self.admin_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marker."""
    config.addinivalue_line(
        "markers", "servers: runs against the servers of this machine too, where they answer"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked `servers` against the wheel's servers and against this machine's."""
    if "lane" in metafunc.fixturenames and metafunc.definition.get_closest_marker("servers"):
        metafunc.parametrize("lane", ["wheel", "machine"], indirect=True)


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, as the programs do."""
    return "asyncio"


@pytest.fixture
def lane(request: pytest.FixtureRequest) -> str:
    """Which servers a test uses: `wheel` or `machine`."""
    return getattr(request, "param", "wheel")


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A short folder that the servers' unprivileged user can pass (a socket's path has 107 bytes)."""
    made = Path(tempfile.mkdtemp(prefix="mt-", dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(folder: Path) -> Iterator[PostgresServer]:
    """The wheel's PostgreSQL for this session, in haste: nothing is flushed to disk."""
    with (folder / "postgres.log").open("ab") as log:
        server = PostgresServer(folder / "postgres", folder / "s", FAST, output=log)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """The wheel's Redis for this session."""
    if redis_binary() is None:
        pytest.skip("no Redis wheel for this platform")
    with (folder / "redis.log").open("ab") as log:
        server = RedisServer(folder / "redis", folder / "s", output=log)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def wheel_cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The server that tests use by default, with its template."""
    given = os.environ.get("MUNSHI_TEST_DATABASE_URL", "")
    admin = given or request.getfixturevalue("postgres_server").url("postgres")
    yield from _with_template(admin)


@pytest.fixture(scope="session")
def machine_cluster() -> Iterator[Cluster]:
    """The PostgreSQL of this machine, where it lets us in as a superuser."""
    for user in dict.fromkeys((os.environ.get("PGUSER", "postgres"), "postgres", "root")):
        admin = _as_role(os.environ.get("MUNSHI_TEST_MACHINE_DATABASE_URL", MACHINE_DATABASE), user)
        reason = _refusal(admin)
        if not reason:
            yield from _with_template(admin)
            return
    pytest.skip(f"no PostgreSQL of this machine on port 5432 for us: {reason}")


@pytest.fixture
def cluster(lane: str, request: pytest.FixtureRequest) -> Cluster:
    """The server of this test's lane."""
    found: Cluster = request.getfixturevalue(f"{lane}_cluster")
    return found


@pytest.fixture
def database(cluster: Cluster) -> Iterator[TestDatabase]:
    """A migrated database of this test alone."""
    made = cluster.clone()
    yield made
    cluster.drop(made.name)


@pytest.fixture
def redis_url(lane: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty Redis (database 15 of the machine's in that lane, if nobody else uses it)."""
    import redis

    if lane == "machine":
        url = os.environ.get("MUNSHI_TEST_MACHINE_REDIS_URL", MACHINE_REDIS)
    else:
        url = os.environ.get("MUNSHI_TEST_REDIS_URL", "") or request.getfixturevalue("redis_server").url
    client = redis.Redis.from_url(url)
    try:
        held = client.dbsize()
    except redis.RedisError as error:
        pytest.skip(f"no Redis at {url}: {error}")
    if lane == "machine" and held:
        pytest.skip("database 15 of this machine's Redis is in use")
    client.flushdb()
    yield url
    client.flushdb()
    client.close()


@pytest.fixture
def clock() -> SettableClock:
    """Friday, 20 November 2026, 9:00 in India, until the test moves it."""
    return SettableClock()


@pytest.fixture
async def engine(database: TestDatabase) -> AsyncIterator[AsyncEngine]:
    """A pool on a fresh clone, as the role that row-level security binds."""
    made = make_engine(database.url, application="munshi-test")
    yield made
    await made.dispose()


@pytest.fixture
def door(engine: AsyncEngine, clock: SettableClock) -> Door:
    """The door for people, on this test's database and clock."""
    return Door(engine, clock=clock)


@dataclass(frozen=True, slots=True)
class Founded:
    """A business and its owner."""

    business: UUID
    owner: Actor


@pytest.fixture
async def founded(engine: AsyncEngine) -> Founded:
    """Sharma Services, with its owner Ramesh."""
    business, member = uuid7(), uuid7()
    async with transaction(engine, [business]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Sharma Services')", business)
        await tx.run(
            "INSERT INTO directory (kind, key, business_id) VALUES ('business', $1, $2)",
            str(business),
            business,
        )
        await tx.run(
            "INSERT INTO members (business_id, id, name, role) VALUES ($1, $2, 'Ramesh', 'owner')",
            business,
            member,
        )
    return Founded(business, Actor(business, Role.OWNER, "Ramesh", member_id=member))


@pytest.fixture
def business(founded: Founded) -> UUID:
    """A founded business with one owner."""
    return founded.business


@pytest.fixture
def owner(founded: Founded) -> Actor:
    """Its owner."""
    return founded.owner


@pytest.fixture
def clerk(founded: Founded) -> Actor:
    """A system actor of the business."""
    return system(founded.business, "test")


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# ---- the template ----------------------------------------------------------------------------------
def _with_template(admin_url: str) -> Iterator[Cluster]:
    template = f"munshi_template_{uuid4().hex[:12]}"
    _now(_statement(admin_url, f'CREATE DATABASE "{template}"'))
    cluster = Cluster(admin_url, template)
    try:
        migrate(_with_database(admin_url, template))
        reason = _refusal(_as_role(_with_database(admin_url, template), APPLICATION_ROLE))
        if reason:
            pytest.skip(f"the role {APPLICATION_ROLE} can't connect there: {reason}")
        yield cluster
    finally:
        cluster.drop(template)


def migrate(admin_url: str) -> None:
    """Bring a database to the newest schema, with roles and row-level security.

    One at a time: roles belong to the whole server, and two workers may share this machine's.
    """
    from ledger.store.migrate import upgrade

    with (Path(tempfile.gettempdir()) / f"munshi-tests-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _elsewhere(lambda: upgrade(admin_url))


async def _statement(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _refusal(url: str) -> str:
    try:
        _now(_statement(url, "SELECT 1"))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        return str(error) or type(error).__name__
    return ""


def _now(work: Coroutine[Any, Any, None]) -> None:
    _elsewhere(lambda: asyncio.run(work))


def _elsewhere(work: Callable[[], None]) -> None:
    # In a thread: the event loop of an async test may be running in this one.
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # handed to the caller below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}@{host}"))
