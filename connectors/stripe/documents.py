"""Stripe's invoices, credit notes and customers in our fields.

An invoice's amount is its `total`: what credit notes and the customer's balance take off stands for itself. Before
2025-03-31 an invoice names its payment and a charge its invoice; since then only `payments` and `invoice_payment` do.
"""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from connectors.stripe.facts import Fact
from connectors.stripe.fields import Entity, currency, id_at, listed, whole
from connectors.values import address, as_object, filled_texts, put, refer, text, unix_day, unix_moment
from kit.errors import Rejected

# A credit note is numbered after its invoice: C9E0C52C-0036-CN-01.
_CREDIT_NUMBER = re.compile(r"(?P<invoice>.+)-CN-\d+")


def invoice(entity: Entity, zone: ZoneInfo) -> list[Fact]:
    """An invoice, and what it says of its payments; nothing for a preview, which has no id."""
    own = text(entity, "id")
    if own is None:
        return []
    total, paid = entity.get("total"), whole(entity, "amount_paid")
    if type(total) is int and total < 0:
        raise Rejected(
            "schema.negative_invoice", "The invoice's total is below zero: it is a credit and no bill."
        )
    times = as_object(entity.get("status_transitions"))
    data: dict[str, Any] = {"amount": total, "currency": currency(entity)}
    put(data, "number", text(entity, "number"))
    put(data, "paid", paid)
    put(data, "base", whole(entity, "total_excluding_tax"))
    put(data, "tax", _tax(entity))
    issued = (entity.get("effective_at"), times.get("finalized_at"), entity.get("created"))
    put(data, "issued_on", next((found for at in issued if (found := unix_day(at, zone))), None))
    put(data, "due_on", unix_day(entity.get("due_date"), zone))
    put(data, "party", _party(entity))
    put(data, "url", address(text(entity, "hosted_invoice_url")))
    put(data, "description", text(entity, "description"))
    made = [part for part in listed(entity.get("payments")) if _paid_by(part)]
    references: dict[str, list[str]] = {}
    paid_by = [id_at(entity, "payment_intent") or id_at(entity, "charge"), *map(_paid_by, made)]
    refer(references, "payments", paid_by)
    put(data, "references", references)
    word, qualifier = text(entity, "status"), ""
    left = whole(entity, "amount_remaining")
    if word == "open" and paid and left:
        qualifier = "part_paid"
    ended = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}
    since = unix_moment(times.get(ended.get(word or "", "")))
    facts = [Fact("invoice", own, data, word, qualifier, since=since)]
    for part in made:
        facts += invoice_payment(
            {**part, "invoice": own}, zone, number=text(entity, "number"), party=data.get("party")
        )
    return facts


def invoice_payment(
    entity: Entity, zone: ZoneInfo, *, number: str | None = None, party: dict[str, str] | None = None
) -> list[Fact]:
    """Which payment an invoice was paid by: since 2025 the only place that says so. What it may be only a part of
    says the payment itself."""
    paid_by, amount = _paid_by(entity), whole(entity, "amount_paid")
    if paid_by is None or text(entity, "status") != "paid" or not amount:
        return []
    data: dict[str, Any] = {"amount": amount, "currency": currency(entity)}
    at = as_object(entity.get("status_transitions")).get("paid_at") or entity.get("created")
    put(data, "paid_on", unix_day(at, zone))
    put(data, "party", party)
    references: dict[str, list[str]] = {}
    refer(references, "documents", [id_at(entity, "invoice")])
    refer(references, "invoices", [number])
    data["references"], data["status"] = references, "payment.received"
    return [
        Fact("payment", paid_by, data, event_type="payment.received", since=unix_moment(at), merely_seen=True)
    ]


def credit_note(entity: Entity, zone: ZoneInfo) -> list[Fact]:
    """A credit note; it belongs to the invoice whose number its own begins with."""
    own, number = text(entity, "id"), text(entity, "number")
    if own is None:
        raise Rejected("schema.id_missing", "id is missing.")
    data: dict[str, Any] = {"amount": entity.get("total"), "currency": currency(entity)}
    if data["amount"] is None:
        data["amount"] = entity.get("amount")
    put(data, "number", number)
    put(
        data, "issued_on", unix_day(entity.get("effective_at"), zone) or unix_day(entity.get("created"), zone)
    )
    put(data, "party", _party(entity))
    put(data, "description", text(entity, "memo"))
    put(data, "url", address(text(entity, "pdf")))
    references: dict[str, list[str]] = {}
    refer(references, "documents", [id_at(entity, "invoice")])
    named = _CREDIT_NUMBER.fullmatch(number or "")
    refer(references, "invoices", [named["invoice"] if named else None])
    put(data, "references", references)
    match status := text(entity, "status"):
        case "issued":
            return [
                Fact(
                    "credit_note",
                    own,
                    data,
                    event_type="credit_note.issued",
                    since=unix_moment(entity.get("created")),
                )
            ]
        case "void":
            since = unix_moment(entity.get("voided_at"))
            return [Fact("credit_note", own, data, event_type="credit_note.voided", since=since)]
    return [Fact("credit_note", own, data, status)]


def customer(entity: Entity, zone: ZoneInfo) -> list[Fact]:  # noqa: ARG001
    """A customer as a party."""
    own = text(entity, "id")
    if own is None or entity.get("deleted") is True:
        return []
    data: dict[str, Any] = {}
    for name in ("name", "email", "phone"):
        put(data, name, text(entity, name))
    put(data, "gstin", _gstin(listed(entity.get("tax_ids"))))
    return [Fact("party", own, data, event_type="party.upserted")]


# ---- parts -----------------------------------------------------------------------------------------
def _party(entity: Entity) -> dict[str, str] | None:
    held = as_object(entity.get("customer"))
    own = id_at(entity, "customer")
    if own is None:
        return None
    return filled_texts(
        id=own,
        name=text(entity, "customer_name") or text(held, "name"),
        email=text(entity, "customer_email") or text(held, "email"),
        phone=text(entity, "customer_phone") or text(held, "phone"),
        gstin=_gstin(listed(entity.get("customer_tax_ids"))),
    )


def _gstin(numbers: list[Entity]) -> str | None:
    return next((text(found, "value") for found in numbers if found.get("type") == "in_gst"), None)


def _tax(entity: Entity) -> int | None:
    stated = whole(entity, "tax")
    if stated is not None:
        return stated
    for name in ("total_taxes", "total_tax_amounts"):
        amounts = [whole(part, "amount") for part in listed(entity.get(name))]
        if amounts and None not in amounts:
            return sum(amount for amount in amounts if amount is not None)
    return None


def _paid_by(part: Entity) -> str | None:
    made = as_object(part.get("payment"))
    return id_at(made, "payment_intent") or id_at(made, "charge")
