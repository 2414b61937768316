"""GET /healthz and /metrics: whether the database answers, and what Prometheus collects."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.logs import logger

log = logger(__name__)
HEALTH_SECONDS = 2.0


def health_routes(pool: AsyncEngine) -> list[Route]:
    """Return the routes that tell how the process is; 503 while the database is away."""

    async def healthz(_: Request) -> Response:
        try:
            async with asyncio.timeout(HEALTH_SECONDS), pool.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception as error:  # whatever keeps the database from answering, we are not well
            log.warning("api.unwell", error=type(error).__name__)
            return JSONResponse({"ok": False, "database": "away"}, status_code=503)
        return JSONResponse({"ok": True, "database": "answers"})

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
    ]
