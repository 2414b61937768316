"""What the books themselves set against what, by name and amount; as they have it, the rest stands on account.

A name is a bill's number, or that of an advance which a later bill takes. A bill may also stand under the number of
another: a debit note on it, or a cheque that came back and opens it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Money
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.settling import Line, Share, credit, deduct, pay
from ledger.domain.keys import number_key


class Against:
    """The names of the documents at hand, and what of each name is not carried out yet."""

    def __init__(self, documents: Documents, parties: PartyIndex) -> None:
        self._documents = documents
        self._parties = parties
        self._takers: dict[tuple[str, str, UUID], list[tuple[Document, Share]]] = defaultdict(list)
        self._from_account: list[tuple[Document, Share]] = []
        self._own: dict[UUID, Share] = {}
        """What of a bill stands under its own number, where another part takes an advance or money on account."""
        self._shares: dict[UUID, list[Share]] = {}
        for row in documents.rows:
            if row.kind == "credit_note" or row.closed:
                continue
            taking = _shares(row.members)
            if taking:
                elsewhere = sum(share.left for share in taking)
                self._own[row.anchor] = Share(row.number, max(row.amount - elsewhere, 0))
            for share in taking:
                if share.name is None:
                    self._from_account.append((row, share))
                elif row.number is None or number_key(share.name) != number_key(row.number):
                    self._takers[number_key(share.name), row.side, row.party].append((row, share))

    # ---- credit notes and money --------------------------------------------------------------------
    def credit_note(self, note: Document) -> bool:
        """Set a credit note against what the books name; return whether they name anything."""
        shares = self._shares[note.anchor] = _shares(note.members)
        for share in shares:
            for line in self._lines(share, side=note.side, party=note.party):
                line.spend(credit(note, line.document, line.limit))
        return bool(shares)

    def credit_by_its_own_name(self, note: Document) -> None:
        """Set what is left of a credit note against the bills that take it by its number."""
        for row, taken in self._takers.get((number_key(note.number or ""), note.side, note.party), ()):
            taken.left -= credit(note, row, taken.left)

    def lines(self, money: Money) -> list[Line] | None:
        """Return what the books set this money against; None where they say nothing of it.

        Of several books the most trusted tells it; of several of its entries that are this money together, each does.
        """
        telling = sorted(
            (m for m in money.members if m.data.get("settles") is not None), key=lambda m: m.trust
        )
        if not telling:
            return None
        found: list[Line] = []
        self._shares[money.anchor] = []
        for member in telling:
            if member.source != telling[0].source:
                continue
            party = self._parties.of(member) or money.party
            for share in _shares([member]):
                self._shares[money.anchor].append(share)
                if party is not None:
                    found += self._lines(share, side=money.side, party=party)
        return found

    def _lines(self, share: Share, *, side: str, party: UUID) -> list[Line]:
        if share.name is None:
            return []
        bills = self._documents.named(share.name, side=side, party=party, amount=share.left)
        takers = self._takers.get((number_key(share.name), side, party), ())
        return [
            *(Line(row, "receipt", share.left, "books", (share, *self._own_of(row))) for row in bills),
            *(Line(row, "receipt", taken.left, "books", (share, taken)) for row, taken in takers),
        ]

    def _own_of(self, row: Document) -> tuple[Share, ...]:
        return (self._own[row.anchor],) if row.anchor in self._own else ()

    # ---- bills -------------------------------------------------------------------------------------
    def take_from_account(self, moneys: Iterable[Money]) -> None:
        """Let bills take what the books say they take of the money on account, the oldest first."""
        pool: dict[tuple[str, UUID], list[Money]] = defaultdict(list)
        for money in moneys:
            if money.party is not None:
                pool[money.side, money.party].append(money)
        notes: dict[tuple[str, UUID], list[Document]] = defaultdict(list)
        for note in self._documents.rows if self._from_account else ():
            if note.kind == "credit_note" and not note.closed:
                notes[note.side, note.party].append(note)
        for row, share in self._from_account:
            sources = {member.source for member in row.members}
            for money in pool.get((row.side, row.party), ()):
                if money.currency == row.currency and sources & {member.source for member in money.members}:
                    free = money.lasting - money.allocated - self._named(money.anchor)
                    if (wanted := min(share.left, free)) > 0:
                        share.left -= pay(money, row, wanted, why="books")
                    for kind, left in money.kept.items():
                        fits = deduct(money, Line(row, kind, 0, "stated"), min(share.left, left))
                        money.kept[kind] -= fits
                        share.left -= fits
            for note in notes.get((row.side, row.party), ()):
                if note.members[0].source in sources:
                    wanted = min(share.left, note.remaining - self._named(note.anchor))
                    share.left -= credit(note, row, wanted)

    def _named(self, anchor: UUID) -> int:
        """What of money or a credit note stands under a name, and isn't free on account."""
        return sum(share.left for share in self._shares.get(anchor, ()) if share.name is not None)

    def open_again(self) -> None:
        """Move what is open on a bill that stands under another's number to that one, as far as it was settled."""
        for (name, side, party), takers in sorted(self._takers.items()):
            for row, taken in takers:
                for bill in self._documents.named(name, side=side, party=party, amount=0):
                    moved = min(taken.left, row.remaining, bill.amount - bill.remaining)
                    if moved <= 0 or bill.closed or bill.currency != row.currency:
                        continue
                    days = [
                        row.issued_on,
                        bill.issued_on,
                        *(on for _, _, on, _ in (*bill.entries, *row.entries)),
                    ]
                    day = max([*days, *([bill.reserve_on] if bill.reserve_on else [])])
                    bill.enter("reversal", moved, day, row.anchor)
                    row.enter("reversal", -moved, day, bill.anchor)
                    taken.left -= moved


def _shares(members: Sequence[Identity]) -> list[Share]:
    """Return what the most trusted of the claims that says so puts under which name."""
    stated = next((member.data["settles"] for member in members if member.data.get("settles")), ())
    return [Share(part.get("number") or None, part["amount"]) for part in stated]
