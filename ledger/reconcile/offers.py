"""Which answers a question offers now: the rule's buttons, spread over its proposals, parties or statuses. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz

from kit.catalogues import ENGLISH, N_
from ledger.domain.matching.kinds import LABELS
from ledger.reconcile.ast import Answer, Rule
from ledger.words import marked, say, say_count

STATUS_WORDS: Mapping[str, str] = {
    "invoice.draft": N_("Only a draft"),
    "invoice.issued": N_("Sent, to be paid"),
    "invoice.partially_paid": N_("Partly paid"),
    "invoice.paid": N_("Paid"),
    "invoice.voided": N_("Cancelled"),
    "invoice.written_off": N_("Given up"),
    "invoice.disputed": N_("Disputed"),
    "payment.authorised": N_("Approved, not here yet"),
    "payment.received": N_("Money received"),
    "payment.failed": N_("Payment failed"),
    "payment.refunded": N_("Given back"),
    "payment.reversed": N_("Taken back"),
    "payable.scheduled": N_("Payment planned"),
    "payable.due": N_("To be paid"),
    "payable.partially_paid": N_("Partly paid"),
    "payable.paid": N_("Paid"),
    "payable.failed": N_("Payment failed"),
    "payable.voided": N_("Cancelled"),
    "deal.open": N_("Still open"),
    "deal.lost": N_("Lost"),
    "none": N_("Says nothing about money"),
}
"""Our statuses in an owner's words; others read as they are called."""
_HINTS: Mapping[str, str] = {
    "invoice.draft": "draft quote proposal",
    "invoice.issued": "sent issued open unpaid won billed closedwon",
    "invoice.partially_paid": "partial part",
    "invoice.paid": "paid settled cleared closed received complete done",
    "invoice.voided": "void cancelled deleted",
    "payment.received": "captured success paid received completed settled",
    "payment.failed": "failed declined bounced",
    "payable.paid": "paid settled cleared closed done",
    "payable.due": "due open unpaid approved",
    "payable.voided": "void cancelled rejected",
    "deal.open": "open new qualified negotiation hold pending waiting review",
    "deal.lost": "lost dead dropped closedlost",
    "none": "viewed opened",
}
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "bill": ("payable",),
    "credit_note": ("invoice",),
    "deal": ("deal", "invoice"),
}
YES = "Yes"
"""What a rule calls the answer that takes the best proposal."""
CASH_DISCOUNT = "cash_discount"
DEDUCTION_WORDS: Mapping[str, str] = {
    "tds": N_("TDS"),
    "gst_tds": N_("GST-TDS"),
    CASH_DISCOUNT: N_("cash discount"),
    "rate_difference": N_("rate difference"),
    "shortage": N_("shortage"),
    "goods_returned": N_("goods returned"),
    "freight": N_("freight"),
    "retention": N_("retention"),
    "bank_charge": N_("bank charge"),
    "round_off": N_("round off"),
    "financier_charge": N_("financier charge"),
}
"""What may be kept back of a bill, as it reads in a sentence."""
_MANY = 3
"""More bills than this are counted, not named, on a button."""
_OF_DEAL = frozenset({"deal.open", "deal.lost", "invoice.issued", "invoice.paid", "invoice.voided"})
NEVER_OFFERED = frozenset({"invoice.partially_paid", "payable.partially_paid"})


@dataclass(frozen=True, slots=True)
class Offer:
    """One button: its id, its words, the answer of the rule behind it, and what it chooses."""

    id: str
    label: str
    answer: Answer
    choice: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Return `kind` for a button that only says what sort of money it is, else nothing."""
        return "kind" if self.answer.effect == "classify" and self.answer.each is None else ""


def offers(
    rule: Rule, evidence: Mapping[str, Any], statuses: frozenset[str], *, language: str = ENGLISH
) -> tuple[Offer, ...]:
    """Return the buttons of a question, best first; `statuses` are all that we have. The rule is in `language` already."""
    first: dict[str, Offer] = {}
    said = set()
    for answer in rule.answers:
        for offer in _of(answer, evidence, statuses, rule, language):
            meant = _meaning(offer)
            if offer.id not in first and (meant is None or meant not in said):
                first[offer.id] = offer
                said.add(meant)
    return tuple(first.values())


def statuses_of(kind: str, statuses: frozenset[str]) -> list[str]:
    """Return the statuses that a kind of thing may have, sorted, "says nothing" last."""
    families = _FAMILIES.get(kind, (kind,))
    found = sorted(status for status in statuses if status.partition(".")[0] in families)
    if kind == "deal":
        found = [status for status in found if status in _OF_DEAL]
    return [*found, "none"]


def bills_in_words(candidate: Mapping[str, Any], nameless: str, language: str = ENGLISH) -> str:
    """Name a proposal's bills: `INV-102 + INV-107`, `5 bills`; `nameless` stands where a bill has no number."""
    if len(candidate["bills"]) > _MANY:
        return say_count(language, "{n} bill", "{n} bills", len(candidate["bills"]))
    return " + ".join(str(bill["number"] or nameless) for bill in candidate["bills"])


def cut_kinds(candidate: Mapping[str, Any], language: str = ENGLISH) -> str:
    """Name a proposal's deductions: `TDS and GST-TDS`."""
    kinds = dict.fromkeys(line["kind"] for line in candidate["lines"] if line["kind"] != "receipt")
    named = [marked(language, DEDUCTION_WORDS.get(kind, kind.replace("_", " "))) for kind in kinds]
    words = named[0] if named else ""
    for name in named[1:]:
        words = say(language, "{one} and {other}", one=words, other=name)
    return words


def _of(
    answer: Answer, evidence: Mapping[str, Any], statuses: frozenset[str], rule: Rule, language: str
) -> Iterator[Offer]:
    if answer.when is not None and not evidence.get(answer.when):
        return
    match answer.each:
        case "candidate":
            yield from _candidates(answer, (evidence.get("candidates") or ())[: answer.limit], rule, language)
        case "party":
            for party in (evidence.get("parties") or ())[: answer.limit]:
                if "oldest_first" in (answer.id, answer.setting("as")) and not party.get("lines"):
                    continue
                label = answer.label.replace("{party}", party["name"])
                yield Offer(f"{answer.id}_{UUID(party['party']).hex[:12]}", label, answer, party)
        case "status":
            kind, word = str(evidence.get("kind")), str(evidence.get("word"))
            likely = sorted(
                (s for s in statuses_of(kind, statuses) if s not in NEVER_OFFERED),
                key=lambda status: (-_likeness(word, status), status == "none", status),
            )
            for status in likely[: answer.limit]:
                words = STATUS_WORDS.get(status, status.partition(".")[2].capitalize())
                yield Offer(
                    status,
                    answer.label.replace("{status}", marked(language, words)),
                    answer,
                    {"status": status},
                )
        case None:
            yield Offer(answer.id, answer.label, answer)


def _candidates(
    answer: Answer, found: Sequence[Mapping[str, Any]], rule: Rule, language: str
) -> Iterator[Offer]:
    """Offer each proposal, the best one as "Yes"; for this time only where its payer is known to pay for others."""
    once = answer.setting("learn") == "once"
    for number, candidate in enumerate(found):
        if once and not candidate.get("once"):
            continue
        label = answer.label if number == 0 or once else _other(candidate, found[0], language)
        name = f"{candidate['id']}_once" if once else candidate["id"]
        yield Offer(name, label, _acting(answer, candidate, rule), candidate)


def _acting(answer: Answer, candidate: Mapping[str, Any], rule: Rule) -> Answer:
    """Return what a proposal does: as the rule's answer that it stands for, or its own effect."""
    if named := candidate.get("answer"):
        return next((replace(one, each="candidate") for one in rule.answers if one.id == named), answer)
    if effect := candidate.get("effect"):
        settings = dict(answer.settings) | ({"as": candidate["as"]} if candidate.get("as") else {})
        return replace(answer, effect=effect, settings=tuple(sorted(settings.items())))
    return answer


def _meaning(offer: Offer) -> tuple[str, str] | None:
    """Return what an offer says, where two buttons could say the same: a kind of money, a reason."""
    if offer.answer.effect == "classify":
        return ("classify", offer.answer.setting("as"))
    kind = offer.answer.setting("kind")
    if offer.answer.effect == "accept_deduction" and kind:
        return ("kind", kind)
    if offer.answer.each is None or offer.choice.get("answer"):
        return ("answer", str(offer.choice.get("answer") or offer.answer.id))
    kinds = {line["kind"] for line in offer.choice.get("lines") or ()}
    if offer.answer.effect == "accept_deduction" and not offer.choice.get("cut") and len(kinds) == 1:
        return ("kind", *kinds)
    return None


def in_short(candidate: Mapping[str, Any], language: str = ENGLISH) -> str:
    """Name a proposal once it is chosen: `INV-102 + INV-107, TDS 2%`, or the deduction alone: `TDS 2%`."""
    match candidate.get("shape"):
        case "kind":
            return marked(language, LABELS.get(candidate["as"], candidate["as"]))
        case "on_account":
            return say(language, "On account of {party}", party=candidate["name"])
        case "oldest_first":
            return say(language, "Oldest bills first, {party}", party=candidate["name"])
        case "still_due":
            return say(language, "The rest is still to come")
        case "part_payment":
            bills = bills_in_words(candidate, say(language, "the oldest bill"), language)
            return say(language, "Part of {bills}", bills=bills)
    kinds = cut_kinds(candidate, language)
    cut = f"{kinds} {candidate['cut']['percent']}" if candidate.get("cut") else ""
    kept = "" if cut or candidate.get("name") else kinds[:1].upper() + kinds[1:]
    bills = bills_in_words(candidate, say(language, "a bill"), language) if candidate.get("name") else ""
    return ", ".join(part for part in (bills, cut, kept) if part)


def _other(candidate: Mapping[str, Any], best: Mapping[str, Any], language: str) -> str:
    shape = candidate.get("shape")
    if shape in ("kind", "on_account"):
        return in_short(candidate, language)
    if not candidate.get("name"):
        return say(language, "No, {what}", what=in_short(candidate, language))
    whose = "" if candidate["name"] == best.get("name") else f" · {candidate['name']}"
    if shape == "oldest_first":
        return f"{say(language, 'Oldest bills first')}{whose}"
    if candidate["bills"] == best["bills"] and shape != "part_payment":
        what = in_short({**candidate, "name": ""}, language) or say(language, "nothing cut")
        return say(language, "Same, with {what}", what=what)
    if shape == "part_payment":
        return f"{in_short(candidate, language)}{whose}"
    return f"{bills_in_words(candidate, say(language, 'a bill'), language)}{whose}"


def _likeness(word: str, status: str) -> int:
    """Score how much a vendor's word sounds like a status, in tens, so that the usual order decides near ties."""
    hints = f"{status.partition('.')[2].replace('_', ' ')} {_HINTS.get(status, '')}".split()
    said = {word.casefold(), *re.findall(r"\w{4,}", word.casefold())}
    return max((round(fuzz.ratio(one, hint) / 10) for one in said for hint in hints), default=0)
