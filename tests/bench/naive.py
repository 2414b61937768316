"""What group commit is measured against: `python -m tests.bench.naive PORT whole|bare BUSINESS SECRET`.

`whole` does all that our endpoint does, with a transaction per request instead of a shared one. `bare` is what one
would write first: verify, parse, one INSERT into the same table; no raw body, no mapping, no mailbox.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from graph.app import Api
from graph.endpoint import GraphqlEndpoint
from graph.guard import Guard
from ingest.rejections import RejectionTrail
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.clock import system_clock
from kit.collector import spare_the_collector
from kit.database import make_engine, transaction
from kit.ids import digest, uuid7
from kit.sealing import process_seal
from ledger.dispatch import Door
from ledger.domain.events import Appended, Delivery, subject_id
from ledger.store.append import append

SOURCE = "payment:naive"
INSERT = """
INSERT INTO external_events (business_id, id, source, source_event_id, delivery, digest, event_type, schema_version,
  kind, external_id, subject, normalised, occurred_at, precision, sequence, ingested_at)
VALUES ($1, $2, $3, $4, $5, $5, 'payment.received', '1', 'payment', $6, $7, $8, $9, 'instant', 0, now())
ON CONFLICT (business_id, source, source_event_id) DO NOTHING
"""


def make_app(database_url: str, business: UUID, secret: bytes) -> Starlette:
    """Compose the endpoint."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async def tenant(connection: asyncpg.Connection) -> None:
            await connection.execute("SELECT set_config('app.businesses', $1, false)", f"{{{business}}}")

        app.state.pool = await asyncpg.create_pool(
            database_url, min_size=8, max_size=8, init=tenant, reset=no_reset
        )
        yield
        await app.state.pool.close()

    async def no_reset(_: asyncpg.Connection) -> None:
        return None

    async def ingest(request: Request) -> JSONResponse:
        body = await request.body()
        expected = hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers["x-razorpay-signature"]):
            return JSONResponse({}, status_code=401)
        event = orjson.loads(body)
        payment = event["payload"]["payment"]["entity"]
        normalised = {
            "amount": payment["amount"],
            "currency": payment["currency"],
            "method": payment["method"],
        }
        async with request.app.state.pool.acquire() as connection:
            await connection.execute(
                INSERT,
                business,
                uuid7(),
                SOURCE,
                request.headers["x-razorpay-event-id"],
                digest(body),
                payment["id"],
                subject_id(SOURCE, "payment", payment["id"]),
                orjson.dumps(normalised).decode(),
                datetime.fromtimestamp(event["created_at"], UTC),
            )
        return JSONResponse({"accepted": 1}, status_code=202)

    return Starlette(routes=[Route("/naive", ingest, methods=["POST"])], lifespan=lifespan)


class OneByOne:
    """The door without group commit."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def append(self, delivery: Delivery) -> Appended:
        """Append one delivery in a transaction of its own."""
        async with transaction(self._engine, [delivery.business_id], role="munshi_ingest") as tx:
            return (await append(tx, [delivery]))[0]


def make_whole_app(database_url: str) -> Starlette:
    """Compose our own endpoint over `OneByOne`."""
    engine = make_engine(database_url, pool_size=8)
    endpoint = WebhookEndpoint(
        Sources(engine, seal=process_seal),
        OneByOne(engine),
        trail=RejectionTrail(engine),
        clock=system_clock,
        max_body_bytes=1_000_000,
    )
    return Api(endpoint, GraphqlEndpoint(Door(engine)), Guard(), routes=[webhook_route(endpoint)])


if __name__ == "__main__":
    url = os.environ["DATABASE_URL"]
    whole = sys.argv[2] == "whole"
    application = make_whole_app(url) if whole else make_app(url, UUID(sys.argv[3]), sys.argv[4].encode())
    spare_the_collector()
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
        http="httptools",
        loop="uvloop",
    )
