"""How a party pays: as a person said it, else as its last payments show it that a person or the books explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from ledger.domain.derive.model import EVEN, Habit, Identity, Money, Terms
from ledger.domain.derive.parties import PartyIndex

ALIKE = 2
"""So many payments in a row show a habit."""


class Habits:
    """How each party pays. What a payment shows counts for later ones: a habit that begins today opens nothing that
    settled itself last year. For the time before there were two to look at, the first two count."""

    def __init__(
        self, decisions: Iterable[Identity], parties: PartyIndex, moneys: Iterable[Money], terms: Terms
    ) -> None:
        self._shown: dict[UUID, list[tuple[date, str]]] = defaultdict(list)
        self._said: dict[UUID, tuple[date, str]] = {}
        for money in sorted(moneys, key=lambda money: (money.day, money.anchor)):
            counts = money.arrived and money.classified is None and money.side == "receivable"
            if money.party is not None and counts:
                self._shown[money.party].append((money.day, _shown(money)))
        for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
            if decision.type == "habit.decided":
                party = parties.root(UUID(decision.data["party"]))
                self._said[party] = (decision.day(terms), decision.data["habit"])

    def parties(self) -> set[UUID]:
        """Return the parties of which anything is known."""
        return self._shown.keys() | self._said.keys()

    def at(self, party: UUID, day: date) -> Habit | None:
        """Return what was known on a day: what a person said by then, else what the payments until then show."""
        if (said := self._said.get(party)) and said[0] <= day:
            return Habit(said[1], said=True)
        return _seen([how for on, how in self._shown.get(party, ()) if on <= day])

    def later(self, party: UUID) -> Habit | None:
        """Return what became known afterwards, for money that nothing else explains."""
        if said := self._said.get(party):
            return Habit(said[1], said=True)
        return _seen([how for _, how in self._shown.get(party, ())][:ALIKE])


def _seen(shown: list[str]) -> Habit | None:
    """Return the habit that payments show, the latest last; `mixed`: now by bills, now against none in particular."""
    last = set(shown[-ALIKE:])
    if len(shown) >= ALIKE and "bill_wise" not in last:
        # That the oldest bills were paid is seen too; but which are the oldest may hang on money that isn't explained
        # yet. Until a person says so, it stands on account.
        return Habit("on_account", said=False)
    return Habit("mixed", said=False) if len(shown) - shown.count("bill_wise") >= ALIKE else None


def _shown(money: Money) -> str:
    """Return the habit that explained money bears witness of."""
    lines = [(document, amount) for document, kind, amount, _ in money.allocations if kind == "receipt"]
    if not lines:
        return "on_account"
    parts = any(amount < document.amount for document, amount in lines)
    plain = all(kind == "receipt" for _, kind, _, _ in money.allocations)
    return "oldest_first" if parts and plain and money.amount % EVEN == 0 else "bill_wise"
