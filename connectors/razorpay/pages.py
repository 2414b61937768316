"""Pulled pages of Razorpay's lists, read into the same facts and identities as the webhooks'.

A list says how its objects stand now and seldom since when. So most facts are `observed` at the time of the call:
they move a state forward and never back. Only what doesn't change any more carries a time of its own. The id of such
a fact is made of the members that it is read from: an object that hasn't changed says nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Inbound, Observation, Observed, Precision, Unreadable, Wanted
from connectors.razorpay.entities import Fact, invoice, payment, payout, refund, settlement, transaction
from connectors.razorpay.fields import Entity, order_id, text
from connectors.values import as_object, digest_of, put, read_object, unix_day, unix_moment
from kit.errors import Rejected

_DAY = timedelta(days=1)
_LONGEST_PAUSE = timedelta(days=7)
# A settlement that failed may be tried again and processed: later words of its life sort behind earlier ones.
_SETTLEMENT_STEPS = {"created": 0, "failed": 1, "processed": 2}


@dataclass(frozen=True, slots=True)
class Reading:
    """A fact of an object, whose it is, and since when it may be so, where another list says it better."""

    external_id: str | None
    fact: Fact
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: its path, the member that holds its objects, which of their members we read, which words are not final.

    `open_for` says for how long after its creation an object with that word is asked for again.
    """

    path: str
    members: tuple[str, ...]
    read: Callable[[Entity, ZoneInfo], Sequence[Reading]]
    held_in: str = "items"
    open_for: Mapping[str, timedelta] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


def page_items(body: bytes, held_in: str) -> list[Any]:
    """Return the objects of a list; Rejected for an error and for what is no list."""
    page = _answer(body)
    items = page.get(held_in)
    if not isinstance(items, list):
        raise Rejected("schema.field_missing", f"{held_in}: the list is not there or not a list.")
    return items


def members_digest(entity: Entity, members: Iterable[str]) -> str:
    """Digest what the named members hold: the same for an object that hasn't changed."""
    return digest_of([entity.get(name) for name in members], length=20)


def read_page(inbound: Inbound, *, version: str, zone: ZoneInfo, now: datetime) -> Observed:
    """Read a page of a list, or one object fetched by its id; an object that can't be read costs only itself."""
    stream = inbound.stream or ""
    listing = LISTINGS.get(stream)
    if listing is None:
        raise Rejected("stream.unknown", f"{stream[:40]!r} is not a stream that we know.")
    answer = _answer(inbound.body)
    single = listing.held_in not in answer and isinstance(answer.get("id"), str)
    items = [answer] if single else page_items(inbound.body, listing.held_in)
    observations: dict[str, Observation] = {}
    unreadable: list[Unreadable] = []
    ignored: list[str] = []
    wanted: list[Wanted] = []
    for number, item in enumerate(items):
        entity = as_object(item)
        place = f"{stream}:{text(entity, 'id') or f'#{number}'}"[:200]
        try:
            if not entity:
                raise Rejected("schema.not_an_object", "The object is none.")
            readings = listing.read(entity, zone)
            if not readings:
                ignored.append(place)
                if stream == "invoices":  # a plain link in the shape of an invoice
                    continue
            for reading in readings:
                seen = _observation(reading, entity, listing, stream=stream, now=now)
                observations.setdefault(seen.event_id, seen)
        except Rejected as rejection:
            unreadable.append(Unreadable(place, rejection.code, rejection.message))
        else:
            wanted.extend(_wanted(entity, listing, stream=stream, now=now))
    return Observed(version, list(observations.values()), unreadable, ignored, wanted=wanted)


def _answer(body: bytes) -> dict[str, Any]:
    answer = read_object(body, "An answer of Razorpay")
    if isinstance(error := answer.get("error"), dict):
        code = text(error, "code") or ""
        told = f" ({code})" if re.fullmatch(r"[A-Z_]{1,40}", code) else ""
        raise Rejected("vendor.error", f"Razorpay answered with an error{told}.")
    return answer


def _observation(
    reading: Reading, entity: Entity, listing: Listing, *, stream: str, now: datetime
) -> Observation:
    fact, external_id = reading.fact, reading.external_id
    if not external_id:
        raise Rejected("schema.id_missing", "id is missing.")
    if fact.event_type is None and fact.word is None:
        raise Rejected("schema.status_missing", "status is missing.")
    occurred_at, precision, sequence = _time(fact, entity, reading.since or now)
    own = text(entity, "id")
    whose = external_id if own == external_id else f"{own}:{external_id}"
    return Observation(
        event_id=f"{stream}:{whose}:{members_digest(entity, listing.members)}",
        kind=fact.kind,
        external_id=external_id,
        occurred_at=occurred_at,
        precision=precision,
        data=fact.data,
        event_type=fact.event_type,
        word=fact.word,
        qualifier=fact.qualifier,
        sequence=sequence,
    )


def _time(fact: Fact, entity: Entity, seen_at: datetime) -> tuple[datetime, Precision, int]:
    """The time of what is settled for good: a line's, a settlement's, a paid or cancelled invoice's."""
    at: datetime | None = None
    match fact.kind, fact.word:
        case "invoice", "paid":
            at = unix_moment(entity.get("paid_at"))
        case "invoice", "cancelled":
            at = unix_moment(entity.get("cancelled_at"))
        case (("settlement" | "bank_line"), _):
            at = unix_moment(entity.get("created_at"))
    if at is None:
        return seen_at.astimezone(UTC), "observed", 0
    return at, "instant", _SETTLEMENT_STEPS.get(fact.word or "", 0) if fact.kind == "settlement" else 0


def _wanted(entity: Entity, listing: Listing, *, stream: str, now: datetime) -> Iterable[Wanted]:
    """Ask again for what isn't final: after a day, then in pauses that grow with its age."""
    word, own = text(entity, "status"), text(entity, "id")
    limit, made_at = listing.open_for.get(word or ""), unix_moment(entity.get("created_at"))
    if limit is None or own is None or made_at is None:
        return
    age = now - made_at
    if age < limit:
        yield Wanted(stream, own, min(max(_DAY, age / 4), _LONGEST_PAUSE))


# ---- the lists -------------------------------------------------------------------------------------
def _payment(entity: Entity, zone: ZoneInfo) -> list[Reading]:
    return [Reading(text(entity, "id"), payment(entity, {}, zone))]


def _refund(entity: Entity, zone: ZoneInfo) -> list[Reading]:
    return [Reading(text(entity, "id"), refund(entity, zone))]


def _settlement(entity: Entity, zone: ZoneInfo) -> list[Reading]:
    return [Reading(text(entity, "id"), settlement(entity, zone))]


def _transaction(entity: Entity, zone: ZoneInfo) -> list[Reading]:
    return [Reading(text(entity, "id"), transaction(entity, zone))]


def _payout(entity: Entity, zone: ZoneInfo) -> list[Reading]:
    """The list doesn't say when a payout was paid: its creation is the nearest day that it knows."""
    fact = payout(entity, zone)
    if fact.word == "processed":
        put(fact.data, "paid_on", unix_day(entity.get("created_at"), zone))
    return [Reading(text(entity, "id"), fact)]


def _invoice(entity: Entity, zone: ZoneInfo) -> list[Reading]:
    """An invoice; where only its link has expired, what was paid says how the debt stands."""
    fact = invoice(entity, zone)
    if fact is None:
        return []
    if fact.word == "expired":
        paid = entity.get("amount_paid")
        fact = replace(fact, qualifier="part_paid" if type(paid) is int and paid > 0 else "open")
    return [Reading(text(entity, "id"), fact)]


def _payment_link(link: Entity, zone: ZoneInfo) -> list[Reading]:
    """The payments of a link: what they are for stands only there; for the rest they say it better themselves."""
    made = link.get("payments")
    paid = [as_object(entry) for entry in (made if isinstance(made, list) else [made]) if as_object(entry)]
    found = []
    for entry in paid:
        external_id = text(entry, "payment_id") or text(entry, "id")
        entity: dict[str, Any] = {
            "amount": entry.get("amount"),
            "currency": text(entry, "currency") or link.get("currency"),
            "status": entry.get("status"),
            "method": entry.get("method"),
            "order_id": order_id(link.get("order_id")),
            "created_at": entry.get("created_at"),
        }
        fact = payment(entity, {"payment_link": link}, zone)
        found.append(Reading(external_id, fact, since=unix_moment(entry.get("created_at"))))
    return found


_LONG = timedelta(days=180)
LISTINGS: Mapping[str, Listing] = {
    "payments": Listing(
        "/payments",
        (
            "id", "amount", "currency", "status", "amount_refunded", "fee", "tax", "created_at", "method",
            "description", "error_description", "error_reason", "customer_id", "card", "vpa", "upi", "contact",
            "email", "notes", "acquirer_data", "order_id", "invoice_id",
        ),
        _payment,
        # Razorpay gives back within days what isn't captured; a checkout left alone comes to nothing.
        open_for={"created": timedelta(days=5), "pending": timedelta(days=45), "authorized": timedelta(days=30)},
    ),
    "refunds": Listing(
        "/refunds",
        ("id", "amount", "currency", "payment_id", "created_at", "acquirer_data", "status"),
        _refund,
        open_for={"pending": _LONG},
    ),
    "invoices": Listing(
        "/invoices",
        (
            "id", "type", "invoice_number", "receipt", "amount", "currency", "taxable_amount", "tax_amount",
            "amount_paid", "date", "issued_at", "paid_at", "cancelled_at", "customer_id", "customer_details",
            "short_url", "description", "order_id", "payment_id", "status",
        ),
        _invoice,
        open_for=dict.fromkeys(("draft", "issued", "partially_paid"), _LONG),
        query={"type": "invoice"},
    ),
    "payment_links": Listing(
        "/payment_links",
        ("id", "payments", "currency", "order_id", "reference_id", "notes", "customer"),
        _payment_link,
        held_in="payment_links",
        open_for=dict.fromkeys(("created", "partially_paid"), _LONG),
    ),
    "settlements": Listing(
        "/settlements",
        ("id", "amount", "currency", "fees", "tax", "created_at", "utr", "status"),
        _settlement,
        open_for={"created": _LONG, "failed": timedelta(days=30)},
    ),
    "payouts": Listing(
        "/payouts",
        (
            "id", "amount", "currency", "status", "fees", "tax", "mode", "purpose", "narration", "fund_account",
            "status_details", "failure_reason", "utr", "notes", "reference_id", "created_at",
        ),
        _payout,
        open_for=dict.fromkeys(("queued", "pending", "scheduled", "processing"), _LONG),
    ),
    "transactions": Listing(
        "/transactions",
        ("id", "account_number", "amount", "currency", "credit", "debit", "balance", "source", "created_at"),
        _transaction,
    ),
}  # fmt: skip
"""Every stream but the settlement recon."""
