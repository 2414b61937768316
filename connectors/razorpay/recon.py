"""Razorpay's settlement recon: which payments and refunds each settlement is made of, and what was kept back.

A row's `credit` and `debit` are what reached or left the settlement, after fees; per settlement their difference is
what comes to the bank. Fees that were paid otherwise (fee credits) are stated on the payment and aren't in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Inbound, Observation, Observed, Unreadable
from connectors.razorpay.fields import Entity, order_id, text
from connectors.razorpay.pages import members_digest, page_items
from connectors.values import as_object, put, refer, unix_day, unix_moment
from kit.errors import Rejected

WHOLE_DAY = "x-recon-day"
"""Header that `fetch` sets to `whole` on a page that holds all rows of its day: only then do its sums mean anything."""
RIPE = timedelta(days=1)
"""Age at which a settlement's rows are taken to be complete: they may appear some time after it."""
_ROW = (
    "entity_id", "type", "debit", "credit", "amount", "currency", "fee", "tax", "settled", "created_at",
    "settlement_id", "payment_id", "order_id", "order_receipt", "method",
)  # fmt: skip


def read_recon(inbound: Inbound, *, version: str, zone: ZoneInfo, now: datetime) -> Observed:
    """Read one page of recon rows; the sums of a settlement only from a page that holds its whole day."""
    observations: list[Observation] = []
    unreadable: list[Unreadable] = []
    ignored: list[str] = []
    settlements: dict[str, list[Entity]] = defaultdict(list)
    incomplete: set[str] = set()
    for number, item in enumerate(page_items(inbound.body, "items")):
        row = as_object(item)
        settlement_id = text(row, "settlement_id")
        place = f"recon:{text(row, 'entity_id') or f'#{number}'}"[:200]
        if settlement_id is None or row.get("settled") is False:
            if row:
                ignored.append(f"{place} is not settled yet")
            else:
                unreadable.append(Unreadable(place, "schema.not_an_object", "The row is none."))
            continue
        settlements[settlement_id].append(row)
        try:
            _check(row)
            seen = _observation(row, settlement_id, zone, now)
            if seen is None:
                ignored.append(f"{place} ({text(row, 'type')})")
            else:
                observations.append(seen)
        except Rejected as rejection:
            incomplete.add(settlement_id)
            unreadable.append(Unreadable(place, rejection.code, rejection.message))
    if inbound.headers.get(WHOLE_DAY) == "whole":
        for settlement_id, rows in settlements.items():
            if settlement_id not in incomplete and _ripe(rows, now):
                try:
                    observations.append(_sums(settlement_id, rows, now))
                except Rejected as rejection:
                    place = f"recon:{settlement_id}"[:200]
                    unreadable.append(Unreadable(place, rejection.code, rejection.message))
    unique = {seen.event_id: seen for seen in observations}
    return Observed(version, list(unique.values()), unreadable, ignored)


def _check(row: Entity) -> None:
    for name in ("entity_id", "type", "currency"):
        if text(row, name) is None:
            raise Rejected("schema.field_missing", f"{name} is missing.")
    for name in ("amount", "credit", "debit"):
        value = row.get(name)
        if type(value) is not int or value < 0:
            raise Rejected("schema.amount_missing", f"{name} is not an amount in paise.")


def _observation(row: Entity, settlement_id: str, zone: ZoneInfo, now: datetime) -> Observation | None:
    """The fact of one row; None for what is no payment and no refund: it only counts in the sums."""
    external_id = text(row, "entity_id")
    assert external_id is not None
    data: dict[str, Any] = {"amount": row["amount"], "currency": row["currency"]}
    references: dict[str, list[str]] = {}
    put(data, "paid_on", unix_day(row.get("created_at"), zone))
    match row["type"]:
        case "payment":
            kind, event_type = "payment", "payment.received"
            put(data, "fee", row.get("fee"))
            put(data, "tax", row.get("tax"))
            put(data, "method", text(row, "method"))
            refer(references, "orders", [order_id(row.get("order_id"))])
            refer(references, "tokens", [text(row, "order_receipt")])
        case "refund":
            kind, event_type = "refund", "refund.processed"
            data["payment"] = text(row, "payment_id")
            if data["payment"] is None:
                raise Rejected("schema.field_missing", "payment_id is missing in a refund.")
            refer(references, "payments", [data["payment"]])
        case _:
            return None
    # Never the settlement's UTR: that is the whole transfer's, and would make each payment the bank line's own money.
    refer(references, "settlements", [settlement_id])
    data["references"], data["status"] = references, event_type
    return Observation(
        event_id=f"recon:{external_id}:{members_digest(row, _ROW)}",
        kind=kind,
        external_id=external_id,
        # Before anything that the lists say at the time of a call: they know the payment better.
        occurred_at=unix_moment(row.get("created_at")) or now.astimezone(UTC),
        precision="observed",
        data=data,
        event_type=event_type,
    )


def _ripe(rows: Sequence[Entity], now: datetime) -> bool:
    times = [unix_moment(row.get("settled_at")) for row in rows]
    return all(at is not None and at <= now - RIPE for at in times)


def _sums(settlement_id: str, rows: Sequence[Entity], now: datetime) -> Observation:
    """What a settlement is made of: captured − refunded ± adjusted − fee = amount, exactly."""
    captured = sum(row["amount"] for row in rows if row["type"] == "payment")
    refunded = sum(row["amount"] for row in rows if row["type"] == "refund")
    amount = sum(row["credit"] - row["debit"] for row in rows)
    kept_back = [_fee(row) for row in rows]
    fee, tax = sum(part[0] for part in kept_back), sum(part[1] for part in kept_back)
    currencies = {row["currency"] for row in rows}
    if amount < 0 or fee < 0 or len(currencies) > 1:
        raise Rejected("recon.sums", "The rows of this settlement don't add up to a transfer.")
    references: dict[str, list[str]] = {}
    refer(references, "utr", sorted({text(row, "settlement_utr") or "" for row in rows}))
    data: dict[str, Any] = {
        "amount": amount,
        "currency": currencies.pop(),
        "captured": captured,
        "refunded": refunded,
        "adjusted": amount - captured + refunded + fee,
        "fee": fee,
        "tax": tax,
        "status": "settlement.processed",
    }
    put(data, "references", references)
    digests: Mapping[str, str] = {str(row["entity_id"]): members_digest(row, _ROW) for row in rows}
    return Observation(
        event_id=f"recon:{settlement_id}:{members_digest(digests, sorted(digests))}",
        kind="settlement",
        external_id=settlement_id,
        occurred_at=now.astimezone(UTC),
        precision="observed",
        data=data,
        event_type="settlement.processed",
    )


def _fee(row: Entity) -> tuple[int, int]:
    """What was kept back from this row for Razorpay, and the GST in it."""
    stated, tax = (value if type(value := row.get(name)) is int else 0 for name in ("fee", "tax"))
    match row["type"]:
        case "payment":
            kept = row["amount"] - row["credit"] + row["debit"]
        case "refund":
            kept = row["debit"] - row["credit"] - row["amount"]
        case _:
            kept = stated
    return kept, tax if kept == stated else 0
