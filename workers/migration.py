"""Migrating from the command line: the schema, and the application's password where its address has one."""

from __future__ import annotations

import asyncio

import asyncpg

from kit.embedded import Home, plan_servers
from kit.settings import settings
from ledger.store.migrate import upgrade


def migrate_embedded() -> None:
    """Migrate the embedded database, running or not."""
    home = Home(settings().munshi_home)
    running = home.running()
    if running is not None:
        upgrade(running.admin_database_url)
        return
    home.take()
    servers = plan_servers(home, database_url="", redis_url="none")
    try:
        servers.start()
        upgrade(servers.admin_database_url)
    finally:
        servers.stop()
        home.release()


def set_password(admin_url: str, role: str, password: str) -> None:
    """Give the application's role the password that its address carries."""

    async def go() -> None:
        connection = await asyncpg.connect(admin_url)
        try:
            statement = await connection.fetchval(
                "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)", role, password
            )
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(go())
