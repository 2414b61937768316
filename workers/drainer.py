"""The drainer's loop: one business is drained until nothing is left, by one drain at a time."""

from __future__ import annotations

import asyncio
from uuid import UUID

from prometheus_client import Counter

from ingest.drift import note_new_members
from ledger.commands import DrainBusiness, Drained, SweepBusiness
from ledger.commands.forecast import RefreshExpectations
from ledger.commands.people import EndMemberships
from ledger.dispatch import Door
from ledger.domain.roles import system

FOLDED = Counter("munshi_identities_folded_total", "Source identities folded by drains")
BUSY_PAUSE = 0.05
BUSY_TRIES = 40
"""Another process holds the business: after this many looks it is left to the scheduler."""

_draining: dict[UUID, bool] = {}
"""Businesses that this process drains now; True: rung again meanwhile, so look once more."""


async def drain(door: Door, business: UUID) -> int:
    """Drain a business until nothing is due, and return the number of identities folded.

    A second call for the same business in this process returns at once: the first one looks again.
    """
    if business in _draining:
        _draining[business] = True
        return 0
    _draining[business] = True
    folded = 0
    try:
        while _draining[business]:
            _draining[business] = False
            folded += await _drain_all(door, business)
    finally:
        del _draining[business]
    FOLDED.inc(folded)
    return folded


async def _drain_all(door: Door, business: UUID) -> int:
    folded, tries = 0, 0
    while tries < BUSY_TRIES:
        result: Drained = await door.execute(DrainBusiness(), system(business, "drainer"))
        if result.busy:
            tries += 1
            await asyncio.sleep(BUSY_PAUSE)
            continue
        folded += result.folded
        if not result.more:
            break
    return folded


async def sweep(door: Door, business: UUID) -> int:
    """Judge a business by every rule, and return the number of questions opened or cleared.

    When its open bills will be paid is worked out anew, who left with his last day is let go, and members that are new
    in what its sources send are noted.
    """
    changed: int = await door.execute(SweepBusiness(), system(business, "sweep"))
    await door.execute(RefreshExpectations(), system(business, "sweep"))
    await door.execute(EndMemberships(), system(business, "sweep"))
    await note_new_members(door.engine, business)
    return changed
