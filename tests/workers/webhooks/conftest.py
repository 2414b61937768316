"""What tests of outgoing webhooks stand on: a key, a firm, a receiver, a sender."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from kit.outward import Outward
from kit.sealing import new_seal_key, process_seal
from kit.settings import settings
from ledger.dispatch import Door
from tests.ledger.desk import Firm
from tests.vendors.serving import serving
from tests.workers.webhooks.receiving import PUBLIC, Receiver
from workers.webhook_sender import WebhookSender


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MUNSHI_SECRET_KEY", new_seal_key())
    monkeypatch.setenv("WEBHOOK_PRIVATE_ADDRESSES", "true")
    settings.cache_clear()
    process_seal.cache_clear()
    yield
    settings.cache_clear()
    process_seal.cache_clear()


@pytest.fixture
def firm(door, engine, clock, owner) -> Firm:
    return Firm(door, engine, clock, owner)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with serving(made) as base:
        made.url = f"{base}/hook"
        yield made


@pytest.fixture
async def sender(door: Door) -> AsyncIterator[WebhookSender]:
    outward = Outward(inside=True)
    yield WebhookSender(door, outward, public_url=PUBLIC)
    await outward.close()
