"""Stripe's webhooks and lists: the signature over the time and the raw body, then events and objects.

Source of the rules: docs.stripe.com/webhooks, stripe-python `_webhook.py`. While a secret is being changed Stripe signs
with both. The whole `whsec_…` text is the key. Deliveries are retried for days and sign anew, at the time of the retry.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import Inbound, Observed, Page, Pull, Unreadable, Vendor
from connectors.stripe import polling
from connectors.stripe.reading import LISTINGS, Reader, page_items
from connectors.values import as_object, read_object, text, zone_of
from kit.errors import Denied, Rejected

VERSION = "v1"
TOLERANCE_SECONDS = 300


class Stripe:
    """The connector; pure but for `fetch`."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless one `v1` of the header is of one of the secrets, within five minutes of `now`."""
        stamp, signatures = _header(inbound.headers.get("stripe-signature", ""))
        if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
            raise Denied(
                "signature.stale",
                "The signature's time is more than five minutes away from our clock.",
                remedy="Check the clock of this machine.",
            )
        matched = False
        for secret in secrets:
            if secret:
                signed = stamp.encode() + b"." + inbound.body
                expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
                for signature in signatures:
                    matched |= hmac.compare_digest(expected, signature)
        if not matched:
            raise Denied("signature.wrong", "The signature is not of this source's secret.")

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read one event, or a pulled page; Rejected when nothing of it can be understood."""
        reader = Reader(settings, zone_of(settings), now)
        body = read_object(inbound.body, "What Stripe sends")
        if inbound.stream is None:
            reader.event(body)
        else:
            _read_page(reader, body, inbound.stream)
        return reader.observed(VERSION)

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page of a stream, or the objects named by `ids`."""
        return await polling.fetch(pull, call)


def _read_page(reader: Reader, body: Mapping[str, Any], stream: str) -> None:
    if stream != "events" and stream not in LISTINGS:
        raise Rejected("stream.unknown", f"{stream[:40]!r} is not a stream that we know.")
    if isinstance(body.get("error"), dict):
        raise Rejected("vendor.error", "Stripe answered with an error.")
    single = body.get("object") != "list" and text(body, "id") is not None
    for number, item in enumerate([body] if single else page_items(body)):
        entity = as_object(item)
        try:
            if not entity:
                raise Rejected("schema.not_an_object", "The object is none.")
            if stream == "events":
                reader.event(entity)
            else:
                reader.entity(entity, stream)
        except Rejected as rejection:
            place = f"{stream}:{text(entity, 'id') or f'#{number}'}"[:200]
            reader.unreadable.append(Unreadable(place, rejection.code, rejection.message))


def _header(given: str) -> tuple[str, list[bytes]]:
    """Return the time and the v1 signatures of `t=…,v1=…[,v1=…][,v0=…]`; Denied if it isn't one."""
    parts = [part.partition("=") for part in given.split(",")]
    stamps = [value for name, _, value in parts if name.strip() == "t"]
    signatures = [value.encode("latin-1", "replace") for name, _, value in parts if name.strip() == "v1"]
    if not signatures:
        raise Denied("signature.missing", "The call carries no signature.")
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) <= 12):
        raise Denied("signature.timestamp", "The signature's time is not in unix seconds.")
    return stamps[0], signatures


connector = Stripe()
