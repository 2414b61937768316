"""Opening balances: what bills and money of before tell one by one isn't added to the lump sum a second time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.domain.derive.documents import Documents, stated_by
from ledger.domain.derive.joining import keeps_books
from ledger.domain.derive.model import Document, Money, Terms
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex

_PAID = frozenset(["invoice.paid", "payable.paid"])
_Account = tuple[UUID, str, str]
"""(party, side, currency)"""


def reduce_openings(documents: Documents, moneys: Moneys, parties: PartyIndex, terms: Terms) -> None:
    """Leave of each opening balance only what no other bill, older opening or money of before tells.

    A record that states bills beside the sum (a ledger of Tally's) has left them out of it already; bills of any other
    record are in it. Of the books' own side (`opening_by_books`) only what the books tell counts.
    """
    openings = [row for row in documents.rows if row.kind == "opening"]
    if not openings:
        return
    accounts = {_account(row) for row in openings}
    told: dict[_Account, list[Document]] = defaultdict(list)
    paid: dict[_Account, list[Money]] = defaultdict(list)
    for row in documents.rows:
        if row.kind != "opening" and _account(row) in accounts:
            told[_account(row)].append(row)
    for money in (*moneys.receipts, *moneys.payouts):
        if money.party is not None and money.classified is None and money.arrived:
            paid[money.party, money.side, money.currency].append(money)
    for lump in _lumps(openings):
        rows, sums = told[lump.account], paid[lump.account]
        by_books = lump.left(
            [row for row in rows if any(map(keeps_books, row.members))],
            [money for money in sums if any(map(keeps_books, money.members))],
            parties, terms, known=documents.opening_by_books,
        )  # fmt: skip
        left = lump.left(rows, sums, parties, terms)
        for opening in lump.rows:
            documents.opening_by_books[opening.anchor] = min(by_books, opening.amount)
            by_books -= documents.opening_by_books[opening.anchor]
            opening.amount = min(left, opening.amount)
            left -= opening.amount
            opening.dues = [(opening.due_on, None, opening.amount)]
        rows += lump.rows


@dataclass(frozen=True, slots=True)
class _Lump:
    """What one source says that a party owed as on a day; several ledgers of one party make one sum."""

    rows: list[Document]
    account: _Account
    source: str
    as_on: date
    leaves_out: bool
    """Its bills stand beside the sum."""

    def left(
        self,
        rows: Sequence[Document],
        sums: Sequence[Money],
        parties: PartyIndex,
        terms: Terms,
        *,
        known: Mapping[UUID, int] | None = None,
    ) -> int:
        """Return what of the sum nothing else tells; `known`: by the books alone, with what earlier openings leave so."""
        stated = sum(row.amount for row in self.rows)
        elsewhere = 0
        for row in rows:
            if row.kind == "opening":
                if row.members[0].source != self.source:
                    elsewhere += row.amount if known is None else known[row.anchor]
            elif self._before(row.issued_on):
                elsewhere += self._open(row, parties, terms, only_books=known is not None)
        elsewhere -= sum(_taken_off(money, self.as_on) for money in sums if self._before(money.first_day))
        return min(max(stated - elsewhere, 0), stated)

    def _before(self, day: date) -> bool:
        """A sum as on the first of a month is what the books began with; any other counts what its own day brought."""
        return day < self.as_on or (day == self.as_on and self.as_on.day != 1)

    def _open(self, row: Document, parties: PartyIndex, terms: Terms, *, only_books: bool) -> int:
        """What of a document is in the sum: all that others tell of it, less what is stated beside the sum."""
        beside = [m for m in row.members if self.leaves_out and m.source == self.source]
        others = [m for m in row.members if m not in beside and (keeps_books(m) or not only_books)]
        told = stated_by(row, others, parties, terms) if others else None
        if told is None or told.closed or told.members[0].status in _PAID:
            return 0
        value = told.amount - told.reserve
        value -= max((member.data.get("outstanding", 0) for member in beside), default=0)
        return -value if row.kind == "credit_note" else value


def _lumps(openings: Iterable[Document]) -> list[_Lump]:
    """Return the sums, the earliest first, of one day the most trusted."""
    found: dict[tuple[_Account, str, date], list[Document]] = {}
    for row in sorted(openings, key=lambda row: (row.issued_on, row.members[0].trust)):
        found.setdefault((_account(row), row.members[0].source, row.issued_on), []).append(row)
    return [
        _Lump(rows, account, source, as_on, any(row.members[0].data.get("record") for row in rows))
        for (account, source, as_on), rows in found.items()
    ]


def _account(row: Document) -> _Account:
    return row.party, row.side, row.currency


def _taken_off(money: Money, day: date) -> int:
    kept = (sum(part["amount"] for part in m.data.get("deductions") or ()) for m in money.members)
    return money.left_on(day) + max(kept, default=0)
