"""Word from the database that somebody's rights changed: what a process remembers of tokens is void at once."""

from __future__ import annotations

import asyncio
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.auth import Authenticator
from kit.logs import logger
from ledger.store.tokens import CHANNEL

log = logger(__name__)
AGAIN_SECONDS = 2.0
_CHECK_SECONDS = 30.0


async def heed_revocations(engine: AsyncEngine, authenticator: Authenticator) -> None:
    """Listen until cancelled, on a connection of its own; what was missed while it was lost is forgotten wholesale."""
    while True:
        try:
            await _listen(engine, authenticator)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("revocation.deaf", error=type(error).__name__)
        authenticator.forget()
        await asyncio.sleep(AGAIN_SECONDS)


async def _listen(engine: AsyncEngine, authenticator: Authenticator) -> None:
    _, given = engine.dialect.create_connect_args(engine.url)
    connection = await asyncpg.connect(
        **given, timeout=10, server_settings={"application_name": "munshi-api-access"}
    )

    def told(_: object, __: int, ___: str, business: object) -> None:
        authenticator.forget(UUID(str(business)))

    try:
        await connection.add_listener(CHANNEL, told)
        authenticator.forget()
        while not connection.is_closed():
            await asyncio.sleep(_CHECK_SECONDS)
            await connection.execute("SELECT 1", timeout=10)  # a connection that died silently is noticed
    finally:
        connection.terminate()
