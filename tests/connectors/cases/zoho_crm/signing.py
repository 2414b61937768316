"""Zoho CRM signs nothing: it repeats the token of the channel in the body."""

import json
from dataclasses import replace
from datetime import datetime

from connectors.contract import Inbound
from tests.connectors.signing import Signer


def _sign(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    return replace(inbound, body=json.dumps({**json.loads(inbound.body), "token": secret}).encode())


signer = Signer(_sign, unsigned="it repeats a token in the body")
