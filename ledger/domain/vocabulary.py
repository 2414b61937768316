"""The vocabulary: every event type with its fields, every status, and the check that all events pass.

Fields are canonical whatever the vendor calls them: money in minor units (paise) with a currency, dates as
YYYY-MM-DD in the business's calendar, no floats, no NUL. The published JSON Schema is made from this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kit.errors import Rejected
from kit.money import CURRENCIES, MAX_MINOR

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
MAX_TEXT = 2_000
MAX_LIST = 500


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One event type: the kind of thing it is about, its fields, and its rank in that thing's life.

    When two facts carry the same time, the higher rank wins; `final` ones aren't undone by later lower ones.
    """

    kind: str
    required: Mapping[str, str] = field(default_factory=dict)
    optional: Mapping[str, str] = field(default_factory=dict)
    rank: int = 10
    final: bool = False


_MONEY = {"amount": "money", "currency": "currency"}
_DOCUMENT = {
    "number": "text", "party": "party", "issued_on": "date", "due_on": "date", "amount": "money",
    "currency": "currency", "base": "money", "tax": "money", "paid": "money", "dues": "dues", "status": "text",
    "url": "url", "references": "references", "description": "text", "voucher": "text",
}  # fmt: skip
_PAYMENT = {
    **_MONEY, "party": "party", "payer": "payer", "method": "text", "paid_on": "date", "references": "references",
    "fee": "money", "tax": "money", "into": "text", "account": "text", "description": "text", "status": "text",
    "refunded": "money", "reason": "text", "url": "url",
}  # fmt: skip
_LINE_REQUIRED = {**_MONEY, "account": "text", "posted_on": "date", "narration": "text"}
_LINE = {
    "value_on": "date", "channel": "text", "references": "references", "payer": "payer", "balance": "signed",
    "bank": "text", "occurrence": "count",
}  # fmt: skip
_PARTY = {
    "name": "text", "gstin": "text", "pan": "text", "phone": "text", "email": "text", "roles": "texts",
    "terms_days": "count", "credit_limit": "money", "currency": "currency", "owner": "text", "address": "text",
    "state": "text", "url": "url",
}  # fmt: skip
_PAYOUT = {
    **_MONEY, "party": "party", "payee": "payer", "paid_on": "date", "references": "references", "fee": "money",
    "tax": "money", "mode": "text", "purpose": "text", "description": "text", "status": "text", "reason": "text",
}  # fmt: skip
_CHEQUE = {
    "number": "text", "bank": "text", "party": "party", "dated_on": "date", "on": "date",
    "references": "references", "reason": "text", "replaced_by": "text", **_MONEY,
}  # fmt: skip
_DECISION = {"because": "text", "note": "text", "conflict": "text"}

EVENTS: Mapping[str, EventSpec] = {
    # -- what sources say ------------------------------------------------------------------------
    "party.upserted": EventSpec("party", {}, _PARTY),
    "opening.stated": EventSpec(
        "opening", {**_MONEY, "party": "party", "side": "side", "as_on": "date"}, {"references": "references"}
    ),
    "invoice.issued": EventSpec(
        "invoice", {"number": "text", "party": "party", "issued_on": "date", **_MONEY}, _DOCUMENT, rank=20
    ),
    "invoice.revised": EventSpec("invoice", {}, _DOCUMENT, rank=25),
    "invoice.status_reported": EventSpec("invoice", {}, _DOCUMENT, rank=30),
    "invoice.voided": EventSpec("invoice", {}, _DOCUMENT, rank=90, final=True),
    "credit_note.issued": EventSpec(
        "credit_note", {"number": "text", "party": "party", "issued_on": "date", **_MONEY}, _DOCUMENT, rank=20
    ),
    "payment.authorised": EventSpec("payment", _MONEY, _PAYMENT, rank=20),
    "payment.failed": EventSpec("payment", _MONEY, _PAYMENT, rank=30),
    "payment.received": EventSpec("payment", _MONEY, _PAYMENT, rank=50, final=True),
    "payment.reversed": EventSpec("payment", _MONEY, _PAYMENT, rank=90, final=True),
    "refund.processed": EventSpec(
        "refund",
        {**_MONEY, "payment": "text"},
        {"references": "references", "paid_on": "date", "status": "text"},
        rank=50,
        final=True,
    ),
    "refund.failed": EventSpec(
        "refund",
        {**_MONEY, "payment": "text"},
        {"references": "references", "reason": "text", "status": "text"},
        rank=60,
    ),
    "settlement.processed": EventSpec(
        "settlement",
        _MONEY,
        {"references": "references", "fee": "money", "tax": "money", "settled_on": "date", "status": "text"},
        rank=50,
    ),
    "settlement.failed": EventSpec(
        "settlement",
        _MONEY,
        {"references": "references", "reason": "text", "status": "text"},
        rank=60,
        final=True,
    ),
    "dispute.opened": EventSpec(
        "dispute",
        {**_MONEY, "payment": "text"},
        {"reason": "text", "respond_by": "date", "status": "text"},
        rank=20,
    ),
    "dispute.won": EventSpec(
        "dispute", {**_MONEY, "payment": "text"}, {"reason": "text", "status": "text"}, rank=90, final=True
    ),
    "dispute.lost": EventSpec(
        "dispute", {**_MONEY, "payment": "text"}, {"reason": "text", "status": "text"}, rank=90, final=True
    ),
    "bank.credited": EventSpec("bank_line", _LINE_REQUIRED, _LINE),
    "bank.debited": EventSpec("bank_line", _LINE_REQUIRED, _LINE),
    "bill.received": EventSpec(
        "bill", {"number": "text", "party": "party", "issued_on": "date", **_MONEY}, _DOCUMENT, rank=20
    ),
    "bill.status_reported": EventSpec("bill", {}, _DOCUMENT, rank=30),
    "bill.voided": EventSpec("bill", {}, _DOCUMENT, rank=90, final=True),
    "payout.scheduled": EventSpec("payout", _MONEY, _PAYOUT, rank=20),
    "payout.processed": EventSpec("payout", _MONEY, _PAYOUT, rank=50, final=True),
    "payout.failed": EventSpec("payout", _MONEY, _PAYOUT, rank=60, final=True),
    "payout.reversed": EventSpec("payout", _MONEY, _PAYOUT, rank=90, final=True),
    "deal.status_reported": EventSpec(
        "deal",
        {},
        {
            "name": "text",
            "party": "party",
            "amount": "money",
            "currency": "currency",
            "status": "text",
            "closed_on": "date",
            "owner": "text",
            "url": "url",
            "references": "references",
        },
    ),
    "cheque.received": EventSpec("cheque", {**_MONEY, "number": "text"}, _CHEQUE, rank=20),
    "cheque.deposited": EventSpec("cheque", {}, _CHEQUE, rank=30),
    "cheque.cleared": EventSpec("cheque", {}, _CHEQUE, rank=50),
    "cheque.returned": EventSpec("cheque", {}, _CHEQUE, rank=90, final=True),
    "cheque.replaced": EventSpec("cheque", {}, _CHEQUE, rank=95, final=True),
    "status.unmapped": EventSpec("*", {}, {}),
    # -- what operators decide --------------------------------------------------------------------
    "reconciliation.resolved": EventSpec(
        "resolution",
        {"conflict": "text", "rule": "text", "answer": "text", "evidence_digest": "text"},
        {"note": "text"},
        rank=20,
    ),
    "reconciliation.reopened": EventSpec("resolution", {"conflict": "text"}, {"note": "text"}, rank=30),
    "link.confirmed": EventSpec("decision", {"subjects": "texts"}, _DECISION),
    "link.rejected": EventSpec("decision", {"subjects": "texts"}, _DECISION),
    "allocation.decided": EventSpec(
        "decision", {"receipt": "text", "lines": "allocations"}, {**_DECISION, "party": "text"}
    ),
    "line.classified": EventSpec("decision", {"line": "text", "as": "text"}, _DECISION),
    "payment.reported": EventSpec(
        "payment", {**_MONEY, "party": "party"}, {**_PAYMENT, **_DECISION}, rank=20
    ),
    "payment.confirmed": EventSpec("payment", {}, {**_PAYMENT, **_DECISION}, rank=50, final=True),
    "deduction.claimed": EventSpec("decision", {"document": "text", "kind": "text", **_MONEY}, _DECISION),
    "deduction.accepted": EventSpec("decision", {"document": "text", "kind": "text", **_MONEY}, _DECISION),
    "deduction.refused": EventSpec("decision", {"document": "text", "kind": "text", **_MONEY}, _DECISION),
    "promise.made": EventSpec("promise", {"party": "text", "on": "date"}, {**_DECISION, **_MONEY}),
    "call.logged": EventSpec("call", {"party": "text", "outcome": "text"}, _DECISION),
    "dispute.raised": EventSpec("decision", {"document": "text"}, {**_DECISION, "reason": "text"}),
    "dispute.settled": EventSpec("decision", {"document": "text"}, {**_DECISION, "reason": "text"}),
    "writeoff.approved": EventSpec("decision", {"document": "text", **_MONEY}, _DECISION),
    "parties.linked": EventSpec("decision", {"subjects": "texts"}, _DECISION),
    "parties.unlinked": EventSpec("decision", {"subjects": "texts"}, _DECISION),
    "status.mapped": EventSpec(
        "mapping",
        {"source": "text", "kind": "text", "word": "text", "status": "text"},
        {**_DECISION, "qualifier": "text"},
    ),
    "period.closed": EventSpec("period", {"until": "date"}, _DECISION),
    "note.added": EventSpec("note", {"about": "text", "text": "text"}, _DECISION),
    "decision.withdrawn": EventSpec("decision", {}, _DECISION, rank=90),
}

OPERATOR_KINDS = frozenset(["resolution", "decision", "promise", "call", "mapping", "period", "note"])
SOURCE_EVENTS: tuple[str, ...] = tuple(
    name
    for name, spec in EVENTS.items()
    if spec.kind not in OPERATOR_KINDS | {"*"} and name not in ("payment.reported", "payment.confirmed")
)
"""What sources may say; the rest is for operators and for ourselves."""

FIELDS_OF_KIND: Mapping[str, Mapping[str, str]] = {
    kind: {
        field_name: field_kind
        for name in SOURCE_EVENTS
        if EVENTS[name].kind == kind
        for field_name, field_kind in {**EVENTS[name].required, **EVENTS[name].optional}.items()
    }
    for kind in dict.fromkeys(EVENTS[name].kind for name in SOURCE_EVENTS)
}
"""Every field that a source may state of a kind of thing, whichever of its events carries it."""

STATUSES: frozenset[str] = frozenset(
    [
        f"invoice.{s}"
        for s in ("draft", "issued", "partially_paid", "paid", "voided", "written_off", "disputed")
    ]
    + [f"payment.{s}" for s in ("authorised", "received", "failed", "refunded", "reversed")]
    + [f"payable.{s}" for s in ("scheduled", "due", "partially_paid", "paid", "failed", "voided")]
    + [f"refund.{s}" for s in ("pending", "processed", "failed")]
    + [f"settlement.{s}" for s in ("pending", "processed", "failed")]
    + [f"dispute.{s}" for s in ("opened", "won", "lost")]
    + [f"payout.{s}" for s in ("scheduled", "processed", "failed", "reversed")]
    + [f"cheque.{s}" for s in ("received", "deposited", "cleared", "returned", "replaced")]
    + [f"deal.{s}" for s in ("open", "lost")]
    + ["none"]  # the word is known and says nothing about money
)

EVENT_FOR_STATUS: Mapping[tuple[str, str], str] = {
    ("invoice", "invoice.voided"): "invoice.voided",
    ("bill", "payable.voided"): "bill.voided",
    ("payment", "payment.authorised"): "payment.authorised",
    ("payment", "payment.received"): "payment.received",
    ("payment", "payment.refunded"): "payment.received",
    ("payment", "payment.failed"): "payment.failed",
    ("payment", "payment.reversed"): "payment.reversed",
    ("refund", "refund.processed"): "refund.processed",
    ("refund", "refund.failed"): "refund.failed",
    ("settlement", "settlement.processed"): "settlement.processed",
    ("settlement", "settlement.failed"): "settlement.failed",
    ("dispute", "dispute.opened"): "dispute.opened",
    ("dispute", "dispute.won"): "dispute.won",
    ("dispute", "dispute.lost"): "dispute.lost",
    ("payout", "payout.scheduled"): "payout.scheduled",
    ("payout", "payout.processed"): "payout.processed",
    ("payout", "payout.failed"): "payout.failed",
    ("payout", "payout.reversed"): "payout.reversed",
    ("cheque", "cheque.received"): "cheque.received",
    ("cheque", "cheque.deposited"): "cheque.deposited",
    ("cheque", "cheque.cleared"): "cheque.cleared",
    ("cheque", "cheque.returned"): "cheque.returned",
    ("cheque", "cheque.replaced"): "cheque.replaced",
}
"""(kind, our status) → event type. Not listed: `<kind>.status_reported` where that type exists, else no event
(a refund still pending, a word that says nothing)."""


def event_for_status(kind: str, status: str) -> str | None:
    """Return the event type of a mapped status, or None where it makes no event of its own."""
    found = EVENT_FOR_STATUS.get((kind, status))
    if found is not None or status == "none":
        return found
    reported = f"{kind}.status_reported"
    return reported if reported in EVENTS else None


def check_event(event_type: str, data: Mapping[str, Any]) -> None:
    """Raise Rejected, naming the field, unless `data` is a right body for `event_type`."""
    spec = EVENTS.get(event_type)
    if spec is None:
        raise Rejected("event.unknown_type", f"{event_type[:60]!r} is not an event type.")
    for name in spec.required:
        if data.get(name) is None:
            raise Rejected("event.field_missing", f"{event_type}: {name} is missing.")
    for name, value in data.items():
        kind = spec.required.get(name) or spec.optional.get(name)
        if kind is None:
            raise Rejected("event.field_unknown", f"{event_type}: {name[:40]!r} is not a field of it.")
        if value is not None:
            try:
                _CHECKS[kind](value)
            except _Wrong as wrong:
                raise Rejected(wrong.code, f"{event_type}: {name}{wrong.path} {wrong.says}") from None
    if "amount" in data and data["amount"] is not None and not data.get("currency"):
        raise Rejected("event.field_missing", f"{event_type}: currency is missing.")


def check_kind(kind: str, data: Mapping[str, Any]) -> None:
    """Raise Rejected, naming the field, unless all of `data` can be said of a `kind`: for what isn't an event yet."""
    fields = FIELDS_OF_KIND.get(kind)
    if fields is None:
        raise Rejected("event.unknown_kind", f"{kind[:40]!r} is not a kind of thing.")
    try:
        _object(fields)(data)
    except _Wrong as wrong:
        raise Rejected(wrong.code, f"{kind}{wrong.path} {wrong.says}") from None


_Check = Callable[[Any], None]


class _Wrong(Exception):
    """A field that isn't right; where it stands is put together only then, since most fields are right."""

    def __init__(self, code: str, says: str, path: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.says = says
        self.path = path


def _text(value: Any) -> None:
    if not isinstance(value, str):
        raise _Wrong("event.field_type", "must be text.")
    if len(value) > MAX_TEXT:
        raise _Wrong("event.field_too_long", f"is longer than {MAX_TEXT} characters.")
    if "\x00" in value or (not value.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in value)):
        raise _Wrong("event.field_characters", "holds a character that text can't hold.")


def _integer(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Wrong("event.field_type", "must be a whole number of minor units.")
    if abs(value) > MAX_MINOR:
        raise _Wrong("event.field_range", "is out of range.")


def _natural(value: Any) -> None:
    _integer(value)
    if value < 0:
        raise _Wrong("event.field_range", "must not be negative.")


def _currency(value: Any) -> None:
    _text(value)
    if value not in CURRENCIES:
        raise _Wrong("money.unknown_currency", f"is {value[:8]!r}, a currency that is not known.")


def _date(value: Any) -> None:
    _text(value)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise _Wrong("event.field_type", "must be a date, YYYY-MM-DD.")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _Wrong("event.field_range", "is not a day of the calendar.") from None
    if not EARLIEST <= day <= LATEST:
        raise _Wrong("event.field_range", "is out of range.")


def _side(value: Any) -> None:
    if value not in ("receivable", "payable"):
        raise _Wrong("event.field_range", "must be receivable or payable.")


def _texts(value: Any) -> None:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise _Wrong("event.field_type", f"must be a list of at most {MAX_LIST} texts.")
    for item in value:
        _text(item)


def _url(value: Any) -> None:
    _text(value)
    if not re.fullmatch(r"https?://[^\s<>\"']+", value):
        raise _Wrong("event.field_type", "must be an http(s) address.")


def _object(fields: Mapping[str, str]) -> _Check:
    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise _Wrong("event.field_type", "must be an object.")
        for name, item in value.items():
            if name not in fields:
                raise _Wrong("event.field_unknown", "is not a field of it.", f".{str(name)[:40]!r}")
            if item is not None:
                try:
                    _CHECKS[fields[name]](item)
                except _Wrong as wrong:
                    raise _Wrong(wrong.code, wrong.says, f".{name}{wrong.path}") from None

    return check


def _objects(fields: Mapping[str, str], *, required: tuple[str, ...]) -> _Check:
    one = _object(fields)

    def check(value: Any) -> None:
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise _Wrong("event.field_type", f"must be a list of at most {MAX_LIST}.")
        for item in value:
            one(item)
            for name in required:
                if item.get(name) is None:
                    raise _Wrong("event.field_missing", "is missing.", f".{name}")

    return check


PARTY_FIELDS = {
    "id": "text",
    "name": "text",
    "gstin": "text",
    "pan": "text",
    "phone": "text",
    "email": "text",
}
PAYER_FIELDS = {
    "name": "text",
    "vpa": "text",
    "account": "text",
    "ifsc": "text",
    "phone": "text",
    "email": "text",
}
REFERENCE_FIELDS = {
    "utr": "texts",  # UTR, RRN or settlement reference as banks write it
    "invoices": "texts",  # our invoice numbers
    "bills": "texts",  # the vendor's bill numbers
    "orders": "texts",  # ids within the same source …
    "payments": "texts",
    "documents": "texts",
    "settlements": "texts",
    "tokens": "texts",  # words of a narration that may be a document's number
}
DUE_FIELDS = {"due_on": "date", "amount": "money", "label": "text"}
ALLOCATION_FIELDS = {"document": "text", "amount": "money", "kind": "text"}


_PARTY_FIELDS_CHECK = _object(PARTY_FIELDS)


def _party(value: Any) -> None:
    _PARTY_FIELDS_CHECK(value)
    if not (value.get("id") or value.get("name")):
        raise _Wrong("event.field_missing", "needs an id or a name.")


_CHECKS: dict[str, _Check] = {
    "text": _text,
    "texts": _texts,
    "money": _natural,
    "signed": _integer,
    "count": _natural,
    "currency": _currency,
    "date": _date,
    "side": _side,
    "url": _url,
    "party": _party,
    "payer": _object(PAYER_FIELDS),
    "references": _object(REFERENCE_FIELDS),
    "dues": _objects(DUE_FIELDS, required=("amount",)),
    "allocations": _objects(ALLOCATION_FIELDS, required=("document", "amount")),
}
