"""From where somebody speaks to us, as far as it matters for who does so too often."""

from __future__ import annotations

from ipaddress import ip_network

from starlette.requests import HTTPConnection


def address_of(request: HTTPConnection) -> str:
    """Return from where a request comes; of IPv6 the network, within which anybody has addresses without number."""
    host = request.client.host if request.client is not None else ""
    return str(ip_network(f"{host}/64", strict=False)) if ":" in host and "%" not in host else host
