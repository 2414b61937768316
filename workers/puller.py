"""Pulling in a worker: one visit to a source reads whatever of it is due."""

from __future__ import annotations

from uuid import UUID

from ingest.door import Appender
from ingest.pull import Pulled, Puller
from ingest.sources import Sources
from kit.sealing import process_seal
from kit.settings import settings
from ledger.dispatch import Door
from workers.doorbell import ring

_reading: set[tuple[UUID, str]] = set()
"""Sources that this process reads now: a second ring needn't start the same visit."""


async def pull(door: Door, business: UUID, source: str) -> Pulled:
    """Read what is due of a source, and ring for the businesses that got news."""
    if (business, source) in _reading:
        return Pulled()
    _reading.add((business, source))
    try:
        return await puller(door).pull(business, source)
    finally:
        _reading.discard((business, source))


def puller(door: Door) -> Puller:
    """Return a puller on a door's database and clock; its sources are read afresh at each visit."""
    return Puller(
        door.engine,
        sources=Sources(door.engine, seal=process_seal),
        seal=process_seal,
        appender=Appender(door.engine, ring=ring),
        clock=door.clock,
        public_url=settings().public_url,
        development=settings().munshi_env == "development",
        ring=ring,
    )
