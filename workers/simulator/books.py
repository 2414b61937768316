"""What the firm's books send: parties, bills, credit notes, receipts, cheques and payouts as standard events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from workers.simulator.customers import Party
from workers.simulator.entities import Cheque, Document, Payment, VendorPayment, moment, token
from workers.simulator.treasury import ACCOUNT
from workers.simulator.world import World

SOURCE = "standard:books"


@dataclass(frozen=True, slots=True)
class Message:
    """One webhook to send: its source, the id that every retry repeats, when it happened, the exact bytes."""

    source: str
    id: str
    at: datetime
    body: bytes


def books_messages(world: World) -> Iterator[Message]:
    """Tell the whole history as the books would have."""
    first = moment(world.start, 9)
    for party in world.customers:
        yield party_upserted(party, "customer", first)
    for party in world.vendors:
        yield party_upserted(party, "vendor", first)
    for invoice in world.invoices:
        if not invoice.opening:
            yield document("invoice.issued", invoice)
    for note in world.credit_notes:
        yield document("credit_note.issued", note)
    for bill in world.bills:
        if not bill.opening:
            yield document("bill.received", bill)
    for paid in world.payments:
        if paid.entered_on is not None:
            yield receipt(paid, paid.entered_on)
    for cheque in world.cheques:
        yield from cheque_events(cheque)
    for payout in world.vendor_payments:
        yield vendor_paid(payout)


def standard(source: str, event_type: str, at: datetime, data: dict[str, Any]) -> Message:
    """Make a message of the standard connector; its id follows from what it says."""
    body = orjson.dumps({"type": event_type, "timestamp": at.isoformat(), "data": data})
    return Message(source, f"msg_{token(source, body.decode(), size=24)}", at, body)


def brief(party: Party) -> dict[str, Any]:
    """Name a party inside another event."""
    return {"id": party.code, "name": party.name, "gstin": party.gstin}


def party_upserted(party: Party, role: str, at: datetime) -> Message:
    """State a ledger account of the books."""
    data: dict[str, Any] = {
        **brief(party),
        "pan": party.pan,
        "phone": party.phone,
        "email": party.email,
        "roles": [role],
        "currency": "INR",
        "state": "Maharashtra",
    }
    if party.terms_days is not None:
        data["terms_days"] = party.terms_days
    return standard(SOURCE, "party.upserted", at, data)


def document(event_type: str, paper: Document, at: datetime | None = None) -> Message:
    """State a bill of ours, a credit note, or a vendor's bill."""
    minute = len(paper.description) * 7 % 60
    data: dict[str, Any] = {
        "id": f"{event_type.split('.')[0]}/{paper.number}",
        "number": paper.number,
        "party": brief(paper.party),
        "issued_on": paper.issued_on.isoformat(),
        "amount": paper.amount,
        "currency": "INR",
        "base": paper.base,
        "tax": paper.tax,
        "description": paper.description,
    }
    if paper.due_on is not None:
        data["due_on"] = paper.due_on.isoformat()
    if paper.against is not None:
        data["references"] = {"invoices": [paper.against]}
    return standard(SOURCE, event_type, at or moment(paper.issued_on, 18, minute), data)


def receipt(paid: Payment, on: date, at: datetime | None = None) -> Message:
    """State a receipt voucher into the bank ledger, as the accountant entered it from the bank's advice."""
    references: dict[str, Any] = {"utr": [paid.utr]}
    if paid.settles:
        references["invoices"] = [number for number, _ in paid.settles]
    data = {
        "id": paid.id,
        "amount": paid.amount,
        "currency": "INR",
        "party": brief(paid.party),
        "method": {"imps": "imps", "upi": "upi"}.get(paid.channel, "rtgs" if len(paid.utr) == 22 else "neft"),
        "paid_on": paid.at.date().isoformat(),
        "into": "bank",
        "account": ACCOUNT,
        "references": references,
        "description": "On account" if not paid.settles else "Against bills",
    }
    return standard(SOURCE, "payment.received", at or max(moment(on, 19), paid.at), data)


def cheque_events(cheque: Cheque, at: datetime | None = None) -> Iterator[Message]:
    """State the life of a cheque, as far as it has come."""
    identity = f"CHQ-{cheque.party.code}-{cheque.number}"
    received = {
        "id": identity,
        "number": cheque.number,
        "bank": cheque.bank,
        "party": brief(cheque.party),
        "dated_on": cheque.dated_on.isoformat(),
        "on": cheque.received_on.isoformat(),
        "amount": cheque.amount,
        "currency": "INR",
        "references": {"invoices": [number for number, _ in cheque.settles]},
    }
    yield standard(SOURCE, "cheque.received", at or moment(cheque.received_on, 12, 30), received)
    for event_type, on, hour in (
        ("cheque.deposited", cheque.deposited_on, 11),
        ("cheque.cleared", cheque.cleared_on, 19),
        ("cheque.returned", cheque.returned_on, 19),
    ):
        if on is not None:
            data: dict[str, Any] = {"id": identity, "number": cheque.number, "on": on.isoformat()}
            if event_type == "cheque.returned":
                data["reason"] = "Funds insufficient"
            yield standard(SOURCE, event_type, moment(on, hour), data)


def vendor_paid(payout: VendorPayment) -> Message:
    """State a payment voucher to a vendor."""
    bill = payout.bill
    data = {
        "id": f"PMT-{bill.number}",
        "amount": bill.amount,
        "currency": "INR",
        "party": brief(bill.party),
        "paid_on": payout.at.date().isoformat(),
        "mode": "neft",
        "references": {"utr": [payout.utr], "bills": [bill.number]},
        "description": bill.description,
    }
    return standard(SOURCE, "payout.processed", payout.at + timedelta(hours=5), data)
