"""Two firms that both have everything, and whoever asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.clock import Clock
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.graph.isolation.world import World, two_firms


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key to seal secrets with."""
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
async def world(engine: AsyncEngine, door: Door, clock: Clock, owner: Actor) -> AsyncIterator[World]:
    """Both firms, and the application over them."""
    async with two_firms(engine, door, clock, owner) as made:
        yield made
