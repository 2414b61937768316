"""Fixtures of the door for sources: connected sources, the real appender, and the endpoint behind HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from ingest.door import Appender
from ingest.rejections import RejectionTrail
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.database import transaction
from kit.ids import business_key, new_secret
from kit.sealing import Seal, new_seal_key

SECRET = "a webhook secret"
PREVIOUS = "the one before"
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Connected:
    """A connected Razorpay source: its key, and a call that signs as Razorpay would."""

    business: UUID
    key: str
    client: httpx.AsyncClient

    async def send(
        self, body: bytes | Any, *, secret: str = SECRET, event_id: str | None = None, **headers: str
    ) -> httpx.Response:
        """POST a body with a right signature (of `secret`), or with other headers instead."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        sent = {"content-type": "application/json", "x-razorpay-signature": signature}
        if event_id is not None:
            sent["x-razorpay-event-id"] = event_id
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return await self.client.post(f"/ingest/{self.key}", content=raw, headers=sent)


@pytest.fixture
def seal() -> Seal:
    """A seal of this test."""
    return Seal(new_seal_key())


Connect = Callable[..., Awaitable[str]]


@pytest.fixture
def connect(engine: AsyncEngine, business: UUID, seal: Seal) -> Connect:
    """Connect a source of the business; gives the key of its address."""

    async def run(name: str, connector: str, *, secrets: tuple[str, ...] = (SECRET, PREVIOUS)) -> str:
        key = business_key(business, new_secret())
        async with transaction(engine, [business]) as tx:
            await tx.run(
                "INSERT INTO sources (business_id, name, connector, label, key_hash, secrets) "
                "VALUES ($1, $2, $3, $2, $4, $5)",
                business,
                name,
                connector,
                hashlib.sha256(key.encode()).digest(),
                seal.seal(secrets) if secrets else None,
            )
        return key

    return run


@pytest.fixture
def sources(engine: AsyncEngine, seal: Seal) -> Sources:
    """The sources of the database, never remembered longer than a moment."""
    return Sources(engine, seal=lambda: seal, ttl=0.0)


@pytest.fixture
async def client(engine: AsyncEngine, sources: Sources, clock: Any) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP to the endpoint; an exception that escapes it would fail the test."""
    endpoint = WebhookEndpoint(
        sources, Appender(engine), trail=RejectionTrail(engine), clock=clock, max_body_bytes=MAX_BODY
    )
    transport = httpx.ASGITransport(Starlette(routes=[webhook_route(endpoint)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://munshi.test") as made:
        yield made


@pytest.fixture
async def razorpay(client: httpx.AsyncClient, connect: Connect, business: UUID, clock: Any) -> Connected:
    """A connected Razorpay source, at half past eleven: an hour after what the fixtures tell."""
    clock.advance(hours=2.5)
    return Connected(business, await connect("payment:razorpay", "razorpay"), client)
