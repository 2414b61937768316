"""What a process holds once: its settings' pool and door, made lazily on the loop that first asks for them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import make_engine
from kit.errors import Rejected
from kit.settings import settings
from ledger.dispatch import Door

_door: Door | None = None


def make_door(*, application: str) -> Door:
    """Make a door with a pool of its own from the settings."""
    config = settings()
    if not config.database_url:
        raise Rejected(
            "settings.no_database",
            "DATABASE_URL is not set.",
            remedy="Set it, or start everything with `munshi up`.",
        )
    return Door(
        make_engine(config.database_url, pool_size=config.database_pool_size, application=application)
    )


def door() -> Door:
    """Return the door of this process; call it on the loop that will use it."""
    global _door
    if _door is None:
        _door = make_door(application="munshi-worker")
    return _door


def engine() -> AsyncEngine:
    """Return the pool of this process."""
    return door().engine


async def close() -> None:
    """Close the pool, on the loop that it was made on."""
    global _door
    if _door is not None:
        await _door.engine.dispose()
        _door = None
