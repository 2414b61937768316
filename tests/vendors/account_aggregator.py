"""An account aggregator's gateway in memory, as Setu's: login, consents, sessions that take their time, its errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

KEYS = {"client_id": "client-0417", "client_secret": "marker-aggregator-secret"}
CONSENT = "c16cc10e-eae3-4277-96e1-000000000417"
PRODUCT = "07451d5a-0000-4000-8000-000000000417"


def error(message: str, status: int = 400, code: str = "BadRequest") -> JSONResponse:
    """Answer with an error as the gateway words it."""
    body = {
        "errorCode": code,
        "errorMsg": message,
        "timestamp": "2026-11-21T06:30:00Z",
        "txnid": "1",
        "ver": "2.0.0",
    }
    return JSONResponse(body, status)


def transaction(number: int, amount: int, balance: int, *, at: str, narration: str = "") -> dict[str, Any]:
    """A transaction of version 2; amounts in whole rupees, below zero a debit."""
    return {
        "txnId": f"M{number}", "type": "CREDIT" if amount > 0 else "DEBIT", "mode": "OTHERS", "amount": f"{abs(amount)}.00",
        "transactionalBalance": f"{balance}.00", "transactionTimestamp": at, "valueDate": at[:10],
        "narration": narration or f"NEFT-EXMPN{number:017}-SHOP {number}", "reference": "",
    }  # fmt: skip


@dataclass(slots=True)
class AccountAggregator:
    """What the gateway knows. `becomes`: what a session is when it is looked at, one after another, the last for good."""

    status: str = "ACTIVE"
    detail: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    becomes: list[str] = field(default_factory=lambda: ["COMPLETED"])
    number: str = "XXXXXX0417"
    rows: list[dict[str, Any]] = field(default_factory=list)
    begun: list[dict[str, Any]] = field(default_factory=list)
    tokens: int = 0
    looked: int = 0

    async def login(self, request: Request) -> Response:
        asked = await request.json()
        right = {
            "clientID": KEYS["client_id"],
            "secret": KEYS["client_secret"],
            "grant_type": "client_credentials",
        }
        if request.headers.get("client") != "bridge" or asked != right:
            return JSONResponse({"error": {"code": "invalid-client", "detail": f"{asked}"}}, 401)
        self.tokens += 1
        return JSONResponse({"access_token": f"token-{self.tokens}", "refresh_token": "refresh"})

    async def consent(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        if request.path_params["id"] != CONSENT:
            return error("Consent not found", 404, "NotFound")
        return JSONResponse(
            {
                "id": CONSENT, "url": "https://fiu.example/consents/webview/1", "status": self.status, "PAN": "",
                "detail": self.detail, "usage": self.usage or {"count": "0", "lastUsed": None}, "accountsLinked": [],
                "context": [], "traceId": "1",
            }
        )  # fmt: skip

    async def begin(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        asked = await request.json()
        if asked.get("format") != "json" or asked.get("consentId") != CONSENT:
            return error("Invalid consentId", 400, "InvalidConsentId")
        self.begun.append(asked)
        return JSONResponse(self._session(len(self.begun), "PENDING"), 201)

    async def look(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        number = request.path_params["number"]
        if not 1 <= number <= len(self.begun):
            return error("Data session not found", 404, "NotFound")
        status = self.becomes[min(self.looked, len(self.becomes) - 1)]
        self.looked += 1
        return JSONResponse(self._session(number, status))

    def app(self) -> Starlette:
        """Serve it under /v2, its login under /v1."""
        return Starlette(
            routes=[
                Route("/v1/users/login", self.login, methods=["POST"]),
                Route("/v2/consents/{id}", self.consent),
                Route("/v2/sessions", self.begin, methods=["POST"]),
                Route("/v2/sessions/session-{number:int}", self.look),
            ]
        )

    def _session(self, number: int, status: str) -> dict[str, Any]:
        asked = self.begun[number - 1]
        return {
            "id": f"session-{number}", "consentId": CONSENT, "format": "json", "status": status,
            "dataRange": asked["dataRange"], "fips": self._fips(asked) if status in ("COMPLETED", "PARTIAL") else None,
            "traceId": str(self.looked),
        }  # fmt: skip

    def _fips(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        since, until = (datetime.fromisoformat(asked["dataRange"][name]) for name in ("from", "to"))
        rows = [
            row for row in self.rows if since <= datetime.fromisoformat(row["transactionTimestamp"]) <= until
        ]
        deposit = {
            "type": "deposit", "version": "2.0.0", "maskedAccNumber": self.number,
            "summary": {
                "currency": "INR", "currentBalance": self.rows[-1]["transactionalBalance"] if self.rows else "0",
                "balanceDateTime": asked["dataRange"]["to"], "ifsc": "EXMP0000417",
            },
            "transactions": {"startDate": "", "endDate": "", "transaction": rows},
        }  # fmt: skip
        account = {
            "FIstatus": "DELIVERED",
            "linkRefNumber": "1",
            "maskedAccNumber": self.number,
            "data": {"account": deposit},
        }
        return [{"fipID": "EXAMPLE-FIP", "accounts": [account]}]

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return error("Unauthorized", 401, "Unauthorized")
        if request.headers.get("x-product-instance-id") != PRODUCT:
            return error("x-product-instance-id is missing", 400)
        return None
