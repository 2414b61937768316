"""A Razorpay in memory: lists newest first by time of creation, objects by id, settlement recon, its error bodies."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEYS = {"key_id": "rzp_test_KvTrKey0000001", "key_secret": "marker-razorpay-secret"}
ACCOUNT = "7878780000000001"
LISTS = ("payments", "refunds", "invoices", "payment_links", "settlements", "payouts", "transactions")
_INDIA = timezone(timedelta(hours=5, minutes=30))


def error(description: str, status: int = 400) -> JSONResponse:
    """Answer with an error as Razorpay words it."""
    body = {
        "code": "BAD_REQUEST_ERROR",
        "description": description,
        "source": "NA",
        "step": "NA",
        "reason": "NA",
        "metadata": {},
    }
    return JSONResponse({"error": body}, status)


@dataclass(slots=True)
class Razorpay:
    """What the merchant has there. `heeds_times` and `moves` off: lists that ignore `from`/`to`, or `skip`."""

    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in LISTS}
    )
    rows: list[dict[str, Any]] = field(default_factory=list)
    heeds_times: bool = True
    moves: bool = True

    def put(self, name: str, *entities: Mapping[str, Any]) -> None:
        """Add objects to a list, or change them."""
        for entity in entities:
            self.records[name][entity["id"]] = dict(entity)

    async def listed(self, request: Request) -> Response:
        name, asked = request.path_params["name"], request.query_params
        if refusal := self._refusal(request):
            return refusal
        if name not in self.records:
            return error("The requested URL was not found on the server.", 404)
        if name in ("payouts", "transactions") and asked.get("account_number") != ACCOUNT:
            return error("The account number field is required.")
        count, skip = int(asked.get("count", 10)), int(asked.get("skip", 0))
        if not 1 <= count <= 100:
            return error("The count may not be greater than 100.")
        found = sorted(self.records[name].values(), key=lambda e: (e["created_at"], e["id"]), reverse=True)
        if self.heeds_times:
            since, until = int(asked.get("from", 0)), int(asked.get("to", 2**40))
            found = [entity for entity in found if since <= entity["created_at"] <= until]
        if name == "invoices" and "type" in asked:
            found = [entity for entity in found if entity.get("type") == asked["type"]]
        page = found[skip : skip + count] if self.moves else found[:count]
        if name == "payment_links":
            return JSONResponse({"payment_links": page})
        return JSONResponse({"entity": "collection", "count": len(page), "items": page})

    async def one(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        found = self.records.get(request.path_params["name"], {}).get(request.path_params["id"])
        return JSONResponse(found) if found else error("The id provided does not exist")

    async def recon(self, request: Request) -> Response:
        asked = request.query_params
        if refusal := self._refusal(request):
            return refusal
        count, skip = int(asked.get("count", 10)), int(asked.get("skip", 0))
        if not 1 <= count <= 1000:
            return error("The count may not be greater than 1000.")
        on = f"{asked['year']}-{asked['month']}-{asked['day']}"
        found = [row for row in self.rows if _day(row["settled_at"]) == on]
        page = found[skip : skip + count] if self.moves else found[:count]
        return JSONResponse({"entity": "collection", "count": len(page), "items": page})

    def app(self) -> Starlette:
        """Serve it under /v1."""
        return Starlette(
            routes=[
                Route("/v1/settlements/recon/combined", self.recon),
                Route("/v1/{name}", self.listed),
                Route("/v1/{name}/{id}", self.one),
            ]
        )

    def _refusal(self, request: Request) -> Response | None:
        pair = f"{KEYS['key_id']}:{KEYS['key_secret']}".encode()
        if request.headers.get("authorization") != "Basic " + base64.b64encode(pair).decode():
            return error("The api key provided is invalid", 401)
        return None


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone(_INDIA).date().isoformat()
