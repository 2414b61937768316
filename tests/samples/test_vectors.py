"""Published signature vectors verify, and fail when any one byte changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Inbound, load_connector
from kit.errors import Denied

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RAZORPAY_IDS = ("RZP-1", "RZP-2", "RZP-3", "RZP-5", "RZP-6", "RZP-7", "RZP-8", "RZP-9")
MOCK = "razorpay/sdk_mocks/fake_payment_authorized_webhook.json"


@pytest.fixture(scope="module")
def vectors(samples: Path) -> dict[str, dict[str, Any]]:
    return {vector["id"]: vector for vector in json.loads((samples / "vectors.json").read_text("utf-8"))}


def flipped(data: bytes) -> Iterator[bytes]:
    """Each of the bytes with one bit changed, and one byte more or less."""
    for place in range(len(data)):
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    yield data[:-1]
    yield data + b"\n"


def razorpay_message(vector: dict[str, Any], samples: Path) -> bytes:
    told: str = vector["message"]
    return (samples / MOCK).read_bytes() if "file" in told else told.encode()


def refuses_razorpay(body: bytes, signature: str, secret: str) -> None:
    with pytest.raises(Denied):
        load_connector("razorpay").verify(
            Inbound(body, {"x-razorpay-signature": signature}), secrets=[secret], now=NOW
        )


def test_every_published_razorpay_vector_is_tested(vectors):
    assert {name for name in vectors if name.startswith("RZP")} == set(RAZORPAY_IDS)


@pytest.mark.parametrize("name", RAZORPAY_IDS)
def test_a_razorpay_vector_verifies_and_fails_when_one_byte_changes(vectors, samples, name):
    vector = vectors[name]
    body, signature, secret = razorpay_message(vector, samples), vector["signature"], vector["secret"]
    inbound = Inbound(body, {"x-razorpay-signature": signature})
    load_connector("razorpay").verify(inbound, secrets=["another", secret], now=NOW)
    for changed in flipped(body):
        refuses_razorpay(changed, signature, secret)
    for changed in flipped(signature.encode()):
        refuses_razorpay(body, changed.decode("latin-1"), secret)
    for changed in flipped(secret.encode()):
        refuses_razorpay(body, signature, changed.decode("latin-1"))


def test_the_standard_webhooks_vector_verifies_and_fails_when_one_byte_changes(vectors, samples):
    vector = vectors["SW-1"]
    message_id, stamp, _ = vector["message"].split(".", 2)
    body = (samples / "standard-webhooks" / "vector_sw1_body.json").read_bytes()
    now = datetime.fromtimestamp(int(stamp), UTC)

    def verify(body: bytes = body, **headers: str) -> None:
        given = {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{vector['signature']}",
        }
        given.update({name.replace("_", "-"): value for name, value in headers.items()})
        load_connector("standard").verify(Inbound(body, given), secrets=[vector["secret"]], now=now)

    verify()
    for changed in flipped(body):
        with pytest.raises(Denied):
            verify(changed)
    for header, value in (("webhook_id", message_id), ("webhook_timestamp", stamp)):
        for changed in flipped(value.encode()):
            with pytest.raises(Denied):
                verify(**{header: changed.decode("latin-1")})
    signature = vector["signature"]
    for place in range(
        len(signature) - 1
    ):  # the last character before the padding has bits that mean nothing
        if signature[place + 1] == "=":
            break
        other = "A" if signature[place] != "A" else "B"
        with pytest.raises(Denied):
            verify(webhook_signature=f"v1,{signature[:place]}{other}{signature[place + 1 :]}")


def test_the_stripe_vector_verifies_and_fails_when_one_byte_changes(vectors):
    vector = vectors["STRIPE-D1"]
    stamp, _, told = vector["message"].partition(".")
    body, now = told.encode(), datetime.fromtimestamp(int(stamp), UTC)

    def verify(body: bytes = body, header: str = vector["header"], secret: str = vector["secret"]) -> None:
        inbound = Inbound(body, {"stripe-signature": header})
        load_connector("stripe").verify(inbound, secrets=["whsec_another", secret], now=now)

    verify()
    for changed in flipped(body):
        with pytest.raises(Denied):
            verify(changed)
    for changed in flipped(vector["signature"].encode()):
        with pytest.raises(Denied):
            verify(header=f"t={stamp},v1={changed.decode('latin-1')}")
    for changed in flipped(stamp.encode()):
        with pytest.raises(Denied):
            verify(header=f"t={changed.decode('latin-1')},v1={vector['signature']}")
    for changed in flipped(vector["secret"].encode()):
        with pytest.raises(Denied):
            verify(secret=changed.decode("latin-1"))
