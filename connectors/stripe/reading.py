"""From events and lists of Stripe to observations: which objects are read, whose they are, and since when it is so.

An event carries its object as it was at that moment, so its time is the fact's. A list shows how objects stand now:
its facts are `observed`, unless the object states a time of its own. Objects of test mode and of connected accounts
are somebody else's money.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Observation, Observed, Precision, Unreadable, Wanted
from connectors.stripe import documents, money
from connectors.stripe.facts import Fact
from connectors.stripe.fields import Entity, id_at, listed
from connectors.values import as_object, digest_of, text, unix_moment
from kit.errors import Rejected

_DAY, _LONGEST_PAUSE, _LONG = timedelta(days=1), timedelta(days=7), timedelta(days=180)

Read = Callable[[Entity, ZoneInfo], list[Fact]]
READERS: Mapping[str, Read] = {
    "charge": money.charge,
    "payment_intent": money.payment_intent,
    "checkout.session": money.session,
    "refund": money.refund,
    "dispute": money.dispute,
    "payout": money.payout,
    "invoice": documents.invoice,
    "invoice_payment": documents.invoice_payment,
    "credit_note": documents.credit_note,
    "customer": documents.customer,
}
"""Stripe's name of an object → how it is read."""

# Events of objects that are known and bear on nothing that we keep, by the first word of their name.
_QUIET = frozenset(
    [
        "account",
        "application_fee",
        "balance",
        "balance_settings",
        "billing",
        "billing_portal",
        "capability",
        "cash_balance",
        "climate",
        "coupon",
        "customer",
        "customer_cash_balance_transaction",
        "discount",
        "entitlements",
        "file",
        "financial_connections",
        "identity",
        "invoiceitem",
        "issuing_authorization",
        "issuing_card",
        "issuing_cardholder",
        "issuing_dispute",
        "issuing_token",
        "issuing_transaction",
        "mandate",
        "payment_link",
        "payment_method",
        "person",
        "plan",
        "price",
        "product",
        "promotion_code",
        "quote",
        "radar",
        "reporting",
        "review",
        "setup_intent",
        "sigma",
        "source",
        "subscription_schedule",
        "tax",
        "tax_rate",
        "terminal",
        "test_helpers",
        "topup",
        "transfer",
        "treasury",
        "v2",
    ]
)
_THIN_TYPE = re.compile(r"v1\.(?P<name>[a-z_.]+)")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of objects: its path, what they are, which of their members we read, which words are not final.

    `members` are paths; `open_for` says for how long after its creation an object with that word is asked for again.
    """

    path: str
    reads: str
    members: tuple[str, ...]
    open_for: Mapping[str, timedelta] = field(default_factory=dict)
    expand: tuple[str, ...] = ()


LISTINGS: Mapping[str, Listing] = {
    "charges": Listing(
        "/v1/charges",
        "charge",
        (
            "id", "amount", "amount_captured", "amount_refunded", "refunded", "captured", "currency", "status",
            "created", "payment_intent", "invoice", "customer", "description", "metadata", "billing_details",
            "receipt_email", "failure_message", "failure_code", "payment_method_details.type", "balance_transaction.fee",
            "balance_transaction.fee_details", "balance_transaction.currency", "refunds.data",
        ),
        open_for={"pending": timedelta(days=30)},
        expand=("balance_transaction",),
    ),
    "payment_intents": Listing(
        "/v1/payment_intents",
        "payment_intent",
        (
            "id", "amount", "amount_received", "currency", "status", "invoice", "customer", "description", "metadata",
            "receipt_email", "last_payment_error.message", "cancellation_reason", "latest_charge", "charges.data",
        ),
        open_for={"processing": timedelta(days=30), "requires_capture": timedelta(days=30)},
    ),
    "refunds": Listing(
        "/v1/refunds",
        "refund",
        (
            "id", "amount", "currency", "status", "created", "payment_intent", "charge", "failure_reason",
            "destination_details",
        ),
        open_for={word: timedelta(days=60) for word in ("pending", "requires_action")},
    ),
    "disputes": Listing(
        "/v1/disputes",
        "dispute",
        ("id", "amount", "currency", "status", "payment_intent", "charge", "reason", "evidence_details.due_by"),
        open_for=dict.fromkeys(("needs_response", "under_review", "warning_needs_response", "warning_under_review"), _LONG),
    ),
    "payouts": Listing(
        "/v1/payouts",
        "payout",
        (
            "id", "amount", "currency", "status", "arrival_date", "failure_message", "failure_code", "trace_id.value",
        ),
        # What was paid may come back from the bank within days.
        open_for={**dict.fromkeys(("pending", "in_transit"), _LONG), "paid": timedelta(days=6)},
    ),
    "invoices": Listing(
        "/v1/invoices",
        "invoice",
        (
            "id", "number", "total", "currency", "status", "amount_paid", "amount_remaining", "total_excluding_tax", "tax",
            "total_taxes", "total_tax_amounts", "effective_at", "created", "due_date", "status_transitions", "customer",
            "customer_name", "customer_email", "customer_phone", "customer_tax_ids", "description", "payment_intent",
            "charge", "payments.data",
        ),
        open_for={"draft": timedelta(days=30), "open": _LONG, "uncollectible": _LONG},
    ),
    "credit_notes": Listing(
        "/v1/credit_notes",
        "credit_note",
        (
            "id", "number", "total", "amount", "currency", "status", "effective_at", "created", "voided_at", "customer",
            "memo", "invoice",
        ),
    ),
}  # fmt: skip
"""Every stream but the events."""

_THIN: Mapping[str, str] = {listing.reads: stream for stream, listing in LISTINGS.items()}


@dataclass(slots=True)
class Reader:
    """Gathers what one delivery says: many events or objects, of which a bad one costs only itself."""

    settings: Mapping[str, Any]
    zone: ZoneInfo
    now: datetime
    observations: dict[str, Observation] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)

    def observed(self, version: str) -> Observed:
        """Return what was gathered."""
        return Observed(
            version, list(self.observations.values()), self.unreadable, self.ignored, wanted=self.wanted
        )

    def event(self, event: Mapping[str, Any]) -> None:
        """Read one event, pushed or listed; Rejected if it can't be understood."""
        name, own = text(event, "type"), text(event, "id")
        if name is None or own is None:
            raise Rejected("schema.field_missing", "The event has no type or no id.")
        if self._not_ours(event, name):
            return
        if event.get("object") == "v2.core.event":
            self._thin(event, name)
            return
        entity = as_object(as_object(event.get("data")).get("object"))
        reads = text(entity, "object") or ""
        if reads not in READERS:
            if name.partition(".")[0] not in _QUIET:
                raise Rejected("schema.unknown_event", f"{name[:60]!r} is not an event that we know.")
            self.ignored.append(name)
            return
        made_at = unix_moment(event.get("created"))
        if made_at is None:
            raise Rejected("schema.time_missing", "The event doesn't say when it happened.")
        facts = READERS[reads](entity, self.zone)
        if name == "invoice.deleted":
            facts = [replace(fact, word="deleted") if fact.kind == "invoice" else fact for fact in facts]
        if not facts or name == "customer.deleted":
            self.ignored.append(name)
            return
        # One event in two API versions says two things; each has an id of its own.
        version = text(event, "api_version")
        event_id = f"{own}@{version}" if version else own
        for fact in facts:
            part = "" if fact is facts[0] else f"#{fact.external_id}"
            precision: Precision = "observed" if fact.merely_seen else "instant"
            self._add(fact, f"{event_id}{part}", made_at, precision)

    def entity(self, entity: Entity, stream: str) -> None:
        """Read one object of a list; Rejected if it can't be understood."""
        listing = LISTINGS[stream]
        own = text(entity, "id")
        if own is None or text(entity, "object") not in (None, listing.reads):
            raise Rejected("schema.not_an_object", f"It is not what the list of {stream} holds.")
        if self._not_ours(entity, f"{stream}:{own}"):
            return
        facts = READERS[listing.reads](entity, self.zone)
        digest = _digest(entity, listing.members)
        for fact in facts:
            part = "" if fact is facts[0] else f":{fact.external_id}"
            settled = fact.since is not None and not fact.merely_seen
            at = fact.since or self.now.astimezone(UTC)
            self._add(fact, f"{stream}:{own}{part}:{digest}", at, "instant" if settled else "observed")
        self.wanted.extend(self._again(entity, listing, stream, own))

    def _not_ours(self, holder: Mapping[str, Any], name: str) -> bool:
        """Whether it is of test mode, or of an account connected to ours, and noted as ignored."""
        whose = {"event": "account", "v2.core.event": "context"}.get(text(holder, "object") or "")
        account = id_at(holder, whose) if whose else None
        practising = str(self.settings.get("test_mode", "")).lower() in ("true", "yes", "1")
        if holder.get("livemode") is False and not practising:
            self.ignored.append(f"{name[:100]}: test mode")
        elif account is not None and account != self.settings.get("account"):
            self.ignored.append(f"{name[:100]}: of a connected account")
        else:
            return False
        return True

    def _thin(self, event: Mapping[str, Any], name: str) -> None:
        """A thin event only names its object: it is asked for, if it is one that we read."""
        about = as_object(event.get("related_object"))
        stream, own = _THIN.get(text(about, "type") or ""), text(about, "id")
        if stream is not None and own is not None and re.fullmatch(r"[A-Za-z0-9_]{1,200}", own):
            self.wanted.append(Wanted(stream, own))
            return
        known = _THIN_TYPE.fullmatch(name)
        if (known["name"] if known else name).partition(".")[0] not in _QUIET:
            raise Rejected(
                "schema.thin_event",
                f"{name[:60]!r} is a thin event of an object that can't be asked for.",
                remedy="Let the endpoint send snapshots.",
            )
        self.ignored.append(name)

    def _add(self, fact: Fact, event_id: str, at: datetime, precision: Precision) -> None:
        if fact.event_type is None and fact.word is None:
            told = f"The {fact.kind} {fact.external_id[:60]} has no status."
            self.unreadable.append(Unreadable(event_id, "schema.status_missing", told))
            return
        seen = Observation(
            event_id=event_id,
            kind=fact.kind,
            external_id=fact.external_id,
            occurred_at=at,
            precision=precision,
            data=fact.data,
            event_type=fact.event_type,
            word=fact.word,
            qualifier=fact.qualifier,
        )
        self.observations.setdefault(event_id, seen)

    def _again(self, entity: Entity, listing: Listing, stream: str, own: str) -> Iterable[Wanted]:
        """Ask again for what isn't final: after a day, then in pauses that grow with its age."""
        limit, made_at = (
            listing.open_for.get(text(entity, "status") or ""),
            unix_moment(entity.get("created")),
        )
        if limit is None or made_at is None:
            return
        age = self.now - made_at
        if age < limit:
            yield Wanted(stream, own, min(max(_DAY, age / 4), _LONGEST_PAUSE))


def page_items(page: Any) -> list[Any]:
    """Return the objects of a list; Rejected for what is no list."""
    items = page.get("data") if isinstance(page, dict) and page.get("object") in (None, "list") else None
    if not isinstance(items, list):
        raise Rejected("schema.field_missing", "data: the list is not there or not a list.")
    return items


def _digest(entity: Entity, members: Sequence[str]) -> str:
    """Digest what the named members hold: the same for an object that hasn't changed."""
    told: list[Any] = []
    for path in members:
        value: Any = entity
        for name in path.split("."):
            value = listed(value) if name == "data" else as_object(value).get(name)
        told.append(value)
    return digest_of(told, length=20)
