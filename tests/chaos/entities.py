"""Razorpay's entities of the day, in its own members; amounts in paise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_ACCOUNT = "acc_KvTrChaos00001"


def hook(name: str, moment: datetime, **entities: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a webhook."""
    return {
        "entity": "event",
        "account_id": _ACCOUNT,
        "event": name,
        "contains": list(entities),
        "payload": {member: {"entity": dict(entity)} for member, entity in entities.items()},
        "created_at": seconds(moment),
    }


def payment(own: str, *, made: datetime, amount: int, notes: Any) -> dict[str, Any]:
    """Return a payment that has no status yet."""
    return {
        "id": _id("pay", own), "entity": "payment", "amount": amount, "currency": "INR", "order_id": _id("order", own),
        "invoice_id": None, "international": False, "method": "upi", "amount_refunded": 0, "refund_status": None,
        "description": None, "card_id": None, "bank": None, "wallet": None, "vpa": f"payer{own}@examplebank",
        "email": "void@razorpay.com", "contact": "+919800000001", "notes": notes, "fee": None, "tax": None,
        "error_code": None, "error_description": None, "acquirer_data": {}, "created_at": seconds(made),
    }  # fmt: skip


def fee_of(amount: int) -> tuple[int, int]:
    """Return what the gateway keeps of a payment, and the GST in it."""
    bare = amount * 2 // 100
    tax = bare * 18 // 100
    return bare + tax, tax


def invoice(own: str, *, issued: datetime, amount: int, **who: Any) -> dict[str, Any]:
    """Return an invoice that was issued at the gateway and isn't paid."""
    return {
        "id": _id("inv", own), "entity": "invoice", "type": "invoice", "invoice_number": f"RZ-{own}", "receipt": None,
        "amount": amount, "amount_paid": 0, "currency": "INR", "taxable_amount": amount, "tax_amount": 0,
        "date": seconds(issued), "issued_at": seconds(issued), "paid_at": None, "cancelled_at": None,
        "created_at": seconds(issued), "status": "issued", "order_id": _id("order", f"inv{own}"), "payment_id": None,
        "short_url": f"https://rzp.example/i/{own}", "description": None, **who,
    }  # fmt: skip


def payment_link(
    own: str, *, made: datetime, amount: int, number: str, paid_by: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a link by which a bill is asked for, with the payment that it brought."""
    made_by_it = [] if paid_by is None else [
        {"payment_id": paid_by["id"], "amount": amount, "status": "captured", "method": "upi",
         "created_at": paid_by["created_at"]}
    ]  # fmt: skip
    return {
        "id": _id("plink", own), "entity": "payment_link", "amount": amount, "currency": "INR", "reference_id": number,
        "status": "created" if paid_by is None else "paid", "created_at": seconds(made), "notes": None,
        "customer": {"name": "Kaveri Traders", "contact": "+919800000001"}, "payments": made_by_it,
        "order_id": None if paid_by is None else paid_by["order_id"],
    }  # fmt: skip


def refund(own: str, paid: str, amount: int, status: str, *, made: datetime) -> dict[str, Any]:
    """Return a refund of a payment."""
    return {
        "id": _id("rfnd", own), "entity": "refund", "amount": amount, "currency": "INR", "payment_id": _id("pay", paid),
        "notes": [], "receipt": None, "acquirer_data": {}, "created_at": seconds(made), "status": status,
    }  # fmt: skip


def dispute(own: str, paid: str, amount: int, status: str, *, made: datetime) -> dict[str, Any]:
    """Return a dispute over a payment."""
    return {
        "id": _id("disp", own), "entity": "dispute", "payment_id": _id("pay", paid), "amount": amount, "currency": "INR",
        "amount_deducted": amount if status == "lost" else 0, "reason_code": "chargeback", "status": status,
        "respond_by": seconds(made) + 5 * 86_400, "created_at": seconds(made), "phase": "chargeback",
    }  # fmt: skip


def settlement(own: str, amount: int, status: str, *, made: datetime) -> dict[str, Any]:
    """Return a transfer to the bank."""
    return {
        "id": _id("setl", own), "entity": "settlement", "amount": amount, "status": status, "fees": 0, "tax": 0,
        "utr": f"AXISP{own:0>11}", "created_at": seconds(made),
    }  # fmt: skip


def recon_row(paid: Mapping[str, Any], own: str, *, settled: datetime) -> dict[str, Any]:
    """Return the row of a payment in the settlement's recon."""
    return {
        "entity_id": paid["id"], "type": "payment", "debit": 0, "credit": paid["amount"] - paid["fee"],
        "amount": paid["amount"], "currency": "INR", "fee": paid["fee"], "tax": paid["tax"], "on_hold": False,
        "settled": True, "created_at": paid["created_at"], "settled_at": seconds(settled),
        "settlement_id": _id("setl", own), "settlement_utr": f"AXISP{own:0>11}", "payment_id": None,
        "order_id": paid["order_id"], "order_receipt": None, "method": paid["method"], "posted_at": None,
    }  # fmt: skip


def seconds(moment: datetime) -> int:
    """Write a moment as unix seconds."""
    return int(moment.timestamp())


def _id(prefix: str, own: str) -> str:
    return f"{prefix}_Chaos{own:0>9}"
