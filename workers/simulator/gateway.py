"""What Razorpay sends: payments, orders, links, refunds and settlements, in the shapes of its webhooks.

Shapes follow `webhooks/*.md` and `api/*/entity.md` of razorpay/markdown-docs, their traps included: `notes` is `[]`
when empty, the order of a paid link has no `order_` prefix, unset times of a link are 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson

from workers.simulator.entities import GatewayPayment, Settlement, digits, token
from workers.simulator.messages import Message
from workers.simulator.world import World

SOURCE = "payment:razorpay"
_ACCOUNT = "SFSq7Kd2mPx9Rt"


def gateway_messages(world: World) -> Iterator[Message]:
    """Tell the gateway's history."""
    for paid in world.gateway:
        yield from payment_messages(paid)
    for settled in world.settlements:
        yield settlement_processed(settled)


def payment_messages(paid: GatewayPayment) -> Iterator[Message]:
    """Tell one attempt to pay: what the gateway says while it goes through, fails or is refunded."""
    if paid.outcome == "failed":
        yield _event("payment.failed", paid.at + timedelta(seconds=20), {"payment": _payment(paid, "failed")})
        return
    yield _event(
        "payment.authorized", paid.at + timedelta(seconds=4), {"payment": _payment(paid, "authorized")}
    )
    if not paid.captured:
        return
    captured = _payment(paid, "captured")
    yield _event("payment.captured", paid.at + timedelta(seconds=9), {"payment": captured})
    yield _event("order.paid", paid.at + timedelta(seconds=10), {"payment": captured, "order": _order(paid)})
    yield _event(
        "payment_link.paid",
        paid.at + timedelta(seconds=12),
        {"payment_link": _link(paid), "order": _link_order(paid), "payment": captured},
    )
    if paid.outcome == "late_failed":
        yield _event("payment.failed", paid.at + timedelta(minutes=16), {"payment": _payment(paid, "failed")})
    if paid.refund is not None:
        yield _refund_processed(paid)


def settlement_processed(settled: Settlement) -> Message:
    """Tell that a settlement is on its way to the bank: net, its fees taken per payment, so 0 here."""
    entity = {
        "id": settled.id,
        "entity": "settlement",
        "amount": settled.amount,
        "status": "processed",
        "fees": 0,
        "tax": 0,
        "utr": settled.utr,
        "created_at": _seconds(settled.at),
    }
    return _event("settlement.processed", settled.at + timedelta(minutes=4), {"settlement": entity})


def _event(name: str, at: datetime, payload: dict[str, dict[str, Any]]) -> Message:
    body = {
        "entity": "event",
        "account_id": f"acc_{_ACCOUNT}",
        "event": name,
        "contains": list(payload),
        "payload": {part: {"entity": entity} for part, entity in payload.items()},
        "created_at": _seconds(at),
    }
    raw = orjson.dumps(body)
    return Message(SOURCE, token("razorpay-event", raw.decode()), at, raw)


def _payment(paid: GatewayPayment, status: str) -> dict[str, Any]:
    captured, failed = status == "captured", status == "failed"
    vpa = paid.party.vpa if paid.method == "upi" else None
    bank = paid.party.bank if paid.method == "netbanking" else None
    entity: dict[str, Any] = {
        "id": paid.id,
        "entity": "payment",
        "amount": paid.amount,
        "currency": "INR",
        "base_amount": paid.amount,
        "status": status,
        "order_id": paid.order,
        "invoice_id": None,
        "international": False,
        "method": paid.method,
        "amount_refunded": 0,
        "amount_transferred": 0,
        "refund_status": None,
        "captured": captured,
        "description": f"#{paid.link.removeprefix('plink_')}",
        "card_id": f"card_{token('card', paid.id)}" if paid.method == "card" else None,
        "bank": bank,
        "wallet": None,
        "vpa": vpa,
        "email": paid.party.email,
        "contact": paid.party.phone,
        "notes": _notes(paid),
        "fee": paid.fee if captured else None,
        "tax": paid.tax if captured else None,
        "error_code": "BAD_REQUEST_ERROR" if failed else None,
        "error_description": "Payment was not completed on time." if failed else None,
        "error_source": "customer" if failed else None,
        "error_step": "payment_authentication" if failed else None,
        "error_reason": "payment_timed_out" if failed else None,
        "acquirer_data": _acquirer(paid),
        "created_at": _seconds(paid.at),
    }
    if vpa is not None:
        entity["upi"] = {"payer_account_type": "bank_account", "vpa": vpa}
    if paid.method == "card":
        entity["card"] = {
            "id": entity["card_id"],
            "entity": "card",
            "name": "",
            "last4": digits("card", paid.party.code, size=4),
            "network": "Visa",
            "type": "debit",
            "issuer": paid.party.bank,
            "international": False,
            "emi": False,
            "sub_type": "business",
        }
    return entity


def _notes(paid: GatewayPayment) -> dict[str, str] | list[str]:
    """Return the notes: the bill's number on most payments, on some the empty array that PHP writes."""
    if int(digits("notes", paid.order, size=2)) < 25:
        return []
    return {"invoice_number": paid.invoice.number}


def _acquirer(paid: GatewayPayment) -> dict[str, str | None]:
    reference = f"{paid.at.year % 10}{paid.at:%j}{digits('rrn', paid.id, size=8)}"
    match paid.method:
        case "upi":
            return {"rrn": reference, "upi_transaction_id": token("upi", paid.id, size=32).upper()}
        case "netbanking":
            return {"bank_transaction_id": reference[2:]}
        case _:
            return {"rrn": reference, "auth_code": reference[-6:]}


def _order(paid: GatewayPayment) -> dict[str, Any]:
    return {
        "id": paid.order,
        "entity": "order",
        "amount": paid.amount,
        "amount_paid": paid.amount,
        "amount_due": 0,
        "currency": "INR",
        "receipt": paid.invoice.number,
        "offer_id": None,
        "status": "paid",
        "attempts": 1,
        "notes": [],
        "created_at": _seconds(paid.at) - 95,
    }


def _link_order(paid: GatewayPayment) -> dict[str, Any]:
    return {
        "account_number": None,
        "amount": paid.amount,
        "amount_due": 0,
        "amount_paid": paid.amount,
        "app_offer": False,
        "attempts": 1,
        "authorized": True,
        "created_at": _seconds(paid.at) - 95,
        "currency": "INR",
        "discount": False,
        "id": paid.order.removeprefix("order_"),
        "merchant_id": _ACCOUNT,
        "notes": [],
        "offers": {},
        "partial_payment": False,
        "payment_capture": True,
        "product_id": paid.link.removeprefix("plink_"),
        "product_type": "payment_link_v2",
        "receipt": paid.invoice.number,
        "status": "paid",
        "updated_at": _seconds(paid.at) + 8,
    }


def _link(paid: GatewayPayment) -> dict[str, Any]:
    return {
        "accept_partial": False,
        "amount": paid.amount,
        "amount_paid": paid.amount,
        "callback_method": "",
        "callback_url": "",
        "cancelled_at": 0,
        "created_at": _seconds(paid.at) - 3 * 86_400,
        "currency": "INR",
        "customer": {"name": paid.party.name, "contact": paid.party.phone, "email": paid.party.email},
        "description": f"Bill {paid.invoice.number}",
        "expire_by": 0,
        "expired_at": 0,
        "first_min_partial_amount": 0,
        "id": paid.link,
        "notes": None,
        "notify": {"email": True, "sms": True, "whatsapp": False},
        "order_id": paid.order,
        "reference_id": paid.invoice.number,
        "reminder_enable": True,
        "reminders": [],
        "short_url": f"https://rzp.io/rzp/{paid.link[-7:]}",
        "status": "paid",
        "updated_at": _seconds(paid.at) + 8,
        "upi_link": False,
        "user_id": _ACCOUNT,
        "whatsapp_link": False,
    }


def _refund_processed(paid: GatewayPayment) -> Message:
    refund = paid.refund
    assert refund is not None
    entity = {
        "id": refund.id,
        "entity": "refund",
        "amount": refund.amount,
        "currency": "INR",
        "payment_id": paid.id,
        "notes": {"comment": refund.note},
        "receipt": None,
        "acquirer_data": {"arn": None},
        "created_at": _seconds(refund.at),
        "batch_id": None,
        "status": "processed",
        "speed_processed": "normal",
        "speed_requested": "normal",
    }
    payment = _payment(paid, "captured") | {
        "amount_refunded": refund.amount,
        "refund_status": "full" if refund.amount == paid.amount else "partial",
        "status": "refunded" if refund.amount == paid.amount else "captured",
    }
    return _event("refund.processed", refund.at, {"refund": entity, "payment": payment})


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
