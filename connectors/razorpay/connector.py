"""Razorpay's webhooks: the signature over the raw body, the envelope, and which facts each event states.

Pulled pages are read in `pages` and `recon`, and fetched in `polling`.

Source of the rules: razorpay.com/docs/webhooks (validate-test, best-practices, all). Retries of an older event
are signed with the old secret, so the previous secret stays valid beside the current one. The signature holds no
time: replays are caught by `x-razorpay-event-id`, which is the same on every retry.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Inbound, Observation, Observed, Page, Precision, Pull, Unreadable, Vendor
from connectors.razorpay import polling
from connectors.razorpay.entities import READERS, Fact, payment
from connectors.razorpay.pages import read_page
from connectors.razorpay.recon import read_recon
from connectors.values import unix_moment, zone_of
from kit.errors import Denied, Rejected
from kit.json import read_json

VERSION = "v1"
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,120}")

# Event → the members that state facts, the indispensable one first. A payment is read wherever it comes along:
# its snapshot (refunded amount, order, invoice) is as good there as in an event of its own.
_PARTS: dict[str, tuple[str, ...]] = {
    "payment.authorized": ("payment",),
    "payment.captured": ("payment",),
    "payment.failed": ("payment",),
    "payment.pending": ("payment",),
    "order.paid": ("payment",),
    "payment_link.paid": ("payment",),
    "payment_link.partially_paid": ("payment",),
    "virtual_account.credited": ("payment",),
    "qr_code.credited": ("payment",),
    "subscription.charged": ("payment",),
    "invoice.paid": ("invoice", "payment"),
    "invoice.partially_paid": ("invoice", "payment"),
    "invoice.expired": ("invoice",),
    "refund.created": ("refund", "payment"),
    "refund.processed": ("refund", "payment"),
    "refund.failed": ("refund", "payment"),
    "refund.speed_changed": ("refund", "payment"),
    "settlement.processed": ("settlement",),
    **{
        f"payment.dispute.{step}": ("dispute", "payment")
        for step in ("created", "won", "lost", "closed", "under_review", "action_required")
    },
    **{
        f"payout.{step}": ("payout",)
        for step in (
            "pending", "rejected", "queued", "initiated", "processed", "updated", "reversed", "failed"
        )
    },
    "transaction.created": ("transaction",),
}  # fmt: skip

# Known, and of no account unless a payment comes along (a subscription's first charge).
_QUIET: frozenset[str] = frozenset(
    [f"subscription.{step}" for step in (
        "authenticated", "activated", "completed", "updated", "pending", "halted", "paused", "resumed", "cancelled"
    )]
    + [f"payment_link.{step}" for step in ("cancelled", "expired")]
    + [f"virtual_account.{step}" for step in ("created", "closed")]
    + [f"qr_code.{step}" for step in ("created", "closed")]
    + [f"fund_account.validation.{step}" for step in ("completed", "failed")]
    + [f"payout_link.{step}" for step in (
        "issued", "pending", "attempted", "processing", "processed", "cancelled", "expired", "rejected"
    )]
    + [f"{what}.downtime.{step}" for what in ("payment", "payout") for step in ("started", "updated", "resolved")]
)  # fmt: skip


class Razorpay:
    """The connector; pure but for `fetch`."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG002
        """Raise Denied unless the header holds hex(HMAC-SHA256(secret, body)) for one of the secrets."""
        given = inbound.headers.get("x-razorpay-signature", "").encode("latin-1", "replace")
        if not given:
            raise Denied("signature.missing", "The call carries no signature.")
        matched = False
        for secret in secrets:
            if secret:
                expected = hmac.new(secret.encode(), inbound.body, hashlib.sha256).hexdigest().encode()
                matched |= hmac.compare_digest(expected, given)
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
        if inbound.stream is not None:
            read = read_recon if inbound.stream == "recon" else read_page
            return read(inbound, version=VERSION, zone=zone_of(settings), now=now)
        event = read_json(inbound.body)
        if not isinstance(event, dict):
            raise Rejected("schema.not_an_object", "A Razorpay event is a JSON object.")
        name, payload = event.get("event"), event.get("payload")
        if not isinstance(name, str):
            raise Rejected("schema.field_missing", "event: the event's name is missing.")
        if not isinstance(payload, dict):
            raise Rejected("schema.field_missing", "payload: there is no payload object.")
        parts = _PARTS.get(name)
        if parts is None:
            if name not in _QUIET:
                raise Rejected("schema.unknown_event", f"{name[:60]!r} is not an event that we know.")
            if not _entity(payload, "payment"):
                return Observed(VERSION, ignored=(name,))
            parts = ("payment",)
        present = [part for part in parts if part == parts[0] or part in payload]
        return _read_parts(
            event,
            present,
            event_id=_event_id(inbound),
            made_at=unix_moment(event.get("created_at")) or unix_moment(payload.get("created_at")),
            zone=zone_of(settings),
        )

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page of a stream, or the objects named by `ids`."""
        return await polling.fetch(pull, call)


def _read_parts(
    event: Mapping[str, Any],
    parts: Sequence[str],
    *,
    event_id: str,
    made_at: datetime | None,
    zone: ZoneInfo,
) -> Observed:
    payload = event["payload"]
    members = {name: _entity(payload, name) for name in payload}
    observations: list[Observation] = []
    unreadable: list[Unreadable] = []
    ignored: list[str] = []
    for part in parts:
        own_id = event_id if len(parts) == 1 else f"{event_id}#{part}"
        try:
            entity = members.get(part)
            if not entity:
                raise Rejected("schema.part_missing", f"payload.{part}.entity is not there or not an object.")
            fact = payment(entity, members, zone) if part == "payment" else READERS[part](entity, zone)
            if fact is None:
                ignored.append(f"{event['event']}#{part}")
            else:
                if event["event"] == "payout.processed" and made_at is not None:
                    fact.data["paid_on"] = made_at.astimezone(zone).date().isoformat()
                observations.append(_observation(fact, entity, event_id=own_id, made_at=made_at))
        except Rejected as rejection:
            unreadable.append(Unreadable(own_id, rejection.code, rejection.message))
    if unreadable and not observations and not ignored:
        raise Rejected(unreadable[0].code, unreadable[0].reason)
    return Observed(VERSION, observations, unreadable, ignored)


def _observation(
    fact: Fact, entity: Mapping[str, Any], *, event_id: str, made_at: datetime | None
) -> Observation:
    """The envelope's time is when the snapshot was made; without it, the entity only says when it was born."""
    precision: Precision = "instant"
    occurred_at = made_at
    if occurred_at is None:
        occurred_at, precision = unix_moment(entity.get("created_at")), "observed"
    if occurred_at is None:
        raise Rejected("schema.time_missing", "The event says nowhere when it happened.")
    external_id = entity.get("id")
    if not isinstance(external_id, str) or not external_id:
        raise Rejected("schema.id_missing", f"payload.{fact.kind}.entity.id is missing.")
    if fact.event_type is None and fact.word is None:
        raise Rejected("schema.status_missing", f"payload.{fact.kind}.entity.status is missing.")
    return Observation(
        event_id=event_id,
        kind=fact.kind,
        external_id=external_id,
        occurred_at=occurred_at,
        precision=precision,
        data=fact.data,
        event_type=fact.event_type,
        word=fact.word,
        qualifier=fact.qualifier,
    )


def _entity(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return `payload.<name>.entity`; empty where it isn't an object (`created_at` may sit inside the payload)."""
    member = payload.get(name)
    found = member.get("entity") if isinstance(member, dict) else None
    return found if isinstance(found, dict) else {}


def _event_id(inbound: Inbound) -> str:
    given = inbound.headers.get("x-razorpay-event-id", "")
    if _EVENT_ID.fullmatch(given):
        return given
    return "body-" + hashlib.sha256(inbound.body).hexdigest()[:40]


connector = Razorpay()
