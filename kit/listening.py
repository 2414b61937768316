"""A connection that listens to the database's notifications, made anew whenever it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.logs import logger

log = logger(__name__)
AGAIN_SECONDS = 2.0
CHECK_SECONDS = 20.0


async def listen(
    engine: AsyncEngine,
    channel: str,
    told: Callable[[str], None],
    *,
    renewed: Callable[[], None],
    application: str,
) -> None:
    """Listen until cancelled, outside the pool; `renewed` is called whenever something may have been missed."""
    while True:
        try:
            await _listen(engine, channel, told, renewed=renewed, application=application)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("listening.lost", channel=channel, error=type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def _listen(
    engine: AsyncEngine,
    channel: str,
    told: Callable[[str], None],
    *,
    renewed: Callable[[], None],
    application: str,
) -> None:
    _, given = engine.dialect.create_connect_args(engine.url)
    settings = {"application_name": application}
    connection = await asyncpg.connect(**given, timeout=10, server_settings=settings)

    def heard(_: object, __: int, ___: str, payload: object) -> None:
        told(str(payload))

    try:
        await connection.add_listener(channel, heard)
        renewed()
        while not connection.is_closed():
            await asyncio.sleep(CHECK_SECONDS)
            await connection.execute("SELECT 1", timeout=10)  # a connection that died silently is noticed
    finally:
        connection.terminate()
