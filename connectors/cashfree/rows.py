"""Rows of Cashfree's ledger and recon: a payment's fee and settlement, and what a settlement is made of.

`event_amount` is what the event was about, `event_settlement_amount` what of it reached or left the settlement after
charges. Older versions hold all members side by side, 2025-01-01 in groups (`event_details` …): both are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.cashfree.entities import fee_and_tax, payment, settlement
from connectors.cashfree.facts import Fact
from connectors.cashfree.fields import Entity, first_moment, id_text, money, owed, rupees, text
from connectors.values import as_object, put, refer
from kit.errors import Rejected
from kit.money import format_minor

_GROUPS = (
    "settlement_details", "dispute_details", "refund_details", "payment_details",
    "cutomer_details",  # so spelt in the published answer
    "customer_details", "order_details", "event_details",
)  # fmt: skip

_FOR_TRANSFER = ("settlement_charge", "settlement_tax")
_FEW = 2_000


def flat(row: Entity) -> Entity:
    """Lay the groups of a row side by side; a member that says nothing hides none that does."""
    members = {name: value for name, value in row.items() if name not in _GROUPS}
    for name in _GROUPS:
        for key, value in as_object(row.get(name)).items():
            if value is not None:
                # A payment's own status isn't that of the row.
                members["payment_status" if (name, key) == ("payment_details", "status") else key] = value
    return members


def row_fact(row: Entity, kind: str, zone: ZoneInfo) -> Fact | None:
    """The fact of a payment's row; None for what is told better elsewhere and only counts in the sums.

    A refund's row doesn't name the refund by Cashfree's id, nor a dispute's the dispute; transfers have a list of theirs.
    """
    if kind != "PAYMENT" or not id_text(row, "cf_payment_id"):
        return None
    at = first_moment(row, "event_time", "payment_time")
    entity: dict[str, Any] = {
        **row,
        "payment_amount": row.get("payment_amount") or row.get("event_amount"),
        "payment_currency": text(row, "payment_currency", "event_currency"),
        "payment_time": text(row, "payment_time", "event_time"),
        "payment_status": text(row, "event_status") or "SUCCESS",
        "payment_group": text(row, "payment_mode", "payment_group"),
        "bank_reference": id_text(row, "bank_reference", "payment_utr"),
    }
    told = payment(entity, row, row, zone, happened_at=at)
    charge, tax = _charges(row)
    if charge is not None:
        fee, tax_in_it = fee_and_tax([charge], [tax], told.data["currency"])
        put(told.data, "fee", fee)
        put(told.data, "tax", tax_in_it)
    # Never the settlement's UTR: that is the whole transfer's, and would make each payment the bank line's own money.
    references = dict(told.data.get("references", {}))
    if first_moment(row, "settlement_date"):
        refer(references, "settlements", [id_text(row, "cf_settlement_id")])
    put(told.data, "references", references)
    return Fact("payment", told.external_id, told.data, told.word, at=at, merely_seen=True)


def sums_of(transfer: Entity, rows: Sequence[Entity], zone: ZoneInfo) -> Fact:
    """What a settlement is made of: captured − refunded ± adjusted − fee = amount; Rejected if the rows give another sum.

    What was kept for the transfer itself (an instant settlement) may stand in the rows or only beside them, and a row
    may be listed twice: whichever gives the transfer to the paisa.
    """
    told = settlement(transfer, zone)
    amount, currency = told.data["amount"], told.data["currency"]
    for_transfer = sum(money(transfer, name, currency=currency) or 0 for name in _FOR_TRANSFER)
    once = [row for number, row in enumerate(rows) if row not in rows[:number]] if len(rows) <= _FEW else rows
    every, each_once = _add(rows, currency), _add(once, currency)
    for sums, besides in ((every, 0), (every, for_transfer), (each_once, 0), (each_once, for_transfer)):
        if sums.net - besides == amount:
            break
    else:
        given, found = format_minor(amount, currency), format_minor(every.net, currency)
        raise Rejected(
            "recon.sums", f"The rows of this settlement add up to {found}, the transfer is {given}."
        )
    data: dict[str, Any] = {**told.data, "captured": sums.captured, "refunded": sums.refunded}
    if "fee" not in data:
        data["fee"] = sums.fee + besides
        data["tax"] = sums.tax + (money(transfer, "settlement_tax", currency=currency) or 0 if besides else 0)
    data["adjusted"] = amount - sums.captured + sums.refunded + data["fee"]
    return Fact("settlement", told.external_id, data, told.word, merely_seen=True)


@dataclass(slots=True)
class _Sums:
    """What rows add up to, in minor units."""

    net: int = 0
    captured: int = 0
    refunded: int = 0
    fee: int = 0
    tax: int = 0


def _add(rows: Sequence[Entity], currency: str) -> _Sums:
    sums = _Sums()
    for row in rows:
        if text(row, "event_currency") not in (None, currency):
            raise Rejected("recon.sums", "The rows of this settlement are of several currencies.")
        gross, part = owed(row, "event_amount", currency=currency), _signed(row, currency)
        sums.net += part
        match text(row, "event_type"):
            case "PAYMENT":
                sums.captured += gross
                kept = gross - part
            case "REFUND":
                sums.refunded += gross
                kept = -part - gross
            case _:
                continue
        charge, tax = _charges(row)
        stated, stated_tax = fee_and_tax([charge], [tax], currency)
        if stated is not None and stated_tax is not None and 0 < stated <= kept:
            sums.fee, sums.tax = sums.fee + stated, sums.tax + stated_tax
        else:
            sums.fee += max(kept, 0)
    return sums


def _signed(row: Entity, currency: str) -> int:
    part = owed(row, "event_settlement_amount", currency=currency)
    match text(row, "sale_type"):
        case "CREDIT":
            return part
        case "DEBIT":
            return -part
    raise Rejected("recon.sums", "A row of this settlement is neither credit nor debit.")


def _charges(row: Entity) -> tuple[Decimal | None, Decimal | None]:
    charge = rupees(row, "event_service_charge", "payment_service_charge")
    return charge, rupees(row, "event_service_tax", "payment_service_tax")
