"""Only this computer may hold the phone: whoever opens the page *is* the owner."""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_SAFE = {"GET", "HEAD"}


class LoopbackOnly:
    """Refuses every peer, Host and Origin beyond the loopback (DNS rebinding, tunnels, other sites' forms)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403 with the reason."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reason = refusal(scope)
        if reason is None:
            await self._app(scope, receive, send)
            return
        await PlainTextResponse(f"The phone is refused: {reason}.\n", status_code=403)(scope, receive, send)


def refusal(scope: Scope) -> str | None:
    """Return why this request may not reach the phone, or None if it may."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client is None or not _is_loopback(str(client[0])):
        return "it opens only on the computer that serves it"
    if any(name in headers for name in _FORWARDED):
        return "it isn't served through a proxy or tunnel"
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_loopback(_host_name(hosts[0])):
        return "the address must be 127.0.0.1 or localhost"
    origin = headers.get("origin")
    if origin is not None and origin != f"{scope['scheme']}://{hosts[0]}":
        return "another site asked"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _is_navigation(
        scope, headers
    ):
        return "another site asked"
    return None


def _is_navigation(scope: Scope, headers: Headers) -> bool:
    """A link followed from elsewhere may open the page: nothing is sent until somebody taps."""
    page = str(scope["path"]).rstrip("/") == "/phone"
    return page and scope["method"] in _SAFE and headers.get("sec-fetch-mode") == "navigate"


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
