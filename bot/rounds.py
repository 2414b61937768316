"""A round over many members: a few at once, and one member's fault costs no other his message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from kit.errors import MunshiError
from kit.logs import logger
from ledger.store.hours import Due

log = logger(__name__)
AT_ONCE = 4
"""Half of the scheduler's connections: enough to keep two cores busy, and some are left for its other work."""


async def go_round(name: str, chunks: AsyncIterator[list[Due]], do: Callable[[Due], Awaitable[bool]]) -> int:
    """Do it for every member of every chunk; return for how many there was something to do."""
    free = asyncio.Semaphore(AT_ONCE)
    done = 0
    async for chunk in chunks:
        done += sum(await asyncio.gather(*map(partial(_guarded, name, free, do), chunk)))
    return done


async def _guarded(
    name: str, free: asyncio.Semaphore, do: Callable[[Due], Awaitable[bool]], due: Due
) -> bool:
    async with free:
        try:
            return await do(due)
        except MunshiError as error:
            log.warning(f"{name}.refused", business=str(due.business_id), code=error.code)
        except Exception as fault:
            log.error(f"{name}.failed", business=str(due.business_id), exc_info=fault)
    return False
