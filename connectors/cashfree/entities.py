"""Cashfree's payments, refunds, settlements and disputes in our fields, alike from a webhook and from the API.

Amounts are rupees with fractions and become paise exactly. Cashfree states its charge and the GST on it apart: our
fee is both. What was paid may differ from the order's amount (an offer, a surcharge): the payment is what was paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.cashfree.facts import Fact
from connectors.cashfree.fields import (
    Entity,
    bank_reference,
    currency_of,
    day,
    email,
    first_moment,
    id_text,
    money,
    owed,
    rupees,
    text,
    tokens,
    whole_paise,
)
from connectors.values import as_object, checkout_phone, filled_texts, noted_numbers, put, refer
from kit.errors import Rejected

_UNSUCCESSFUL = frozenset(["FAILED", "USER_DROPPED", "CANCELLED", "VOID"])
# A settlement that failed may be tried again and arrive: words of its life, later ones behind earlier ones.
_SETTLEMENT_STEPS = {"SUCCESS": 2, "PAID": 2, "FAILED": 1, "REVERSED": 3}


def payment(
    entity: Entity, order: Entity, customer: Entity, zone: ZoneInfo, *, happened_at: datetime | None = None
) -> Fact:
    """A payment with who paid and what for; `paid_on` is the day on which the customer set out to pay.

    `happened_at` is the webhook's time. In the API, what was paid carries the time at which it was completed.
    """
    own = _required(entity, "cf_payment_id")
    currency = currency_of(entity, "payment_currency", "order_currency")
    word = text(entity, "payment_status")
    data: dict[str, Any] = {"amount": owed(entity, "payment_amount", currency=currency), "currency": currency}
    put(data, "paid_on", day(first_moment(entity, "payment_time"), zone))
    put(data, "method", _method(text(entity, "payment_group")))
    if word in _UNSUCCESSFUL:
        error = as_object(entity.get("error_details"))
        put(
            data,
            "reason",
            text(error, "error_description", "error_reason") or text(entity, "payment_message"),
        )
    put(data, "party", _party(customer))
    put(data, "payer", _payer(entity, customer))
    references: dict[str, list[str]] = {}
    numbers, order_id = (
        noted_numbers(order.get("order_tags")),
        id_text(order, "order_id") or id_text(entity, "order_id"),
    )
    tags = as_object(order.get("order_tags"))
    refer(references, "utr", [bank_reference(entity, "bank_reference")])
    refer(references, "invoices", numbers)
    refer(references, "orders", [order_id])
    refer(references, "documents", [id_text(tags, "link_id"), id_text(tags, "cf_link_id")])
    words = tokens(order_id, text(order, "order_note"), text(tags, "link_id"))
    refer(references, "tokens", [found for found in words if found not in numbers])
    put(data, "references", references)
    held = word == "SUCCESS" and entity.get("is_captured") is False
    return Fact(
        "payment", own, data, word, "uncaptured" if held else "", at=happened_at or _completed(entity, word)
    )


def refund(entity: Entity, zone: ZoneInfo, *, happened_at: datetime | None = None) -> Fact:
    """A refund of a payment, asked for by the merchant or made by Cashfree itself (`auto_refund`)."""
    own, paid_back = _required(entity, "cf_refund_id"), _required(entity, "cf_payment_id")
    currency = currency_of(entity, "refund_currency")
    done_at, word = first_moment(entity, "processed_at", "created_at"), text(entity, "refund_status")
    data: dict[str, Any] = {
        "amount": owed(entity, "refund_amount", currency=currency),
        "currency": currency,
        "payment": paid_back,
    }
    put(data, "paid_on", day(done_at, zone))
    if word in ("CANCELLED", "FAILED"):
        put(data, "reason", text(entity, "status_description", "refund_note"))
    references: dict[str, list[str]] = {}
    refer(references, "payments", [paid_back])
    refer(references, "orders", [id_text(entity, "order_id")])
    refer(references, "utr", [bank_reference(entity, "refund_arn")])
    put(data, "references", references)
    return Fact("refund", own, data, word, at=happened_at or (done_at if word == "SUCCESS" else None))


def settlement(
    entity: Entity, zone: ZoneInfo, *, happened_at: datetime | None = None, word: str | None = None
) -> Fact:
    """A transfer to the bank account; `word` is what the webhook's type says, where the object has no status.

    Webhooks call it by `settlement_id`, the API by `cf_settlement_id`: the same number. `adjustment` holds refunds,
    disputes and the rest in one sum, so that what was refunded is only told by the recon.
    """
    own = _required(entity, "cf_settlement_id", "settlement_id")
    currency = text(entity, "settlement_currency", "event_currency") or "INR"
    word = text(entity, "status", "event_status", "settlement_status") or word
    step = _SETTLEMENT_STEPS.get(word or "", 0)
    read = owed if step else money  # what is only begun may have no amount yet
    data: dict[str, Any] = {"currency": currency}
    put(data, "amount", read(entity, "amount_settled", "settlement_amount", currency=currency))
    fee, tax = settlement_fee(entity, currency)
    put(data, "fee", fee)
    put(data, "tax", tax)
    settled_at = first_moment(
        entity, "settled_on", "settlement_date", "settlement_processed_on", "transfer_time"
    )
    started_at = first_moment(entity, "settlement_initiated_on", "event_time")
    if step == 2:
        put(data, "settled_on", day(settled_at or started_at, zone))
    elif step:
        put(data, "reason", text(entity, "reason", "status_description", "remarks"))
    references: dict[str, list[str]] = {}
    refer(references, "utr", [id_text(entity, "utr", "settlement_utr", "transfer_utr")])
    put(data, "references", references)
    own_time = {0: None, 1: started_at, 2: settled_at or started_at, 3: None}[step]
    return Fact("settlement", own, data, word, at=happened_at or own_time, sequence=step)


def settlement_fee(entity: Entity, currency: str) -> tuple[int | None, int | None]:
    """What Cashfree kept of all payments of a settlement and for the transfer itself, and the GST in it."""
    charges = [rupees(entity, "service_charge", "pg_service_charge"), rupees(entity, "settlement_charge")]
    if charges[0] is None:
        return None, None  # the half of it is no fee
    taxes = [rupees(entity, "service_tax", "pg_service_tax"), rupees(entity, "settlement_tax")]
    return fee_and_tax(charges, taxes, currency)


def fee_and_tax(
    charges: Iterable[Decimal | None], taxes: Iterable[Decimal | None], currency: str
) -> tuple[int | None, int | None]:
    """Add charges and the GST on them: our fee is both; neither is said where the sum has a fraction of a paisa."""
    tax = sum((part for part in taxes if part is not None), Decimal())
    fee = whole_paise(sum((part for part in charges if part is not None), tax), currency)
    return fee, whole_paise(tax, currency) if fee is not None else None


def dispute(entity: Entity, order: Entity, zone: ZoneInfo, *, happened_at: datetime | None = None) -> Fact:
    """A dispute over a payment, by whatever name (retrieval, chargeback, arbitration): its status says which."""
    own, disputed = _required(entity, "dispute_id"), id_text(order, "cf_payment_id")
    currency = text(entity, "dispute_amount_currency") or currency_of(
        order, "payment_currency", "order_currency"
    )
    data: dict[str, Any] = {
        "amount": owed(entity, "dispute_amount", currency=currency),
        "currency": currency,
        "payment": disputed,
    }
    put(data, "reason", text(entity, "reason_description") or id_text(entity, "reason_code"))
    put(data, "respond_by", day(first_moment(entity, "respond_by"), zone))
    changed_at = first_moment(entity, "resolved_at", "updated_at", "created_at")
    return Fact("dispute", own, data, text(entity, "dispute_status"), at=happened_at or changed_at)


# ---- parts -----------------------------------------------------------------------------------------
def _required(entity: Entity, *names: str) -> str:
    found = id_text(entity, *names)
    if found is None:
        raise Rejected("schema.id_missing", f"{names[0]} is missing.")
    return found


def _completed(entity: Entity, word: str | None) -> datetime | None:
    """When a payment came to its end; what isn't at its end was merely seen."""
    authorization = as_object(entity.get("authorization"))
    if word == "SUCCESS":
        return first_moment(entity, "payment_completion_time", "payment_time")
    if word == "VOID":
        return first_moment(authorization, "action_time") or first_moment(entity, "payment_completion_time")
    return None


def _method(group: str | None) -> str | None:
    return group.lower() if group else None


def _party(customer: Entity) -> dict[str, str] | None:
    """The customer, where the merchant gave him an id; else there is but a payer."""
    own = id_text(customer, "customer_id")
    if own is None:
        return None
    return filled_texts(
        id=own,
        name=text(customer, "customer_name"),
        phone=checkout_phone(id_text(customer, "customer_phone")),
        email=email(text(customer, "customer_email")),
    )


def _payer(entity: Entity, customer: Entity) -> dict[str, str]:
    methods = as_object(entity.get("payment_method"))
    upi, bank = as_object(methods.get("upi")), as_object(methods.get("netbanking"))
    transfer = next(
        (
            as_object(methods[name])
            for name in ("bank_transfer", "banktransfer", "vba_transfer")
            if name in methods
        ),
        {},
    )
    return filled_texts(
        name=text(customer, "customer_name"),
        vpa=text(upi, "upi_id"),
        account=text(upi, "upi_payer_account_number")
        or id_text(transfer, "banktransfer_account_number", "remitter_account", "account_number")
        or id_text(bank, "netbanking_account_number"),
        ifsc=text(upi, "upi_payer_ifsc")
        or text(transfer, "banktransfer_ifsc", "remitter_ifsc", "ifsc")
        or text(bank, "netbanking_ifsc"),
        phone=checkout_phone(id_text(customer, "customer_phone")),
        email=email(text(customer, "customer_email")),
    )
