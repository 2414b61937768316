"""A loop that outlives outages: work, pause, again, until a signal asks it to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable

import asyncpg
import sqlalchemy.exc

from kit.logs import logger

log = logger(__name__)
PAUSE_AFTER_FAILURE = 2.0
OUTAGE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    sqlalchemy.exc.SQLAlchemyError,
)


async def until_stopped(work: Callable[[], Awaitable[None]], *, every: float) -> None:
    """Do `work` again and again with a pause, through outages of the database, until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        pause = every
        try:
            await work()
        except OUTAGE as error:
            log.warning("loop.database_away", error=type(error).__name__)
            pause = PAUSE_AFTER_FAILURE
        except Exception:
            log.exception("loop.failed")
            pause = PAUSE_AFTER_FAILURE
        try:
            await asyncio.wait_for(stopping.wait(), pause)
        except TimeoutError:
            continue
