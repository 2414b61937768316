"""The vocabulary: every event type with its fields, and every status.

Fields are canonical whatever the vendor calls them: money in minor units (paise) with a currency, dates as
YYYY-MM-DD in the business's calendar, no floats, no NUL. The published JSON Schema is made from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
_RECORD = {"record": "text", "revision": "count"}
"""The vendor's record that it is part of (a voucher makes several things) and which edit of it tells so: what an
earlier edit told and the latest doesn't is gone. Parties of one record are one: it was renamed."""
_SETTLES = {"settles": "settles"}
"""What it is set against, by name and amount, as the books have it: of money and credit notes, bills (what was kept
back included), or the name of an advance that a bill may take later; of a bill, the advances that it takes, the bill
that it opens again (a cheque bounced), or without a name money on account. The rest stands on account."""
_DOCUMENT = {
    "number": "text", "party": "party", "issued_on": "date", "due_on": "date", "amount": "money",
    "currency": "currency", "base": "money", "tax": "money", "paid": "money", "dues": "dues", "status": "text",
    "url": "url", "references": "references", "description": "text", "voucher": "text",
    "outstanding": "money",  # what of it was still open when it was seen
    **_SETTLES, **_RECORD,
}  # fmt: skip
_PAYMENT = {
    **_MONEY, "party": "party", "payer": "payer", "method": "text", "paid_on": "date", "references": "references",
    "fee": "money", "tax": "money", "into": "text", "account": "text", "description": "text", "status": "text",
    "refunded": "money", "reason": "text", "url": "url",
    # What the payer kept back, by our own books' word: it closes bills without being money.
    "deductions": "deductions", **_SETTLES, **_RECORD,
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
    # All that the source has, told together: what it leaves out of a list it no longer has. `parent` is a record there.
    "contacts": "contacts", "addresses": "addresses", "parent": "text", **_RECORD,
}  # fmt: skip
_PAYOUT = {
    **_MONEY, "party": "party", "payee": "payer", "paid_on": "date", "references": "references", "fee": "money",
    "tax": "money", "mode": "text", "purpose": "text", "description": "text", "status": "text", "reason": "text",
    "deductions": "deductions", **_SETTLES, **_RECORD,
}  # fmt: skip
_CHEQUE = {
    "number": "text", "bank": "text", "party": "party", "dated_on": "date", "on": "date",
    "references": "references", "reason": "text", "replaced_by": "text", **_MONEY,
    **_SETTLES, **_RECORD,
}  # fmt: skip
_DECISION = {"because": "text", "note": "text", "conflict": "text"}
_BY = {"by": "text"}
"""Which member said it: who reports money never confirms it."""

EVENTS: Mapping[str, EventSpec] = {
    # -- what sources say ------------------------------------------------------------------------
    "party.upserted": EventSpec("party", {}, _PARTY),
    # The source itself made one record of two: `into` is the id of the one that stayed.
    "party.merged": EventSpec("party", {"into": "text"}, _PARTY, rank=90, final=True),
    "opening.stated": EventSpec(
        "opening",
        {**_MONEY, "party": "party", "side": "side", "as_on": "date"},
        {"references": "references", **_RECORD},
    ),
    "invoice.issued": EventSpec(
        "invoice", {"number": "text", "party": "party", "issued_on": "date", **_MONEY}, _DOCUMENT, rank=20
    ),
    "invoice.revised": EventSpec("invoice", {}, _DOCUMENT, rank=25),
    "invoice.status_reported": EventSpec("invoice", {}, _DOCUMENT, rank=30),
    "invoice.voided": EventSpec("invoice", {}, _DOCUMENT, rank=90, final=True),
    "credit_note.issued": EventSpec(
        "credit_note",
        {"number": "text", "party": "party", "issued_on": "date", **_MONEY},
        {**_DOCUMENT, "side": "side"},  # payable: a vendor's, or our debit note to him; else a customer's
        rank=20,
    ),
    "credit_note.voided": EventSpec("credit_note", {}, {**_DOCUMENT, "side": "side"}, rank=90, final=True),
    "payment.authorised": EventSpec("payment", _MONEY, _PAYMENT, rank=20),
    # Below authorised: what failed may be authorised late, never the other way round.
    "payment.failed": EventSpec("payment", _MONEY, _PAYMENT, rank=15),
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
        {
            "references": "references",
            "fee": "money",
            "tax": "money",
            "settled_on": "date",
            "status": "text",
            # What it is made of: captured − refunded ± adjusted − fee (its GST in it) = amount.
            "captured": "money",
            "refunded": "money",
            "adjusted": "signed",
        },
        rank=50,
    ),
    # Not final: a gateway tries a settlement that failed again.
    "settlement.failed": EventSpec(
        "settlement",
        _MONEY,
        {"references": "references", "reason": "text", "status": "text"},
        rank=60,
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
    # What the books say that a party owes (receivable) or is owed at the end of a day, whatever makes it up.
    "balance.stated": EventSpec(
        "balance",
        {"party": "party", "amount": "signed", "currency": "currency", "as_on": "date"},
        {"side": "side", **_RECORD},
    ),
    # A row of the tax department's statement (26AS, or a certificate): what a customer deducted and paid in for us.
    "tax_credit.stated": EventSpec(
        "tax_credit",
        {"party": "party", "amount": "money", "currency": "currency", "on": "date"},
        {
            "base": "money",
            "section": "text",
            "kind": "text",
            "quarter": "text",
            "status": "text",
            "number": "text",
        },
    ),
    # A voucher of the books that moves our money and no party: interest, charges, a transfer between our accounts.
    "entry.stated": EventSpec(
        "entry",
        {"amount": "signed", "currency": "currency"},
        {
            "on": "date",
            "account": "text",
            "references": "references",
            "description": "text",
            "voucher": "text",
            **_RECORD,
        },
    ),
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
        "decision",
        {"receipt": "text", "lines": "allocations"},
        {**_DECISION, "party": "text", "learn": "text"},
    ),
    "line.classified": EventSpec("decision", {"line": "text", "as": "text"}, {**_DECISION, "learn": "text"}),
    # How a party pays: bill_wise, oldest_first or on_account.
    "habit.decided": EventSpec("decision", {"party": "text", "habit": "text"}, _DECISION),
    # What we owe a party that is both is taken off what it owes us.
    "setoff.agreed": EventSpec("decision", {"party": "text", "on": "date", **_MONEY}, _DECISION),
    "refund.agreed": EventSpec("decision", {"receipt": "text", **_MONEY}, _DECISION),
    # What falls due each month besides bills (GST, salaries, rent, EMI), once its owner has confirmed it.
    "recurring.stated": EventSpec(
        "recurring",
        {"name": "text", **_MONEY, "day": "count"},
        {
            **_DECISION,
            "kind": "text",
            "months": "texts",
            "since": "date",
            "until": "date",
            "handle": "text",  # by what the payee is known again on bank lines
        },
    ),
    # Whether a vendor is a micro or small enterprise (or not), by his Udyam registration: the law limits how long he waits.
    "vendor.msme_stated": EventSpec(
        "enterprise", {"party": "text", "kind": "text"}, {**_DECISION, "since": "date", "number": "text"}
    ),
    "payment.reported": EventSpec(
        "payment", {**_MONEY, "party": "party"}, {**_PAYMENT, **_DECISION, **_BY}, rank=20
    ),
    "payment.confirmed": EventSpec("payment", {}, {**_PAYMENT, **_DECISION}, rank=50, final=True),
    "deduction.claimed": EventSpec("decision", {"document": "text", "kind": "text", **_MONEY}, _DECISION),
    "deduction.accepted": EventSpec("decision", {"document": "text", "kind": "text", **_MONEY}, _DECISION),
    "deduction.refused": EventSpec("decision", {"document": "text", "kind": "text", **_MONEY}, _DECISION),
    "promise.made": EventSpec("promise", {"party": "text", "on": "date"}, {**_DECISION, **_MONEY}),
    "call.logged": EventSpec("call", {"party": "text", "outcome": "text"}, _DECISION),
    # A reminder that a person says he sent; `overruled` names what spoke against it and was overruled.
    "reminder.sent": EventSpec(
        "reminder", {"party": "text", **_MONEY}, {**_DECISION, "channel": "text", "overruled": "texts"}
    ),
    # Whether goods may go out on credit, by the owner's word; `until`, and up to which amount, where he said so.
    "goods.held": EventSpec("decision", {"party": "text"}, _DECISION),
    "goods.released": EventSpec("decision", {"party": "text"}, {**_DECISION, **_MONEY, "until": "date"}),
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
    # `attachment` names the delivery (a photo, a voice note) that the note is about; `author`: who sent it.
    "note.added": EventSpec(
        "note",
        {"about": "text", "text": "text"},
        {
            **_DECISION,
            "attachment": "digest",
            "media_type": "media_type",
            "filename": "text",
            "author": "text",
        },
    ),
    # `of`: only what was said with this type before; the thing itself stands as it did (a cheque is in hand again).
    "decision.withdrawn": EventSpec("decision", {}, {**_DECISION, "of": "text"}, rank=90),
}

OPERATOR_KINDS = frozenset(
    [
        "resolution",
        "decision",
        "promise",
        "call",
        "reminder",
        "mapping",
        "period",
        "note",
        "recurring",
        "enterprise",
    ]
)
LEARN = ("always", "once")
"""What an answer teaches of a payer: it holds for his later payments too (unless said otherwise), or only for this."""
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
    + [f"tax_credit.{s}" for s in ("final", "unmatched", "provisional", "overbooked", "reversed")]
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
    **{
        ("tax_credit", f"tax_credit.{s}"): "tax_credit.stated"
        for s in ("final", "unmatched", "provisional", "overbooked", "reversed")
    },
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


PARTY_FIELDS = {
    "id": "text",
    "name": "text",
    "gstin": "text",
    "pan": "text",
    "tan": "text",
    "phone": "text",
    "email": "text",
}
CONTACT_FIELDS = {
    "kind": "text",  # of CONTACT_KINDS
    "name": "text",
    "designation": "text",
    "phone": "text",
    "email": "text",
}
ADDRESS_FIELDS = {
    "kind": "text",  # of ADDRESS_KINDS
    "lines": "text",  # street, area and whom to ask for, as one writes them
    "city": "text",
    "state": "text",
    "pin": "text",
    "country": "text",
}
CONTACT_KINDS = frozenset(["primary", "billing", "purchase", "sales", "technical", "management", "other"])
ADDRESS_KINDS = frozenset(["billing", "shipping", "registered", "other"])
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
    "marks": "texts",  # identities of ours that the books entered it from: our own import file says so
}
DUE_FIELDS = {"due_on": "date", "amount": "money", "label": "text"}
SETTLE_FIELDS = {"number": "text", "amount": "money"}
DEDUCTION_FIELDS = {"kind": "text", "amount": "money"}
ALLOCATION_FIELDS = {"document": "text", "amount": "money", "kind": "text"}
