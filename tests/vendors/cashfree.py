"""A Cashfree in memory: ledger, settlements and recon behind a cursor, orders with what belongs to them, its errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEYS = {"client_id": "TEST_app_0417", "client_secret": "marker-cashfree-secret"}
MOST = 1_000


def error(message: str, status: int = 400, kind: str = "invalid_request_error") -> JSONResponse:
    """Answer with an error as Cashfree words it."""
    return JSONResponse({"message": message, "code": "request_failed", "type": kind}, status)


@dataclass(slots=True)
class Cashfree:
    """What the merchant has there. `moves` off: a list that gives its first page for any cursor.

    `page`: rows that it gives at most, whatever limit is asked for.
    """

    ledger: list[dict[str, Any]] = field(default_factory=list)
    settlements: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict)
    page: int = MOST
    moves: bool = True
    filters: list[dict[str, Any]] = field(default_factory=list)

    def put_settlement(self, entity: Mapping[str, Any]) -> None:
        """Add a settlement, or change it."""
        self.settlements[str(entity["cf_settlement_id"])] = dict(entity)

    async def recon(self, request: Request) -> Response:
        return await self._list(request, self.ledger, lambda row: row["event_time"], ids=None)

    async def transfers(self, request: Request) -> Response:
        return await self._list(
            request,
            list(self.settlements.values()),
            lambda row: row["settlement_initiated_on"],
            ids=lambda row: row["cf_settlement_id"],
        )

    async def settlement_rows(self, request: Request) -> Response:
        return await self._list(
            request,
            self.rows,
            lambda row: row["settlement_details"]["settlement_date"],
            ids=lambda row: row["settlement_details"]["cf_settlement_id"],
        )

    async def _list(self, request: Request, rows: list[dict[str, Any]], at: Any, *, ids: Any) -> Response:
        if refusal := self._refusal(request):
            return refusal
        asked = await request.json()
        filters, paging = asked["filters"], asked["pagination"]
        self.filters.append(filters)
        if not 1 <= paging["limit"] <= MOST:
            return error("pagination.limit : should be between 1 and 1000")
        if wanted := filters.get("cf_settlement_ids"):
            found = [row for row in rows if ids is not None and ids(row) in wanted]
        else:
            since, until = (datetime.fromisoformat(filters[name]) for name in ("start_date", "end_date"))
            found = [row for row in rows if since <= datetime.fromisoformat(at(row)) <= until]
        skip = int(paging["cursor"] or 0) if self.moves else 0
        size = min(paging["limit"], self.page)
        page = found[skip : skip + size]
        cursor = str(skip + size) if skip + size < len(found) else None
        return JSONResponse({"cursor": cursor, "limit": len(page), "data": page})

    async def order(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        own = request.path_params["id"]
        if own not in self.orders:
            return error("order Reference Id does not exist", 404)
        return JSONResponse(
            {
                "order_id": own, "entity": "order", "order_currency": "INR", "order_amount": 10, "order_tags": None,
                "customer_details": {"customer_id": "cust_1", "customer_name": "A", "customer_phone": "9840000001"},
            }
        )  # fmt: skip

    async def part(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        held = self.orders.get(request.path_params["id"])
        name = request.path_params["part"]
        if held is None or (name == "disputes" and name not in held):
            return error("something is not found", 404)
        return JSONResponse(held.get(name, []))

    def app(self) -> Starlette:
        """Serve it under /pg."""
        return Starlette(
            routes=[
                Route("/pg/recon", self.recon, methods=["POST"]),
                Route("/pg/settlements", self.transfers, methods=["POST"]),
                Route("/pg/settlement/recon", self.settlement_rows, methods=["POST"]),
                Route("/pg/orders/{id}", self.order),
                Route("/pg/orders/{id}/{part}", self.part),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        pair = (request.headers.get("x-client-id"), request.headers.get("x-client-secret"))
        if pair != (KEYS["client_id"], KEYS["client_secret"]):
            return error("authentication Failed", 401, "authentication_error")
        if request.headers.get("x-api-version") != "2025-01-01":
            return error("version is not supported")
        return None
