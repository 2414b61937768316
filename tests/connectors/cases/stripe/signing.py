"""Stripe signs the time and the body together; the whole `whsec_…` text is the key."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from connectors.contract import Inbound
from tests.connectors.signing import Signer, with_headers


def _sign(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    stamp = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + inbound.body, hashlib.sha256).hexdigest()
    return with_headers(inbound, {"stripe-signature": f"t={stamp},v1={digest}"})


signer = Signer(_sign, "whsec_marker4f1cThePresentSecret", "whsec_marker9d27SomeOtherSecret")
