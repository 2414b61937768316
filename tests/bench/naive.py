"""What one would write first: verify, parse, one INSERT per request into the same table, commit. `python -m tests.bench.naive`."""

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
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from kit.ids import digest, uuid7
from ledger.domain.events import subject_id

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


if __name__ == "__main__":
    application = make_app(os.environ["DATABASE_URL"], UUID(sys.argv[2]), sys.argv[3].encode())
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
        http="httptools",
        loop="uvloop",
    )
