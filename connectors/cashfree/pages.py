"""Pulled bodies of Cashfree's API, read into the same facts and identities as the webhooks'.

An order that was fetched by its id comes as one body of four answers: `{"order", "payments", "refunds", "disputes"}`;
a settlement's rows as `{"settlement", "recon"}`. Each answer in it is as Cashfree gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.cashfree.entities import dispute, fee_and_tax, payment, refund, settlement
from connectors.cashfree.facts import Fact, asked_again, observation
from connectors.cashfree.fields import Entity, currency_of, day, first_moment, id_text, owed, rupees, text
from connectors.cashfree.rows import flat, row_fact, sums_of
from connectors.contract import Inbound, Observation, Observed, Unreadable, Wanted
from connectors.values import as_object, put, refer
from kit.errors import Rejected
from kit.json import read_json

VERSION = "2025-01-01"
"""The version in which the API is asked."""
_RECON_AFTER = timedelta(hours=6)
_RECON_FOR = timedelta(hours=36)
_LONG = timedelta(days=180)
_OPEN_PAYMENT = timedelta(days=3)
_OPEN_SETTLEMENT = frozenset(
    ["CREATED", "INITIATED", "PENDING", "PENDING_WITH_CASHFREE", "PENDING_WITH_BANK", "FAILED"]
)


@dataclass(slots=True)
class Reading:
    """What a page says as it is read, part by part; a part that can't be read costs only itself."""

    stream: str
    now: datetime
    observations: dict[str, Observation] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    wanted: dict[tuple[str, str], Wanted] = field(default_factory=dict)

    def keep(self, fact: Fact) -> None:
        """Keep a fact; the same again says nothing new."""
        seen = observation(fact, now=self.now, of=self.stream)
        self.observations.setdefault(seen.event_id, seen)

    def want(self, items: Iterable[Wanted]) -> None:
        """Ask for objects, each once."""
        for item in items:
            self.wanted.setdefault((item.stream, item.external_id), item)

    def each(self, items: Sequence[Any], what: str, read: Callable[[Entity], None]) -> None:
        """Read the items of a list one by one."""
        for number, item in enumerate(items):
            place = f"{self.stream}:{what}#{number}"
            try:
                if not isinstance(item, dict) or not item:
                    raise Rejected("schema.not_an_object", f"The {what} is no object.")
                read(item)
            except Rejected as rejection:
                self.unreadable.append(Unreadable(place, rejection.code, rejection.message))

    def observed(self) -> Observed:
        """Return all of it."""
        return Observed(
            VERSION,
            list(self.observations.values()),
            self.unreadable,
            self.ignored,
            wanted=list(self.wanted.values()),
        )


def read_page(inbound: Inbound, *, zone: ZoneInfo, now: datetime) -> Observed:
    """Read a page of a stream, or an object fetched by its id; Rejected if it is neither."""
    reading, answer = Reading(inbound.stream or "", now), read_json(inbound.body)
    match inbound.stream:
        case "orders" if isinstance(answer, dict) and "payments" in answer:
            _order(answer, reading, zone)
        case "recon" if isinstance(answer, dict) and "recon" in answer:
            _settlement_rows(answer, reading, zone)
        case "orders" | "recon":
            reading.each(listed(answer), "row", lambda row: _row(flat(row), reading, zone))
        case "settlements":
            reading.each(listed(answer), "settlement", lambda item: _settlement(flat(item), reading, zone))
        case _:
            raise Rejected("stream.unknown", f"{reading.stream[:40]!r} is not a stream that we know.")
    return reading.observed()


def listed(answer: Any) -> list[Any]:
    """Return the objects of an answer: under `data`, bare in a list, or one alone; Rejected for anything else."""
    if isinstance(answer, list):
        return answer
    if not isinstance(answer, dict):
        raise Rejected("schema.not_an_object", "An answer of Cashfree is a JSON object or a list.")
    if "data" not in answer and ("cf_settlement_id" in answer or "settlement_details" in answer):
        return [answer]
    items = answer.get("data")
    if not isinstance(items, list):
        raise Rejected("schema.field_missing", "data: the list is not there or not a list.")
    return items


def is_empty(fact: Fact) -> bool:
    """Whether a settlement transferred nothing: Cashfree lists such too, they never reach the bank."""
    return fact.data.get("amount") == 0


# ---- an order --------------------------------------------------------------------------------------
def _order(answer: Mapping[str, Any], reading: Reading, zone: ZoneInfo) -> None:
    order = as_object(answer.get("order"))
    customer, order_id = as_object(order.get("customer_details")), id_text(order, "order_id")

    def paid(entity: Entity) -> None:
        fact = payment(entity, order, customer, zone)
        reading.keep(fact)
        if fact.word == "PENDING":
            made_at = first_moment(entity, "payment_time")
            own = order_id or id_text(entity, "order_id")
            reading.want(asked_again("orders", own, made_at, limit=_OPEN_PAYMENT, now=reading.now))

    def given_back(entity: Entity) -> None:
        fact = refund(entity, zone)
        reading.keep(fact)
        if fact.word in ("PENDING", "ONHOLD", "INITIATED"):
            made_at = first_moment(entity, "created_at")
            own = order_id or id_text(entity, "order_id")
            reading.want(asked_again("orders", own, made_at, limit=_LONG, now=reading.now))

    def disputed(entity: Entity) -> None:
        reading.keep(dispute(entity, as_object(entity.get("order_details")), zone))

    parts = (
        ("payments", "payment", paid),
        ("refunds", "refund", given_back),
        ("disputes", "dispute", disputed),
    )
    for name, what, read in parts:
        items = answer.get(name)
        if not isinstance(items, list):
            place = f"orders:{name}"
            reading.unreadable.append(Unreadable(place, "schema.field_missing", f"{name}: it is not a list."))
            continue
        reading.each(items, what, read)
    if not (reading.observations or reading.unreadable):
        reading.ignored.append(f"order {order_id or 'without an id'}: nobody has paid"[:200])


# ---- settlements and their rows --------------------------------------------------------------------
def _settlement(entity: Entity, reading: Reading, zone: ZoneInfo) -> None:
    if id_text(entity, "cf_payment_id"):
        reading.keep(_share(entity, zone))
        return
    fact = settlement(entity, zone)
    if is_empty(fact):
        reading.ignored.append(f"settlement {fact.external_id[:60]}: nothing was settled")
        return
    reading.keep(fact)
    began = first_moment(entity, "settlement_initiated_on", "settlement_date", "settled_on", "event_time")
    if fact.word in _OPEN_SETTLEMENT:
        reading.want(asked_again("settlements", fact.external_id, began, limit=_LONG, now=reading.now))
    elif fact.sequence == 2 and began is not None and reading.now - began < _RECON_FOR:
        reading.want([Wanted("recon", fact.external_id[:300], _RECON_AFTER)])


def _share(entity: Entity, zone: ZoneInfo) -> Fact:
    """A payment's part in a settlement: some versions of the API list these where others list transfers."""
    currency = currency_of(entity, "order_currency", "settlement_currency")
    data: dict[str, Any] = {"amount": owed(entity, "payment_amount", "order_amount", currency=currency)}
    data["currency"] = currency
    paid_at = first_moment(entity, "payment_time")
    put(data, "paid_on", day(paid_at, zone))
    charge = rupees(entity, "service_charge")
    if charge is not None:
        fee, tax = fee_and_tax([charge], [rupees(entity, "service_tax")], currency)
        put(data, "fee", fee)
        put(data, "tax", tax)
    references: dict[str, list[str]] = {}
    refer(references, "orders", [id_text(entity, "order_id")])
    refer(references, "settlements", [id_text(entity, "cf_settlement_id", "settlement_id")])
    put(data, "references", references)
    own = id_text(entity, "cf_payment_id") or ""
    return Fact("payment", own, data, "SUCCESS", at=paid_at, merely_seen=True)


def _row(row: Entity, reading: Reading, zone: ZoneInfo) -> None:
    """Read a row of the ledger or of the recon; what it doesn't tell in full is asked for by its order."""
    kind = text(row, "event_type")
    if kind is None:
        raise Rejected("schema.field_missing", "event_type is missing.")
    order_id = id_text(row, "order_id")
    fact = row_fact(row, kind, zone)
    if fact is not None:
        reading.keep(fact)
        return
    reading.ignored.append(f"{kind[:40]} of {order_id or id_text(row, 'event_id') or 'no order'}"[:200])
    told_by_order = kind == "PAYMENT" or kind.startswith(("REFUND", "DISPUTE", "CHARGEBACK"))
    if reading.stream == "orders" and told_by_order and order_id and len(order_id) <= 300:
        reading.want([Wanted("orders", order_id)])


def _settlement_rows(answer: Mapping[str, Any], reading: Reading, zone: ZoneInfo) -> None:
    """Read all rows of one settlement, and what they add up to, if that is the transfer to the paisa."""
    rows = [flat(row) for row in listed(answer["recon"]) if isinstance(row, dict)]
    reading.each(listed(answer["recon"]), "row", lambda row: _row(flat(row), reading, zone))
    transfers = [flat(item) for item in listed(answer.get("settlement")) if isinstance(item, dict)]
    transfer: Entity = next((item for item in transfers if not id_text(item, "cf_payment_id")), {})
    own = id_text(transfer, "cf_settlement_id", "settlement_id")
    if own is None or text(transfer, "status", "settlement_status", "event_status") not in (
        "SUCCESS",
        "PAID",
    ):
        reading.ignored.append(f"recon of {own or 'an unknown settlement'}: not transferred, no sums"[:200])
        return
    try:
        if reading.unreadable:
            raise Rejected("recon.sums", "Not all of its rows can be read.")
        reading.keep(sums_of(transfer, rows, zone))
    except Rejected as rejection:
        reading.each([transfer], "settlement", lambda item: reading.keep(settlement(item, zone)))
        settled_at = first_moment(transfer, "settled_on", "settlement_date", "settlement_processed_on")
        again = asked_again("recon", own, settled_at, limit=timedelta(days=3), now=reading.now)
        if again:
            reading.want(again)
            reading.ignored.append(f"recon of {own[:60]}: not complete yet")
        else:
            reading.unreadable.append(Unreadable(f"recon:{own}"[:200], rejection.code, rejection.message))
