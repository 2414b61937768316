"""What the books themselves say of each party, written down beside our postings: each thing once, however many tell it.

An entry stands on the same anchor as our own row of the same thing, so that the two are compared one by one. Where
several books tell of one bill or one receipt (a year's new company brings the open bills of the old one), the most
trusted one's word is entered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from ledger.domain import rows as r
from ledger.domain.derive.derived import Derived
from ledger.domain.derive.documents import Documents, stated_by
from ledger.domain.derive.joining import keeps_books
from ledger.domain.derive.model import Document, Identity, Money, Terms
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.keys import utr_key

_MOVES = frozenset(
    [
        "payment.received", "payment.reversed", "payout.processed", "payout.reversed",
        "cheque.deposited", "cheque.cleared", "cheque.returned",
    ]
)  # fmt: skip
"""What a books source has entered as money; a cheque that it only holds isn't."""
_UNDONE = frozenset(["payment.reversed", "payout.reversed", "cheque.returned"])
STATED = "stated"


def book_rows(
    out: Derived,
    identities: Sequence[Identity],
    parties: PartyIndex,
    documents: Documents,
    moneys: Moneys,
    terms: Terms,
) -> None:
    """Write the entries of all books, and the balances that they state."""
    books = _Books(parties, terms)
    on_documents = _on_documents(moneys)
    for document in documents.rows:
        left = documents.opening_by_books.get(document.anchor)
        books.document(document, on_documents[document.anchor], left=left)
    for money in (*moneys.receipts, *moneys.payouts):
        books.money(money)
    payments = {(i.source, i.external_id): i for i in identities if i.kind == "payment"}
    for identity in identities:
        if not keeps_books(identity):
            continue
        if identity.kind == "balance":
            books.balance(identity)
        elif identity.kind == "cheque" and identity.subject not in moneys.of:
            books.claim(identity, identity.subject, side="receivable", party=None, number=None)
        elif identity.type == "refund.processed":
            paid = payments.get((identity.source, str(identity.data.get("payment"))))
            given_back = moneys.of.get(paid.subject) if paid is not None else None
            if paid is not None and given_back is not None:
                books.refund(identity, paid, given_back)
    out.books = books.merged()


def _on_documents(moneys: Moneys) -> dict[UUID, list[tuple[Money, int]]]:
    """What of which money is set against each document."""
    found: dict[UUID, list[tuple[Money, int]]] = defaultdict(list)
    for money in (*moneys.receipts, *moneys.payouts):
        for document, _, amount, _ in money.allocations:
            found[document.anchor].append((money, amount))
    return found


class _Books:
    """Entries in the making."""

    def __init__(self, parties: PartyIndex, terms: Terms) -> None:
        self._parties = parties
        self._terms = terms
        self._entries: list[r.BookEntryRow] = []

    def document(
        self, document: Document, paid_by: Iterable[tuple[Money, int]], *, left: int | None = None
    ) -> None:
        """Enter a bill, opening balance or note as the books have it, less what they say was paid before their receipts.

        `left`: what of an opening balance the books don't tell bill by bill.
        """
        telling = [member for member in document.members if keeps_books(member)]
        told = stated_by(document, telling, self._parties, self._terms) if telling else None
        if told is None or told.closed:
            return
        told.amount = told.amount if left is None else left
        note = told.kind == "credit_note"
        kind = "invoice" if told.kind == "bill" else told.kind
        source = told.members[0].source
        self._enter(
            document.anchor, told.party, source, told.side, kind, -told.amount if note else told.amount,
            told.currency, told.issued_on, told.number,
        )  # fmt: skip
        if told.reserve and told.reserve_on:
            self._paid_before(document, told, paid_by, source=source)

    def _paid_before(
        self, document: Document, told: Document, paid_by: Iterable[tuple[Money, int]], *, source: str
    ) -> None:
        """Enter what the books only say was paid: the part that their own receipts and credit notes tell is in those."""
        assert told.reserve_on is not None
        day = max(told.reserve_on, told.issued_on)
        explained = max(told.reserve - document.reserve, 0)
        left = told.reserve - explained
        earlier = [(money, amount) for money, amount in paid_by if money.first_day <= told.reserve_on]
        for money, amount in sorted(earlier, key=lambda one: not _by_books(one[0])):
            part = min(explained, amount)
            explained -= part
            if part and not _by_books(money):
                self._enter(
                    money.anchor, told.party, source, told.side, "receipt", -part, told.currency,
                    max(money.day, told.issued_on), told.number,
                )  # fmt: skip
        if told.reserve_of_all:
            credited = -sum(
                amount
                for kind, amount, on, _ in document.entries
                if kind == "credit_note" and on <= told.reserve_on
            )
            explained -= min(explained, max(credited, 0))
        left += explained
        self._enter(
            document.anchor, told.party, source, told.side, "receipt", -left, told.currency, day, told.number
        )

    def money(self, money: Money) -> None:
        """Enter a receipt or payout as the most trusted books have it; several of its entries add up."""
        telling = sorted((m for m in money.members if _moves(m)), key=lambda m: (m.kind == "cheque", m.trust))
        number = _reference(money.members)
        for member in telling:
            if (member.source, member.kind) == (telling[0].source, telling[0].kind):
                self.claim(member, money.anchor, side=money.side, party=money.party, number=number)

    def claim(
        self, claim: Identity, anchor: UUID, *, side: str, party: UUID | None, number: str | None
    ) -> None:
        """Enter one receipt, payout or cheque with what was kept back of it, and whether it came back."""
        owner = self._parties.of(claim) or party
        if owner is None or not _moves(claim):
            return
        data, day = claim.data, claim.day(self._terms, "paid_on", "dated_on", "on")
        number = number or data.get("number")
        amounts = [("receipt", data["amount"])]
        amounts += [("deduction", part["amount"]) for part in data.get("deductions") or ()]
        for kind, amount in amounts:
            self._enter(anchor, owner, claim.source, side, kind, -amount, data["currency"], day, number)
            if claim.type in _UNDONE:
                back = max(day, claim.day(self._terms, "on"))
                way = "reversal" if kind == "receipt" else kind
                self._enter(anchor, owner, claim.source, side, way, amount, data["currency"], back, number)
        if (given_back := data.get("refunded", 0)) and claim.type not in _UNDONE:
            back = max(day, claim.day(self._terms))
            amount = min(given_back, data["amount"])
            self._enter(anchor, owner, claim.source, side, "reversal", amount, data["currency"], back, number)

    def refund(self, refund: Identity, paid: Identity, money: Money) -> None:
        """Enter money given back, unless the receipt itself tells how much of it was."""
        owner = self._parties.of(paid) or money.party
        if owner is not None and not paid.data.get("refunded") and paid.type == "payment.received":
            day = max(refund.day(self._terms, "paid_on"), paid.day(self._terms, "paid_on"))
            self._enter(
                money.anchor, owner, refund.source, money.side, "reversal", refund.data["amount"],
                refund.data["currency"], day, _reference(money.members),
            )  # fmt: skip

    def balance(self, balance: Identity) -> None:
        """Enter the whole balance that the books state; zero is a statement too."""
        owner = self._parties.of(balance)
        if owner is not None:
            data = balance.data
            self._enter(
                balance.subject, owner, balance.source, data.get("side") or "receivable", STATED,
                data["amount"], data["currency"], balance.day(self._terms, "as_on"), None,
            )  # fmt: skip

    def _enter(
        self,
        anchor: UUID,
        party: UUID,
        source: str,
        side: str,
        kind: str,
        amount: int,
        currency: str,
        day: date,
        number: str | None,
    ) -> None:
        row = self._parties.row(party)
        self._entries.append(r.BookEntryRow(anchor, row, source, side, kind, amount, currency, day, number))

    def merged(self) -> list[r.BookEntryRow]:
        """Add up entries that differ in nothing but the amount, and drop those that come to nothing."""
        sums: dict[r.BookEntryRow, int] = defaultdict(int)
        for entry in self._entries:
            sums[entry._replace(amount=0)] += entry.amount
        rows = (key._replace(amount=amount) for key, amount in sums.items())
        return sorted((row for row in rows if row.amount or row.kind == STATED), key=repr)


def _moves(claim: Identity) -> bool:
    """Whether books say that it is money which came or went."""
    return keeps_books(claim) and claim.type in _MOVES and claim.data.get("amount") is not None


def _by_books(money: Money) -> bool:
    return any(_moves(member) for member in money.members)


def _reference(members: Iterable[Identity]) -> str | None:
    found = sorted({utr_key(item) for member in members for item in member.references("utr")} - {""})
    return found[0] if found else None
