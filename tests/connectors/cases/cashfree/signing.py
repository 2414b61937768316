"""Cashfree signs its milliseconds and the raw body together, with the client secret of the API key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from connectors.contract import Inbound
from tests.connectors.signing import Signer, with_headers


def _sign(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    stamp = str(int(now.timestamp() * 1000))
    mac = hmac.new(secret.encode(), stamp.encode() + inbound.body, hashlib.sha256)
    signature = base64.b64encode(mac.digest()).decode()
    return with_headers(inbound, {"x-webhook-timestamp": stamp, "x-webhook-signature": signature})


signer = Signer(_sign)
