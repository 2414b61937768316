"""What every answer carries against misuse in browsers, and which foreign pages may ask: none, unless settings name them.

There are no cookies: what a browser sends by itself says nothing about who asks. GraphQL takes application/json alone,
which no form sends, and a foreign page's script is let through only after its preflight found its origin here.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
FRAMED_BY_NOBODY = "frame-ancestors 'none'"
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}
YEAR = 31_536_000
_ASKED_ACROSS = "/graphql"
_PREFLIGHT = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "600",
}


class Guard:
    """Puts the headers on every answer that hasn't its own, and answers preflights."""

    def __init__(
        self, *, public_url: str = "", origins: Iterable[str] = (), development: bool = False
    ) -> None:
        self._always = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        if public_url.startswith("https://"):
            self._always.append((b"strict-transport-security", f"max-age={YEAR}".encode()))
        self._names = frozenset(name for name, _ in self._always)
        self._origins = frozenset(origins)
        self._development = development

    def preflight(self, scope: Scope) -> Response | None:
        """Return the answer to a browser that asks whether a page may ask; None for everything else."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS" or scope["path"] != _ASKED_ACROSS:
            return None
        headers = Headers(scope=scope)
        if "access-control-request-method" not in headers:
            return None
        origin = headers.get("origin", "")
        if origin not in self._origins:
            return Response(status_code=403, headers={"vary": "Origin"})
        return Response(status_code=204, headers=_PREFLIGHT)

    def sending(self, scope: Scope, send: Send) -> Send:
        """Return a `send` that puts the headers on the answer."""
        if scope["type"] != "http":
            return send
        origin = self._allowed(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._dress(message, origin)
            await send(message)

        return guarded

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a preflight; False if it is none."""
        response = self.preflight(scope)
        if response is None:
            return False
        await response(scope, receive, self.sending(scope, send))
        return True

    def _allowed(self, scope: Scope) -> str | None:
        if not self._origins or scope["path"] != _ASKED_ACROSS:
            return None
        origin = Headers(scope=scope).get("origin")
        return origin if origin in self._origins else None

    def _dress(self, message: Message, origin: str | None) -> None:
        given = message.setdefault("headers", [])
        have = {name for name, _ in given}
        dressed = [*given, *(pair for pair in self._always if pair[0] not in have)]
        message["headers"] = dressed
        if b"content-security-policy" not in have:
            html = self._development and any(
                name == b"content-type" and value.startswith(b"text/html") for name, value in given
            )
            dressed.append((b"content-security-policy", (FRAMED_BY_NOBODY if html else CSP).encode()))
        if origin is not None:
            headers = MutableHeaders(raw=dressed)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = "Retry-After"
            headers.add_vary_header("Origin")


def origins_of(text: str) -> tuple[str, ...]:
    """Return the origins that a setting names, separated by commas."""
    return tuple(one.strip().rstrip("/") for one in text.split(",") if one.strip())
