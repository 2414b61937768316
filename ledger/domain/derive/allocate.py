"""Allocation: decisions first, then explicit references; recomputed each time, so a rejected one can't come back.

What of a payment was given back later (a refund, a cheque returned) is set against bills only where no lasting
money pays them: a bill whose cheque bounced and that was paid anew is paid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Money, Terms
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.keys import SHORTEST, number_key


@dataclass(slots=True)
class _Line:
    """What a decision or a reference wants of one document; `left` is what it hasn't got yet."""

    document: Document
    kind: str
    left: int
    why: str


def allocate(
    documents: Documents, moneys: Moneys, parties: PartyIndex, terms: Terms, *, decisions: Sequence[Identity]
) -> None:
    """Set credit notes, decisions and references against documents; entries land on documents and money."""
    _credit_notes(documents)
    latest = _latest_allocations(decisions, moneys)
    counting = [money for money in (*moneys.receipts, *moneys.payouts) if _counts(money)]
    decided = [money for money in counting if money.anchor in latest]
    plans: list[tuple[Money, list[_Line]]] = []
    for money in decided:
        plans.append((money, _decided(money, documents, parties, latest[money.anchor])))
        _settle(*plans[-1], terms, upto=money.lasting)
    _deductions(documents, decisions, terms)
    for money in counting:
        if money.anchor not in latest:
            plans.append((money, _cited(money, documents)))
            _settle(*plans[-1], terms, upto=money.lasting)
    for money, plan in plans:
        _kept_back(money, plan)
    for money, plan in plans:
        if money.reversals:
            cash = [line for line in plan if line.kind == "receipt"]
            _settle(money, cash, terms, upto=money.amount)
    for money in counting:
        _undo_reversed(money)
    _write_offs(documents, decisions, terms)


def _counts(money: Money) -> bool:
    return money.arrived and money.classified is None


def _credit_notes(documents: Documents) -> None:
    for note in documents.rows:
        if note.kind != "credit_note" or note.closed:
            continue
        left = note.amount
        for number in note.members[0].references("invoices" if note.side == "receivable" else "bills"):
            bill = documents.numbered(number, side=note.side, party=note.party, amount=left)
            if (
                bill is not None
                and bill.currency == note.currency
                and (fits := min(left, bill.remaining)) > 0
            ):
                day = max(note.issued_on, bill.issued_on)
                bill.enter("credit_note", -fits, day, note.anchor)
                note.enter("applied", -fits, day, bill.anchor)
                left -= fits


def _latest_allocations(decisions: Iterable[Identity], moneys: Moneys) -> dict[UUID, Identity]:
    """The decision in force for each receipt: the latest one."""
    found: dict[UUID, Identity] = {}
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type == "allocation.decided" and (money := moneys.of.get(UUID(decision.data["receipt"]))):
            found[money.anchor] = decision
    return found


def _decided(money: Money, documents: Documents, parties: PartyIndex, decision: Identity) -> list[_Line]:
    """Return what a person set this money against; the money becomes the named party's, or the bills' one owner's."""
    lines = [
        _Line(document, line.get("kind") or "receipt", line["amount"], "decided")
        for line in decision.data["lines"]
        if (document := documents.of(UUID(line["document"]))) is not None
    ]
    owners = {line.document.party for line in lines}
    if decision.data.get("party"):
        money.party = parties.root(UUID(decision.data["party"]))
    elif len(owners) == 1:
        money.party = owners.pop()
    return lines


def _deductions(documents: Documents, decisions: Iterable[Identity], terms: Terms) -> None:
    for document, decision in _about(documents, decisions, "deduction.accepted"):
        if (fits := min(decision.data["amount"], document.remaining)) > 0:
            day = max(decision.day(terms), document.issued_on)
            document.enter("deduction", -fits, day, decision.subject)


def _write_offs(documents: Documents, decisions: Iterable[Identity], terms: Terms) -> None:
    """Give up what was open on the day; what is paid after all takes the write-off back, on its own day."""
    for document, decision in _about(documents, decisions, "writeoff.approved"):
        day = max(decision.day(terms), document.issued_on)
        later = {on for _, _, on, _ in document.entries if on > day}
        if document.reserve_on and document.reserve_on > day:
            later.add(document.reserve_on)
        still_open = [(on, max(document.open_on(on), 0)) for on in (day, *sorted(later))]
        most, given_up = min(decision.data["amount"], still_open[0][1]), 0
        for on, amount in still_open:
            if change := min(most, amount) - given_up:
                document.enter("write_off", -change, on, decision.subject)
                given_up += change


def _about(
    documents: Documents, decisions: Iterable[Identity], event_type: str
) -> list[tuple[Document, Identity]]:
    """Return the decisions of one type with their documents, in the order of time."""
    found = []
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type == event_type:
            document = documents.of(UUID(decision.data["document"]))
            if document is not None and _takes(document, decision.data["currency"]):
                found.append((document, decision))
    return found


def _takes(document: Document, currency: str) -> bool:
    return document.kind != "credit_note" and not document.closed and document.currency == currency


def _cited(money: Money, documents: Documents) -> list[_Line]:
    """Match by what the money itself cites: a document's number or id, or a number in the bank's narration.

    Of several claims of one source that are this money together, each pays what it cites itself.
    """
    plan: dict[UUID, _Line] = {}
    together = Counter(member.source for member in money.members if member.kind != "bank_line")
    for member in money.members:
        part = together[member.source] > 1
        for document, why in _referred(member, money, documents):
            line = plan.setdefault(document.anchor, _Line(document, "receipt", 0, why))
            line.left = min(line.left + member.data["amount"], money.amount) if part else money.amount
    if not plan:
        plan = {
            row.anchor: _Line(row, "receipt", money.amount, "narration")
            for row in _narrated(money, documents)
        }
    owners = {line.document.party for line in plan.values()}
    if len(owners) == 1:
        money.party = owners.pop()
    return sorted(plan.values(), key=lambda line: (line.document.issued_on, line.document.anchor))


def _referred(member: Identity, money: Money, documents: Documents) -> list[tuple[Document, str]]:
    side = money.side
    hits: list[tuple[Document, str]] = []
    for external_id in member.references("documents"):
        if document := documents.external(member.source, external_id, side=side):
            hits.append((document, "gateway_document"))
    for number in member.references("invoices" if side == "receivable" else "bills"):
        document = documents.numbered(
            number, side=side, party=money.party, amount=money.amount
        ) or documents.numbered(number, side=side, party=None, amount=money.amount)
        if document is not None:
            hits.append((document, "invoice_number"))
    first: dict[UUID, tuple[Document, str]] = {}
    for document, why in hits:
        if document.currency == money.currency:
            first.setdefault(document.anchor, (document, why))
    return list(first.values())


def _narrated(money: Money, documents: Documents) -> list[Document]:
    """Find documents of one party by words of the narration: a number with a letter in it, or bare digits with the
    exact amount. One that has exactly the amount open goes before all others; those already paid only say whose
    money it is."""
    hits: dict[UUID, Document] = {}
    for member in money.members:
        for token in member.references("tokens") if member.kind == "bank_line" else ():
            key = number_key(token)
            if len(key) < SHORTEST:
                continue
            document = documents.numbered(key, side=money.side, party=money.party, amount=money.amount)
            if document is None or document.currency != money.currency:
                continue
            if not key.isdigit() or document.remaining == money.amount:
                hits[document.anchor] = document
    still = [row for row in hits.values() if row.remaining > 0] or list(hits.values())
    if len({document.party for document in still}) != 1:
        return []
    found = sorted(still, key=lambda row: (row.issued_on, row.anchor))
    if sum(row.remaining for row in found) == money.amount:
        return found
    return [row for row in found if row.remaining == money.amount][:1] or found


def _settle(money: Money, plan: Iterable[_Line], terms: Terms, *, upto: int) -> None:
    """Carry a plan out as far as `upto` of the money goes; what is short by a rounding closes."""
    for line in plan:
        document = line.document
        if not _takes(document, money.currency) or document.side != money.side or upto <= 0:
            continue
        if line.kind != "receipt":
            line.left -= _deduct(money, line)
            continue
        fits = _pay(money, document, min(line.left, upto - money.allocated), why=line.why)
        line.left -= fits
        rounding = 0 < document.remaining <= terms.round_off_limit and document.currency == terms.currency
        if fits and rounding and line.why != "decided" and money.allocated <= money.lasting:
            _deduct(money, _Line(document, "round_off", document.remaining, "round_off"))


def _kept_back(money: Money, plan: Sequence[_Line]) -> None:
    """Set what our own books say was kept back (TDS, discount) against the bills that the money itself is set against.

    One claim states it, however many sources tell of the money; of what a person decided, nothing is added.
    """
    stated = next((m.data["deductions"] for m in money.members if m.data.get("deductions")), None)
    if stated is None or not money.lasting or any(line.why == "decided" for line in plan):
        return
    for deduction in stated:
        left = deduction["amount"]
        for line in plan:
            if _takes(line.document, money.currency) and line.document.side == money.side:
                left -= _deduct(money, _Line(line.document, deduction["kind"], left, "stated"))
        if left > 0:  # the bill is closed or not known: the party's balance is less by it all the same
            money.advance.append(("deduction", -left, money.day))


def _deduct(money: Money, line: _Line) -> int:
    """Set what the payer kept back against a document; it takes nothing of the money itself."""
    fits = min(line.left, line.document.remaining)
    if fits <= 0:
        return 0
    line.document.enter("deduction", -fits, max(money.day, line.document.issued_on), money.anchor)
    money.allocations.append((line.document, line.kind, fits, line.why))
    return fits


def _pay(money: Money, document: Document, amount: int, *, why: str) -> int:
    """Set up to `amount` of money against a document; until the document's day it stands on account."""
    reserve = 0
    if document.reserve_on and money.first_day <= document.reserve_on:
        reserve = min(document.reserve, max(money.left_on(document.reserve_on) - money.allocated, 0))
    fits = min(amount, document.remaining + reserve)
    if fits <= 0:
        return 0
    document.reserve -= min(reserve, fits)
    day = _on_document(money, document, "advance", -fits, money.day)
    document.enter("receipt", -fits, day, money.anchor)
    money.allocations.append((document, "receipt", fits, why))
    return fits


def _on_document(money: Money, document: Document, kind: str, amount: int, day: date) -> date:
    """Return the day on which an entry falls on the document; before that day it is posted on account."""
    if day < document.issued_on:
        money.advance.append((kind, amount, day))
        money.advance.append(("advance", -amount, document.issued_on))
    return max(day, document.issued_on)


def _undo_reversed(money: Money) -> None:
    """Give back what was set against documents, last first, once the money beyond it is gone."""
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
                on = _on_document(money, document, "reversal", part, day)
                document.enter("reversal", part, on, money.anchor)
                held[place] -= part
                left -= part
    money.allocations = [
        (document, kind, kept, why)
        for (document, kind, _, why), kept in zip(money.allocations, held, strict=True)
        if kept > 0
    ]
