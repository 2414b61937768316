"""The web application: GraphQL, webhooks, the published schema, health and metrics; development adds the phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from graph.context import Ring
from graph.endpoint import GraphqlEndpoint
from graph.party_links import party_link_route
from graph.pay_page import pay_page_route
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


class Api(Starlette):
    """The application; webhooks, which come thousands a second, reach their endpoint without the router's detours."""

    def __init__(self, webhook: WebhookEndpoint, **composition: Any) -> None:
        super().__init__(**composition)
        self._webhook = webhook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] == "POST":
            before, found, key = scope["path"].partition("/ingest/")
            if found and key and not before and "/" not in key:
                scope["path_params"] = {"source_key": key}
                await self._webhook(scope, receive, send)
                return
        await super().__call__(scope, receive, send)


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
    door = Door(pool, clock=clock)
    graphql = GraphqlEndpoint(door, ring=ring, development=development, public_url=settings.public_url)
    webhook = WebhookEndpoint(
        Sources(pool, seal=lambda: Seal(settings.munshi_secret_key.get_secret_value())),
        Appender(pool, ring=ring),
        trail=RejectionTrail(pool),
        clock=clock,
        max_body_bytes=settings.max_body_bytes,
        public_url=settings.public_url,
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

    return Api(
        webhook,
        routes=[
            Route("/graphql", graphql.serve, methods=["GET", "POST"]),
            webhook_route(webhook),
            schema_route(),
            party_link_route(settings),
            pay_page_route(door),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
            *extra_routes,
        ],
        lifespan=lifespan,
    )
