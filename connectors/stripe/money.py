"""Stripe's charges, payment intents, checkout sessions, refunds, disputes and payouts in our fields.

A charge and its payment intent are the same money: both are stated of one payment, which is called by the intent's
id, and by the charge's where there is none. Of a charge captured in part Stripe gives the rest back as a refund and
counts it among what was refunded: so the amount is always the whole.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from connectors.stripe.facts import Fact
from connectors.stripe.fields import Entity, currency, id_at, listed, noted_numbers, tokens, whole
from connectors.values import as_object, filled_texts, put, refer, text, unix_day, unix_moment
from kit.errors import Rejected


def charge(entity: Entity, zone: ZoneInfo) -> list[Fact]:
    """A charge, and the refunds that older API versions list inside it."""
    own, intent = _own_id(entity), id_at(entity, "payment_intent")
    external_id = intent or own
    data: dict[str, Any] = {"amount": entity.get("amount"), "currency": currency(entity)}
    word, captured = text(entity, "status"), entity.get("captured") is not False
    qualifier = ""
    if word == "succeeded":
        given_back = entity.get("refunded") is True
        if captured:
            put(data, "refunded", _refunded(entity))
            put(data, "paid_on", unix_day(entity.get("created"), zone))
            qualifier = "refunded" if given_back else "captured"
        else:
            qualifier = "released" if given_back else "uncaptured"
    elif word == "failed":
        put(data, "reason", text(entity, "failure_message") or text(entity, "failure_code"))
    _fee(data, entity)
    put(data, "method", text(as_object(entity.get("payment_method_details")), "type"))
    _common(data, entity, charges=[own])
    put(data, "payer", _payer(entity))
    facts = [Fact("payment", external_id, data, word, qualifier)]
    for part in listed(entity.get("refunds")):
        facts += refund(part, zone, payment=external_id)
    return facts


def payment_intent(entity: Entity, zone: ZoneInfo) -> list[Fact]:
    """A payment intent: the same payment as its charge."""
    own, word = _own_id(entity), text(entity, "status")
    amount, received = entity.get("amount"), whole(entity, "amount_received")
    charges = listed(entity.get("charges"))
    latest = next((c for c in reversed(charges)), as_object(entity.get("latest_charge")))
    data: dict[str, Any] = {"amount": amount, "currency": currency(entity)}
    qualifier = ""
    match word:
        case "succeeded":
            qualifier = "captured"
            if type(amount) is int and received is not None:
                data["amount"] = max(amount, received)
                put(data, "refunded", data["amount"] - received or None)
            if text(latest, "status") == "succeeded":
                put(data, "paid_on", unix_day(latest.get("created"), zone))
        case "requires_payment_method" | "canceled":
            error = as_object(entity.get("last_payment_error"))
            tried = bool(error or charges or entity.get("latest_charge"))
            qualifier = "tried" if tried else ""
            put(data, "reason", text(error, "message") or text(entity, "cancellation_reason"))
    put(data, "method", text(as_object(latest.get("payment_method_details")), "type"))
    ids = [text(c, "id") for c in charges]
    _common(data, entity, charges=ids or [id_at(entity, "latest_charge")])
    put(data, "payer", _payer({**latest, "receipt_email": text(entity, "receipt_email")}))
    return [Fact("payment", own, data, word, qualifier)]


def session(entity: Entity, zone: ZoneInfo) -> list[Fact]:  # noqa: ARG001
    """What a finished checkout says of its payment: who paid, and what for; nothing where no payment was made."""
    intent = id_at(entity, "payment_intent")
    if intent is None:
        return []
    who = as_object(entity.get("customer_details"))
    data: dict[str, Any] = {"amount": entity.get("amount_total"), "currency": currency(entity)}
    if customer := id_at(entity, "customer"):
        data["party"] = filled_texts(
            id=customer, name=text(who, "name"), email=text(who, "email"), phone=text(who, "phone")
        )
    put(
        data,
        "payer",
        filled_texts(name=text(who, "name"), email=text(who, "email"), phone=text(who, "phone")),
    )
    references: dict[str, list[str]] = {}
    refer(references, "documents", [id_at(entity, "invoice")])
    refer(references, "invoices", noted_numbers(entity))
    refer(references, "orders", [_own_id(entity)])
    refer(references, "tokens", tokens(text(entity, "client_reference_id")))
    put(data, "references", references)
    return [Fact("payment", intent, data, text(entity, "payment_status"), merely_seen=True)]


def refund(entity: Entity, zone: ZoneInfo, *, payment: str | None = None) -> list[Fact]:
    """A refund of a payment, which is named by its intent; `payment`: where it stands inside its charge."""
    paid_back = id_at(entity, "payment_intent") or payment or id_at(entity, "charge")
    data: dict[str, Any] = {
        "amount": entity.get("amount"),
        "currency": currency(entity),
        "payment": paid_back,
    }
    put(data, "paid_on", unix_day(entity.get("created"), zone))
    put(data, "reason", text(entity, "failure_reason"))
    references: dict[str, list[str]] = {}
    refer(references, "payments", [paid_back])
    details = as_object(entity.get("destination_details"))
    route = as_object(details.get(text(details, "type") or ""))
    refer(references, "utr", [text(route, "reference")])
    put(data, "references", references)
    return [Fact("refund", _own_id(entity), data, text(entity, "status"))]


def dispute(entity: Entity, zone: ZoneInfo) -> list[Fact]:
    """A dispute over a payment."""
    data: dict[str, Any] = {
        "amount": entity.get("amount"),
        "currency": currency(entity),
        "payment": id_at(entity, "payment_intent") or id_at(entity, "charge"),
    }
    put(data, "reason", text(entity, "reason"))
    put(data, "respond_by", unix_day(as_object(entity.get("evidence_details")).get("due_by"), zone))
    return [Fact("dispute", _own_id(entity), data, text(entity, "status"))]


def payout(entity: Entity, _zone: ZoneInfo) -> list[Fact]:
    """A payout is Stripe's transfer to our bank: a settlement. Its day of arrival is given as midnight UTC."""
    amount = entity.get("amount")
    if type(amount) is int and amount < 0:
        raise Rejected(
            "schema.negative_payout",
            "Stripe took money from the bank account for a negative balance; such a payout isn't read yet.",
            remedy="Look at it in Stripe.",
        )
    data: dict[str, Any] = {"amount": amount, "currency": currency(entity)}
    if arrival := unix_moment(entity.get("arrival_date")):
        data["settled_on"] = arrival.astimezone(UTC).date().isoformat()
    put(data, "reason", text(entity, "failure_message") or text(entity, "failure_code"))
    references: dict[str, list[str]] = {}
    trace = as_object(entity.get("trace_id"))
    refer(references, "utr", [text(trace, "value")])
    put(data, "references", references)
    return [Fact("settlement", _own_id(entity), data, text(entity, "status"))]


# ---- parts -----------------------------------------------------------------------------------------
def _own_id(entity: Entity) -> str:
    found = text(entity, "id")
    if found is None:
        raise Rejected("schema.id_missing", "id is missing.")
    return found


def _refunded(entity: Entity) -> int | None:
    """What was given back, with what was held and never captured."""
    amount, captured = whole(entity, "amount"), whole(entity, "amount_captured")
    given_back = whole(entity, "amount_refunded")
    if amount is None or captured is None:
        return given_back
    return max(given_back or 0, amount - captured)


def _fee(data: dict[str, Any], entity: Entity) -> None:
    """Stripe's fee and the tax in it: only where the balance transaction came along, in the charge's own currency."""
    booked = as_object(entity.get("balance_transaction"))
    if whole(booked, "fee") is None or currency(booked) != currency(entity):
        return
    data["fee"] = booked["fee"]
    parts = [
        whole(part, "amount") or 0 for part in listed(booked.get("fee_details")) if part.get("type") == "tax"
    ]
    data["tax"] = sum(parts)


def _common(data: dict[str, Any], entity: Entity, *, charges: list[str | None]) -> None:
    """Who and what for: alike in a charge and its intent. Older API versions name the invoice."""
    description = text(entity, "description")
    put(data, "description", description)
    if customer := id_at(entity, "customer"):
        data["party"] = {"id": customer}
    references: dict[str, list[str]] = {}
    refer(references, "documents", [id_at(entity, "invoice")])
    numbers = noted_numbers(entity)
    refer(references, "invoices", numbers)
    refer(references, "payments", charges)
    refer(references, "tokens", [word for word in tokens(description) if word not in numbers])
    put(data, "references", references)


def _payer(entity: Entity) -> dict[str, str]:
    billing = as_object(entity.get("billing_details"))
    return filled_texts(
        name=text(billing, "name"),
        email=text(billing, "email") or text(entity, "receipt_email"),
        phone=text(billing, "phone"),
    )
