"""Zoho as it answers: its accounts server, Books v3 and CRM v8, with records in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ORGANISATION = "60001234567"
CREDENTIALS = {
    "client_id": "1000.CLIENT",
    "client_secret": "client-secret-marker",
    "refresh_token": "refresh-token-marker",
    "notify_token": "notify-token-marker",
}
BOOKS: Mapping[str, tuple[str, str, str]] = {
    "contacts": ("contact_id", "contacts", "contact"),
    "invoices": ("invoice_id", "invoices", "invoice"),
    "customerpayments": ("payment_id", "customerpayments", "payment"),
    "creditnotes": ("creditnote_id", "creditnotes", "creditnote"),
    "bills": ("bill_id", "bills", "bill"),
    "vendorpayments": ("payment_id", "vendorpayments", "vendorpayment"),
    "vendorcredits": ("vendor_credit_id", "vendor_credits", "vendor_credit"),
}
"""Module → where its id stands, what a list of it is called, what one is called."""
MOST = 200
LAST_PAGE = 10
_REFUSED_FIELDS = 5
Answer = Callable[[Request], Awaitable[Response]]


def when(text: str) -> datetime:
    """Read a time as either product writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


@dataclass
class Zoho:
    """One owner's account at Zoho; what it holds may be changed between calls."""

    books: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {name: {} for name in BOOKS})
    crm: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"Accounts": {}, "Deals": {}})
    deleted: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, set[str]] = field(
        default_factory=lambda: {"Accounts": {"Account_Name"}, "Deals": {"Stage"}}
    )
    channels: dict[int, dict[str, Any]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    """Modules for which the connection has no scope."""
    makes_fields: bool = True
    refused: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Record id → the result that writing it has."""
    dead_tokens: set[str] = field(default_factory=set)
    tokens: int = 0

    def put(self, module: str, record: dict[str, Any]) -> None:
        """Keep a record of Books."""
        self.books[module][str(record[BOOKS[module][0]])] = record

    def app(self) -> Starlette:
        """The server."""
        return Starlette(
            routes=[
                Route("/oauth/v2/token", self._token, methods=["POST"]),
                Route("/books/v3/{module}", self._guarded(self._list, books=True)),
                Route("/books/v3/{module}/{id}", self._guarded(self._details, books=True)),
                Route("/crm/v8/settings/fields", self._guarded(self._read_fields), methods=["GET"]),
                Route("/crm/v8/settings/fields", self._guarded(self._make_fields), methods=["POST"]),
                Route("/crm/v8/actions/watch", self._guarded(self._watch), methods=["POST"]),
                Route("/crm/v8/Deals/deleted", self._guarded(self._deleted)),
                Route("/crm/v8/{module}", self._guarded(self._records), methods=["GET"]),
                Route("/crm/v8/{module}", self._guarded(self._update), methods=["PUT"]),
            ]
        )

    # ---- who may ask -----------------------------------------------------------------------------
    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if any(
            form.get(name) != CREDENTIALS[name] for name in ("client_id", "client_secret", "refresh_token")
        ):
            return JSONResponse({"error": "invalid_code"})  # said with status 200
        self.tokens += 1
        return JSONResponse(
            {
                "access_token": f"1000.access{self.tokens}",
                "api_domain": "x",
                "token_type": "Bearer",
                "expires_in": 3600,
            }
        )

    def _guarded(self, answer: Answer, *, books: bool = False) -> Answer:
        async def guarded(request: Request) -> Response:
            if request.headers.get("authorization") != f"Zoho-oauthtoken 1000.access{self.tokens}":
                said = {"code": 14, "message": "Invalid value"} if books else {"code": "INVALID_TOKEN"}
                return JSONResponse(said, 401)
            if request.path_params.get("module") in self.denied or request.url.path in self.denied:
                said = {"code": 57, "message": "No"} if books else {"code": "OAUTH_SCOPE_MISMATCH"}
                return JSONResponse(said, 401)
            if books and request.query_params.get("organization_id") != ORGANISATION:
                return JSONResponse({"code": 6041, "message": "This user is not associated."}, 400)
            return await answer(request)

        return guarded

    # ---- Books -----------------------------------------------------------------------------------
    async def _list(self, request: Request) -> Response:
        module, asked = request.path_params["module"], request.query_params
        if module not in BOOKS:
            return JSONResponse({"code": 5, "message": "Invalid URL Passed"}, 404)
        since = asked.get("last_modified_time")
        rows = [
            row
            for row in self.books[module].values()
            if since is None
            or "last_modified_time" not in row
            or when(row["last_modified_time"]) >= when(since)
        ]
        page, size = int(asked.get("page", 1)), min(int(asked.get("per_page", MOST)), MOST)
        context = {"page": page, "per_page": size, "has_more_page": page * size < len(rows)}
        shown = rows[(page - 1) * size : page * size]
        return JSONResponse(
            {"code": 0, "message": "success", BOOKS[module][1]: shown, "page_context": context}
        )

    async def _details(self, request: Request) -> Response:
        module = request.path_params["module"]
        record = self.books[module].get(request.path_params["id"])
        if record is None:
            return JSONResponse({"code": 1002, "message": "It does not exist."}, 404)
        return JSONResponse({"code": 0, "message": "success", BOOKS[module][2]: record})

    # ---- CRM -------------------------------------------------------------------------------------
    async def _records(self, request: Request) -> Response:
        asked, held = request.query_params, self.crm[request.path_params["module"]]
        if "fields" not in asked:
            return JSONResponse({"code": "REQUIRED_PARAM_MISSING", "status": "error"}, 400)
        if "ids" in asked:
            ids = asked["ids"].split(",")
            found = [held[key] for key in ids if key in held]
            assert len(ids) <= 100
            return self._shown(request, found, {}) if found else Response(status_code=204)
        since = request.headers.get("if-modified-since")
        rows = [
            row
            for key, row in sorted(held.items())
            if since is None or when(row["Modified_Time"]) >= when(since)
        ]
        if not rows:
            return Response(status_code=304 if since else 204)
        token = asked.get("page_token")
        if token in self.dead_tokens:
            return JSONResponse({"code": "INVALID_DATA", "status": "error"}, 400)
        page = int(token.removeprefix("token-")) if token else int(asked.get("page", 1))
        if page > LAST_PAGE and not token:
            return JSONResponse({"code": "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "status": "error"}, 400)
        size = min(int(asked.get("per_page", MOST)), MOST)
        more = page * size < len(rows)
        info = {"page": page, "per_page": size, "more_records": more}
        info["next_page_token"] = f"token-{page + 1}" if more else None
        return self._shown(request, rows[(page - 1) * size : page * size], info)

    def _shown(self, request: Request, rows: list[dict[str, Any]], info: dict[str, Any]) -> Response:
        named = {"id", *request.query_params["fields"].split(",")}
        shown = [{name: value for name, value in row.items() if name in named} for row in rows]
        return JSONResponse({"data": shown, "info": info})

    async def _deleted(self, request: Request) -> Response:
        since = request.headers.get("if-modified-since")
        rows = [row for row in self.deleted if since is None or when(row["deleted_time"]) >= when(since)]
        if not rows:
            return Response(status_code=304)
        return JSONResponse({"data": rows, "info": {"page": 1, "per_page": MOST, "more_records": False}})

    async def _update(self, request: Request) -> Response:
        module, body = request.path_params["module"], await request.json()
        assert len(body["data"]) <= 100
        assert body["trigger"] == []
        results = [self._write(module, entry) for entry in body["data"]]
        good = [result["code"] == "SUCCESS" for result in results]
        return JSONResponse({"data": results}, 200 if all(good) else 207 if any(good) else 400)

    def _write(self, module: str, entry: dict[str, Any]) -> dict[str, Any]:
        key = entry.pop("id")
        if key in self.refused:
            return self.refused[key]
        record = self.crm[module].get(key)
        if record is None:
            return {"code": "INVALID_DATA", "details": {"api_name": "id"}, "status": "error"}
        known = self.fields[module] | {"Stage"}
        record.update(
            {name: value for name, value in entry.items() if name in known}
        )  # others are passed over
        record["Modified_Time"] = datetime.now(UTC).isoformat(timespec="seconds")
        return {"code": "SUCCESS", "details": {"id": key}, "message": "record updated", "status": "success"}

    async def _read_fields(self, request: Request) -> Response:
        names = sorted(self.fields[request.query_params["module"]])
        return JSONResponse({"fields": [{"api_name": name, "custom_field": True} for name in names]})

    async def _make_fields(self, request: Request) -> Response:
        wanted = (await request.json())["fields"]
        if not self.makes_fields:
            return JSONResponse({"code": "NO_PERMISSION", "status": "error"}, 403)
        if len(wanted) > _REFUSED_FIELDS:
            return JSONResponse({"code": "LIMIT_EXCEEDED", "status": "error"}, 400)
        names = {item["field_label"].replace(" ", "_") for item in wanted}
        self.fields[request.query_params["module"]] |= names
        return JSONResponse({"fields": [{"code": "SUCCESS", "status": "success"} for _ in names]}, 201)

    async def _watch(self, request: Request) -> Response:
        results = []
        for channel in (await request.json())["watch"]:
            expiry = when(channel["channel_expiry"])
            assert timedelta() < expiry - datetime.now(UTC) <= timedelta(days=3650)
            self.channels[channel["channel_id"]] = channel
            modules = sorted({event.partition(".")[0] for event in channel["events"]})
            told = [{"resource_name": name, "channel_expiry": channel["channel_expiry"]} for name in modules]
            results.append({"code": "SUCCESS", "details": {"events": told}, "status": "success"})
        return JSONResponse({"watch": results}, 201)
