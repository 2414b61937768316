"""The signature of Zoho's finance apps over a workflow's webhook.

Signed is the text of all query pairs, sorted by key, key and value with nothing between, then the raw body. Source:
the page on securing webhooks of Zoho Billing, which has the same screen. It prints no digest, so that HMAC-SHA256
and hex are what users report; the same digest in base64 is taken too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlsplit

from connectors.contract import Inbound
from kit.errors import Denied

HEADER = "x-zoho-webhook-signature"


def check(inbound: Inbound, *, secrets: Sequence[str]) -> None:
    """Raise Denied unless one of the secrets signed the address's query and the body."""
    given = inbound.headers.get(HEADER, "").strip().encode("latin-1", "replace")
    if not given:
        raise Denied("signature.missing", "The call carries no signature.")
    message = signed_text(inbound.url) + inbound.body
    matched = False
    for secret in secrets:
        if secret:
            digest = hmac.new(secret.encode(), message, hashlib.sha256)
            matched |= hmac.compare_digest(digest.hexdigest().encode(), given.lower())
            matched |= hmac.compare_digest(base64.b64encode(digest.digest()), given)
    if not matched:
        raise Denied("signature.wrong", "The signature is not of this source's secret.")


def signed_text(url: str) -> bytes:
    """Return the query pairs of an address as Zoho signs them: sorted, `keyvalue` without anything between."""
    pairs = sorted(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return "".join(f"{key}{value}" for key, value in pairs).encode("utf-8", "surrogatepass")
