"""How each vendor signs what it sends, so that the conformance suite can sign too: one signer a webhook connector.

A connector's signer is `signer` in `cases/<connector>/signing.py`; those of the first connectors stand here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location

from connectors.contract import Inbound
from tests.connectors.casebook import CASES

Sign = Callable[[Inbound, str, datetime], Inbound]


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs a delivery as the vendor does, with a secret in the vendor's form; `other` is another such secret.

    `unsigned` says why the signature doesn't cover the body, for the few vendors where it doesn't.
    """

    sign: Sign
    secret: str = "marker-4f1c-the-present-secret"
    other: str = "marker-9d27-some-other-secret"
    unsigned: str = ""


def with_headers(inbound: Inbound, headers: Mapping[str, str]) -> Inbound:
    """Return the delivery with these headers laid over its own."""
    return replace(inbound, headers={**inbound.headers, **headers})


def _razorpay(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    digest = hmac.new(secret.encode(), inbound.body, hashlib.sha256).hexdigest()
    return with_headers(inbound, {"x-razorpay-signature": digest})


def _standard(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    message_id, stamp = inbound.headers.get("webhook-id", "msg_1"), str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + inbound.body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    headers = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}
    return with_headers(inbound, headers)


def _hubspot(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    url, stamp = "https://munshi.example/ingest/mun_1?a=1", str(round(now.timestamp() * 1000))
    signed = f"POST{url}".encode() + inbound.body + stamp.encode()
    signature = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
    return replace(with_headers(inbound, headers), url=url)


def whsec(text: str) -> str:
    """Return a secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(text.encode()).decode()


SIGNERS: Mapping[str, Signer] = {
    "hubspot": Signer(_hubspot),
    "razorpay": Signer(_razorpay),
    "standard": Signer(
        _standard, whsec("marker: the present secret of 32"), whsec("marker: some other secret of 32b")
    ),
    "tally": Signer(
        _standard, whsec("marker: the agents present secret"), whsec("marker: the agents former secret.")
    ),
}


@lru_cache(maxsize=64)
def signer_of(name: str) -> Signer | None:
    """Return the signer of a connector; None if nobody wrote one."""
    path = CASES / name / "signing.py"
    if not path.is_file():
        return SIGNERS.get(name)
    spec = spec_from_file_location(f"tests.connectors.cases.{name}.signing", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    signer: Signer = module.signer
    return signer
