"""The fixtures themselves: fresh, migrated, and bound by row-level security."""

from __future__ import annotations

from uuid import UUID

import pytest
import redis
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.ids import uuid7
from ledger.dispatch import Door

pytestmark = pytest.mark.servers


async def test_a_business_is_seen_only_by_itself(engine: AsyncEngine, business: UUID) -> None:
    async with transaction(engine, [business]) as tx:
        assert await tx.value("SELECT count(*) FROM businesses") == 1
    async with transaction(engine, [uuid7()]) as tx:
        assert await tx.value("SELECT count(*) FROM businesses") == 0


async def test_the_application_role_is_bound_by_row_level_security(door: Door) -> None:
    async with transaction(door.engine, []) as tx:
        found = await tx.row("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert found is not None
    assert not found["rolsuper"]
    assert not found["rolbypassrls"]


def test_redis_is_empty(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    assert client.dbsize() == 0
    client.set("a", "b")


def test_redis_is_empty_again(redis_url: str) -> None:
    assert redis.Redis.from_url(redis_url).dbsize() == 0
