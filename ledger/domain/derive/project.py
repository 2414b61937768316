"""Projection: documents, money and parties written down as rows and postings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from statistics import median_low
from uuid import UUID

from ledger.domain import rows as r
from ledger.domain.derive.derived import Derived
from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Money, Terms
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.project_books import book_rows
from ledger.domain.derive.project_claims import claim_rows
from ledger.domain.derive.project_documents import document_rows, paid_on
from ledger.domain.derive.project_money import bank_rows, cheque_rows, payout_rows, receipt_rows
from ledger.domain.keys import gstin_key, name_key

_RECENT_BILLS = 12


@dataclass(slots=True)
class _Balance:
    """What one party's documents and money add up to, in the currency of its row."""

    open_bills: int = 0
    on_account: int = 0
    payable: int = 0
    customer: bool = False
    vendor: bool = False
    last_receipt_on: date | None = None
    lateness: list[tuple[date, int]] = field(default_factory=list)


def project(
    identities: list[Identity], parties: PartyIndex, documents: Documents, moneys: Moneys, terms: Terms
) -> Derived:
    """Write all rows down."""
    out = Derived()
    currencies = _currencies(documents, moneys, terms)
    balances: dict[UUID, _Balance] = defaultdict(_Balance)
    for document in documents.rows:
        document_rows(out, document, parties)
        _weigh_document(balances[document.party], document, currencies[document.party])
    for money in moneys.receipts:
        receipt_rows(out, money, parties)
        if money.party is not None and money.arrived and money.classified is None:
            _weigh_receipt(balances[money.party], money, currencies[money.party])
    for money in moneys.payouts:
        payout_rows(out, money, parties)
        if money.party is not None:
            balance = balances[money.party]
            balance.vendor = True
            if money.arrived and money.classified is None and money.currency == currencies[money.party]:
                balance.payable -= money.on_account
    bank_rows(out, identities, moneys, terms)
    cheque_rows(out, identities, parties, moneys)
    claim_rows(out, identities, parties, documents, moneys)
    book_rows(out, identities, parties, documents, moneys, terms)
    _party_rows(out, parties, balances, currencies, identities, moneys)
    out.postings = _merged(out.postings)
    return out


def _currencies(documents: Documents, moneys: Moneys, terms: Terms) -> dict[UUID, str]:
    """The currency of each party's row: the business's own where it has any in it, else the first of its own."""
    found: dict[UUID, set[str]] = defaultdict(set)
    for document in documents.rows:
        found[document.party].add(document.currency)
    for money in (*moneys.receipts, *moneys.payouts):
        if money.party is not None:
            found[money.party].add(money.currency)
    chosen = {
        party: terms.currency if terms.currency in codes else min(codes) for party, codes in found.items()
    }
    return defaultdict(lambda: terms.currency, chosen)


def _weigh_document(balance: _Balance, document: Document, currency: str) -> None:
    balance.customer |= document.side == "receivable"
    balance.vendor |= document.side == "payable"
    if document.currency != currency:
        return
    if document.kind == "credit_note" and document.side == "payable":
        balance.payable -= document.remaining
    elif document.kind == "credit_note":
        balance.on_account += document.remaining
    elif document.side == "receivable":
        balance.open_bills += document.remaining
        settled = paid_on(document)
        by_money = any(kind == "receipt" for kind, *_ in document.entries) or document.reserve > 0
        if settled is not None and document.due_on is not None and by_money:
            balance.lateness.append((settled, (settled - document.due_on).days))
    else:
        balance.payable += document.remaining


def _weigh_receipt(balance: _Balance, money: Money, currency: str) -> None:
    balance.customer = True
    if money.lasting and (balance.last_receipt_on is None or money.day > balance.last_receipt_on):
        balance.last_receipt_on = money.day
    if money.currency == currency:
        balance.on_account += money.on_account


def _merged(postings: Iterable[r.PostingRow]) -> list[r.PostingRow]:
    """Add up postings that differ in nothing but the amount, and drop those that come to nothing."""
    sums: dict[r.PostingRow, int] = defaultdict(int)
    for posting in postings:
        sums[posting._replace(amount=0)] += posting.amount
    return sorted((key._replace(amount=amount) for key, amount in sums.items() if amount), key=repr)


def _party_rows(
    out: Derived,
    parties: PartyIndex,
    balances: dict[UUID, _Balance],
    currencies: dict[UUID, str],
    identities: list[Identity],
    moneys: Moneys,
) -> None:
    promises: dict[UUID, Identity] = {}
    for identity in sorted((i for i in identities if i.kind == "promise"), key=lambda i: (i.at, i.subject)):
        if (party := parties.of(identity)) is not None:
            promises[party] = identity
    # Whoever has a balance has a row, also one whose bill was since made out to somebody else: nothing drops out of a sum.
    kept = sorted({*balances, *filter(parties.is_explicit, parties.roots())})
    for root in kept:
        balance, promise = balances[root], promises.get(root)
        lateness = [days for _, days in sorted(balance.lateness)[-_RECENT_BILLS:]]
        roles = parties.value(root, "roles") or []
        out.tables["parties"].append(
            r.PartyRow(
                id=parties.row(root),
                anchor=root,
                name=parties.name(root),
                search_name=name_key(parties.name(root)),
                gstin=gstin_key(parties.value(root, "gstin")),
                pan=parties.pan(root),
                phone=parties.value(root, "phone"),
                email=parties.value(root, "email"),
                owner=parties.value(root, "owner"),
                terms_days=parties.value(root, "terms_days"),
                credit_limit=parties.value(root, "credit_limit"),
                is_customer=balance.customer or "customer" in roles,
                is_vendor=balance.vendor or "vendor" in roles,
                currency=currencies[root],
                receivable=balance.open_bills - balance.on_account,
                open_bills=balance.open_bills,
                on_account=balance.on_account,
                payable=balance.payable,
                usual_days_late=median_low(lateness) if lateness else None,
                last_receipt_on=balance.last_receipt_on,
                promise_on=promise.date("on") if promise else None,
                promise_amount=promise.data.get("amount") if promise else None,
                habit=habit.how if (habit := moneys.habits.get(root)) and habit.how != "mixed" else None,
            )
        )
    out.tables["party_identities"].extend(parties.rows(kept))
