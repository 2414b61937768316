"""Standard Webhooks 1.0: sign a body, and check that one of a source's secrets signed it in time; bytes only.

Our own few lines, because the published Python library parses the body and hands back what it parsed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from kit.errors import Denied, Rejected

TOLERANCE_SECONDS = 300


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Raise Denied unless one `v1` signature of the (lower-cased) headers is of one of the secrets, within five minutes.

    The header may hold several signatures (a secret being changed); those of other versions are skipped.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (message_id and stamp and given):
        raise Denied(
            "signature.missing",
            "The call carries no Standard Webhooks signature.",
            remedy="Send webhook-id, webhook-timestamp and webhook-signature.",
        )
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Denied("signature.timestamp", "webhook-timestamp is not in unix seconds.")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise Denied(
            "signature.stale",
            "webhook-timestamp is more than five minutes away from our clock.",
            remedy="Sign at the moment of sending; check the sender's clock.",
        )
    signed = _signed(message_id, stamp, body)
    signatures = [found for found in map(_v1_signature, given.split(" ")) if found]
    matched = False
    for secret in secrets:
        key = _key(secret)
        if key is None:
            continue
        expected = hmac.new(key, signed, hashlib.sha256).digest()
        for signature in signatures:
            matched |= hmac.compare_digest(expected, signature)
    if not matched:
        raise Denied("signature.wrong", "The signature is not of this source's secret.")


def sign(body: bytes, *, secret: str, message_id: str, now: datetime) -> dict[str, str]:
    """Return the three headers of a call that `secret` signs at `now`; Rejected if it is no such secret.

    `message_id` is the same on every retry, and plain ASCII.
    """
    key = _key(secret)
    if key is None:
        raise Rejected("secret.malformed", "The secret is not of the form whsec_…")
    stamp = str(int(now.timestamp()))
    digest = hmac.new(key, _signed(message_id, stamp, body), hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def _signed(message_id: str, stamp: str, body: bytes) -> bytes:
    return f"{message_id}.{stamp}.".encode("latin-1", "replace") + body


def _v1_signature(part: str) -> bytes | None:
    version, _, encoded = part.partition(",")
    if version != "v1" or not encoded.isascii():
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


def _key(secret: str) -> bytes | None:
    """The bytes of `whsec_<base64>`, with or without the prefix; None if it is no such secret."""
    encoded = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(encoded, validate=True) or None
    except (binascii.Error, ValueError):
        return None
