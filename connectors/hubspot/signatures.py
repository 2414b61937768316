"""HubSpot's three signatures: v3 (HMAC over method, address, body and time), v2 and v1 (plain SHA-256).

Rules: HubSpot's page on request validation. v3 comes with its time in milliseconds and is good for five minutes,
either way; of its address a few escapes are decoded first. A delivery that carries v3 stands or falls by v3.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from connectors.contract import Inbound
from kit.errors import Denied

WINDOW_MS = 5 * 60 * 1000
_DECODED: Mapping[str, str] = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)
_STAMP = re.compile(r"[0-9]{1,16}", re.ASCII)


def check(inbound: Inbound, *, secrets: Sequence[str], now: datetime, method: str = "POST") -> None:
    """Raise Denied unless one of `secrets` signed the call, in time where the signature holds one."""
    headers, body = inbound.headers, inbound.body
    if "x-hubspot-signature-v3" in headers:
        given = headers["x-hubspot-signature-v3"]
        stamp = _stamp(headers.get("x-hubspot-request-timestamp", ""), now=now)
        _match(given, secrets, lambda secret: v3(secret, method, _address(inbound), body, stamp))
        return
    given = headers.get("x-hubspot-signature", "")
    if not given:
        raise Denied("signature.missing", "The call carries no signature.")
    version = headers.get("x-hubspot-signature-version", "v1").strip().lower()
    if version == "v1":
        _match(given, secrets, lambda secret: v1(secret, body))
    elif version == "v2":
        _match(given, secrets, lambda secret: v2(secret, method, _address(inbound), body))
    else:
        raise Denied("signature.version", f"Signature version {version[:10]!r} isn't one that we know.")


def v1(secret: str, body: bytes) -> str:
    """Return hex SHA-256 of secret and body."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def v2(secret: str, method: str, url: str, body: bytes) -> str:
    """Return hex SHA-256 of secret, method, address and body."""
    return hashlib.sha256(f"{secret}{method}{url}".encode() + body).hexdigest()


def v3(secret: str, method: str, url: str, body: bytes, stamp: str) -> str:
    """Return base64 HMAC-SHA256 of method, address (escapes decoded), body and time in milliseconds."""
    decoded = _ESCAPE.sub(lambda escape: _DECODED[escape[0].upper()], url)
    signed = f"{method}{decoded}".encode() + body + stamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _stamp(given: str, *, now: datetime) -> str:
    if not _STAMP.fullmatch(given):
        raise Denied("signature.time_missing", "The call doesn't say when it was made.")
    if abs(round(now.timestamp() * 1000) - int(given)) > WINDOW_MS:
        raise Denied(
            "signature.expired",
            "The call was made more than five minutes before or after now.",
            remedy="Check the clock of this server.",
        )
    return given


def _address(inbound: Inbound) -> str:
    if not inbound.url:
        raise Denied("signature.no_address", "We don't know at which address we were called.")
    return inbound.url


def _match(given: str, secrets: Sequence[str], sign: Callable[[str], str]) -> None:
    matched = False
    for secret in secrets:
        if secret:
            matched |= hmac.compare_digest(sign(secret).encode(), given.encode("latin-1", "replace"))
    if not matched:
        raise Denied(
            "signature.wrong",
            "The signature is not of this source's secret.",
            remedy="Give the app's client secret; PUBLIC_URL must be the address that HubSpot calls.",
        )
