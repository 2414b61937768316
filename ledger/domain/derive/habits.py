"""How a party pays: as a person said it, else as its last payments show it that a person or the books explained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from ledger.domain.derive.model import EVEN, Habit, Identity, Money
from ledger.domain.derive.parties import PartyIndex

ALIKE = 2
"""So many payments in a row show a habit."""


def habits(
    decisions: Iterable[Identity], parties: PartyIndex, moneys: Iterable[Money] = ()
) -> dict[UUID, Habit]:
    """Return how each party pays, by people's last word; where there is none, by the last `moneys` that are explained.

    `mixed`: now by bills, now against none in particular.
    """
    found: dict[UUID, Habit] = {}
    votes: dict[UUID, list[str]] = defaultdict(list)
    for money in sorted(moneys, key=lambda money: (money.day, money.anchor)):
        if (
            money.party is not None
            and money.arrived
            and money.classified is None
            and money.side == "receivable"
        ):
            votes[money.party].append(_shown(money))
    for party, shown in votes.items():
        last = set(shown[-ALIKE:])
        if len(shown) >= ALIKE and "bill_wise" not in last:
            # The oldest first in the books and on account by a person: what both leave open is on account.
            found[party] = Habit("on_account" if len(last) > 1 else last.pop(), said=False)
        elif len(shown) - shown.count("bill_wise") >= ALIKE:
            found[party] = Habit("mixed", said=False)
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type == "habit.decided":
            found[parties.root(UUID(decision.data["party"]))] = Habit(decision.data["habit"], said=True)
    return found


def _shown(money: Money) -> str:
    """Return the habit that explained money bears witness of."""
    lines = [(document, amount) for document, kind, amount, _ in money.allocations if kind == "receipt"]
    if not lines:
        return "on_account"
    parts = any(amount < document.amount for document, amount in lines)
    plain = all(kind == "receipt" for _, kind, _, _ in money.allocations)
    return "oldest_first" if parts and plain and money.amount % EVEN == 0 else "bill_wise"
