"""A question in words that an owner uses, made from the rule and its evidence. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kit.catalogues import ENGLISH, N_
from kit.clock import business_day
from kit.money import format_minor
from ledger.domain.matching.kinds import LABELS
from ledger.domain.vocabulary import STATUSES
from ledger.reconcile.ast import Rule
from ledger.reconcile.evidence import told
from ledger.reconcile.offers import CASH_DISCOUNT, YES, Offer, bills_in_words, cut_kinds, in_short, offers
from ledger.reconcile.reasons import why_told
from ledger.reconcile.worded import worded
from ledger.views import AnswerOption, ConflictView
from ledger.words import Value, filled, marked, on_day

MAX_QUOTE = 300
MAX_NAMED = 4
"""More bills than this are counted, not named."""
_KNOWN = re.compile(r"^(?:known payer|similar name)")
_HIDDEN = ("standing", "likely")
_REASONS = frozenset({"problem", "reason", "place"})
"""Fields that say in a connector's words what is the matter."""
_ABBREVIATED = frozenset({"neft", "rtgs", "imps", "upi", "ach", "nach", "emi"})
WORDS = (
    N_("invoice"), N_("bill"), N_("deal"), N_("payment"), N_("payout"), N_("cheque"), N_("cash"), N_("card"),
    N_("credit note"), N_("bank transfer"), N_("net banking"), N_("netbanking"), N_("wallet"), N_("refund"), N_("settlement"),
    N_("transfer"), N_("other"),
)  # fmt: skip
"""Kinds of things and ways of paying that evidence names by our own words; a source's words stay as they are."""
FIELDS = (
    N_("amount"), N_("day"), N_("number"), N_("reference"), N_("short"), N_("over"), N_("outstanding"), N_("bill amount"),
    N_("bill base"), N_("allocated"), N_("promised"), N_("was"), N_("word"), N_("credit limit"), N_("covered until"),
)  # fmt: skip
"""What may have changed since an answer."""


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


def question_view(
    question: Question, *, now: datetime, timezone: str, language: str = ENGLISH
) -> ConflictView:
    """Write a question down with its evidence and answers, best first; `language` is the reader's."""
    rule = worded(question.rule, language)
    words = _Words(question, now=now, timezone=timezone, language=language)
    options = offers(rule, question.evidence, STATUSES, language=language)
    text = rule.question
    quote = words.fill(text.quote) if text.quote else None
    return ConflictView(
        id=question.id,
        version=question.version,
        rule=rule.name,
        severity=question.severity,
        status=question.status,
        title=words.fill(text.title) or rule.title,
        lines=tuple(words.lines(*text.lines) + _proposal(words, rule, options)),
        quote=quote[:MAX_QUOTE] if quote else None,
        why=tuple(words.lines(*text.why) + _reasons(words, options)),
        answers=tuple(AnswerOption(option.id, option.label, option.group) for option in options),
        party_id=question.party_id,
        party_name=question.party_name,
        amount=question.amount,
        currency=question.currency,
        opened_at=question.opened_at,
        answer=question.answer,
        answer_label=answer_label(question.rule, question.evidence, question.answer, language=language),
        answered_by=question.answered_by,
        answered_at=question.answered_at,
        can_undo=question.status in ("resolved", "snoozed") or bool(question.evidence.get("standing")),
        note=question.note,
        assigned_to=question.assigned_to,
        assigned_name=question.assigned_name,
        alike=question.alike,
        evidence={name: value for name, value in question.evidence.items() if name not in _HIDDEN},
    )


def answer_label(
    rule: Rule, evidence: Mapping[str, Any], answer: str | None, *, language: str = ENGLISH
) -> str | None:
    """Return the words of the button that was tapped."""
    if answer is None:
        return None
    offered = offers(worded(rule, language), evidence, STATUSES, language=language)
    found = next((offer for offer in offered if offer.id == answer), None)
    if found is None:
        return answer
    # "Yes" says nothing once the question is out of sight: name what it was said to.
    says_yes = found.label in (YES, marked(language, YES))
    return f"{found.label}: {in_short(found.choice, language)}" if says_yes and found.choice else found.label


class _Words:
    """Fills templates from the evidence of one question."""

    def __init__(self, question: Question, *, now: datetime, timezone: str, language: str) -> None:
        self.question, self.language = question, language
        self.evidence = question.evidence
        self._today = business_day(now, timezone)
        self._zone = ZoneInfo(timezone)
        best = next(iter(question.evidence.get("candidates") or ()), None)
        payer = question.evidence.get("payer")
        last = best["evidence"][-1:] if best is not None else []
        stranger = best is not None and "name" in best and not _KNOWN.search("".join(last))
        known = question.party_name if not stranger else None
        self.party = known or (str(payer).title() if payer else None)

    def fill(self, template: str) -> str:
        """Fill a template; optional parts with an empty field fall away, and so does all of it."""
        return filled(template, self._value)

    def say(self, text: str, /, **values: object) -> str:
        """Fill one of our own sentences; `[…]` with an empty value falls away."""
        known: Value = lambda name, _: str(values[name]) if values[name] else None  # noqa: E731
        return filled(marked(self.language, text), known)

    def lines(self, *templates: str) -> list[str]:
        """Fill several templates, without those that come out empty."""
        return [line for template in templates if (line := self.fill(template).strip())]

    def money(self, minor: int) -> str:
        """Write an amount in the question's currency."""
        return format_minor(minor, self.question.currency or "INR")

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
                plain = text.upper() if text.lower() in _ABBREVIATED else text.lower()
                return marked(self.language, plain)
        match self.question.rule.kinds[name]:
            case "money":
                return self.money(value)
            case "date":
                return self._day(date.fromisoformat(value))
            case "instant":
                moment = datetime.fromisoformat(value).astimezone(self._zone)
                return f"{on_day(self.language, moment.date(), 'EEE')} {self._day(moment.date())}"
        return why_told(self.language, str(value)) if name in _REASONS else str(value)

    def _day(self, day: date) -> str:
        return on_day(self.language, day, "d MMM" if day.year == self._today.year else "d MMM y")


def _proposal(words: _Words, rule: Rule, options: tuple[Offer, ...]) -> list[str]:
    """Say what the best proposal is, or what there is instead."""
    best = next((option.choice for option in options if option.answer.each == "candidate"), None)
    if best is None:
        return words.lines(*rule.question.otherwise)
    correct = words.say("Correct?")
    if said := _loosely(words, best):
        return [said, correct]
    cut = _cut(words, best)
    if "name" not in best:
        return [words.say("They seem to have cut {cut}.", cut=cut), correct]
    name = _whose(words, best)
    bills = _bills(words, best)
    left = best.get("left")
    if left and best.get("shape") == "overpaid":
        rest = words.money(left)
        said = words.say(
            "It pays {bills}[ of {name}]; {rest} stays on account.", bills=bills, name=name, rest=rest
        )
        return [said, correct]
    kept = [line for line in best["lines"] if line["kind"] != "receipt"]
    if not cut and not kept:
        return [words.say("It fits {bills}[ of {name}].", bills=bills, name=name), correct]
    fits = words.say("It fits {bills}[ of {name}],", bills=bills, name=name)
    if cut:
        return [fits, words.say("if they cut {cut}.", cut=cut), correct]
    small = words.money(sum(line["amount"] for line in kept))
    kinds = cut_kinds(best, words.language)
    return [fits, words.say("{amount} less ({kinds}).", amount=small, kinds=kinds), correct]


def _whose(words: _Words, candidate: Mapping[str, Any]) -> str | None:
    """Return whose bills a proposal is about, where it isn't the party that the question names."""
    return None if candidate.get("name") in (None, words.party) else str(candidate["name"])


def _bills(words: _Words, candidate: Mapping[str, Any]) -> str:
    """Name bills with what is open on each; many are counted."""
    bills = candidate["bills"]
    total = words.money(sum(bill["outstanding"] for bill in bills))
    if len(bills) > MAX_NAMED:
        many = {
            "n": len(bills),
            "first": bills[0]["number"] or "?",
            "last": bills[-1]["number"] or "?",
            "total": total,
        }
        match candidate.get("shape"):
            case "all_open":
                return words.say("all {n} bills, {first} to {last}, together {total}", **many)
            case "all_due":
                return words.say("all that are due, {n} bills, {first} to {last}, together {total}", **many)
        return words.say("{n} bills, {first} to {last}, together {total}", **many)
    named = " + ".join(
        f"{bill['number']} {words.money(bill['outstanding'])}"
        if bill["number"]
        else words.money(bill["outstanding"])
        for bill in bills
    )
    return (
        words.say("bills {named}", named=named) if len(bills) > 1 else words.say("bill {named}", named=named)
    )


def _loosely(words: _Words, best: Mapping[str, Any]) -> str | None:
    """Say what the money may be where no bills come to its amount."""
    name = _whose(words, best)
    match best.get("shape"):
        case "kind":
            label = marked(words.language, LABELS.get(best["as"], best["as"]))
            plain = label if label[:3].isupper() else label[:1].lower() + label[1:]
            return words.say("It looks like {what}.", what=plain)
        case "on_account":
            return words.say("It fits no open bill. It may be on account of {name}.", name=best["name"])
        case "part_payment":
            return words.say("It may be a part of {bills}[ of {name}].", bills=_bills(words, best), name=name)
        case "oldest_first":
            bills = _bills(words, best)
            return words.say(
                "It fits no bills exactly. The oldest first[ of {name}] would be {bills}.",
                bills=bills,
                name=name,
            )
        case "bank_charge" | "round_off" if "name" not in best:
            small = words.money(sum(line["amount"] for line in best["lines"]))
            if best["shape"] == "bank_charge":
                return words.say("The {amount} may be a charge of their bank.", amount=small)
            return words.say("The {amount} may be rounded off.", amount=small)
        case "still_due":
            return words.say("The rest may still be to come.")
    return None


def _cut(words: _Words, candidate: Mapping[str, Any]) -> str:
    cut = candidate.get("cut")
    if not cut:
        return ""
    told_cut = {
        "kinds": cut_kinds(candidate, words.language),
        "amount": words.money(cut["amount"]),
        "percent": cut["percent"],
        "base": words.money(cut["base"]),
    }
    if {line["kind"] for line in candidate["lines"]} - {"receipt"} == {CASH_DISCOUNT}:
        return words.say("{kinds} {amount} ({percent} of {base}; not yet agreed)", **told_cut)
    if candidate.get("mistaken"):
        return words.say(
            "{kinds} {amount} ({percent} of {base}, GST and all, a common mistake; not yet confirmed)",
            **told_cut,
        )
    return words.say("{kinds} {amount} ({percent} of {base}, GST apart; not yet confirmed)", **told_cut)


def _reasons(words: _Words, options: tuple[Offer, ...]) -> list[str]:
    """The evidence of each proposal, the rate's source, and what changed since the last answer."""
    out = []
    for option in options:
        if option.answer.each == "candidate":
            evidence = " · ".join(told(words.language, piece) for piece in option.choice["evidence"])
            nameless = words.say("A bill")
            what = bills_in_words(option.choice, nameless, words.language) or in_short(
                option.choice, words.language
            )
            out.append(f"{what}: {evidence}.")
            if cut := option.choice.get("cut"):
                kinds = cut_kinds(option.choice, words.language)
                out.append(f"{kinds} {cut['percent']}: {told(words.language, cut['why'])}.")
    out = list(dict.fromkeys(out))  # two proposals may rest on the same evidence
    changed = words.evidence.get("changed") or {}
    kinds_of = words.question.rule.kinds
    for name, (before, after) in sorted(changed.items()):
        if kinds_of.get(name) == "money" and isinstance(before, int) and isinstance(after, int):
            before, after = words.money(before), words.money(after)
        if kinds_of.get(name) != "uuid":
            empty = words.say("empty")
            field = marked(words.language, name.replace("_", " "))
            out.append(
                words.say(
                    "Changed: {field} was {before}, now {after}.",
                    field=field,
                    before=before or empty,
                    after=after or empty,
                )
            )
    return out
