"""Cashfree's webhooks: the signature over time and raw body, the version, and which facts each event states.

Pulled pages are read in `pages` and `rows`, and fetched in `polling`. Source of the rules: cashfree.com/docs (payments
webhooks, webhook signature, idempotency). The key is the client secret of the API key; there is no secret of the
webhook's own. A former one stays valid beside the present one, since retries may be signed with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.cashfree import polling
from connectors.cashfree.entities import dispute, fee_and_tax, payment, refund, settlement
from connectors.cashfree.facts import Fact, asked_again, observation
from connectors.cashfree.fields import Entity, first_moment, id_text, moment, rupees, text
from connectors.cashfree.pages import VERSION, is_empty, read_page
from connectors.contract import Inbound, Observed, Page, Pull, Vendor, Wanted
from connectors.values import as_object, put, read_object, zone_of
from kit.errors import Denied, Rejected

AHEAD, BEHIND = timedelta(minutes=5), timedelta(hours=48)
"""How far the signed time may lie from ours. It is when the webhook was made: a late retry may carry an old one."""
_STAMP = re.compile(r"[0-9]{10,13}")
_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_VERSIONS = ("2022-09-01", "2023-08-01", "2025-01-01")
_RECON_AFTER = timedelta(hours=1)
_OPEN_REFUND = timedelta(days=180)

_PARTS: dict[str, tuple[str, ...]] = {
    **{f"PAYMENT_{step}_WEBHOOK": ("payment",) for step in ("SUCCESS", "FAILED", "USER_DROPPED", "CHARGES")},
    "REFUND_STATUS_WEBHOOK": ("refund", "auto_refund"),
    "AUTO_REFUND_STATUS_WEBHOOK": ("auto_refund", "refund"),
    **{f"SETTLEMENT_{step}": ("settlement",) for step in ("INITIATED", "SUCCESS", "FAILED", "REVERSED")},
    **{f"DISPUTE_{step}": ("dispute",) for step in ("CREATED", "UPDATED", "CLOSED")},
}
"""Event → where in `data` the object may stand that it is about."""
_LINK = "PAYMENT_LINK_EVENT"
_QUIET = frozenset(
    ["WEBHOOK", "TERMINAL_STATUS_UPDATE"]
    + [f"VENDOR_SETTLEMENT_{step}" for step in ("INITIATED", "CREATED", "SUCCESS", "FAILED", "REVERSED")]
)
"""The dashboard's test call, card machines, and what Cashfree pays to vendors of a marketplace."""


class Cashfree:
    """The connector; pure but for `fetch`."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless base64(HMAC-SHA256(secret, timestamp + body)) of one of the secrets stands there, in time."""
        given = inbound.headers.get("x-webhook-signature", "").encode("latin-1", "replace")
        stamp = inbound.headers.get("x-webhook-timestamp", "")
        if not given:
            raise Denied("signature.missing", "The call carries no signature.")
        if not _STAMP.fullmatch(stamp):
            raise Denied("signature.time_missing", "The call carries no time.")
        matched = False
        for secret in secrets:
            if secret:
                mac = hmac.new(secret.encode(), stamp.encode() + inbound.body, hashlib.sha256)
                matched |= hmac.compare_digest(base64.b64encode(mac.digest()), given)
        if not matched:
            raise Denied("signature.wrong", "The signature is not of this source's secret.")
        age = now.timestamp() - int(stamp) / (1000 if len(stamp) > 10 else 1)
        if not -AHEAD.total_seconds() <= age <= BEHIND.total_seconds():
            raise Denied("signature.time", "The call was signed too long ago, or in the future.")

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read one event, or a pulled page; Rejected when nothing of it can be understood."""
        zone = zone_of(settings)
        if inbound.stream is not None:
            return read_page(inbound, zone=zone, now=now)
        event = read_object(inbound.body, "A Cashfree event")
        name, data = text(event, "type"), event.get("data")
        if name is None:
            raise Rejected("schema.field_missing", "type: the event's name is missing.")
        if not isinstance(data, dict):
            raise Rejected("schema.field_missing", "data: there is no data object.")
        version = _version(inbound, data)
        if name in _QUIET:
            return Observed(version, ignored=(name,))
        if name == _LINK:
            return _link(data, version)
        places = _PARTS.get(name)
        if places is None:
            raise Rejected("schema.unknown_event", f"{name[:60]!r} is not an event that we know.")
        part = next((as_object(data.get(place)) for place in places if data.get(place)), {})
        if not part:
            raise Rejected("schema.part_missing", f"data.{places[0]} is not there or not an object.")
        happened_at = moment(event.get("event_time"))
        fact = _fact(name, data, part, zone, happened_at)
        wanted = _wanted(fact, part, now=now)
        if fact.kind == "settlement" and is_empty(fact):
            return Observed(version, ignored=(f"{name}: nothing was settled",))
        if happened_at is None:
            fact = replace(fact, at=None)
        seen = observation(fact, now=now, event_id=_key(inbound), of="hook")
        return Observed(version, [seen], wanted=wanted)

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page of a stream, or the objects named by `ids`."""
        return await polling.fetch(pull, call)


def _fact(name: str, data: Entity, part: Entity, zone: ZoneInfo, at: datetime | None) -> Fact:
    if name.startswith("PAYMENT_"):
        customer = as_object(data.get("customer_details"))
        order = as_object(data.get("order"))
        error = data.get("error_details") or part.get("error_details")
        fact = payment({**order, **part, "error_details": error}, order, customer, zone, happened_at=at)
        charges = as_object(data.get("charges_details"))
        charge = rupees(charges, "service_charge")
        if charge is not None:
            fee, tax = fee_and_tax([charge], [rupees(charges, "service_tax")], fact.data["currency"])
            put(fact.data, "fee", fee)
            put(fact.data, "tax", tax)
        return fact
    if "REFUND" in name:
        return refund(part, zone, happened_at=at)
    if name.startswith("SETTLEMENT_"):
        return settlement(part, zone, happened_at=at, word=name.removeprefix("SETTLEMENT_"))
    return dispute(part, as_object(data.get("order_details")), zone, happened_at=at)


def _wanted(fact: Fact, part: Entity, *, now: datetime) -> list[Wanted]:
    """What the API tells later: the rows of a settlement that has gone off, a refund that is under way."""
    if fact.kind == "settlement" and fact.word == "SUCCESS" and len(fact.external_id) <= 300:
        return [Wanted("recon", fact.external_id, _RECON_AFTER)]
    if fact.kind == "refund" and fact.word in ("PENDING", "ONHOLD", "INITIATED"):
        made_at = first_moment(part, "created_at")
        return asked_again("orders", id_text(part, "order_id"), made_at, limit=_OPEN_REFUND, now=now)
    return []


def _link(data: Entity, version: str) -> Observed:
    """A payment link only names its order: whether its `transaction_id` is the payment's id isn't documented."""
    order = as_object(data.get("order"))
    status, order_id = text(data, "link_status"), id_text(order, "order_id")
    if status is None:
        raise Rejected("schema.status_missing", "data.link_status is missing.")
    wanted = [Wanted("orders", order_id)] if order_id and len(order_id) <= 300 else []
    return Observed(version, ignored=(f"{_LINK}: {status[:40]}",), wanted=wanted)


def _version(inbound: Inbound, data: Entity) -> str:
    """The version of the payload; without the header, numbers as ids tell the oldest from the newest."""
    given = inbound.headers.get("x-webhook-version", "").strip()
    if given in _VERSIONS:
        return given
    if given:
        raise Rejected("schema.version", f"Payload version {given[:40]!r} isn't one that we read.")
    own = as_object(data.get("payment")).get("cf_payment_id")
    return VERSION if type(own) is not int else _VERSIONS[0]


def _key(inbound: Inbound) -> str | None:
    given = inbound.headers.get("x-idempotency-key", "").strip()
    return given if _KEY.fullmatch(given) else None


connector = Cashfree()
