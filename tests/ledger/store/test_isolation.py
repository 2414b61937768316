"""Tenants are isolated twice: every key begins with the business, and row-level security binds the application's role."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.store.security import APPENDED, PULLED, READABLE, RUNG
from ledger.store.tables import EXEMPT, metadata
from tests.conftest import TestDatabase

TABLES = sorted(table.name for table in metadata.sorted_tables if table.name not in EXEMPT)
FOR_EVER = (
    "deliveries", "delivery_keys", "erased_bodies", "external_events", "event_rewrites", "interpretations", "audit",
    "rule_versions",
)  # fmt: skip
OURS, THEIRS = uuid4(), uuid4()


# ---- keys --------------------------------------------------------------------------------------------
def test_only_the_directory_is_exempt() -> None:
    assert set(EXEMPT) == {"directory"}


@pytest.mark.parametrize("name", TABLES)
def test_every_key_of_a_table_begins_with_the_business(name: str) -> None:
    table = metadata.tables[name]
    keys = [list(table.primary_key.columns)]
    keys += [list(c.columns) for c in table.constraints if isinstance(c, UniqueConstraint)]
    keys += [list(index.columns) for index in table.indexes if index.unique]
    for key in keys:
        assert key, f"{name} has an empty key"
        assert key[0].name == "business_id", f"{name}: {[column.name for column in key]}"
    assert not table.c.business_id.nullable


async def test_the_migrated_database_has_no_other_unique_index_and_fences_every_table(
    admin: asyncpg.Connection,
) -> None:
    leading = await admin.fetch(
        """
        SELECT i.indrelid::regclass::text AS of, i.indexrelid::regclass::text AS name, a.attname AS first
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
        """
    )
    exempt = {*EXEMPT, "alembic_version"}
    wrong = [tuple(row) for row in leading if row["of"] not in exempt and row["first"] != "business_id"]
    assert wrong == []
    assert {row["of"] for row in leading} >= set(TABLES)
    fences = await admin.fetch(
        """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS fenced, pg_get_userbyid(relowner) AS owner
        FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
        """
    )
    assert {row["relname"] for row in fences if not row["fenced"]} == exempt
    assert "munshi_app" not in {row["owner"] for row in fences}
    views = await admin.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    )
    assert views == [], (
        "a view runs with its owner's rights: it must say security_invoker, and be proven here"
    )


async def test_our_roles_can_not_step_over_row_level_security(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("SELECT * FROM pg_roles WHERE rolname LIKE 'munshi\\_%'")
    assert {row["rolname"] for row in rows} >= {"munshi_app", "munshi_ingest", "munshi_bell"}
    for row in rows:
        powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
        assert [name for name in powers if row[name]] == [], row["rolname"]


# ---- rows --------------------------------------------------------------------------------------------
async def test_without_a_business_nothing_is_visible(app: asyncpg.Connection) -> None:
    for setting in (None, "", "{}"):
        if setting is not None:
            await app.execute("SELECT set_config('app.businesses', $1, false)", setting)
        seen = {name: await app.fetchval(f"SELECT count(*) FROM {name}") for name in TABLES}
        assert seen == dict.fromkeys(TABLES, 0)


async def test_a_business_sees_and_touches_its_own_rows_only(app: asyncpg.Connection) -> None:
    await _speak_for(app, OURS)
    for name in TABLES:
        assert await app.fetch(f"SELECT DISTINCT business_id FROM {name}") == [(OURS,)], name
        assert await app.fetchval(f"SELECT count(*) FROM {name} WHERE business_id = $1", THEIRS) == 0, name
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _insert(app, name, THEIRS)
        if name not in FOR_EVER:
            assert await app.execute(f"DELETE FROM {name} WHERE business_id = $1", THEIRS) == "DELETE 0", name
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(f"UPDATE {name} SET business_id = $1", THEIRS)


@pytest.mark.parametrize("name", FOR_EVER)
async def test_the_log_the_audit_trail_and_published_rules_can_not_be_changed(
    name: str, app: asyncpg.Connection
) -> None:
    await _speak_for(app, OURS)
    for statement in (
        f"UPDATE {name} SET business_id = business_id",
        f"DELETE FROM {name}",
        f"TRUNCATE {name}",
        f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY",
        f"DROP TABLE {name}",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(statement)
    assert await app.fetchval(f"SELECT count(*) FROM {name}") == 1


# ---- the narrower roles ------------------------------------------------------------------------------
async def test_the_role_that_appends_reads_keys_and_digests_only(app: asyncpg.Connection) -> None:
    await _speak_for(app, OURS)
    await app.execute("SET ROLE munshi_ingest")
    for name in set(TABLES) - set(PULLED):
        for column in metadata.tables[name].columns:
            statement = f"SELECT {column.name} FROM {name}"
            if column.name in READABLE.get(name, "").split(", "):
                assert len(await app.fetch(statement)) == 1, "its own business's row, and no other's"
                continue
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.fetch(statement)
        for statement in (f"UPDATE {name} SET business_id = business_id", f"DELETE FROM {name}"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(statement)


async def test_the_role_that_appends_inserts_into_the_log_for_its_businesses_only(
    app: asyncpg.Connection,
) -> None:
    await _speak_for(app, OURS)
    await app.execute("SET ROLE munshi_ingest")
    for name in TABLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _insert(app, name, THEIRS)
        if name in APPENDED:
            await _insert(app, name, OURS)
            continue
        if name in PULLED:
            continue
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _insert(app, name, OURS)


async def test_the_role_that_appends_moves_the_cursors_of_its_businesses_only(
    app: asyncpg.Connection,
) -> None:
    await _speak_for(app, OURS)
    await app.execute("SET ROLE munshi_ingest")
    for name in PULLED:
        assert await app.fetchval(f"SELECT array_agg(DISTINCT business_id) FROM {name}") == [OURS]
        assert await app.execute(f"UPDATE {name} SET due_at = due_at") == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _insert(app, name, THEIRS)
    assert await app.execute("DELETE FROM wanted") == "DELETE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("DELETE FROM pulls")


async def test_the_role_that_rings_sees_whose_work_is_due_and_nothing_else(app: asyncpg.Connection) -> None:
    await app.execute("SET ROLE munshi_bell")
    for name, columns in RUNG.items():
        assert len(await app.fetch(f"SELECT {columns} FROM {name}")) == 2
    for name in TABLES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetch(f"SELECT * FROM {name}")


# ---- a row of every table for two businesses ---------------------------------------------------------
@pytest.fixture
async def admin(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """The owner of the schema, with a row of each business in every table."""
    connection = await asyncpg.connect(database.admin_url)
    for name in TABLES:
        for business in (OURS, THEIRS):
            await _insert(connection, name, business)
    yield connection
    await connection.close()


@pytest.fixture
async def app(database: TestDatabase, admin: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application's role, which speaks for nobody yet."""
    connection = await asyncpg.connect(database.url)
    yield connection
    await connection.close()


async def _speak_for(connection: asyncpg.Connection, business: UUID) -> None:
    await connection.execute("SELECT set_config('app.businesses', $1, false)", "{" + str(business) + "}")


async def _insert(connection: asyncpg.Connection, name: str, business: UUID) -> None:
    needed = [c for c in metadata.tables[name].columns if not c.nullable and c.server_default is None]
    values = [business if c.name == "business_id" else _value(c) for c in needed]
    places = ", ".join(f"${number}" for number in range(1, len(needed) + 1))
    names = ", ".join(column.name for column in needed)
    await connection.execute(f"INSERT INTO {name} ({names}) VALUES ({places})", *values)


def _value(column: Column[Any]) -> Any:
    match column.type:
        case Uuid():
            return uuid4()
        case JSONB():
            return "{}"
        case ARRAY():
            return []
        case LargeBinary():
            return uuid4().bytes
        case Boolean():
            return True
        case SmallInteger():
            return 1
        case BigInteger() | Integer():
            return uuid4().int % 2**31
        case DateTime():
            return datetime(2026, 11, 20, tzinfo=UTC)
        case Date():
            return date(2026, 11, 20)
        case Time():
            return time(8, 30)
        case Text():
            return uuid4().hex
        case other:
            raise AssertionError(f"no sample value for {other!r}")
