"""What an answer does: the operator's events that it appends, and whether it asks again later. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from kit.errors import Rejected
from ledger.reconcile.load import parse_span
from ledger.reconcile.offers import Offer


@dataclass(frozen=True, slots=True)
class Subject:
    """What an answer acts on: the question's evidence, and the anchor of its party."""

    conflict: UUID
    title: str
    evidence: Mapping[str, Any]
    subjects: tuple[UUID, ...]
    amount: int | None
    currency: str | None
    party: UUID | None

    @property
    def anchor(self) -> str:
        """The identity that the question is about."""
        return str(self.evidence.get("anchor") or self.subjects[0])


@dataclass(frozen=True, slots=True)
class Planned:
    """One operator event to be appended."""

    event_type: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from an answer: events, a status mapping, or being asked again after a while."""

    events: Sequence[Planned] = ()
    mapping: Mapping[str, str] | None = None
    aside: Mapping[str, str] | None = None
    """What could not be read and is settled unread: its source, its sort of trouble, and up to which moment."""
    correction: tuple[Sequence[UUID], str] | None = None
    """The deals of a CRM that the question is about, and the status that they are to show there."""
    ask_again: timedelta | None = None
    documents: Mapping[UUID, int] = field(default_factory=dict)
    """Bill → what must still be open on it for the events to mean what the button said."""


def plan(offer: Offer, subject: Subject) -> Plan:
    """Return what tapping `offer` does; Rejected (`answer.not_possible`) if the facts for it are missing."""
    answer = offer.answer
    again = parse_span(answer.setting("for")) if answer.setting("for") else None
    match answer.effect:
        case "allocate":
            return _allocate(offer, subject)
        case "on_account":
            party = offer.choice.get("party") or subject.party
            if party is None:
                _impossible("It isn't known whose money this is.")
            data = {"receipt": subject.anchor, "lines": [], "party": str(party)}
            return Plan([_decision("allocation.decided", subject, data)])
        case "classify":
            data = {"line": subject.anchor, "as": answer.setting("as")}
            return Plan([_decision("line.classified", subject, data)])
        case "confirm_payment":
            return Plan([_payment(offer, subject)])
        case "accept_deduction":
            return _deductions(offer, subject)
        case "refund_due":
            return Plan([_note(subject, f"To be given back: {subject.title}")])
        case "both_right":
            return Plan([_decision("link.rejected", subject, {"subjects": _both(subject)})])
        case "same_money":
            return Plan([_decision("link.confirmed", subject, {"subjects": _both(subject)})])
        case "map_status":
            names = ("source", "kind", "word", "qualifier")
            mapping = {name: str(subject.evidence.get(name) or "") for name in names}
            return Plan(mapping=mapping | {"status": str(offer.choice["status"])})
        case "set_aside":
            fields = {"source": "source", "trouble": "trouble", "until": "last_at"}
            return Plan(aside={name: str(subject.evidence[key]) for name, key in fields.items()})
        case "correct_crm":
            return Plan(correction=(subject.subjects, str(answer.setting("as"))))
        case "ask_accountant":
            return Plan(
                [_note(subject, f"For the accountant: {subject.title}")], ask_again=again or timedelta(days=2)
            )
        case "snooze":
            return Plan(ask_again=again or timedelta(days=1))
        case "dismiss":
            return Plan()
    raise RuntimeError(f"no plan for the effect {answer.effect}")


def _allocate(offer: Offer, subject: Subject) -> Plan:
    lines = [
        {"document": line["document"], "amount": line["amount"], "kind": line["kind"]}
        for line in offer.choice["lines"]
    ]
    data = {"receipt": subject.anchor, "lines": lines, "party": offer.choice["party"]}
    return Plan([_decision("allocation.decided", subject, data)], documents=_needed(lines))


def _deductions(offer: Offer, subject: Subject) -> Plan:
    lines = [dict(line) for line in offer.choice.get("lines") or ()]
    if not lines:
        short, document = subject.evidence.get("short"), subject.evidence.get("document")
        if not short or not document:
            _impossible("Nothing is short on this bill.")
        lines = [{"document": document, "amount": short, "kind": offer.answer.setting("kind")}]
    events = [
        _decision(
            "deduction.accepted",
            subject,
            {
                "document": line["document"],
                "kind": line["kind"],
                "amount": line["amount"],
                "currency": subject.currency or "INR",
            },
        )
        for line in lines
    ]
    return Plan(events, documents=_needed(lines))


def _payment(offer: Offer, subject: Subject) -> Planned:
    if subject.party is None:
        _impossible("It isn't known whose money this is.")
    amount = subject.evidence.get("outstanding") or subject.amount
    if not amount or not subject.currency:
        _impossible("The amount isn't known.")
    number = subject.evidence.get("number")
    data: dict[str, Any] = {
        "amount": amount,
        "currency": subject.currency,
        "party": {"id": str(subject.party)},
        "references": {"invoices": [number]} if number else None,
        "method": offer.answer.setting("method"),
        "into": offer.answer.setting("into"),
        "paid_on": subject.evidence.get("day"),
        "conflict": str(subject.conflict),
    }
    return Planned("payment.confirmed", "payment", data)


def _needed(lines: Sequence[Mapping[str, Any]]) -> dict[UUID, int]:
    needed: dict[UUID, int] = {}
    for line in lines:
        document = UUID(str(line["document"]))
        needed[document] = needed.get(document, 0) + int(line["amount"])
    return needed


def _decision(event_type: str, subject: Subject, data: Mapping[str, Any]) -> Planned:
    return Planned(event_type, "decision", {**data, "conflict": str(subject.conflict)})


def _note(subject: Subject, text: str) -> Planned:
    data = {"about": subject.anchor, "text": text[:500], "conflict": str(subject.conflict)}
    return Planned("note.added", "note", data)


def _both(subject: Subject) -> list[str]:
    return [str(anchor) for anchor in subject.subjects]


def _impossible(reason: str) -> NoReturn:
    raise Rejected("answer.not_possible", reason, remedy="Choose another answer.")
