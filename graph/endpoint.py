"""POST /graphql: who asks, what, within which time; every answer is JSON with `data` and `errors`."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError
from prometheus_client import Counter, Histogram
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from strawberry.http.ides import get_graphql_ide_html

from graph.address import address_of
from graph.auth import Authenticator
from graph.context import Request, Ring
from graph.errors import masked, refusal, shown
from graph.limits import MAX_QUERY
from graph.rates import Limits, Rates, TooMany
from graph.schema import answer
from kit.errors import Denied, MunshiError, Rejected, Retryable
from ledger.dispatch import Door

MAX_BODY = 128 * 1024
TIME_LIMIT = 10.0
ASKED = Counter("munshi_graphql_requests_total", "GraphQL requests", ["outcome"])
TOOK = Histogram("munshi_graphql_seconds", "Time of a GraphQL request")
_HEADERS = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Asked:
    query: str
    variables: dict[str, Any] | None
    operation: str | None


class GraphqlEndpoint:
    """The endpoint; in development a browser that opens it gets GraphiQL."""

    def __init__(
        self,
        door: Door,
        *,
        ring: Ring | None = None,
        development: bool = False,
        public_url: str = "",
        time_limit: float = TIME_LIMIT,
        authenticator: Authenticator | None = None,
        rates: Rates | None = None,
    ) -> None:
        self._door = door
        self._ring = ring
        self._development = development
        self._public_url = public_url.rstrip("/")
        self._time_limit = time_limit
        self._authenticator = authenticator or Authenticator(door)
        self._rates = rates or Rates(Limits())

    async def serve(self, request: HttpRequest) -> Response:
        """Answer a request."""
        if request.method != "POST":
            return self._page(request)
        started = time.perf_counter()
        status, body, outcome = await self._answer(request)
        ASKED.labels(outcome).inc()
        TOOK.observe(time.perf_counter() - started)
        headers = _HEADERS
        if status == 401:
            headers = {**_HEADERS, "www-authenticate": "Bearer"}
        elif status == 429:
            headers = {**_HEADERS, "retry-after": str(body["errors"][0]["extensions"]["retryAfter"])}
        return Response(
            orjson.dumps(body), status_code=status, headers=headers, media_type="application/json"
        )

    def _page(self, request: HttpRequest) -> Response:
        if self._development and "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(get_graphql_ide_html("graphiql"), headers=_HEADERS)
        error = Rejected("request.method", "GraphQL is asked by POST.", remedy="POST a JSON body.")
        return Response(
            orjson.dumps(refusal(error)),
            status_code=405,
            headers={**_HEADERS, "allow": "POST"},
            media_type="application/json",
        )

    async def _answer(self, request: HttpRequest) -> tuple[int, dict[str, Any], str]:
        try:
            async with asyncio.timeout(self._time_limit):
                actor = await self._authenticator.actor(
                    request.headers.get("authorization"), address=address_of(request)
                )
                self._rates.admit(actor.token_id)
                asked = await _read(request)
                context = Request(
                    self._door,
                    actor,
                    ring=self._ring,
                    public_url=self._public_url,
                    development=self._development,
                )
                try:
                    result = await answer(
                        asked.query,
                        variables=asked.variables,
                        operation_name=asked.operation,
                        context=context,
                    )
                finally:
                    self._rates.charge(actor.token_id, context.cost)
                    await context.close()
        except TimeoutError:
            error = Retryable(
                "query.timeout",
                f"The answer took longer than {self._time_limit:g} seconds.",
                remedy="Ask for less at once.",
            )
            return 200, refusal(error), "timeout"
        except TooMany as spent:
            return 429, refusal(spent), "spent"
        except _Refusal as refused:
            return refused.status, refusal(refused.error), "refused"
        except Denied as denial:
            return 401, refusal(denial), "denied"
        except MunshiError as error:
            return 400, refusal(error), "refused"
        except GraphQLError as error:
            return 200, {"data": None, "errors": [shown(error)]}, "refused"
        except ClientDisconnect:
            return 400, refusal(Rejected("request.cut", "The request ended early.")), "refused"
        except Exception as error:  # whatever it is, the client gets a reference and no trace
            return 500, {"data": None, "errors": [masked(error)]}, "failed"
        return 200, _body(result), "errors" if result.errors else "answered"


class _Refusal(Exception):
    def __init__(self, status: int, error: Rejected) -> None:
        super().__init__(error.code)
        self.status = status
        self.error = error


async def _read(request: HttpRequest) -> _Asked:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise _Refusal(415, Rejected("request.content_type", "The body must be application/json."))
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise _Refusal(413, Rejected("request.too_large", f"The body is larger than {MAX_BODY} bytes."))
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Rejected("request.json", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Rejected("request.shape", "The body must be one object with a query.")
    query, variables, operation = (body.get(name) for name in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise Rejected("request.query", "The body needs a query.")
    if len(query) > MAX_QUERY:
        raise _Refusal(413, Rejected("limit.query", f"The query is longer than {MAX_QUERY} characters."))
    if variables is not None and not isinstance(variables, dict):
        raise Rejected("request.variables", "variables must be an object.")
    if operation is not None and not isinstance(operation, str):
        raise Rejected("request.operation", "operationName must be a text.")
    return _Asked(query, variables, operation or None)


def _body(result: ExecutionResult) -> dict[str, Any]:
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [shown(error) for error in result.errors]
    return body
