"""How a workflow of Zoho Books signs: the pairs of the query, sorted, and the body."""

import hashlib
import hmac
from dataclasses import replace
from datetime import datetime

from connectors.contract import Inbound
from tests.connectors.signing import Signer, with_headers

URL = "https://munshi.example/ingest/mun_1_key?via=workflow&org=60001234567"


def _sign(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    signed = b"org60001234567viaworkflow" + inbound.body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return replace(with_headers(inbound, {"x-zoho-webhook-signature": digest}), url=URL)


signer = Signer(_sign, "marker4f1cThePresentSecret", "marker9d27SomeOtherSecret")
