"""Calls to a vendor's API: credentials added, the pace kept, failures told by their remedy, access tokens renewed."""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from string import Formatter
from typing import Any
from urllib.parse import urlsplit

import httpx
from prometheus_client import Counter

from connectors.contract import Api, Call, Held, Reply
from ingest.garbled import AGAIN, garbled
from kit.errors import MunshiError, Rejected, Retryable, SourceBroken
from kit.json import read_json
from kit.logs import logger

log = logger(__name__)
CALLS = Counter(
    "munshi_vendor_calls_total", "Calls to vendors, by host and what came back", ["host", "outcome"]
)
MAX_REPLY_BYTES = 32 * 1024 * 1024
ATTEMPTS = 3
"""Tries of one call before the page is given up; then the stream itself waits."""
LONGEST_WAIT = 20.0
"""A vendor that asks for a longer pause than this (seconds) gets it from the stream's next due time."""
LONGEST_CALL = 120.0
"""Seconds for one call in all: an answer that trickles in for ever must not outlive the lease of its stream."""
_PASSING = frozenset([408, 423, 425, 429, 477])
_TOKEN_EARLY = 120.0
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)

LONGEST_ASKED = 86_400.0
"""A longer pause than a day (seconds) that a vendor asks for is no pause but a mistake."""

KeepToken = Callable[[Mapping[str, str]], Awaitable[None]]
StoredTokens = Callable[[], Awaitable[Mapping[str, str]]]


class HttpVendor:
    """The `Vendor` of a source. Close it when the work is done, or use it as an async context manager.

    `keep` is told the credentials whenever an access token was renewed, so that they can be sealed and stored; `stored`
    is asked for them before, for somebody else may have renewed it.
    """

    def __init__(
        self,
        api: Api,
        *,
        credentials: Mapping[str, str],
        settings: Mapping[str, Any],
        keep: KeepToken | None = None,
        stored: StoredTokens | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._credentials = dict(credentials)
        self._settings = settings
        self._keep = keep
        self._stored = stored
        self._attempts = attempts
        self._sleep = sleep
        self._now = now
        self._base = str(settings.get("base_url") or api.base_url).rstrip("/")
        self._host = urlsplit(self._base).hostname or ""
        self._pace = _Pace(api.per_second, sleep)
        self._renewing = asyncio.Lock()
        # No redirects: a credential must not follow one to another host.
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, transport=transport)

    async def __aenter__(self) -> HttpVendor:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __call__(self, call: Call) -> Reply:
        """Do a call; passing faults are tried again a few times, with growing pauses and jitter."""
        renewed = False
        for attempt in range(1, self._attempts + 1):
            try:
                token = await self._access_token() if self._renews else ""
                reply = await self._once(call, token)
                if reply.status == 401 and self._renews and not renewed:
                    renewed = True
                    await self._renew(instead_of=token)
                    reply = await self._once(call, self._credentials["access_token"])
                return self._checked(call, reply)
            except Retryable as fault:
                if attempt == self._attempts or (fault.after or 0.0) > LONGEST_WAIT:
                    raise
                pause = fault.after if fault.after is not None else 2.0 ** (attempt - 1)
                await self._sleep(pause + random.uniform(0.0, pause / 2 + 0.1))  # noqa: S311  jitter, no secret
        raise AssertionError("unreachable")

    # ---- one call --------------------------------------------------------------------------------
    async def _once(self, call: Call, token: str) -> Reply:
        await self._pace.wait()
        headers = {"accept": "application/json", **self._headers(token), **call.headers}
        body: dict[str, Any] = {}
        if call.json is not None:
            body["json"] = _with_held(call.json, self._credentials)
        elif call.form is not None:
            body["data"] = dict(call.form)
        query: list[tuple[str, str | int | float | bool | None]] = [
            (name, str(item))
            for name, value in call.query.items()
            for item in ([value] if isinstance(value, str | int) else value)
        ]
        try:
            async with (
                asyncio.timeout(LONGEST_CALL),
                self._client.stream(
                    call.method, self._base + call.path, params=query or None, headers=headers, **body
                ) as answer,
            ):
                content = await _read(answer)
                found = {name.lower(): value for name, value in answer.headers.items()}
                return Reply(answer.status_code, found, content)
        except httpx.DecodingError:
            CALLS.labels(self._host, "garbled").inc()
            raise garbled(self._host) from None
        except (httpx.TransportError, TimeoutError) as error:
            CALLS.labels(self._host, "unreachable").inc()
            raise Retryable(
                "vendor.unreachable",
                f"{self._host} did not answer ({type(error).__name__}).",
                remedy=AGAIN,
            ) from None

    def _checked(self, call: Call, reply: Reply) -> Reply:
        status = reply.status
        if 200 <= status < 300 and reply.headers.get("content-type", "").startswith("text/html"):
            CALLS.labels(self._host, "web page").inc()
            raise garbled(self._host)
        if 200 <= status < 300 or status in call.accept:
            CALLS.labels(self._host, "ok").inc()
            return reply
        CALLS.labels(self._host, str(status)).inc()
        if status in _PASSING or status >= 500:
            raise Retryable(
                "vendor.busy" if status == 429 else "vendor.failing",
                f"{self._host} has had enough calls for now (status 429)."
                if status == 429
                else f"{self._host} has a fault of its own (status {status}).",
                remedy=AGAIN,
                after=retry_after(reply.headers, now=self._now()),
            )
        if status in (401, 403):
            raise SourceBroken(
                "vendor.unauthorised" if status == 401 else "vendor.forbidden",
                f"{self._host} does not let us in (status {status}).",
                remedy="Give new credentials, or allow what the connector's README lists."
                if status == 401
                else "Allow there what the connector's README lists.",
            )
        raise Rejected(
            "vendor.refused",
            f"{self._host} answered {status} to {call.method} {call.path[:100]}.",
            remedy="Tell whoever looks after the connector.",
        )

    # ---- credentials -----------------------------------------------------------------------------
    @property
    def _renews(self) -> bool:
        logs_in = self._api.auth == "login"
        return bool(self._token_url and (logs_in or self._credentials.get("refresh_token")))

    @property
    def _token_url(self) -> str:
        return str(self._settings.get("token_url") or self._api.token_url)

    def _headers(self, token: str) -> dict[str, str]:
        api, held = self._api, self._credentials
        headers = self._known(api.headers)
        if token:
            headers["authorization"] = f"{api.scheme} {token}"
        elif api.auth == "basic":
            pair = ":".join(_needed(held, name) for name in api.credentials[:2])
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        elif api.auth in ("bearer", "oauth"):
            headers["authorization"] = f"{api.scheme} {_needed(held, 'token')}"
        return headers

    def _known(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Fill in credentials and settings by their names."""
        known = {**{k: v for k, v in self._settings.items() if isinstance(v, str | int)}, **self._credentials}
        return {name: _filled(value, known) for name, value in templates.items()}

    async def _access_token(self) -> str:
        token = self._credentials.get("access_token", "")
        if self._lives():
            return token
        await self._renew(instead_of=token)
        return self._credentials["access_token"]

    def _lives(self) -> bool:
        expires = float(self._credentials.get("expires_at") or 0)
        return bool(self._credentials.get("access_token")) and expires - _TOKEN_EARLY > self._now()

    async def _renew(self, *, instead_of: str) -> None:
        """Get a new access token; several calls that find it expired renew it once."""
        async with self._renewing:
            if self._credentials.get("access_token", "") != instead_of:
                return
            if self._stored is not None:
                self._credentials = dict(await self._stored())
                if self._credentials.get("access_token") != instead_of and self._lives():
                    return
            asked = self._asked_for_token()
            try:
                answer = await self._client.post(self._token_url, **asked)
            except httpx.TransportError as error:
                raise Retryable(
                    "vendor.unreachable",
                    f"The token's server did not answer ({type(error).__name__}).",
                    remedy=AGAIN,
                ) from None
            given = _token(answer, is_oauth=self._api.auth != "login", now=self._now())
            self._credentials.update(given)
            if self._keep is not None:
                await self._keep(dict(self._credentials))

    def _asked_for_token(self) -> dict[str, Any]:
        if self._api.auth == "login":
            return {"json": self._known(self._api.login), "headers": self._known(self._api.login_headers)}
        names = ("client_id", "client_secret", "refresh_token")
        held = {name: _needed(self._credentials, name) for name in names}
        return {"data": {"grant_type": "refresh_token", **held}}


def _token(answer: httpx.Response, *, is_oauth: bool, now: float) -> dict[str, str]:
    """Read the answer of a token endpoint (RFC 6749 section 5); some vendors say their errors with status 200."""
    if answer.status_code == 429 or answer.status_code >= 500:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        raise Retryable(
            "vendor.failing",
            f"The token's server has a fault of its own (status {answer.status_code}).",
            remedy=AGAIN,
            after=retry_after(headers, now=now),
        )
    try:
        body = read_json(answer.content)
    except MunshiError:
        body = None
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token:
        raise SourceBroken(
            "vendor.unauthorised",
            "The credentials of this source are no longer accepted.",
            remedy="Connect the source again and give the new ones.",
        )
    lives = body.get("expires_in")
    lives = float(lives) if isinstance(lives, int) and not isinstance(lives, bool) else 3600.0
    given = {"access_token": token, "expires_at": str(int(now + lives))}
    if is_oauth and isinstance(body.get("refresh_token"), str) and body["refresh_token"]:
        given["refresh_token"] = body["refresh_token"]  # some rotate it with every use
    return given


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Read Retry-After, in seconds or as a date; None if it isn't there or says nothing sensible."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:8]), LONGEST_ASKED)
    try:
        at = parsedate_to_datetime(value)
        after = at.replace(tzinfo=at.tzinfo or UTC).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, after), LONGEST_ASKED)


def check_api_settings(api: Api, settings: Mapping[str, Any], *, development: bool) -> None:
    """Raise Rejected unless the source's settings let its vendor be called: required ones there, addresses safe."""
    for name in api.settings:
        if not settings.get(name):
            raise Rejected(
                "source.setting_missing",
                f"It needs the setting {name}.",
                remedy=f"Give it: munshi source set SOURCE {name}=…",
            )
    for name in ("base_url", "token_url"):
        given = settings.get(name)
        if given is None:
            continue
        parts = urlsplit(str(given))
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if parts.scheme != "https" and not (development and parts.scheme == "http" and local):
            raise Rejected(
                "source.address", f"{name} must be an https address.", remedy="Check the vendor's address."
            )
        if (
            (local and not development)
            or not parts.hostname
            or parts.username
            or parts.query
            or parts.fragment
        ):
            raise Rejected("source.address", f"{name} is no address of a vendor.")


@dataclass(slots=True)
class _Pace:
    """Lets calls through one after another, no faster than so many a second."""

    per_second: float
    sleep: Callable[[float], Awaitable[None]]
    _next: float = 0.0

    async def wait(self) -> None:
        now = time.monotonic()
        at = max(now, self._next)
        self._next = at + 1.0 / self.per_second
        if at > now:
            await self.sleep(at - now)


async def _read(answer: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.aiter_bytes():
        size += len(chunk)
        if size > MAX_REPLY_BYTES:
            raise Rejected("vendor.too_large", f"The answer is larger than {MAX_REPLY_BYTES // 2**20} MB.")
        chunks.append(chunk)
    return b"".join(chunks)


def _with_held(value: Any, held: Mapping[str, str]) -> Any:
    match value:
        case Held():
            return _needed(held, value.name)
        case Mapping():
            return {name: _with_held(item, held) for name, item in value.items()}
        case list() | tuple():
            return [_with_held(item, held) for item in value]
    return value


def _needed(held: Mapping[str, str], name: str) -> str:
    value = held.get(name)
    if not value:
        raise SourceBroken(
            "vendor.no_credentials",
            f"The credential {name} is missing.",
            remedy="Give it: munshi source credentials SOURCE",
        )
    return str(value)


def _filled(template: str, known: Mapping[str, Any]) -> str:
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    return template.format_map({name: _needed(known, name) for name in names})
