"""Allocation: decisions first, then explicit references; recomputed each time, so a rejected one can't come back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Money, Terms
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.keys import number_key


def allocate(
    documents: Documents, moneys: Moneys, parties: PartyIndex, terms: Terms, *, decisions: Sequence[Identity]
) -> None:
    """Set credit notes, decisions and references against documents; entries land on documents and money."""
    _credit_notes(documents)
    _decided(documents, moneys, parties, decisions, terms)
    decided = _latest_allocations(decisions, moneys)
    for money in moneys.receipts:
        if _counts(money) and money.anchor not in decided:
            _explicit(money, documents, side="receivable", terms=terms)
    for money in moneys.payouts:
        if _counts(money) and money.anchor not in decided:
            _explicit(money, documents, side="payable", terms=terms)
    for money in (*moneys.receipts, *moneys.payouts):
        _undo_reversed(money)


def _counts(money: Money) -> bool:
    return money.arrived and money.classified is None


def _credit_notes(documents: Documents) -> None:
    for note in documents.rows:
        if note.kind != "credit_note" or note.closed:
            continue
        left = note.amount
        for number in note.members[0].references("invoices"):
            bill = documents.numbered(number, side="receivable", party=note.party)
            if (
                bill is not None
                and bill.currency == note.currency
                and (fits := min(left, bill.remaining)) > 0
            ):
                bill.enter("credit_note", -fits, note.issued_on, note.anchor)
                note.enter("applied", -fits, note.issued_on, bill.anchor)
                left -= fits


def _latest_allocations(decisions: Iterable[Identity], moneys: Moneys) -> dict[UUID, Identity]:
    """The decision in force for each receipt: the latest one."""
    found: dict[UUID, Identity] = {}
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type == "allocation.decided" and (money := moneys.of.get(UUID(decision.data["receipt"]))):
            found[money.anchor] = decision
    return found


def _decided(
    documents: Documents, moneys: Moneys, parties: PartyIndex, decisions: Sequence[Identity], terms: Terms
) -> None:
    latest = _latest_allocations(decisions, moneys)
    for money in (*moneys.receipts, *moneys.payouts):
        decision = latest.get(money.anchor)
        if decision is None or not _counts(money):
            continue
        if decision.data.get("party"):
            money.party = parties.root(UUID(decision.data["party"]))
        lines = [(documents.of(UUID(line["document"])), line) for line in decision.data["lines"]]
        owners = {document.party for document, _ in lines if document is not None}
        if len(owners) == 1 and not decision.data.get("party"):
            money.party = owners.pop()
        for document, line in lines:
            if document is not None and document.currency == money.currency:
                _set(money, document, line.get("kind") or "receipt", line["amount"], why="decided")
    for decision in decisions:
        if decision.type not in ("deduction.accepted", "writeoff.approved"):
            continue
        document = documents.of(UUID(decision.data["document"]))
        if document is not None and (fits := min(decision.data["amount"], document.remaining)) > 0:
            kind = "write_off" if decision.type == "writeoff.approved" else "deduction"
            document.enter(kind, -fits, decision.day(terms), decision.subject)


def _explicit(money: Money, documents: Documents, *, side: str, terms: Terms) -> None:
    """Match by what the money itself cites: a document's number or id, or a number in the bank's narration."""
    named = "invoices" if side == "receivable" else "bills"
    hits: list[tuple[Document, str]] = []
    for member in money.members:
        for external_id in member.references("documents"):
            if (document := documents.external(member.source, external_id)) and document.side == side:
                hits.append((document, "gateway_document"))
        for number in member.references(named):
            document = documents.numbered(number, side=side, party=money.party) or documents.numbered(
                number, side=side, party=None
            )
            if document is not None:
                hits.append((document, "invoice_number"))
    if not hits:
        hits = _narrated(money, documents, side=side)
    seen: dict[UUID, tuple[Document, str]] = {}
    for document, why in hits:
        if document.currency == money.currency:
            seen.setdefault(document.anchor, (document, why))
    ordered = sorted(seen.values(), key=lambda hit: (hit[0].issued_on, hit[0].anchor))
    owners = {document.party for document, _ in ordered}
    if len(owners) == 1:
        money.party = owners.pop()
    for document, why in ordered:
        _set(money, document, "receipt", money.remaining, why=why)
        if 0 < document.remaining <= terms.round_off_limit and document.currency == terms.currency:
            _set(money, document, "round_off", document.remaining, why="round_off")


def _narrated(money: Money, documents: Documents, *, side: str) -> list[tuple[Document, str]]:
    """Find documents by words of the narration: a number with a letter in it, or bare digits with the exact amount."""
    hits: dict[UUID, Document] = {}
    for member in money.members:
        if member.kind != "bank_line":
            continue
        for token in member.references("tokens"):
            key = number_key(token)
            document = documents.numbered(key, side=side, party=money.party)
            if document is None or len(key) < 4 or document.remaining <= 0:
                continue
            if key.isdigit() and document.remaining != money.amount:
                continue
            hits[document.anchor] = document
    if len({document.party for document in hits.values()}) != 1:
        return []
    return [(document, "narration") for document in hits.values()]


def _set(money: Money, document: Document, kind: str, amount: int, *, why: str) -> None:
    """Set up to `amount` against a document; deductions take nothing of the money itself."""
    if document.closed:
        return
    room = document.remaining
    reserve = document.reserve if document.reserve_on and money.day <= document.reserve_on else 0
    fits = min(amount, room + reserve)
    if kind == "receipt":
        fits = min(fits, money.remaining)
    if fits <= 0:
        return
    document.reserve -= min(reserve, fits)
    entry = "receipt" if kind == "receipt" else "deduction"
    document.enter(entry, -fits, money.day, money.anchor)
    money.allocations.append((document, kind, fits, why))


def _undo_reversed(money: Money) -> None:
    """Give back what was set against documents, last first, once the money beyond it is gone."""
    if not _counts(money):
        return
    unallocated = money.remaining
    if unallocated:
        money.advance.append(("advance", -unallocated, money.day))
    held = [amount for _, _, amount, _ in money.allocations]
    for day, amount in money.reversals:
        free = min(amount, unallocated)
        unallocated -= free
        left = amount - free
        if free:
            money.advance.append(("reversal", free, day))
        for place in reversed(range(len(held))):
            document, kind, _, _ = money.allocations[place]
            part = min(left, held[place]) if kind == "receipt" else 0
            if part > 0:
                document.enter("reversal", part, day, money.anchor)
                held[place] -= part
                left -= part
    money.allocations = [
        (document, kind, kept, why)
        for (document, kind, _, why), kept in zip(money.allocations, held, strict=True)
        if kept > 0
    ]
