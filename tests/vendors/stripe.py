"""A Stripe in memory: lists newest first behind a cursor, objects by id, events of thirty days, its error bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "marker-4f1c-stripe-key"
LISTS = ("events", "charges", "payment_intents", "refunds", "disputes", "payouts", "invoices", "credit_notes")


def error(message: str, status: int = 400) -> JSONResponse:
    """Answer with an error as Stripe words it."""
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error"}}, status)


@dataclass(slots=True)
class Stripe:
    """What the merchant has there. `moves` off: a list that doesn't heed `starting_after`."""

    now: datetime
    records: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {name: {} for name in LISTS}
    )
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
            return error("Unrecognized request URL.", 404)
        limit, types = int(asked.get("limit", 10)), asked.getlist("types[]")
        if not 1 <= limit <= 100:
            return error("This value must be less than or equal to 100.")
        if len(types) > 20 or (types and name != "events"):
            return error("You may pass up to 20 types.")
        since, until = int(asked.get("created[gte]", 0)), int(asked.get("created[lte]", 2**40))
        if name == "events":
            since = max(since, int((self.now - timedelta(days=30)).timestamp()))
        found = [
            entity
            for entity in sorted(
                self.records[name].values(), key=lambda e: (e["created"], e["id"]), reverse=True
            )
            if since <= entity["created"] <= until and (not types or entity["type"] in types)
        ]
        if self.moves and (after := asked.get("starting_after")):
            places = [number for number, entity in enumerate(found) if entity["id"] == after]
            if not places:
                return error(f"No such object: '{after}'")
            found = found[places[0] + 1 :]
        page = [self._expanded(entity, asked.getlist("expand[]"), "data.") for entity in found[:limit]]
        return JSONResponse(
            {"object": "list", "url": f"/v1/{name}", "has_more": len(found) > limit, "data": page}
        )

    async def one(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        own = request.path_params["id"]
        found = self.records.get(request.path_params["name"], {}).get(own)
        if found is None:
            return error(f"No such object: '{own}'", 404)
        return JSONResponse(self._expanded(found, request.query_params.getlist("expand[]"), ""))

    def app(self) -> Starlette:
        """Serve it under /v1."""
        return Starlette(routes=[Route("/v1/{name}", self.listed), Route("/v1/{name}/{id}", self.one)])

    @staticmethod
    def _expanded(entity: Mapping[str, Any], wishes: list[str], prefix: str) -> dict[str, Any]:
        shown = dict(entity)
        if f"{prefix}balance_transaction" in wishes and shown.get("balance_transaction"):
            shown["balance_transaction"] = {
                "id": shown["balance_transaction"], "object": "balance_transaction", "fee": 2_360, "currency": "inr",
                "fee_details": [{"type": "stripe_fee", "amount": 2_000}, {"type": "tax", "amount": 360}],
            }  # fmt: skip
        return shown

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return error("Invalid API Key provided.", 401)
        if not request.headers.get("stripe-version"):
            return error("No Stripe-Version was sent.")
        return None
