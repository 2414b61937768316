"""The web application: GraphQL, webhooks, the published schema, health and metrics; development adds the phone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from graph.audit_links import AuditExports
from graph.auth import Authenticator
from graph.context import Ring
from graph.endpoint import GraphqlEndpoint
from graph.follow import Follower
from graph.guard import Guard, origins_of
from graph.health import health_routes
from graph.live_socket import LiveEndpoint
from graph.pages.routes import page_routes
from graph.party_links import party_link_route
from graph.pay_page import pay_page_route
from graph.rates import Limits, Rates, exchange_of, keep_exchanging
from graph.revocation import heed_revocations
from graph.uploads import Uploads
from ingest.door import Appender
from ingest.rejections import RejectionTrail
from ingest.schema import schema_route
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit.clock import Clock, system_clock
from kit.database import make_engine
from kit.sealing import Seal
from kit.settings import Settings
from ledger.dispatch import Door


class Api(Starlette):
    """The application; webhooks, which come thousands a second, and GraphQL pass by the router's detours."""

    def __init__(
        self, webhook: WebhookEndpoint, graphql: GraphqlEndpoint, guard: Guard, **composition: Any
    ) -> None:
        super().__init__(**composition)
        self._webhook = webhook
        self._graphql = graphql
        self._guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if await self._guard.answer(scope, receive, send):
            return
        send = self._guard.sending(scope, send)
        if scope["type"] == "http" and scope["method"] == "POST":
            if scope["path"] == "/graphql":
                response = await self._graphql.serve(HttpRequest(scope, receive))
                await response(scope, receive, send)
                return
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
    authenticator = Authenticator(door)
    rates = Rates(Limits(settings.graphql_calls_per_minute, settings.graphql_cost_per_minute))
    graphql = GraphqlEndpoint(
        door,
        ring=ring,
        development=development,
        public_url=settings.public_url,
        authenticator=authenticator,
        rates=rates,
    )
    uploads = Uploads(door, authenticator, rates=rates, max_bytes=settings.max_file_bytes, ring=ring)
    origins = origins_of(settings.graphql_origins)
    follower = Follower(door)
    live = LiveEndpoint(
        door,
        authenticator,
        follower,
        rates=rates,
        origins=origins,
        public_url=settings.public_url,
        development=development,
    )
    guard = Guard(public_url=settings.public_url, origins=origins, development=development)
    webhook = WebhookEndpoint(
        Sources(pool, seal=lambda: Seal(settings.munshi_secret_key.get_secret_value())),
        Appender(pool, ring=ring),
        trail=RejectionTrail(pool),
        clock=clock,
        max_body_bytes=settings.max_body_bytes,
        public_url=settings.public_url,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(heed_revocations(pool, authenticator)),
            asyncio.create_task(follower.run()),
        ]
        if (others := exchange_of(settings.redis_url)) is not None:
            tasks.append(asyncio.create_task(keep_exchanging(rates, others)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if engine is None:
            await pool.dispose()

    return Api(
        webhook,
        graphql,
        guard,
        routes=[
            Route("/graphql", graphql.serve, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", live.serve),
            webhook_route(webhook),
            schema_route(),
            party_link_route(settings),
            pay_page_route(door),
            AuditExports(door, authenticator, rates=rates).route(),
            *uploads.routes(),
            *page_routes(door),
            *health_routes(pool),
            *extra_routes,
        ],
        lifespan=lifespan,
    )
