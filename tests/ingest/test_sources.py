"""Finding sources by the key of their address: tenants apart, secrets unsealed, and a database that isn't asked twice."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.sources import Sources
from kit.database import transaction
from kit.errors import Denied, NotFound, Retryable, SourceBroken
from kit.ids import business_key, uuid7
from kit.sealing import Seal, new_seal_key

from .conftest import PREVIOUS, SECRET


class Counting:
    """Sources whose questions to the database are counted."""

    def __init__(self, engine: AsyncEngine, seal: Seal) -> None:
        self.now = 0.0
        self.questions = 0
        self.sources = Sources(engine, seal=lambda: seal, ttl=5.0, monotonic=lambda: self.now)
        ask = self.sources._ask

        async def counted(key: str, key_hash: bytes):
            self.questions += 1
            return await ask(key, key_hash)

        self.sources._ask = counted  # type: ignore[method-assign]


async def test_a_source_comes_with_its_secrets_settings_and_words(connect, sources, engine, business):
    key = await connect("payment:razorpay", "razorpay")
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO status_mappings (business_id, source, kind, word, qualifier, status, confidence) VALUES "
            "($1, 'payment:razorpay', 'payment', 'captured', '', 'payment.authorised', 100), "
            "($1, 'payment:other', 'payment', 'authorized', '', 'payment.failed', 100)",
            business,
        )
    source = await sources.by_key(key)
    assert (source.business_id, source.name, source.manifest.name) == (
        business,
        "payment:razorpay",
        "razorpay",
    )
    assert source.secrets == (SECRET, PREVIOUS)
    assert source.settings["timezone"] == "Asia/Kolkata"
    own, default = (source.statuses.find("payment", word, "") for word in ("Captured", "authorized"))
    assert own is not None
    assert default is not None
    assert (own.status, default.status) == ("payment.authorised", "payment.authorised")


async def test_a_busy_key_is_asked_for_once_in_a_while_and_once_at_a_time(engine, connect, seal):
    key = await connect("payment:razorpay", "razorpay")
    counting = Counting(engine, seal)
    await asyncio.gather(*(counting.sources.by_key(key) for _ in range(20)))
    await counting.sources.by_key(key)
    assert counting.questions == 1
    counting.now = 5.1
    await counting.sources.by_key(key)
    assert counting.questions == 2
    counting.sources.forget()
    await counting.sources.by_key(key)
    assert counting.questions == 3


async def test_a_wrong_key_is_remembered_as_wrong(engine, seal, business):
    counting = Counting(engine, seal)
    for _ in range(3):
        with pytest.raises(Denied):
            await counting.sources.by_key(business_key(business, "guess"))
    assert counting.questions == 1


async def test_a_source_that_is_switched_off_is_unknown(connect, sources, engine, business):
    key = await connect("payment:razorpay", "razorpay")
    async with transaction(engine, [business]) as tx:
        await tx.run("UPDATE sources SET enabled = false WHERE business_id = $1", business)
    with pytest.raises(Denied):
        await sources.by_key(key)
    with pytest.raises(NotFound):
        await sources.by_name(business, "payment:razorpay")


async def test_a_source_is_found_by_name_within_its_business_only(connect, sources, business):
    await connect("payment:razorpay", "razorpay")
    assert (await sources.by_name(business, "payment:razorpay")).secrets == (SECRET, PREVIOUS)
    with pytest.raises(NotFound):
        await sources.by_name(uuid7(), "payment:razorpay")


async def test_secrets_sealed_with_a_lost_key_break_the_source_with_a_remedy(connect, engine):
    key = await connect("payment:razorpay", "razorpay")
    other = Sources(engine, seal=lambda: Seal(new_seal_key()))
    with pytest.raises(SourceBroken) as broken:
        await other.by_key(key)
    assert "MUNSHI_SECRET_KEY" in broken.value.remedy


async def test_a_source_without_secrets_needs_no_key_of_ours(connect, engine, business):
    await connect("bank:icici", "standard", secrets=())

    def none() -> Seal:
        raise AssertionError("nothing to unseal")

    assert (await Sources(engine, seal=none).by_name(business, "bank:icici")).secrets == ()


async def test_a_database_that_is_away_is_retryable(engine, seal, business):
    await engine.dispose()
    nowhere = engine.execution_options()
    sources = Sources(nowhere, seal=lambda: seal)

    async def refused(*_: object):
        raise ConnectionRefusedError

    sources._ask = refused  # type: ignore[method-assign]
    with pytest.raises(Retryable):
        await sources.by_key(business_key(business, "x"))
