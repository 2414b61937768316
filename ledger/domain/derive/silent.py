"""Money of which nobody says what it is for: recognised by its payer and matched by itself where that is certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.habits import Habits
from ledger.domain.derive.match import Matcher
from ledger.domain.derive.model import Document, Identity, Money, Terms, latest_words
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.recognise import Payers, rejections, unlearned
from ledger.domain.derive.set_off import SetOffs
from ledger.domain.derive.settling import Line
from ledger.domain.matching.kinds import kind_of

_TEACHES = frozenset(
    [
        "own_transfer",
        "owner_money",
        "loan",
        "financier_advance",
        "gst_refund",
        "tax_refund",
        "interest",
        "gateway_payout",
    ]
)
"""What money of a payer is each time; a refund, or something else, is so this once."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Money that doesn't say (all of) what it is for; `named`: bills that it names, `why`: by what."""

    money: Money
    named: Sequence[Document] = ()
    why: str = "narration"


def match_silent(
    silent: Mapping[UUID, Silent],
    documents: Documents,
    moneys: Moneys,
    parties: PartyIndex,
    terms: Terms,
    *,
    decisions: Sequence[Identity],
    agreed: SetOffs,
) -> Iterator[tuple[Money, list[Line]]]:
    """Yield what money is for, where that is certain, the oldest money first, set-offs (`agreed`) between them.

    Each is to be carried out before the next is asked for. A bank debit that is matched becomes a payout.
    """
    _, parted = latest_words(decisions, join="link.confirmed", part="link.rejected")
    rejected, once = rejections(parties, parted), unlearned(decisions)
    given_up = [decision for decision in decisions if decision.type == "writeoff.approved"]
    accepted = [decision for decision in decisions if decision.type == "deduction.accepted"]
    learned_from = [m for m in (*moneys.receipts, *moneys.payouts) if m.anchor not in silent]
    habit_of = Habits(decisions, parties, learned_from, terms)
    latest = ((party, habit_of.at(party, date.max)) for party in habit_of.parties())
    moneys.habits = {party: habit for party, habit in latest if habit is not None}
    known: dict[str, tuple[Payers, Matcher]] = {}
    for side, told in (("receivable", moneys.receipts), ("payable", moneys.payouts)):
        payers = Payers(parties, rejected)
        for money in (*told, *(moneys.debits if side == "payable" else ())):
            if any(member.subject in once for member in money.members):
                continue
            if money.classified is None:
                payers.learn(money)
            elif money.why is None and money.classified in _TEACHES:
                payers.learn_kind(money)
        matcher = Matcher(documents, terms, payers, habit_of, given_up)
        matcher.learn_cuts(told, documents, accepted)
        known[side] = payers, matcher
    debits = {money.anchor for money in moneys.debits}
    asked = [one.money for one in silent.values()]
    asked += [money for money in moneys.debits if money.classified is None]
    for money in sorted(asked, key=lambda money: (money.day, money.anchor)):
        agreed.before(money.day)
        payers, matcher = known[money.side]
        one = silent.get(money.anchor) or Silent(money)
        named = one.named
        if money.party is None and not named and (kind := _kind(money, payers)):
            money.classified, money.why, money.evidence = kind
            if money.side == "payable":
                moneys.told_by_bank.update((member.subject, kind[0]) for member in money.members)
        elif (named or not _as_books_have_it(money)) and (
            match := matcher.match(money, named, why=one.why)
        ) is not None:
            if money.anchor in debits:
                moneys.payouts.append(money)
                moneys.of.update((member.subject, money) for member in money.members)
            money.party, money.why, money.evidence = match.party, match.why, match.evidence
            yield money, list(match.lines)
    moneys.payouts.sort(key=lambda money: (money.day, money.anchor))
    for money in moneys.debits:
        if money.classified is not None and money.why is None:
            moneys.told_by_bank.update((member.subject, "decision") for member in money.members)


def _as_books_have_it(money: Money) -> bool:
    """Whether our books keep it without naming a bill: then it stands on account with us as it does there."""
    return any(member.source.startswith("books:") for member in money.members)


def _kind(money: Money, payers: Payers) -> tuple[str, str, str] | None:
    """Return (kind, why, evidence) of bank lines that are no sale and no purchase: by the payer, else by the bank's
    own words where they leave no doubt."""
    if any(member.kind != "bank_line" for member in money.members):
        return None
    if known := payers.kind(money):
        return known, "known_payer", "money of this payer is always so"
    line = money.members[0].data
    said = kind_of(
        line["narration"],
        side="credit" if money.side == "receivable" else "debit",
        payer=(line.get("payer") or {}).get("name"),
    )
    return (said.kind, "bank_words", said.words) if said is not None and said.certain else None
