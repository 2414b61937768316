"""What an answer does: the operator's events that it appends, and whether it asks again later. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, NoReturn
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.events import OPERATOR, subject_id
from ledger.reconcile.ast import Answer
from ledger.reconcile.offers import Offer
from ledger.reconcile.reading import parse_span


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
    today: date

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
    external_id: str | None = None
    """What it is said of, where that has a name of its own: undo takes back only this event of it."""
    never_by: str | None = None
    """The member who may not say it: who reports money never confirms it."""


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
    for what in (_on_money, _on_names_and_sources, _on_waiting):
        made = what(offer, subject)
        if made is not None:
            return made
    raise RuntimeError(f"no plan for the effect {offer.answer.effect}")


def _on_money(offer: Offer, subject: Subject) -> Plan | None:
    """Say where money belongs, that it came, or that it never will."""
    answer = offer.answer
    match answer.effect:
        case "allocate":
            return _allocate(offer, subject)
        case "on_account":
            party = offer.choice.get("party") or subject.party
            if party is None:
                _impossible("It isn't known whose money this is.")
            booked = {"receipt": subject.anchor, "lines": [], "party": str(party)} | _learn(answer)
            return Plan([_decision("allocation.decided", subject, booked)])
        case "habit":
            return _habit(offer, subject)
        case "classify":
            data = {"line": subject.anchor, "as": answer.setting("as")} | _learn(answer)
            return Plan([_decision("line.classified", subject, data)])
        case "confirm_payment":
            return Plan([_payment(offer, subject)])
        case "confirm_report":
            return Plan([_confirmed_report(subject)])
        case "confirm_claim":
            return Plan(_confirmed_claim(subject))
        case "accept_deduction":
            return _deductions(offer, subject, "deduction.accepted")
        case "claim_deduction":
            claimed = _deductions(offer, subject, "deduction.claimed")
            return Plan(claimed.events, ask_again=_again(answer, days=7))
        case "refuse_deduction":
            return Plan(_deductions(offer, subject, "deduction.refused").events)
        case "refund_due":
            data = {"receipt": subject.anchor, **_money(subject, subject.evidence.get("unallocated"))}
            return Plan([_decision("refund.agreed", subject, data)])
        case "setoff":
            data = {"party": _party(subject), "on": subject.today.isoformat(), **_money(subject)}
            return Plan([_decision("setoff.agreed", subject, data)])
    return None


def _on_names_and_sources(offer: Offer, subject: Subject) -> Plan | None:
    """Say what is one and what is two, what a source's word means, and what it should say instead."""
    answer = offer.answer
    match answer.effect:
        case "link_parties" | "part_parties":
            word = "parties.linked" if answer.effect == "link_parties" else "parties.unlinked"
            return Plan([_decision(word, subject, {"subjects": _parties(subject)})])
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
    return None


def _on_waiting(offer: Offer, subject: Subject) -> Plan | None:
    """Note what was said, wait for it, or leave it be: no figure changes."""
    answer = offer.answer
    match answer.effect:
        case "promise":
            day = subject.today + _again(answer, days=7)
            data = {"party": _party(subject), "on": day.isoformat(), "conflict": str(subject.conflict)}
            return Plan([Planned("promise.made", "promise", data | _money(subject))])
        case "log_call":
            data = {"party": _party(subject), "outcome": answer.setting("outcome")}
            call = Planned("call.logged", "call", data | {"conflict": str(subject.conflict)})
            return Plan([call], ask_again=_again(answer, days=1))
        case "note":
            return Plan([_note(subject, f"{answer.setting('text')}: {subject.title}")])
        case "ask_accountant":
            asked = _note(subject, f"For the accountant: {subject.title}")
            return Plan([asked], ask_again=_again(answer, days=2))
        case "snooze":
            return Plan(ask_again=_again(answer, days=1))
        case "dismiss":
            return Plan()
    return None


def _again(answer: Answer, *, days: int) -> timedelta:
    """After how long the question comes back: as the answer says, else after some days."""
    said = answer.setting("for")
    return (parse_span(said) if said else None) or timedelta(days=days)


def _allocate(offer: Offer, subject: Subject) -> Plan:
    lines = [
        {"document": line["document"], "amount": line["amount"], "kind": line["kind"]}
        for line in offer.choice["lines"]
    ]
    data = {"receipt": subject.anchor, "lines": lines, "party": offer.choice["party"]} | _learn(offer.answer)
    return Plan([_decision("allocation.decided", subject, data)], documents=_needed(lines))


def _habit(offer: Offer, subject: Subject) -> Plan:
    """Note how the party always pays, and set this money so: against its oldest bills, or on account."""
    habit, party = offer.answer.setting("as"), offer.choice.get("party") or subject.party
    if party is None:
        _impossible("It isn't known whose money this is.")
    said = _decision("habit.decided", subject, {"party": str(party), "habit": habit})
    lines = offer.choice.get("lines") if habit == "oldest_first" else ()
    booked = _allocate(replace(offer, choice={"party": str(party), "lines": lines or ()}), subject)
    return Plan([said, *booked.events], documents=booked.documents)


def _learn(answer: Answer) -> dict[str, str]:
    """What the answer teaches of the payer: his later money too, unless said otherwise."""
    return {"learn": answer.setting("learn") or "always"}


def _deductions(offer: Offer, subject: Subject, said: str) -> Plan:
    lines = [dict(line) for line in offer.choice.get("lines") or ()]
    if not lines:
        short, document = subject.evidence.get("short"), subject.evidence.get("document")
        if not short or not document:
            _impossible("Nothing is short on this bill.")
        lines = [{"document": document, "amount": short, "kind": offer.answer.setting("kind")}]
    events = [
        _decision(
            said,
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


def _confirmed_report(subject: Subject) -> Planned:
    """Confirm a report under its own name, so that both are one payment."""
    report = subject.evidence.get("payment")
    if not report:
        _impossible("The report isn't known any more.")
    data = {**_money(subject), "into": "cash", "conflict": str(subject.conflict)}
    return Planned("payment.confirmed", "payment", data, str(report), subject.evidence.get("by"))


def _confirmed_claim(subject: Subject) -> list[Planned]:
    """Confirm money under a name of its own, and say that it is the one that is claimed: it counts once."""
    name = f"{subject.conflict}:confirmed"
    data = {**_money(subject), "into": "bank", "paid_on": subject.evidence.get("day")}
    both = [subject.anchor, str(subject_id(OPERATOR, "payment", name))]
    return [
        Planned("payment.confirmed", "payment", {**data, "conflict": str(subject.conflict)}, name),
        _decision("link.confirmed", subject, {"subjects": both}),
    ]


def _money(subject: Subject, amount: int | None = None) -> dict[str, Any]:
    found = amount or subject.amount
    if not found or found < 0 or not subject.currency:
        _impossible("The amount isn't known.")
    return {"amount": found, "currency": subject.currency}


def _party(subject: Subject) -> str:
    if subject.party is None:
        _impossible("It isn't known whose this is.")
    return str(subject.party)


def _parties(subject: Subject) -> list[str]:
    """The two parties: named in the evidence, else what the question is about."""
    named = [subject.evidence.get("party"), subject.evidence.get("twin_party")]
    return [str(item) for item in named] if all(named) else _both(subject)


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
