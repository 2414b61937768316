"""Razorpay's entities in our fields: money in paise, days in the business's calendar, ids and numbers as references.

What Razorpay calls `fee` includes the GST, which stands in `tax`; both are null until the capture. Unset times
are null or 0; `notes` is an object, an empty array or null; an unset text may be the word "null".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from connectors.razorpay.fields import (
    OWN_ID,
    Entity,
    address,
    bank_references,
    email,
    number_words,
    order_id,
    text,
)
from connectors.values import as_object, checkout_phone, filled_texts, noted_numbers, put, refer, unix_day
from kit.errors import Rejected

Members = Mapping[str, Entity]


@dataclass(frozen=True, slots=True)
class Fact:
    """What one entity states: its kind with us, our fields, and Razorpay's status word or our event type."""

    kind: str
    data: dict[str, Any]
    word: str | None = None
    qualifier: str = ""
    event_type: str | None = None


def payment(entity: Entity, members: Members, zone: ZoneInfo) -> Fact:
    """A payment with who paid and what for; `paid_on` is the customer's day, the same in every event of it."""
    along = {name: member for name, member in members.items() if member and name != "payment"}
    data: dict[str, Any] = {"amount": entity.get("amount"), "currency": entity.get("currency")}
    put(data, "refunded", entity.get("amount_refunded"))
    put(data, "fee", entity.get("fee"))
    put(data, "tax", entity.get("tax"))
    put(data, "paid_on", unix_day(entity.get("created_at"), zone))
    put(data, "method", text(entity, "method"))
    put(data, "description", text(entity, "description"))
    word = text(entity, "status")
    if word == "failed":
        put(data, "reason", text(entity, "error_description") or text(entity, "error_reason"))
    put(data, "party", _customer(entity, along))
    put(data, "payer", _payer(entity, along))
    put(data, "references", _payment_references(entity, along))
    return Fact("payment", data, word)


def invoice(entity: Entity, zone: ZoneInfo) -> Fact | None:
    """A Razorpay invoice's state; None for a plain link that borrows the invoice's shape.

    There is no due date: `expire_by` only ends the link. In a draft the amounts paid and due are null.
    """
    if text(entity, "type") not in (None, "invoice"):
        return None
    data: dict[str, Any] = {}
    put(data, "number", text(entity, "invoice_number") or text(entity, "receipt"))
    if entity.get("amount") is not None:
        data["amount"], data["currency"] = entity["amount"], entity.get("currency")
    put(data, "base", entity.get("taxable_amount"))
    put(data, "tax", entity.get("tax_amount"))
    put(data, "paid", entity.get("amount_paid"))
    put(data, "issued_on", unix_day(entity.get("date"), zone) or unix_day(entity.get("issued_at"), zone))
    put(data, "party", _customer(entity, {"invoice": entity}))
    put(data, "url", address(text(entity, "short_url")))
    put(data, "description", text(entity, "description"))
    references: dict[str, list[str]] = {}
    refer(references, "orders", [order_id(entity.get("order_id"))])
    refer(references, "payments", [text(entity, "payment_id")])
    put(data, "references", references)
    return Fact("invoice", data, text(entity, "status"))


def refund(entity: Entity, zone: ZoneInfo) -> Fact:
    """A refund of a payment; `refund.created` may already be processed."""
    paid_back = text(entity, "payment_id")
    data: dict[str, Any] = {
        "amount": entity.get("amount"),
        "currency": entity.get("currency"),
        "payment": paid_back,
    }
    put(data, "paid_on", unix_day(entity.get("created_at"), zone))
    references: dict[str, list[str]] = {}
    refer(references, "payments", [paid_back])
    refer(references, "utr", bank_references(entity))
    put(data, "references", references)
    return Fact("refund", data, text(entity, "status"))


def settlement(entity: Entity, zone: ZoneInfo) -> Fact:
    """A transfer to the bank account; Razorpay settles in rupees and names no currency.

    Fees of 0 only say that the transfer itself cost nothing; what its payments cost stands in the recon.
    """
    data: dict[str, Any] = {"amount": entity.get("amount"), "currency": text(entity, "currency") or "INR"}
    if entity.get("fees") != 0:
        put(data, "fee", entity.get("fees"))
        put(data, "tax", entity.get("tax"))
    put(data, "settled_on", unix_day(entity.get("created_at"), zone))
    references: dict[str, list[str]] = {}
    refer(references, "utr", [text(entity, "utr")])
    put(data, "references", references)
    return Fact("settlement", data, text(entity, "status"))


def dispute(entity: Entity, zone: ZoneInfo) -> Fact:
    """A dispute over a payment; what was deducted says how a closed one ended."""
    data: dict[str, Any] = {
        "amount": entity.get("amount"),
        "currency": entity.get("currency"),
        "payment": text(entity, "payment_id"),
    }
    put(data, "reason", text(entity, "reason_description") or text(entity, "reason_code"))
    put(data, "respond_by", unix_day(entity.get("respond_by"), zone))
    word, qualifier = text(entity, "status"), ""
    if word == "closed":
        deducted = entity.get("amount_deducted")
        qualifier = "unknown" if type(deducted) is not int else "deducted" if deducted else "kept"
    return Fact("dispute", data, word, qualifier)


def payout(entity: Entity, _zone: ZoneInfo) -> Fact:
    """A RazorpayX payout to a vendor or employee; the contact is the party, the fund account the payee.

    The entity doesn't say when it was paid: the event `payout.processed` does.
    """
    data: dict[str, Any] = {"amount": entity.get("amount"), "currency": entity.get("currency")}
    word = text(entity, "status")
    put(data, "fee", entity.get("fees"))
    put(data, "tax", entity.get("tax"))
    put(data, "mode", text(entity, "mode"))
    put(data, "purpose", text(entity, "purpose"))
    put(data, "description", text(entity, "narration"))
    fund, details = as_object(entity.get("fund_account")), as_object(entity.get("status_details"))
    if word in ("failed", "reversed", "rejected", "cancelled"):
        put(data, "reason", text(details, "description") or text(entity, "failure_reason"))
    contact = as_object(fund.get("contact"))
    contact_id = text(contact, "id") or text(fund, "contact_id")
    if contact_id:
        data["party"] = filled_texts(
            id=contact_id,
            name=text(contact, "name"),
            phone=checkout_phone(text(contact, "contact")),
            email=email(text(contact, "email")),
        )
    bank, vpa = as_object(fund.get("bank_account")), as_object(fund.get("vpa"))
    payee = filled_texts(
        name=text(bank, "name") or text(contact, "name"),
        account=text(bank, "account_number"),
        ifsc=text(bank, "ifsc"),
        vpa=text(vpa, "address"),
    )
    put(data, "payee", payee)
    references: dict[str, list[str]] = {}
    refer(references, "utr", [text(entity, "utr")])
    refer(references, "bills", noted_numbers(entity.get("notes")))
    refer(references, "tokens", [text(entity, "reference_id"), *number_words(text(entity, "narration"))])
    put(data, "references", references)
    return Fact("payout", data, word)


def transaction(entity: Entity, zone: ZoneInfo) -> Fact:
    """A line of a RazorpayX account: money in or out, with the balance after it."""
    credit, debit = entity.get("credit"), entity.get("debit")
    came, went = type(credit) is int and credit > 0, type(debit) is int and debit > 0
    if came == went:
        raise Rejected("schema.amount_missing", "payload.transaction.entity: neither credit nor debit.")
    origin = as_object(entity.get("source"))
    mode, what = text(origin, "mode"), text(origin, "entity")
    reference = text(origin, "bank_reference") or text(origin, "utr")
    who = text(origin, "payer_name")
    told = [mode, reference, who, text(origin, "narration"), text(origin, "id")]
    data: dict[str, Any] = {
        "amount": credit if came else debit,
        "currency": entity.get("currency"),
        "account": text(entity, "account_number"),
        "posted_on": unix_day(entity.get("created_at"), zone),
        "narration": " ".join(part for part in told if part) or what or "RazorpayX",
        "bank": "RazorpayX",
    }
    put(data, "channel", mode)
    put(data, "balance", entity.get("balance"))
    payer = filled_texts(name=who, account=text(origin, "payer_account"), ifsc=text(origin, "payer_ifsc"))
    put(data, "payer", payer)
    references: dict[str, list[str]] = {}
    refer(references, "utr", [reference])
    refer(references, "documents", [text(origin, "id") if what == "payout" else None])
    put(data, "references", references)
    return Fact("bank_line", data, event_type="bank.credited" if came else "bank.debited")


READERS: Mapping[str, Callable[[Entity, ZoneInfo], Fact | None]] = {
    "invoice": invoice,
    "refund": refund,
    "settlement": settlement,
    "dispute": dispute,
    "payout": payout,
    "transaction": transaction,
}
"""Every entity but the payment, which is read with the members that came along."""


# ---- who, and what for: from the payment itself, and from what came along with it ------------------
def _customer(entity: Entity, along: Members) -> dict[str, str] | None:
    """The party, only where Razorpay names a customer id; else there is but a payer."""
    if not along:
        return filled_texts(id=text(entity, "customer_id")) or None
    billed = along.get("invoice", {})
    details = as_object(billed.get("customer_details"))
    candidates = (
        text(entity, "customer_id"),
        text(billed, "customer_id") or text(details, "id"),
        text(along.get("virtual_account", {}), "customer_id"),
        text(along.get("subscription", {}), "customer_id"),
    )
    customer_id = next((found for found in candidates if found), None)
    if customer_id is None:
        return None
    if (text(billed, "customer_id") or text(details, "id")) != customer_id:
        return {"id": customer_id}
    return filled_texts(
        id=customer_id,
        name=text(details, "name") or text(details, "customer_name"),
        gstin=text(details, "gstin"),
        phone=checkout_phone(text(details, "contact") or text(details, "customer_contact")),
        email=email(text(details, "email") or text(details, "customer_email")),
    )


def _payer(entity: Entity, along: Members) -> dict[str, str] | None:
    card, own_upi = as_object(entity.get("card")), as_object(entity.get("upi"))
    name, vpa = text(card, "name"), text(entity, "vpa") or text(own_upi, "vpa")
    contact, mail = text(entity, "contact"), email(text(entity, "email"))
    if not along:  # nearly every payment
        return filled_texts(name=name, vpa=vpa, phone=checkout_phone(contact), email=mail)
    bank = as_object(along.get("bank_transfer", {}).get("payer_bank_account"))
    upi = along.get("upi_transfer", {})
    link_customer = as_object(along.get("payment_link", {}).get("customer"))
    return filled_texts(
        name=text(bank, "name") or name or text(upi, "payer_name") or text(link_customer, "name"),
        vpa=vpa or text(upi, "payer_vpa"),
        account=text(bank, "account_number") or text(upi, "payer_account"),
        ifsc=text(bank, "ifsc") or text(upi, "payer_ifsc"),
        phone=checkout_phone(contact or text(link_customer, "contact")),
        email=mail or email(text(link_customer, "email")),
    )


_NOTING = ("invoice", "payment_link", "order", "virtual_account", "qr_code")


def _payment_references(entity: Entity, along: Members) -> dict[str, list[str]]:
    noted = noted_numbers(
        entity.get("notes"), *(along[name].get("notes") for name in _NOTING if name in along)
    )
    transferred: tuple[str | None, ...] = ()
    numbers: tuple[str | None, ...] = ()
    documents = [text(entity, "invoice_id")]
    own_order, receipt = entity.get("order_id"), None
    if along:
        order, link, billed = (along.get(name, {}) for name in ("order", "payment_link", "invoice"))
        transfer, upi = along.get("bank_transfer", {}), along.get("upi_transfer", {})
        transferred = (text(transfer, "bank_reference"), text(upi, "npci_reference_id") or text(upi, "rrn"))
        numbers = (text(billed, "invoice_number") or text(billed, "receipt"), text(link, "reference_id"))
        documents = [documents[0] or text(billed, "id"), text(link, "id")]
        own_order, receipt = own_order or order.get("id"), text(order, "receipt")
    found: dict[str, list[str]] = {}
    refer(found, "utr", (*transferred, *bank_references(entity)))
    refer(found, "invoices", (*numbers, *(number for number in noted if not OWN_ID.fullmatch(number))))
    refer(found, "orders", (order_id(own_order),))
    refer(found, "documents", (*documents, *(own for own in noted if own.startswith(("inv_", "plink_")))))
    told = (receipt, *number_words(text(entity, "description")))
    refer(found, "tokens", [word for word in told if word not in found.get("invoices", ())])
    return found
