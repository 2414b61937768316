"""The engine, and a transaction bound to a tenant: the one way to PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

FRESH_SECONDS = 0.1
"""A connection used so lately isn't asked whether it lives: no server restarts in that time, and asking costs a statement."""
STATEMENTS_KEPT = 400
"""Prepared statements a connection keeps: a drain alone has about a hundred, and one that was dropped is prepared anew each time."""
_USED_AT = "munshi.used_at"


class Tx:
    """A transaction on one asyncpg connection; `fetch` and `run` take SQL with $1, $2….

    jsonb is read as Python values and written as JSON text.
    """

    __slots__ = ("_keeps_plans", "raw", "statements")

    def __init__(self, raw: asyncpg.Connection, *, keep_plans: bool = False) -> None:
        self.raw = raw
        self.statements = 0
        self._keeps_plans = keep_plans

    async def fetch(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        """Return all rows of a statement."""
        self.statements += 1
        rows: list[asyncpg.Record] = await self.raw.fetch(statement, *args)
        return rows

    async def row(self, statement: str, *args: Any) -> asyncpg.Record | None:
        """Return the first row, or None."""
        self.statements += 1
        return await self.raw.fetchrow(statement, *args)

    async def value(self, statement: str, *args: Any) -> Any:
        """Return the first column of the first row, or None."""
        found = await self.row(statement, *args)
        return found[0] if found is not None else None

    async def run(self, statement: str, *args: Any) -> int:
        """Execute a statement and return the number of rows that it touched."""
        self.statements += 1
        status: str = await self.raw.execute(statement, *args)
        tail = status.rsplit(" ", 1)[-1]
        return int(tail) if tail.isdigit() else 0

    async def plan_anew(self) -> None:
        """Plan each statement from here on for its values; nothing to do unless this transaction keeps plans."""
        if self._keeps_plans:
            self._keeps_plans = False
            await self.raw.execute("SET LOCAL plan_cache_mode = force_custom_plan")

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Take back what is done in the block, and only that, if it raises."""
        await self.raw.execute("SAVEPOINT inner_work")
        try:
            yield
        except BaseException:
            await self.raw.execute("ROLLBACK TO SAVEPOINT inner_work; RELEASE SAVEPOINT inner_work")
            raise
        await self.raw.execute("RELEASE SAVEPOINT inner_work")


class _Pool(AsyncAdaptedQueuePool):
    """A pool that waits, which costs a task, only where it must: while no connection rests, or others wait already."""

    _waiting = 0

    def _do_get(self) -> ConnectionPoolEntry:
        if not self._waiting and not self._pool.empty():
            return self._pool.get(False)
        self._waiting += 1
        try:
            return super()._do_get()
        finally:
            self._waiting -= 1


def make_engine(url: str, *, pool_size: int = 8, application: str = "munshi") -> AsyncEngine:
    """Make the pool of this process: `url` in the form postgresql://…; sockets by ?host=."""
    engine = create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        poolclass=_Pool,
        pool_size=pool_size,
        max_overflow=0,
        json_deserializer=orjson.loads,
        connect_args={
            "server_settings": {
                "application_name": application,
                "jit": "off",
                "plan_cache_mode": "force_custom_plan",
            },
            "timeout": 10,
            "statement_cache_size": STATEMENTS_KEPT,
            "max_cached_statement_lifetime": 0,
        },
    )
    _replace_dead_connections(engine)
    return engine


def _replace_dead_connections(engine: AsyncEngine) -> None:
    """Let the pool replace a connection that is closed, or that has rested for a while and doesn't answer."""
    pool = engine.sync_engine

    @event.listens_for(pool, "connect")
    @event.listens_for(pool, "checkin")
    def used(_: Any, record: Any) -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(pool, "checkout")
    def taken(connection: Any, record: Any, _: Any) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        if time.monotonic() - record.info[_USED_AT] > FRESH_SECONDS:
            try:
                connection.ping()
            except Exception as error:
                raise InvalidatePoolError from error


@asynccontextmanager
async def transaction(
    engine: AsyncEngine,
    businesses: Iterable[UUID],
    *,
    role: str | None = None,
    snapshot: bool = False,
    keep_plans: bool = False,
) -> AsyncIterator[Tx]:
    """Open a transaction that sees only `businesses` (row-level security reads `app.businesses`).

    `role` drops to a narrower role for its length; `snapshot` makes it READ ONLY and REPEATABLE READ; `keep_plans` lets
    it begin with the plans that the connection has for its statements, until `Tx.plan_anew`.
    Commits on leaving, rolls back on an exception.
    """
    opening = _opening(businesses, role, snapshot=snapshot, keep_plans=keep_plans)
    # Straight from the pool: an SQLAlchemy connection around it would cost more than opening the transaction does.
    connection = await greenlet_spawn(engine.sync_engine.raw_connection)
    try:
        raw = connection.driver_connection
        assert raw is not None
        try:
            try:
                await raw.execute(opening)
                yield Tx(raw, keep_plans=keep_plans)
            except BaseException as error:
                await _roll_back(connection, raw, after=error)
                raise
            try:
                await raw.execute("COMMIT")
            finally:
                if raw.is_in_transaction():
                    await _drop(connection)
        except asyncpg.InternalClientError as error:  # the server has said goodbye between two statements
            await _drop(connection)
            raise asyncpg.ConnectionDoesNotExistError("The server ended the connection.") from error
    finally:
        await greenlet_spawn(connection.close)


async def _drop(connection: PoolProxiedConnection) -> None:
    """Take a connection out of the pool; nothing to do where that was done already."""
    if connection.is_valid:
        await greenlet_spawn(connection.invalidate)


def _opening(businesses: Iterable[UUID], role: str | None, *, snapshot: bool, keep_plans: bool) -> str:
    """Return what opens a transaction, as one text and so one round trip; ids and roles are all that is put into it."""
    mode = "REPEATABLE READ READ ONLY" if snapshot else "READ COMMITTED"
    tenants = ",".join([UUID(bytes=business.bytes).hex for business in businesses])
    settings = f"set_config('app.businesses', '{{{tenants}}}', true)"
    if role is not None:
        if not role.isidentifier():
            raise ValueError(f"{role!r} is not a role")
        settings += f", set_config('role', '{role}', true)"
    if keep_plans:
        settings += ", set_config('plan_cache_mode', 'force_generic_plan', true)"
    return f"BEGIN ISOLATION LEVEL {mode}; SELECT {settings}"


async def _roll_back(
    connection: PoolProxiedConnection, raw: asyncpg.Connection, *, after: BaseException
) -> None:
    """Roll back; a connection that can't is thrown away, so that nobody gets it in the middle of a transaction.

    A statement that was cut off may have opened it though we weren't told yet.
    """
    open_perhaps = raw.is_in_transaction() or isinstance(after, asyncio.CancelledError)
    try:
        if open_perhaps and not raw.is_closed():
            await raw.execute("ROLLBACK")
    except BaseException:
        await _drop(connection)
        raise
