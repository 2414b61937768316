"""Calls to addresses that somebody gave us: https only, never into our own network, no redirect, an end to everything.

The name is resolved by us, every address that it has is checked, and the connection is made to the address that was
checked: a name that answers otherwise the second time leads nowhere else.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpcore

from kit.errors import Rejected, Retryable

MOST_READ = 64 * 1024
"""Bytes of an answer that are read; what is behind them isn't waited for."""
CONNECT, WHOLE = 5.0, 20.0
"""Seconds to be connected, and for a call as a whole."""
MAX_URL = 2_000
_INSIDE_NAMES = ("localhost", "local", "internal", "home.arpa", "lan", "intranet", "corp")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_ALSO_INSIDE = tuple(
    ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "fec0::/10")
)
"""What the tables of the standard library don't all count as special."""
_INSIDE = Rejected(
    "address.inside",
    "This address lies within a private network.",
    remedy="Give one that the internet reaches.",
)
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back: its status, and how many seconds it asks us to wait."""

    status: int
    after: float | None = None


def checked_url(url: str, *, inside: bool) -> str:
    """Return the URL as it is called; Rejected unless it is https (http too with `inside`) to a host of the internet."""
    parts = urlsplit(url.strip())
    try:
        host, port = parts.hostname or "", parts.port
        name = host.encode("idna").decode() if not host.isascii() else host
    except (ValueError, UnicodeError):
        raise _malformed("It names no host.") from None
    if len(url) > MAX_URL or not url.strip().isprintable() or any(mark in url.strip() for mark in ' \\"<>'):
        raise _malformed("It holds characters that a URL can't.")
    if parts.scheme != "https" and not (inside and parts.scheme == "http"):
        raise Rejected("address.not_https", "The address must begin with https://.")
    if not name or parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise _malformed("It needs a host, and neither a password nor a #fragment.")
    if not inside:
        literal = _literal(name)
        if literal is not None and not reachable(literal):
            raise _INSIDE
        last = name.rstrip(".").rsplit(".", 1)[-1].lower()
        if literal is None and ("." not in name.rstrip(".") or last in _INSIDE_NAMES or last.isdigit()):
            raise _INSIDE
    shown = f"[{name}]" if ":" in name else name
    netloc = f"{shown}:{port}" if port is not None else shown
    query = f"?{_ascii(parts.query)}" if parts.query else ""
    return f"{parts.scheme}://{netloc}{_ascii(parts.path) or '/'}{query}"


def reachable(address: str) -> bool:
    """Return whether an IP address is one of the internet, whatever it is wrapped in."""
    found: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        if found.teredo is not None:
            return False
        if inner is not None:
            found = inner
    special = found.is_multicast or found.is_reserved or found.is_unspecified
    return found.is_global and not special and not any(found in one for one in _ALSO_INSIDE)


async def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a name, in the order in which they are tried."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


class _Guarded(httpcore.AsyncNetworkBackend):
    """A network where names lead to addresses of the internet only."""

    def __init__(self, resolve: Resolve, *, inside: bool) -> None:
        self._resolve = resolve
        self._inside = inside
        self._below = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a name that answers; none of them may lie inside."""
        async with asyncio.timeout(timeout):
            addresses = list(await self._resolve(host, port))
        if not self._inside and not all(reachable(one) for one in addresses):
            raise _INSIDE
        failed: Exception = httpcore.ConnectError("no address")
        for one in addresses:
            try:
                return await self._below.connect_tcp(
                    one, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """Refuse: a file of this machine is no address."""
        raise _INSIDE

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Outward:
    """Posts bodies to addresses of strangers; close it when the work is done."""

    def __init__(
        self, *, inside: bool = False, resolve: Resolve = resolved, trust: ssl.SSLContext | None = None
    ) -> None:
        self._inside = inside
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or ssl.create_default_context(cafile=certifi.where()),
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=15.0,
            network_backend=_Guarded(resolve, inside=inside),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Post a body and return what came back; Rejected for an address inside, Retryable where nobody answered."""
        address = checked_url(url, inside=self._inside)
        sent = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        sent.append((b"content-length", str(len(body)).encode()))
        timeouts = {"connect": CONNECT, "read": WHOLE, "write": WHOLE, "pool": WHOLE}
        try:
            async with (
                asyncio.timeout(WHOLE),
                self._pool.stream(
                    "POST",
                    address,
                    headers=sent,
                    content=body,
                    extensions={"timeout": timeouts},
                ) as answer,
            ):
                read = 0
                async for chunk in answer.aiter_stream():
                    read += len(chunk)
                    if read > MOST_READ:
                        break
                return Answered(answer.status, _asked_pause(answer.headers))
        except (TimeoutError, httpcore.TimeoutException):
            raise Retryable("address.timeout", "The address didn't answer in time.") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            cause: BaseException | None = error
            while cause is not None and not isinstance(cause, ssl.SSLError):
                cause = cause.__cause__ or cause.__context__
            if cause is not None:
                raise Retryable("address.tls", "The address has no certificate that we trust.") from None
            raise Retryable("address.unreachable", "The address didn't answer.") from None


def _asked_pause(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= 6:
            return float(value)
    return None


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


def _ascii(text: str) -> str:
    return "".join(one if one.isascii() else "".join(f"%{byte:02X}" for byte in one.encode()) for one in text)


def _malformed(why: str) -> Rejected:
    return Rejected("address.malformed", f"This is no address. {why}", remedy="Write https://host/path.")


def elapsed(since: float) -> int:
    """Return the milliseconds since a `time.monotonic()`."""
    return round((time.monotonic() - since) * 1_000)
