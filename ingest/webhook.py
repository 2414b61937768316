"""POST /ingest/{source_key}: verify → pin → observe → map → append, answered 202 after the commit.

A plain ASGI endpoint, because every microsecond of it is paid thousands of times a second. What can't be verified is
401 and leaves a counter and at most one audit entry per source and hour; what verifies is never lost: what can't be
understood is quarantined with its raw bytes and answered 202.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import orjson
from prometheus_client import Counter
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.contract import Inbound
from ingest.reading import read_delivery
from ingest.rejections import RejectionTrail
from ingest.sources import Source, Sources
from kit.clock import Clock
from kit.errors import Denied, MunshiError, Rejected, Retryable, SourceBroken
from kit.logs import logger
from ledger.domain.events import Appended, Delivery

log = logger(__name__)
REJECTED = Counter("munshi_ingest_rejected_total", "Webhook calls refused, by reason", ["reason"])
ACCEPTED = Counter(
    "munshi_ingest_accepted_total", "Webhook calls answered 202, by what was made of them", ["reading"]
)
_UNDERSTOOD, _QUARANTINED = ACCEPTED.labels("understood"), ACCEPTED.labels("quarantined")
IGNORED = Counter("munshi_ingest_ignored_total", "Facts that are known and say nothing about money")
RETRY_AFTER_SECONDS = 30
_PATH = "/ingest/{source_key}"
_FAILED = Retryable("ingest.failed", "It could not be kept now.", remedy="Send it again in a minute.")


class Appends(Protocol):
    """The door behind: returns after the commit, or raises Retryable."""

    async def append(self, delivery: Delivery) -> Appended:
        """Append one delivery."""
        ...


class WebhookEndpoint:
    """The ASGI endpoint; mount it with `webhook_route`."""

    def __init__(
        self,
        sources: Sources,
        appender: Appends,
        *,
        trail: RejectionTrail,
        clock: Clock,
        max_body_bytes: int,
        public_url: str = "",
    ) -> None:
        self._sources = sources
        self._appender = appender
        self._trail = trail
        self._clock = clock
        self._max_body_bytes = max_body_bytes
        self._public_url = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; whatever goes wrong has its own answer, and none of them is a 500."""
        try:
            source = await self._sources.by_key(scope["path_params"]["source_key"])
            if "webhook" not in source.manifest.via:
                raise Denied("source.no_webhook", "This source takes files, not calls.")
            headers = _headers(scope)
            _check_content(source, headers)
            body = await _read_body(receive, headers, limit=self._max_body_bytes)
            if body is None:
                REJECTED.labels("disconnected").inc()
                return
            url = self._public_url + _target(scope) if source.manifest.signs_url else ""
            answer = await self._take(source, Inbound(body, headers, url=url))
        except _Refusal as refusal:
            REJECTED.labels(refusal.error.code).inc()
            await _answer(send, refusal.status, _shown(refusal.error))
        except Denied as denial:
            REJECTED.labels(denial.code).inc()
            await _answer(send, 401, _shown(denial))
        except (Retryable, SourceBroken) as error:
            REJECTED.labels(error.code).inc()
            await _answer(send, 503, _shown(error), retry_after=RETRY_AFTER_SECONDS)
        except Exception:
            log.exception("ingest.failed")
            REJECTED.labels("failed").inc()
            await _answer(send, 503, _shown(_FAILED), retry_after=RETRY_AFTER_SECONDS)
        else:
            await _answer(send, 202, answer)

    async def _take(self, source: Source, inbound: Inbound) -> dict[str, int]:
        now = self._clock()
        try:
            source.connector.verify(inbound, secrets=source.secrets, now=now)
        except Denied as denial:
            await self._trail.note(source, denial, now=now)
            raise
        reading = read_delivery(source, inbound, via="webhook", received_at=now)
        appended = await self._appender.append(reading.delivery)
        (_UNDERSTOOD if reading.delivery.version else _QUARANTINED).inc()
        if reading.ignored:
            IGNORED.inc(reading.ignored)
        return {
            "accepted": appended.added,
            "known": appended.known,
            "rewritten": appended.rewritten,
            "quarantined": appended.quarantined,
            "ignored": reading.ignored,
        }


def webhook_route(endpoint: WebhookEndpoint) -> Route:
    """Return the route of the webhook endpoint, for the application to include."""
    return Route(_PATH, endpoint, methods=["POST"])


# ---- HTTP ------------------------------------------------------------------------------------------
class _Refusal(Exception):
    """A call that is turned away before its signature is looked at."""

    def __init__(self, status: int, error: Rejected) -> None:
        super().__init__(error.code)
        self.status = status
        self.error = error


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _target(scope: Scope) -> str:
    """Return path and query as they were sent: what stands before us may have changed scheme and host, not these."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _check_content(source: Source, headers: Mapping[str, str]) -> None:
    accepted, given = source.manifest.content_types, headers.get("content-type", "")
    if given not in accepted and given.partition(";")[0].strip().lower() not in accepted:
        expected = " or ".join(source.manifest.content_types)
        raise _Refusal(
            415,
            Rejected(
                "body.content_type", f"The content type must be {expected}.", remedy="Set Content-Type."
            ),
        )
    if "content-encoding" in headers and headers["content-encoding"].lower() not in ("identity", ""):
        raise _Refusal(415, Rejected("body.encoded", "The body must not be compressed."))


async def _read_body(receive: Receive, headers: Mapping[str, str], *, limit: int) -> bytes | None:
    """Return the body, or None if the sender hung up; stops reading as soon as it is too large."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> _Refusal:
    return _Refusal(
        413,
        Rejected("body.too_large", f"The body is larger than {limit} bytes.", remedy="Send less at once."),
    )


def _shown(error: MunshiError) -> dict[str, Any]:
    return {"error": {"code": error.code, "message": error.message, "remedy": error.remedy}}


async def _answer(
    send: Send, status: int, body: Mapping[str, Any], *, retry_after: int | None = None
) -> None:
    content = orjson.dumps(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    if status == 413:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
