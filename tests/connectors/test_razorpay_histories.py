"""Webhooks and pulled pages of the same histories, in any order and with any of them lost, end in one state."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound
from connectors.razorpay.recon import WHOLE_DAY
from ledger.domain.derive import Terms, derive
from ledger.domain.derive.model import Identity
from ledger.domain.events import subject_id
from tests.connectors.folding import folded, identities

BORN = datetime(2026, 11, 10, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Arrival = tuple[Inbound, datetime]


@dataclass(frozen=True, slots=True)
class Life:
    """One thing's life: its list, and step by step its entity and the webhook (if there is one) that tells of it."""

    stream: str
    member: str
    steps: tuple[tuple[str | None, dict[str, Any]], ...]


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def a_payment(number: int, *states: tuple[str, int]) -> Life:
    """A payment through `(status, refunded)` states; `created` has no webhook, a part refund comes with the refund's."""
    steps = []
    for status, refunded in states:
        held = status in ("captured", "refunded")
        entity = {
            "id": f"pay_{number:014}", "entity": "payment", "amount": 100_000, "currency": "INR", "status": status,
            "order_id": f"order_{number:014}", "method": "upi", "amount_refunded": refunded, "notes": {"invoice": "I-1"},
            "fee": 2_360 if held else None, "tax": 360 if held else None, "created_at": seconds(BORN),
            "acquirer_data": {"rrn": "632500114477"} if held else {}, "contact": "9800000001",
        }  # fmt: skip
        name = {"created": None, "refunded": "refund.processed"}.get(status, f"payment.{status}")
        steps.append(("refund.processed" if refunded else name, entity))
    return Life("payments", "payment", tuple(steps))


def a_life(stream: str, member: str, base: dict[str, Any], *steps: tuple[str | None, dict[str, Any]]) -> Life:
    whole = {
        "id": f"{member[:4]}_00000000000001",
        "amount": 100_000,
        "currency": "INR",
        "created_at": seconds(BORN),
        **base,
    }
    return Life(stream, member, tuple((name, {**whole, **change}) for name, change in steps))


_INVOICE = {"type": "invoice", "invoice_number": "I-1", "customer_id": "cust_1", "issued_at": seconds(BORN)}
_REFUND = {"payment_id": "pay_00000000000001", "notes": []}
LIVES = [
    a_payment(1, ("created", 0), ("authorized", 0), ("captured", 0)),
    a_payment(1, ("authorized", 0), ("captured", 0), ("captured", 40_000), ("refunded", 100_000)),
    a_payment(1, ("created", 0), ("failed", 0), ("authorized", 0), ("captured", 0)),
    a_payment(1, ("created", 0), ("failed", 0), ("authorized", 0)),
    a_payment(1, ("created", 0), ("failed", 0)),
    a_life("refunds", "refund", _REFUND, ("refund.created", {"status": "pending"}),
           ("refund.processed", {"status": "processed"})),
    a_life("refunds", "refund", _REFUND, ("refund.created", {"status": "pending"}), ("refund.failed", {"status": "failed"})),
    a_life("settlements", "settlement", {"fees": 0, "tax": 0}, (None, {"status": "created"}),
           ("settlement.processed", {"status": "processed", "utr": "EXMPR52026111200001"})),
    a_life("settlements", "settlement", {"fees": 0, "tax": 0}, (None, {"status": "created"}), (None, {"status": "failed"}),
           ("settlement.processed", {"status": "processed", "utr": "EXMPR52026111200001"})),
    a_life("invoices", "invoice", _INVOICE, (None, {"status": "draft", "amount_paid": None}),
           (None, {"status": "issued", "amount_paid": 0}),
           ("invoice.partially_paid", {"status": "partially_paid", "amount_paid": 40_000}),
           ("invoice.paid", {"status": "paid", "amount_paid": 100_000, "paid_at": seconds(BORN + 3 * DAY)})),
    a_life("invoices", "invoice", _INVOICE, (None, {"status": "issued", "amount_paid": 0}),
           (None, {"status": "cancelled", "amount_paid": 0, "cancelled_at": seconds(BORN + DAY)})),
    a_life("payouts", "payout", {}, ("payout.queued", {"status": "queued"}), ("payout.initiated", {"status": "processing"}),
           ("payout.processed", {"status": "processed"}), ("payout.reversed", {"status": "reversed"})),
    a_life("payouts", "payout", {}, ("payout.pending", {"status": "pending"}), ("payout.rejected", {"status": "rejected"})),
    a_life("transactions", "transaction", {"account_number": "1", "credit": 100_000, "debit": 0, "balance": 5}, (None, {}),
           ("transaction.created", {})),
]  # fmt: skip


def webhook(life: Life, step: int, moment: datetime) -> Arrival:
    name, entity = life.steps[step]
    event = {"event": name, "payload": {life.member: {"entity": entity}}, "created_at": seconds(moment)}
    if name and name.startswith("refund.") and life.member == "payment":
        refund = {
            "id": f"rfnd_{step:014}", "amount": 1, "currency": "INR", "payment_id": entity["id"], "status": "processed",
            "created_at": seconds(moment),
        }  # fmt: skip
        event["payload"]["refund"] = {"entity": refund}  # type: ignore[index]
    return Inbound(json.dumps(event).encode(), {"x-razorpay-event-id": f"evt_{step}"}), moment


def page(life: Life, step: int, moment: datetime, *, alone: bool) -> Arrival:
    entity = life.steps[step][1]
    body = entity if alone else {"entity": "collection", "count": 1, "items": [entity]}
    return Inbound(json.dumps(body).encode(), stream=life.stream), moment


def told(state: dict[str, Any]) -> dict[str, Any]:
    """What bears on money in a state; a payout's day is known to its webhook only."""
    names = ["amount", "currency", "status", "refunded", "fee", "tax", "number", "payment", "references"]
    if not state["type"].startswith("payout"):
        names.append("paid_on")
    return {"type": state["type"], **{name: state["data"].get(name) for name in names}}


@st.composite
def seen(draw: st.DrawFn) -> tuple[Life, list[Arrival], list[Arrival]]:
    """A life; all that was ever said of it; and some of that, of the last step at least something, in any order."""
    life = draw(st.sampled_from(LIVES))
    at, moments = BORN, []
    for _ in life.steps:
        at += draw(st.sampled_from([timedelta(seconds=1), HOUR, DAY]))
        moments.append(at)
    # What a vendor states as a time of its own is when that step was taken.
    steps = tuple(
        (name, {**entity, **{k: seconds(moments[n]) for k in ("paid_at", "cancelled_at") if entity.get(k)}})
        for n, (name, entity) in enumerate(life.steps)
    )
    life = Life(life.stream, life.member, steps)
    said: list[list[Arrival]] = []
    for step, moment in enumerate(moments):
        end = moments[step + 1] if step + 1 < len(moments) else moment + DAY
        polls = draw(st.lists(st.floats(0.01, 0.99), max_size=3))
        some = [page(life, step, moment + (end - moment) * part, alone=draw(st.booleans())) for part in polls]
        if life.steps[step][0]:
            some.append(webhook(life, step, moment))
        said.append(some)
    if not said[-1]:
        said[-1].append(page(life, len(moments) - 1, moments[-1] + HOUR, alone=False))
    earlier = [arrival for some in said[:-1] for arrival in some]
    kept = [arrival for arrival in earlier if draw(st.booleans())]
    last = draw(st.lists(st.sampled_from(said[-1]), min_size=1, max_size=4))
    arrivals = draw(st.permutations([*kept, *last]))
    return life, [*earlier, *said[-1]], arrivals


@settings(max_examples=400, deadline=None)
@given(seen())
def test_whatever_was_lost_or_came_late_the_state_is_that_of_the_last_step(case):
    life, everything, some = case
    key = ({"transaction": "bank_line"}.get(life.member, life.member), life.steps[-1][1]["id"])
    whole, part = folded("razorpay", everything).get(key), folded("razorpay", some).get(key)
    assert whole is not None
    assert part is not None
    assert told(part) == told(whole)
    assert whole["type"] == EXPECTED.get((life.member, life.steps[-1][1].get("status")), whole["type"])


EXPECTED = {
    ("payment", "captured"): "payment.received",
    ("payment", "refunded"): "payment.received",
    ("payment", "authorized"): "payment.authorised",
    ("payment", "failed"): "payment.failed",
    ("refund", "processed"): "refund.processed",
    ("refund", "failed"): "refund.failed",
    ("settlement", "processed"): "settlement.processed",
    ("invoice", "paid"): "invoice.status_reported",
    ("invoice", "cancelled"): "invoice.voided",
    ("payout", "reversed"): "payout.reversed",
    ("payout", "rejected"): "payout.failed",
}


def test_every_end_of_a_life_is_expected():
    ends = {(life.member, life.steps[-1][1].get("status")) for life in LIVES} - {("transaction", None)}
    assert ends == EXPECTED.keys()


# ---- the settlement, opened ------------------------------------------------------------------------
def recon(settled: datetime) -> Arrival:
    rows: list[dict[str, Any]] = [
        {"entity_id": f"pay_{n:014}", "type": "payment", "credit": 97_640, "debit": 0, "amount": 100_000, "currency": "INR",
         "fee": 2_360, "tax": 360, "settled": True, "created_at": seconds(BORN), "settled_at": seconds(settled),
         "settlement_id": "sett_00000000000001", "settlement_utr": "EXMPR52026111200001", "method": "upi"}
        for n in (1, 2)
    ]  # fmt: skip
    body = json.dumps({"items": rows}).encode()
    return Inbound(body, {WHOLE_DAY: "whole"}, stream="recon"), settled + 2 * DAY


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_settlement_and_its_payments_are_one_receipt_each_and_one_explained_bank_line(data):
    settled = BORN + 2 * DAY
    lives = [a_payment(n, ("captured", 0)) for n in (1, 2)]
    transfer = a_life("settlements", "settlement", {"amount": 195_280, "fees": 0, "tax": 0, "created_at": seconds(settled)},
                      ("settlement.processed", {"status": "processed", "utr": "EXMPR52026111200001"}))  # fmt: skip
    told = [recon(settled)]
    for number, life in enumerate([*lives, transfer]):
        inbound, moment = webhook(life, 0, settled)
        hook = Inbound(inbound.body, {"x-razorpay-event-id": f"evt_{number}"})
        both = [(hook, moment), page(life, 0, settled + HOUR, alone=False)]
        told += data.draw(st.sampled_from([both, both[:1], both[1:]]))
    states = folded("razorpay", data.draw(st.permutations(told)))
    line = {
        "type": "bank.credited", "at": settled.isoformat(), "event": "b1", "word": None, "precision": "day",
        "data": {"amount": 195_280, "currency": "INR", "account": "4421", "posted_on": "2026-11-12",
                 "narration": "NEFT EXMPR52026111200001 RAZORPAY", "references": {"utr": ["EXMPR52026111200001"]}},
    }  # fmt: skip
    bank = Identity(subject_id("bank:icici", "bank_line", "b1"), "bank:icici", "bank_line", "b1", line)
    made = derive([*identities("razorpay", states), bank], Terms())
    assert [(row.amount, row.arrived) for row in made.tables["receipts"]] == [
        (100_000, True),
        (100_000, True),
    ]
    (row,) = made.tables["settlements"]
    assert (row.amount, row.bank_amount, row.fee, row.tax) == (195_280, 195_280, 4_720, 720)
    assert made.tables["bank_lines"][0].explained_by == "settlement"
    sums = states["settlement", "sett_00000000000001"]["data"]
    assert sums["captured"] - sums["refunded"] + sums["adjusted"] - sums["fee"] == sums["amount"]
    for number in (1, 2):
        references = states["payment", f"pay_{number:014}"]["data"]["references"]
        assert references["settlements"] == ["sett_00000000000001"]


def test_a_settlement_that_was_tried_again_is_processed_though_no_webhook_said_so():
    life = next(life for life in LIVES if life.stream == "settlements" and len(life.steps) == 3)
    polls = [page(life, step, BORN + step * DAY, alone=False) for step in (0, 1, 2)]
    for arrivals in (polls, polls[::-1]):
        assert (
            folded("razorpay", arrivals)["settlement", "sett_00000000000001"]["type"]
            == "settlement.processed"
        )
    assert folded("razorpay", polls[:2])["settlement", "sett_00000000000001"]["type"] == "settlement.failed"
