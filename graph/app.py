"""The web application: GraphQL, webhooks, the published schema, health and metrics; development adds the phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from graph.context import Ring
from graph.endpoint import GraphqlEndpoint
from ingest.door import Appender
from ingest.rejections import RejectionTrail
from ingest.schema import schema_route
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.clock import Clock, system_clock
from kit.database import make_engine
from kit.logs import logger
from kit.sealing import Seal
from kit.settings import Settings
from ledger.dispatch import Door

log = logger(__name__)
HEALTH_SECONDS = 2.0


def make_app(
    settings: Settings,
    *,
    engine: AsyncEngine | None = None,
    clock: Clock = system_clock,
    ring: Ring | None = None,
    extra_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """Compose the application; an engine that is passed in stays the caller's to dispose of."""
    pool = engine or make_engine(
        settings.database_url, pool_size=settings.database_pool_size, application="munshi-api"
    )
    development = settings.munshi_env == "development"
    graphql = GraphqlEndpoint(Door(pool, clock=clock), ring=ring, development=development)
    webhook = WebhookEndpoint(
        Sources(pool, seal=lambda: Seal(settings.munshi_secret_key.get_secret_value())),
        Appender(pool, ring=ring),
        trail=RejectionTrail(pool),
        clock=clock,
        max_body_bytes=settings.max_body_bytes,
    )

    async def healthz(_: HttpRequest) -> Response:
        try:
            async with asyncio.timeout(HEALTH_SECONDS), pool.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:  # whatever keeps the database from answering, we are not well
            log.warning("api.unwell", error=type(error).__name__)
            return JSONResponse({"ok": False, "database": "away"}, status_code=503)
        return JSONResponse({"ok": True, "database": "answers"})

    async def metrics(_: HttpRequest) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if engine is None:
            await pool.dispose()

    return Starlette(
        routes=[
            Route("/graphql", graphql.serve, methods=["GET", "POST"]),
            webhook_route(webhook),
            schema_route(),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
            *extra_routes,
        ],
        lifespan=lifespan,
    )
