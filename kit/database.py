"""The engine, and a transaction bound to a tenant: the one way to PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class Tx:
    """A transaction on one asyncpg connection; `fetch` and `run` take SQL with $1, $2….

    jsonb is read as Python values and written as JSON text.
    """

    __slots__ = ("raw", "statements")

    def __init__(self, raw: asyncpg.Connection) -> None:
        self.raw = raw
        self.statements = 0

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


def make_engine(url: str, *, pool_size: int = 8, application: str = "munshi") -> AsyncEngine:
    """Make the pool of this process: `url` in the form postgresql://…; sockets by ?host=."""
    return create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        json_deserializer=orjson.loads,
        pool_pre_ping=True,
        connect_args={
            "server_settings": {
                "application_name": application,
                "jit": "off",
                "plan_cache_mode": "force_custom_plan",
            },
            "timeout": 10,
        },
    )


@asynccontextmanager
async def transaction(
    engine: AsyncEngine,
    businesses: Iterable[UUID],
    *,
    role: str | None = None,
    snapshot: bool = False,
) -> AsyncIterator[Tx]:
    """Open a transaction that sees only `businesses` (row-level security reads `app.businesses`).

    `role` drops to a narrower role for its length; `snapshot` makes it READ ONLY and REPEATABLE READ.
    Commits on leaving, rolls back on an exception.
    """
    tenants = "{" + ",".join(str(b) for b in businesses) + "}"
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        isolation = "repeatable_read" if snapshot else "read_committed"
        async with raw.transaction(isolation=isolation, readonly=snapshot):
            if role is None:
                await raw.execute("SELECT set_config('app.businesses', $1, true)", tenants)
            else:
                await raw.execute(
                    "SELECT set_config('app.businesses', $1, true), set_config('role', $2, true)",
                    tenants,
                    role,
                )
            yield Tx(raw)
