"""Loaders: a key that several fields wait for is loaded for all of them, whoever of them is cancelled meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from graph.context import Loader


async def test_who_is_cancelled_takes_nothing_from_the_others_that_wait_for_the_same_key() -> None:
    loaded: list[list[int]] = []

    async def load(keys: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.01)
        loaded.append(list(keys))
        return [key * 2 for key in keys]

    loader = Loader(load)

    async def wait() -> int:
        return await loader.load(21)

    first, second = asyncio.create_task(wait()), asyncio.create_task(wait())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 42
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await wait() == 42
    assert loaded == [[21]]
