"""Writes proposals down as they stand in a question's evidence, best first. Pure; amounts in paise.

A candidate says what "Yes" would mean: which effect it has, which lines, and on what evidence in words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from ledger.domain.matching.bills import LUCKY, Allowed, Bill, Fit, days_in_words
from ledger.domain.matching.fits import Owed, exact, oldest_first, search
from ledger.domain.matching.hints import meant
from ledger.domain.matching.kinds import Kind
from ledger.domain.matching.learned import Usual
from ledger.domain.matching.rates import Cut
from ledger.reconcile.likely import Payer
from ledger.reconcile.names import Known

MAX_CANDIDATES = 4
MAX_STRANGERS = 3
"""More parties than this with a bill of just this amount: the amount says nothing."""
MAX_LINES = 30
ROUND = 50_000
"""Multiples of ₹500 are often paid against no bill in particular."""
ALLOWED = Allowed(bank_charge=6_000)
"""₹50 and GST, the most that a bank takes for a transfer."""
_PLAIN = 3
"""Fits up to this rank are as good as their payer."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit that is asked about, with everything that may explain it."""

    amount: int
    day: date
    payers: Sequence[Payer]
    wallets: Mapping[UUID, Owed]
    """party → its open bills in the credit's currency, those left out that a person said it isn't for."""
    strangers: Sequence[tuple[Known, Bill]]
    """Bills of just this amount, of parties that nothing else speaks for."""
    kind: Kind | None
    habits: Mapping[UUID, str]
    on_account: bool
    """People mostly left the likeliest party's money on account."""
    elsewhere: frozenset[UUID]
    """Parties that this payer is known to pay for."""
    narration: str = ""
    named: Collection[UUID] = frozenset()
    """Anchors of bills whose number stands in the narration."""
    usual: Mapping[UUID, Collection[Usual]] = field(default_factory=dict)
    """party → what it kept back before."""


def candidates(credit: Credit) -> list[dict[str, Any]]:
    """Return what the credit may be for, the likeliest first."""
    ranked: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    if credit.kind is not None:
        ranked.append(((_tier_of_kind(credit),), _kind(credit.kind)))
    for place, payer in enumerate(credit.payers):
        owed = credit.wallets.get(payer.party.id)
        for fit in _meant(credit, payer, owed):
            ranked.append(((-0.5, place, *_order(fit, place, credit.day)), _of_fit(fit, payer, credit)))
        found = search(owed, credit.amount, credit.day, allowed=ALLOWED).fits if owed else ()
        even = credit.amount % ROUND == 0
        for fit in found:
            plain = fit.rank <= _PLAIN and fit.chance <= LUCKY
            tier = 0 if payer.known else 0.5 if plain else 2
            # An even sum is paid on account sooner than it is a bill less something.
            tier += 3.5 if even and fit.cut_amount else 0
            ranked.append(((tier, *_order(fit, place, credit.day)), _of_fit(fit, payer, credit)))
        if place < 2 and (not found or (even and all(fit.cut_amount for fit in found))):
            tier = 3 if payer.known else 4
            for number, made in enumerate(_by_manner(credit, payer, owed)):
                ranked.append(((tier, place, number), made))
    for party, bill in credit.strangers:
        fit = exact(bill)
        stranger = Payer(party, False, "")
        ranked.append(((5, *_order(fit, 0, credit.day)), _of_fit(fit, stranger, credit)))
    ranked.sort(key=lambda item: item[0])
    first: dict[str, dict[str, Any]] = {}
    for _, made in ranked:
        first.setdefault(made["id"], made)
    return list(first.values())[:MAX_CANDIDATES]


def _tier_of_kind(credit: Credit) -> float:
    """Where what the bank's words tell stands: cash may be a customer's, whose name or bill says so better."""
    assert credit.kind is not None
    if credit.kind.certain:
        return -1
    told = credit.payers or (credit.strangers and credit.amount % ROUND)
    return 6 if credit.kind.kind == "cash_deposit" and told else 1


def _meant(credit: Credit, payer: Payer, owed: Owed | None) -> Sequence[Fit]:
    """Return what fits the bills that the narration means, and what fits with what this party kept back before."""
    if owed is None:
        return ()
    rates = [cut for usual in credit.usual.get(payer.party.id, ()) if (cut := _as_cut(usual)) is not None]
    numbers = meant([credit.narration], [bill.number for bill in owed.bills])
    told = [bill for bill in owed.bills if bill.anchor in credit.named]
    told = told or ([owed.bills[place] for place in numbers] if payer.known else [])
    found: list[Fit] = []
    if told:
        few = Owed(told)
        found += search(few, credit.amount, credit.day, allowed=ALLOWED, cuts=rates or None).fits[:2]
        if not found and credit.amount <= few.total and (part := oldest_first(few, credit.amount)):
            found.append(part)
    if rates and not found:
        again = search(owed, credit.amount, credit.day, cuts=rates)
        found += [fit for fit in again.fits if fit.cut is not None and not fit.mistaken][:1]
    wanted = {bill.anchor for bill in told}
    if wanted and not found:
        every = search(owed, credit.amount, credit.day, cuts=rates or None).fits
        found += [fit for fit in every if wanted <= {bill.anchor for bill in fit.bills}][:2]
    return found


def _as_cut(usual: Usual) -> Cut | None:
    """Return a usual deduction as a cut of the taxable value; None where it is of the whole bill."""
    if any(whole for _, _, whole in usual.parts) or len(usual.parts) > 2:
        return None
    return Cut(tuple((kind, rate) for kind, rate, _ in usual.parts), "as before")


def party_choice(credit: Credit, party: Known) -> dict[str, Any]:
    """Write a party down, with what the money pays if its oldest bills go first."""
    owed = credit.wallets.get(party.id)
    fit = oldest_first(owed, credit.amount) if owed else None
    lines = _lines(fit) if fit is not None and len(fit.lines) <= MAX_LINES else []
    return {"party": str(party.anchor), "name": party.name, "lines": lines}


def _order(fit: Fit, place: int, day: date) -> tuple[Any, ...]:
    """The likelier payer, then the plainer fit, then bills that fell due nearest to the day, then the usual deduction."""
    distance = min(abs((day - (bill.due_on or bill.issued_on)).days) for bill in fit.bills)
    usual = [part[0] != "tds" for part in fit.cut.parts] if fit.cut else []
    return (fit.rank > _PLAIN, place, fit.rank, distance, str(fit.bills[0].anchor), len(usual), usual, fit.id)


def _by_manner(credit: Credit, payer: Payer, owed: Owed | None) -> list[dict[str, Any]]:
    """Return how the party may mean money that fits no bills: the oldest first, a part, an advance, or on account."""
    habit = credit.habits.get(payer.party.id)
    fit = oldest_first(owed, credit.amount) if owed else None
    if fit is not None and fit.left:  # what is over can be kept on account only if all bills are paid
        words = [*fit.words, "the rest stays on account"]
    else:
        words = list(fit.words) if fit else []
    account = _on_account(
        payer, "pays on account" if habit == "on_account" else "no bill fits" if fit else "nothing is open"
    )
    if fit is None or len(fit.lines) > MAX_LINES or habit == "on_account":
        return [account]
    if habit == "oldest_first":
        words.append("pays the oldest bill first")
    oldest = _of_fit(fit, payer, credit, words)
    loose = habit is None and not fit.left and (credit.on_account or credit.amount % ROUND == 0)
    return [account, oldest] if loose else [oldest, account]


def _on_account(payer: Payer, why: str) -> dict[str, Any]:
    return {
        "id": f"on_account_{payer.party.anchor.hex[:12]}",
        "effect": "on_account",
        "shape": "on_account",
        "party": str(payer.party.anchor),
        "name": payer.party.name,
        "bills": [],
        "lines": [],
        "cut": None,
        "evidence": [word for word in (why, payer.words) if word],
    }


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "id": f"kind_{kind.kind}",
        "effect": "classify",
        "as": kind.kind,
        "shape": "kind",
        "bills": [],
        "lines": [],
        "cut": None,
        "evidence": [kind.words],
    }


def _of_fit(fit: Fit, payer: Payer, credit: Credit, words: Sequence[str] | None = None) -> dict[str, Any]:
    said = [*(fit.words if words is None else words), days_in_words(credit.day, fit.bills), payer.words]
    cut = None
    if fit.cut is not None:
        cut = {"amount": fit.cut_amount, "percent": fit.cut.percent, "base": fit.base, "why": fit.cut.why}
    made: dict[str, Any] = {
        "id": fit.id,
        "party": str(payer.party.anchor),
        "name": payer.party.name,
        "shape": fit.why,
        "bills": [{"number": bill.number, "outstanding": bill.outstanding} for bill in fit.bills],
        "lines": _lines(fit),
        "cut": cut,
        "evidence": [word for word in said if word],
    }
    if fit.mistaken:
        made["mistaken"] = True
    if fit.left:
        made["left"] = fit.left
    if credit.elsewhere - {payer.party.id}:
        made["once"] = True
    return made


def _lines(fit: Fit) -> list[dict[str, Any]]:
    return [
        {"document": str(bill.anchor), "number": bill.number, "amount": paid, "kind": kind}
        for bill, paid, kind in fit.lines
    ]
