"""A question in words that an owner uses, made from the rule and its evidence. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.clock import business_day
from kit.money import format_minor
from ledger.domain.matching.kinds import LABELS
from ledger.domain.vocabulary import STATUSES
from ledger.reconcile.ast import Rule
from ledger.reconcile.offers import Offer, bills_in_words, cut_kinds, in_short, offers
from ledger.views import AnswerOption, ConflictView

MAX_QUOTE = 300
MAX_NAMED = 4
"""More bills than this are counted, not named."""
_PLACE = re.compile(r"\{([a-z_.]+)(?:\|([a-z]+))?\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_KNOWN = re.compile(r"^(?:known payer|similar name)")
_HIDDEN = ("standing", "likely")
_ABBREVIATED = frozenset({"neft", "rtgs", "imps", "upi", "ach", "nach", "emi"})


@dataclass(frozen=True, slots=True)
class Question:
    """A row of conflicts with the names that its words need."""

    id: UUID
    rule: Rule
    severity: str
    status: str
    version: int
    evidence: Mapping[str, Any]
    party_id: UUID | None
    party_name: str | None
    amount: int | None
    currency: str | None
    opened_at: datetime
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    note: str | None = None
    assigned_to: UUID | None = None
    assigned_name: str | None = None
    alike: int = 0
    source_label: str | None = None


def question_view(question: Question, *, now: datetime, timezone: str) -> ConflictView:
    """Write a question down with its evidence and answers, best first."""
    words = _Words(question, now=now, timezone=timezone)
    options = offers(question.rule, question.evidence, STATUSES)
    text = question.rule.question
    quote = words.fill(text.quote) if text.quote else None
    return ConflictView(
        id=question.id,
        version=question.version,
        rule=question.rule.name,
        severity=question.severity,
        status=question.status,
        title=words.fill(text.title) or question.rule.title,
        lines=tuple(words.lines(*text.lines) + _proposal(words, options)),
        quote=quote[:MAX_QUOTE] if quote else None,
        why=tuple(words.lines(*text.why) + _reasons(words, options)),
        answers=tuple(AnswerOption(option.id, option.label, option.group) for option in options),
        party_id=question.party_id,
        party_name=question.party_name,
        amount=question.amount,
        currency=question.currency,
        opened_at=question.opened_at,
        answer=question.answer,
        answer_label=answer_label(question.rule, question.evidence, question.answer),
        answered_by=question.answered_by,
        answered_at=question.answered_at,
        can_undo=question.status in ("resolved", "snoozed") or bool(question.evidence.get("standing")),
        note=question.note,
        assigned_to=question.assigned_to,
        assigned_name=question.assigned_name,
        alike=question.alike,
        evidence={name: value for name, value in question.evidence.items() if name not in _HIDDEN},
    )


def answer_label(rule: Rule, evidence: Mapping[str, Any], answer: str | None) -> str | None:
    """Return the words of the button that was tapped."""
    if answer is None:
        return None
    found = next((offer for offer in offers(rule, evidence, STATUSES) if offer.id == answer), None)
    if found is None:
        return answer
    # "Yes" says nothing once the question is out of sight: name what it was said to.
    return (
        f"{found.label}: {in_short(found.choice)}" if found.label == "Yes" and found.choice else found.label
    )


class _Words:
    """Fills templates from the evidence of one question."""

    def __init__(self, question: Question, *, now: datetime, timezone: str) -> None:
        self.question = question
        self.evidence = question.evidence
        self._today = business_day(now, timezone)
        self._zone = ZoneInfo(timezone)
        best = next(iter(question.evidence.get("candidates") or ()), None)
        payer = question.evidence.get("payer")
        told = best["evidence"][-1:] if best is not None else []
        stranger = best is not None and "name" in best and not _KNOWN.search("".join(told))
        known = question.party_name if not stranger else None
        self.party = known or (str(payer).title() if payer else None)

    def fill(self, template: str) -> str:
        """Fill a template; optional parts with an empty field fall away, and so does all of it."""
        text = _OPTIONAL.sub(lambda found: self._filled(found[1]) or "", template)
        return self._filled(text) or ""

    def lines(self, *templates: str) -> list[str]:
        """Fill several templates, without those that come out empty."""
        return [line for template in templates if (line := self.fill(template).strip())]

    def money(self, minor: int) -> str:
        """Write an amount in the question's currency."""
        return format_minor(minor, self.question.currency or "INR")

    def _filled(self, template: str) -> str | None:
        empty = False

        def place(found: re.Match[str]) -> str:
            nonlocal empty
            value = self._value(found[1], found[2])
            empty = empty or not value
            return value or ""

        text = _PLACE.sub(place, template)
        return None if empty else text

    def _value(self, name: str, shaped: str | None) -> str | None:
        if name == "party":
            return self.party
        value = self.evidence.get(name)
        if value is None or value == "" or (shaped == "some" and value <= 0):
            return None
        label = self.question.source_label
        match shaped:
            case "many":
                return str(value) if value > 1 else None
            case "tail":
                tail = str(value)[-4:]
                return None if label and label.endswith(tail) else f"··{tail}"
            case "name":
                if label and name == "source":
                    return label
                family, _, own = str(value).rpartition(":")
                short = family == "bank" and len(own) <= 5
                return own.upper() if short else own.replace("_", " ").title()
            case "words":
                text = str(value).replace("_", " ")
                return text.upper() if text.lower() in _ABBREVIATED else text.lower()
        match self.question.rule.kinds[name]:
            case "money":
                return self.money(value)
            case "date":
                return self._day(date.fromisoformat(value))
            case "instant":
                moment = datetime.fromisoformat(value).astimezone(self._zone)
                return f"{moment:%a} {self._day(moment.date())}"
        return str(value)

    def _day(self, day: date) -> str:
        return f"{day.day} {day:%b}" if day.year == self._today.year else f"{day.day} {day:%b %Y}"


def _proposal(words: _Words, options: tuple[Offer, ...]) -> list[str]:
    """Say what the best proposal is, or what there is instead."""
    best = next((option.choice for option in options if option.answer.each == "candidate"), None)
    if best is None:
        return words.lines(*words.question.rule.question.otherwise)
    if said := _loosely(words, best):
        return [said, "Correct?"]
    cut = _cut(words, best)
    if "name" not in best:
        return [f"They seem to have cut {cut}.", "Correct?"]
    whose = "" if best["name"] == words.party else f" of {best['name']}"
    fits = f"It fits {_bills(words, best)}{whose}"
    left = best.get("left")
    if left and best.get("shape") == "overpaid":
        return [f"It pays {_bills(words, best)}{whose}; {words.money(left)} stays on account.", "Correct?"]
    kept = [line for line in best["lines"] if line["kind"] != "receipt"]
    if kept and not cut:
        small = sum(line["amount"] for line in kept)
        return [f"{fits},", f"{words.money(small)} less ({cut_kinds(best)}).", "Correct?"]
    return [f"{fits},", f"if they cut {cut}.", "Correct?"] if cut else [f"{fits}.", "Correct?"]


def _bills(words: _Words, candidate: Mapping[str, Any]) -> str:
    """Name bills with what is open on each; many are counted."""
    bills = candidate["bills"]
    total = words.money(sum(bill["outstanding"] for bill in bills))
    if len(bills) > MAX_NAMED:
        which = {"all_open": "all ", "all_due": "all that are due, "}.get(str(candidate.get("shape")), "")
        first, last = bills[0]["number"], bills[-1]["number"]
        return f"{which}{len(bills)} bills, {first or '?'} to {last or '?'}, together {total}"
    named = " + ".join(
        f"{bill['number']} {words.money(bill['outstanding'])}"
        if bill["number"]
        else words.money(bill["outstanding"])
        for bill in bills
    )
    return f"bill{'s' if len(bills) > 1 else ''} {named}"


def _loosely(words: _Words, best: Mapping[str, Any]) -> str | None:
    """Say what the money may be where no bills come to its amount."""
    whose = "" if best.get("name") in (None, words.party) else f" of {best['name']}"
    match best.get("shape"):
        case "kind":
            label = LABELS.get(best["as"], best["as"])
            return f"It looks like {label if label[:3].isupper() else label[:1].lower() + label[1:]}."
        case "on_account":
            return f"It fits no open bill. It may be on account of {best['name']}."
        case "part_payment":
            return f"It may be a part of {_bills(words, best)}{whose}."
        case "oldest_first":
            return f"It fits no bills exactly. The oldest first{whose} would be {_bills(words, best)}."
        case "bank_charge" | "round_off" if "name" not in best:
            small = words.money(sum(line["amount"] for line in best["lines"]))
            what = "a charge of their bank" if best["shape"] == "bank_charge" else "rounded off"
            return f"The {small} may be {what}."
        case "still_due":
            return "The rest may still be to come."
    return None


def _cut(words: _Words, candidate: Mapping[str, Any]) -> str:
    cut = candidate.get("cut")
    if not cut:
        return ""
    what = cut_kinds(candidate)
    if what == "cash discount":
        return f"{what} {words.money(cut['amount'])} ({cut['percent']} of {words.money(cut['base'])}; not yet agreed)"
    on = "GST and all, a common mistake" if candidate.get("mistaken") else "GST apart"
    return (
        f"{what} {words.money(cut['amount'])} ({cut['percent']} of {words.money(cut['base'])}, {on};"
        " not yet confirmed)"
    )


def _reasons(words: _Words, options: tuple[Offer, ...]) -> list[str]:
    """The evidence of each proposal, the rate's source, and what changed since the last answer."""
    out = []
    for option in options:
        if option.answer.each == "candidate":
            evidence = " · ".join(option.choice["evidence"])
            what = bills_in_words(option.choice, "A bill") or in_short(option.choice)
            out.append(f"{what}: {evidence}.")
            if cut := option.choice.get("cut"):
                out.append(f"{cut_kinds(option.choice)} {cut['percent']}: {cut['why']}.")
    out = list(dict.fromkeys(out))  # two proposals may rest on the same evidence
    changed = words.evidence.get("changed") or {}
    kinds = words.question.rule.kinds
    for name, (before, after) in sorted(changed.items()):
        if kinds.get(name) == "money" and isinstance(before, int) and isinstance(after, int):
            before, after = words.money(before), words.money(after)
        if kinds.get(name) != "uuid":
            out.append(f"Changed: {name.replace('_', ' ')} was {before or 'empty'}, now {after or 'empty'}.")
    return out
