"""Bring a database to the present schema, roles and policies; `--check` compares migrations with the metadata."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kit.settings import settings
from ledger.store import security
from ledger.store.tables import metadata


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('munshi.migrate'))"))
    for statement in security.role_statements():
        connection.exec_driver_sql(statement)
    command.upgrade(_config(connection), "head")
    for statement in security.statements():
        connection.exec_driver_sql(statement)


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def _revise(connection: Connection) -> None:
    command.revision(_config(connection), message=sys.argv[2], autogenerate=True)


def _run(url: str, work: Any) -> Any:
    async def go() -> Any:
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1), poolclass=NullPool
        )
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(go())


def upgrade(admin_url: str) -> None:
    """Migrate the database at `admin_url` (the schema's owner) to head, then set roles, grants and policies."""
    _run(admin_url, _upgrade)


def differences(admin_url: str) -> list[Any]:
    """Return what the metadata has and the migrated database at `admin_url` hasn't, or the other way round."""
    found: list[Any] = _run(admin_url, _differences)
    return found


if __name__ == "__main__":
    database = settings().admin_database_url
    if not database:
        sys.exit("ADMIN_DATABASE_URL is not set: it names the owner of the schema.")
    if sys.argv[1:2] == ["revise"]:
        _run(database, _revise)
    elif sys.argv[1:2] == ["check"]:
        rows = differences(database)
        for row in rows:
            print(row)  # noqa: T201
        sys.exit(1 if rows else 0)
    else:
        upgrade(database)
