"""Whose money it is: payers known again by UPI address, account or name, and names that a bank cut.

What teaches is what a person, the books or a gateway said of other money, never what was matched by itself; so the
order in which facts arrive changes nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from ledger.domain.derive.model import Identity, Money
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.matching.kinds import kind_of

SHORTEST_HEAD = 8
"""A name that the bank cut tells something from so many letters."""
SURE = 3
"""So many payments of a stranger's name for one party say that he pays for it alone."""
_IN_WORDS = {"vpa": "UPI", "acc": "account", "nam": "name"}


@dataclass(frozen=True, slots=True)
class Payer:
    """Who may have paid. `known`: by more than the look of a name; `words` say by what. `sure`: his name is the
    party's too, or he paid for it and nobody else several times, so that the payer alone says whose money it is."""

    party: UUID
    known: bool
    words: str
    sure: bool = False


@dataclass(slots=True)
class Payers:
    """Handles and whose they are, learned from money whose party is told."""

    parties: PartyIndex
    rejected: Collection[frozenset[UUID]]
    """Money and party (or document) that a person said don't belong together."""
    of_handle: dict[str, list[tuple[date, UUID]]] = field(default_factory=lambda: defaultdict(list))
    """handle → whose money it was, and on which day."""
    kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What money of a handle is that isn't a sale's, by people's word."""
    _by_name: dict[str, set[UUID]] | None = None

    def learn(self, money: Money) -> None:
        """Take note of whose handles these are."""
        if money.party is not None and not _of_a_third(money):
            for handle in money.handles:
                self.of_handle[handle].append((money.day, money.party))

    def learn_kind(self, money: Money) -> None:
        """Take note that money of these handles is of a kind."""
        for handle in money.handles:
            self.kinds[handle].add(money.classified or "")

    def kind(self, money: Money) -> str | None:
        """Return what money of this payer always is, if it is never a party's."""
        for handle in money.handles:
            kinds = self.kinds.get(handle)
            if kinds and len(kinds) == 1 and not self.of_handle.get(handle):
                return next(iter(kinds))
        return None

    def of(self, money: Money) -> list[Payer]:
        """Return who may have paid, on the best evidence there is: one known payer, several, or names alike."""
        if money.party is not None:
            return [Payer(money.party, True, "the payer is named", sure=True)]
        for handle in money.handles:
            times = self._known(handle, money)
            by_place = times and handle.startswith("nam:") and _names_a_place(money)
            if by_place and not times.keys() & set(self._alike(handle[4:])):
                return [Payer(party, False, "paid so before") for party in sorted(times)]
            if times:
                words = f"known payer ({_IN_WORDS[handle[:3]]})"
                names = {
                    party for name in money.handles if name[:3] == "nam" for party in self._alike(name[4:])
                }
                return [
                    Payer(party, len(times) == 1, words, party in names or times[party] >= SURE)
                    for party in sorted(times)
                ]
        for handle in money.handles:
            if handle.startswith("nam:"):
                alike = [party for party in self._alike(handle[4:]) if not self.parted(money, party)]
                return [Payer(party, False, "similar name") for party in alike]
        return []

    def _known(self, handle: str, money: Money) -> Counter[UUID]:
        """Return how often a handle was whose: until the day of the money, else at all. A payer who pays for a second
        firm one day makes nothing doubtful that came before."""
        told = [
            (day, party) for day, party in self.of_handle.get(handle, ()) if not self.parted(money, party)
        ]
        return Counter(party for day, party in told if day <= money.day) or Counter(
            party for _, party in told
        )

    def parted(self, money: Money, party: UUID) -> bool:
        """Whether a person said that this money isn't that party's."""
        return bool(self.rejected) and any(
            frozenset((member.subject, party)) in self.rejected for member in money.members
        )

    def _alike(self, name: str) -> list[UUID]:
        """Return the parties of just this name, else those whose name begins like it as far as the shorter goes."""
        if self._by_name is None:
            self._by_name = defaultdict(set)
            for root in self.parties.roots():
                for squeezed in self.parties.bank_names(root):
                    self._by_name[squeezed].add(root)
        if name in self._by_name:
            return sorted(self._by_name[name])
        if len(name) < SHORTEST_HEAD:
            return []
        return sorted(
            {
                party
                for other, roots in self._by_name.items()
                if len(other) >= SHORTEST_HEAD and (other.startswith(name) or name.startswith(other))
                for party in roots
            }
        )


def _of_a_third(money: Money) -> bool:
    """Whether the bank's words say that it comes by way of somebody who pays for many: a financier, a gateway, cash."""
    return any(
        kind_of(line.data["narration"], side="credit", payer=(line.data.get("payer") or {}).get("name"))
        is not None
        for line in money.members
        if line.kind == "bank_line" and line.type == "bank.credited"
    )


def _names_a_place(money: Money) -> bool:
    """Whether the name may be the branch's: lines of cheques and cash name that as often as a payer."""
    return any(
        line.data.get("channel") in ("CHEQUE", "CASH") for line in money.members if line.kind == "bank_line"
    )


def unlearned(decisions: Sequence[Identity]) -> set[UUID]:
    """Return the subjects of money whose answer was meant for this time only."""
    return {
        UUID(decision.data.get("receipt") or decision.data["line"])
        for decision in decisions
        if decision.type in ("allocation.decided", "line.classified") and decision.data.get("learn") == "once"
    }


def rejections(parties: PartyIndex, parted: Iterable[frozenset[UUID]]) -> set[frozenset[UUID]]:
    """Return the pairs that people parted, a party by its root too."""
    return {frozenset(parties.root(subject) for subject in pair) for pair in parted} | set(parted)
