"""Webhooks, listed events and listed objects of the same histories, with any of them lost, end in one state."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound
from tests.connectors.folding import Key, folded

BORN = datetime(2026, 11, 10, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Arrival = tuple[Inbound, datetime]
Life = tuple[str, Key, list[tuple[str, dict[str, Any]]]]
"""The list that it is in, what it is with us, and step by step the event and the object as it was then."""


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def life(stream: str, reads: str, key: Key, base: dict[str, Any], *steps: tuple[str, dict[str, Any]]) -> Life:
    whole = {"object": reads, "currency": "inr", "created": seconds(BORN), "livemode": True, **base}
    return stream, key, [(name, {**whole, **change}) for name, change in steps]


_CHARGE = {"id": "ch_1", "payment_intent": "pi_1", "amount": 1_000, "amount_captured": 1_000, "captured": True,
           "amount_refunded": 0, "refunded": False, "status": "succeeded", "customer": "cus_1"}  # fmt: skip
_INVOICE = {
    "id": "in_1",
    "total": 1_000,
    "amount_remaining": 1_000,
    "amount_paid": 0,
    "customer": "cus_1",
    "number": "K-1",
}
_OWN: dict[str, Any] = {"amount": 1_000, "payment_intent": "pi_1"}
LIVES: list[Life] = [
    life("charges", "charge", ("payment", "pi_1"), _CHARGE, ("charge.succeeded", {}),
         ("charge.refunded", {"amount_refunded": 400}), ("charge.refunded", {"amount_refunded": 1_000, "refunded": True})),
    life("charges", "charge", ("payment", "pi_1"), _CHARGE,
         ("charge.succeeded", {"captured": False, "amount_captured": 0}),
         ("charge.captured", {"amount_captured": 700, "amount_refunded": 300})),
    life("charges", "charge", ("payment", "pi_1"), _CHARGE, ("charge.pending", {"status": "pending"}),
         ("charge.failed", {"status": "failed", "failure_message": "No."})),
    life("payment_intents", "payment_intent", ("payment", "pi_1"), {"id": "pi_1", "amount": 1_000},
         ("payment_intent.payment_failed",
          {"status": "requires_payment_method", "amount_received": 0, "last_payment_error": {"message": "No."}}),
         ("payment_intent.amount_capturable_updated", {"status": "requires_capture", "amount_received": 0}),
         ("payment_intent.succeeded", {"status": "succeeded", "amount_received": 1_000})),
    life("refunds", "refund", ("refund", "re_1"), {"id": "re_1", **_OWN}, ("refund.created", {"status": "pending"}),
         ("refund.updated", {"status": "succeeded"}), ("refund.failed", {"status": "failed"})),
    life("disputes", "dispute", ("dispute", "dp_1"), {"id": "dp_1", **_OWN},
         ("charge.dispute.created", {"status": "needs_response"}),
         ("charge.dispute.updated", {"status": "under_review"}), ("charge.dispute.closed", {"status": "lost"})),
    life("payouts", "payout", ("settlement", "po_1"), {"id": "po_1", "amount": 1_000, "arrival_date": seconds(BORN)},
         ("payout.created", {"status": "pending"}), ("payout.paid", {"status": "paid"}),
         ("payout.failed", {"status": "failed"})),
    life("invoices", "invoice", ("invoice", "in_1"), _INVOICE, ("invoice.created", {"status": "draft"}),
         ("invoice.finalized", {"status": "open"}),
         ("invoice.updated", {"status": "open", "amount_paid": 400, "amount_remaining": 600}),
         ("invoice.paid", {"status": "paid", "amount_paid": 1_000, "amount_remaining": 0})),
    life("invoices", "invoice", ("invoice", "in_1"), _INVOICE, ("invoice.finalized", {"status": "open"}),
         ("invoice.marked_uncollectible", {"status": "uncollectible"}),
         ("invoice.paid", {"status": "paid", "amount_paid": 1_000, "amount_remaining": 0})),
    life("invoices", "invoice", ("invoice", "in_1"), _INVOICE, ("invoice.finalized", {"status": "open"}),
         ("invoice.voided", {"status": "void"})),
    life("credit_notes", "credit_note", ("credit_note", "cn_1"),
         {"id": "cn_1", "total": 100, "number": "K-1-CN-01", "customer": "cus_1"},
         ("credit_note.created", {"status": "issued"}), ("credit_note.voided", {"status": "void"})),
]  # fmt: skip
_TIMES = {"paid": "paid_at", "void": "voided_at", "uncollectible": "marked_uncollectible_at"}


def told(state: dict[str, Any]) -> dict[str, Any]:
    """What bears on money in a state; a failed payout has no day, and keeps an earlier one where it was seen."""
    names = ["amount", "currency", "status", "refunded", "number", "payment", "references"]
    names += ["settled_on"] if state["type"] == "settlement.processed" else []
    return {"type": state["type"], **{name: state["data"].get(name) for name in names}}


@st.composite
def seen(draw: st.DrawFn) -> tuple[Key, list[Arrival], list[Arrival]]:
    """A life: all that was ever said of it, and some of that with at least something of the last step."""
    stream, key, steps = draw(st.sampled_from(LIVES))
    at, times, said = BORN, dict[str, int](), list[list[Arrival]]()
    for number, (name, entity) in enumerate(steps):
        at += draw(st.sampled_from([timedelta(seconds=1), HOUR, DAY]))
        if entity["status"] in _TIMES:
            times[_TIMES[entity["status"]]] = seconds(at)
        entity = {**entity, "status_transitions": dict(times), "voided_at": times.get("voided_at")}
        event = {
            "id": f"evt_{number}", "object": "event", "type": name, "created": seconds(at), "livemode": True,
            "api_version": "2024-06-20", "data": {"object": entity},
        }  # fmt: skip
        page = {"object": "list", "has_more": False, "data": [event]}
        some = [
            (Inbound(json.dumps(event).encode()), at),
            (Inbound(json.dumps(page).encode(), stream="events"), at + HOUR),
        ]
        for _ in range(draw(st.integers(0, 2))):
            later = at + timedelta(milliseconds=draw(st.integers(1, 900)))
            some.append((Inbound(json.dumps(entity).encode(), stream=stream), later))
        said.append(some)
    earlier = [arrival for some in said[:-1] for arrival in some]
    kept = [arrival for arrival in earlier if draw(st.booleans())]
    last = draw(st.lists(st.sampled_from(said[-1]), min_size=1, max_size=4))
    return key, [*earlier, *said[-1]], draw(st.permutations([*kept, *last]))


@settings(max_examples=400, deadline=None)
@given(seen())
def test_whatever_was_lost_or_came_late_the_state_is_that_of_the_last_step(case):
    key, everything, some = case
    whole, part = folded("stripe", everything)[key], folded("stripe", some)[key]
    assert told(part) == told(whole)


def test_each_life_ends_as_an_accountant_expects():
    ends = []
    for _, key, steps in LIVES:
        events = [
            {"id": f"evt_{n}", "object": "event", "type": name, "created": seconds(BORN) + n, "data": {"object": entity}}
            for n, (name, entity) in enumerate(steps)
        ]  # fmt: skip
        state = folded("stripe", [(Inbound(json.dumps(event).encode()), BORN + DAY) for event in events])[key]
        ends.append((state["type"], state["data"].get("status"), state["data"].get("refunded")))
    assert ends == [
        ("payment.received", "payment.refunded", 1_000),
        ("payment.received", "payment.received", 300),
        ("payment.failed", "payment.failed", None),
        ("payment.received", "payment.received", None),
        ("refund.failed", "refund.failed", None),
        ("dispute.lost", "dispute.lost", None),
        ("settlement.failed", "settlement.failed", None),
        ("invoice.status_reported", "invoice.paid", None),
        ("invoice.status_reported", "invoice.paid", None),
        ("invoice.voided", "invoice.voided", None),
        ("credit_note.voided", None, None),
    ]
