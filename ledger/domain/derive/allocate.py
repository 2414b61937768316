"""Allocation: decisions first, then explicit references; recomputed each time, so a rejected one can't come back.

What of a payment was given back later (a refund, a cheque returned) is set against bills only where no lasting
money pays them: a bill whose cheque bounced and that was paid anew is paid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

from ledger.domain.derive.against import Against
from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Money, Terms
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.set_off import SetOffs
from ledger.domain.derive.settling import Line, credit, deduct, on_document, pay
from ledger.domain.derive.silent import Silent, match_silent
from ledger.domain.keys import SHORTEST, number_key
from ledger.domain.matching.learned import BY_RATE

_STATED = frozenset(["decided", "books", "part_payment", "deduction", "oldest_first"])


def allocate(
    documents: Documents, moneys: Moneys, parties: PartyIndex, terms: Terms, *, decisions: Sequence[Identity]
) -> None:
    """Set credit notes, decisions and references against documents; entries land on documents and money."""
    books = Against(documents, parties)
    _credit_notes(documents, books)
    latest = _latest_allocations(decisions, moneys)
    counting = [money for money in (*moneys.receipts, *moneys.payouts) if _counts(money)]
    decided = [money for money in counting if money.anchor in latest]
    for money in decided:
        money.why = "decided"
    plans: list[tuple[Money, list[Line]]] = []
    for money in decided:
        plans.append((money, _decided(money, documents, parties, latest[money.anchor])))
        _settle(*plans[-1], terms, upto=money.lasting)
    _deductions(documents, decisions, terms)
    unsaid: list[tuple[Money, list[Line] | None]] = []
    for money in counting:
        if money.anchor not in latest:
            plan = _told(money, documents, parties, books)
            if plan is None or _short_of_one(money, plan):
                unsaid.append((money, plan))
                continue
            plans.append((money, plan))
            if len(plan) > 1:
                _kept_back_of_each(money, plan)
            _settle(*plans[-1], terms, upto=money.lasting)
    kept_back = len(plans)
    for money, plan in plans:
        _kept_back(money, plan)
    silent = {
        money.anchor: Silent(money, [line.document for line in plan], plan[0].why)
        if plan
        else Silent(money, _narrated(money, documents))
        for money, plan in unsaid
    }
    agreed = SetOffs(documents, parties, terms, decisions=decisions)
    for money, plan in match_silent(
        silent, documents, moneys, parties, terms, decisions=decisions, agreed=agreed
    ):
        plans.append((money, plan))
        _settle(money, plan, terms, upto=money.lasting)
        silent.pop(money.anchor, None)
    plans += [(one.money, []) for one in silent.values()]
    for money, plan in plans[kept_back:]:
        _kept_back(money, plan)
    books.take_from_account(counting)
    for money, plan in plans:
        if money.reversals:
            cash = [line for line in plan if line.kind == "receipt"]
            _settle(money, cash, terms, upto=money.amount)
    for money in (*moneys.receipts, *moneys.payouts):
        if _counts(money):
            _undo_reversed(money)
    books.open_again()
    agreed.rest()
    _write_offs(documents, decisions, terms)


def _short_of_one(money: Money, plan: Sequence[Line]) -> bool:
    """Whether it cites one bill and is less than it: what this party usually keeps back may explain that."""
    if len(plan) != 1 or plan[0].why == "books" or plan[0].document.side != money.side:
        return False
    told = any(member.data.get("deductions") for member in money.members)
    return not told and _takes(plan[0].document, money.currency) and plan[0].document.remaining > money.amount


def _counts(money: Money) -> bool:
    return money.arrived and money.classified is None


def _credit_notes(documents: Documents, books: Against) -> None:
    notes = [row for row in documents.rows if row.kind == "credit_note" and not row.closed]
    for note in notes:
        if books.credit_note(note):
            continue
        for number in note.members[0].references("invoices" if note.side == "receivable" else "bills"):
            bill = documents.numbered(number, side=note.side, party=note.party, amount=note.remaining)
            if bill is not None:
                credit(note, bill, note.remaining)
    for note in notes:
        books.credit_by_its_own_name(note)


def _latest_allocations(decisions: Iterable[Identity], moneys: Moneys) -> dict[UUID, Identity]:
    """The decision in force for each receipt: the latest one."""
    found: dict[UUID, Identity] = {}
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type == "allocation.decided" and (money := moneys.of.get(UUID(decision.data["receipt"]))):
            found[money.anchor] = decision
    return found


def _decided(money: Money, documents: Documents, parties: PartyIndex, decision: Identity) -> list[Line]:
    """Return what a person set this money against; the money becomes the named party's, or the bills' one owner's."""
    lines = [
        Line(document, line.get("kind") or "receipt", line["amount"], "decided")
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


def _told(money: Money, documents: Documents, parties: PartyIndex, books: Against) -> list[Line] | None:
    """Return what the money is set against: as the books state it, else by what it cites itself; None: neither."""
    told = books.lines(money)
    if told is None:
        return _cited(money, documents, parties) or None
    owners = {line.document.party for line in told}
    if len(owners) == 1:
        money.party = owners.pop()
    return told


def _cited(money: Money, documents: Documents, parties: PartyIndex) -> list[Line]:
    """Match by what the money's claims cite: a document's number or id.

    Of several claims of one source that are this money together, each pays what it cites itself.
    """
    plan: dict[UUID, Line] = {}
    together = Counter(member.source for member in money.members if member.kind != "bank_line")
    for member in money.members:
        part = together[member.source] > 1
        for document, why in _referred(member, money, documents, parties):
            line = plan.setdefault(document.anchor, Line(document, "receipt", 0, why))
            line.left = min(line.left + member.data["amount"], money.amount) if part else money.amount
    owners = {line.document.party for line in plan.values()}
    if len(owners) == 1:
        money.party = owners.pop()
    return sorted(plan.values(), key=lambda line: (line.document.issued_on, line.document.anchor))


def _referred(
    member: Identity, money: Money, documents: Documents, parties: PartyIndex
) -> list[tuple[Document, str]]:
    """Find what a claim names: its party's bill of that number, else a bill that alone has it."""
    side = money.side
    hits: list[tuple[Document, str]] = []
    for external_id in member.references("documents"):
        if document := documents.external(member.source, external_id, side=side):
            hits.append((document, "gateway_document"))
    for number in member.references("invoices" if side == "receivable" else "bills"):
        document = documents.numbered(number, side=side, party=money.party, amount=money.amount)
        if document is None:
            document = documents.numbered(number, side=side, party=None, amount=money.amount)
            if document is not None and _knows_better(member, document, parties):
                continue
        if document is not None:
            hits.append((document, "invoice_number"))
    first: dict[UUID, tuple[Document, str]] = {}
    for document, why in hits:
        if document.currency == money.currency:
            first.setdefault(document.anchor, (document, why))
    return list(first.values())


def _knows_better(member: Identity, document: Document, parties: PartyIndex) -> bool:
    """Whether a claim names its party, and its own source has the bill as another's: then it means one not known."""
    party = parties.of(member)
    return (
        party is not None
        and party != document.party
        and any(other.source == member.source for other in document.members)
    )


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


def _settle(money: Money, plan: Iterable[Line], terms: Terms, *, upto: int) -> None:
    """Carry a plan out as far as `upto` of the money goes; what is short by a rounding closes, unless the books or a
    person said how much of the bill is settled."""
    for line in plan:
        document = line.document
        if not _takes(document, money.currency) or document.side != money.side or upto <= 0:
            continue
        if line.kind != "receipt":
            line.spend(deduct(money, line, line.limit))
            continue
        fits = pay(money, document, min(line.limit, upto - money.allocated), why=line.why)
        line.spend(fits)
        rounding = 0 < document.remaining <= terms.round_off_limit and document.currency == terms.currency
        if fits and rounding and line.why not in _STATED and money.allocated <= money.lasting:
            deduct(money, Line(document, "round_off", 0, "round_off"), document.remaining)


def _told_deductions(money: Money) -> list[tuple[str, int]]:
    """Return (kind, amount) of what our own books say was kept back: one source states it, however many tell of it."""
    telling = sorted((m for m in money.members if m.data.get("deductions")), key=lambda m: m.trust)
    return [
        (deduction["kind"], deduction["amount"])
        for member in telling
        if member.source == telling[0].source
        for deduction in member.data["deductions"]
    ]


def _kept_back_of_each(money: Money, plan: Sequence[Line]) -> None:
    """Take what was kept back of several bills by a rate off each by its taxable value, before the money itself is set
    against them; else all of it would fall on the last."""
    lines = [line for line in plan if _takes(line.document, money.currency)]
    weights = [line.document.base or line.document.amount for line in lines]
    whole = sum(weights)
    told = _told_deductions(money) if whole > 0 and money.lasting else ()
    for kind, amount in (one for one in told if one[0] in BY_RATE):
        left = amount
        for line, weight in zip(lines, weights, strict=True):
            part = left if line is lines[-1] else min(left, (amount * weight + whole // 2) // whole)
            fits = deduct(money, Line(line.document, kind, 0, "stated"), min(part, line.limit))
            left -= fits
            if line.why == "books":
                line.spend(fits)


def _kept_back(money: Money, plan: Sequence[Line]) -> None:
    """Set what our own books say was kept back (TDS, discount) against the bills that the money itself is set against.

    Where a person decided what closes which bill, and where no bill can take it, it stays on account: the party's
    balance is less by it all the same.
    """
    told = _told_deductions(money)
    if not told or not money.lasting:
        return
    by_person = [line for line in plan if line.why == "decided"]
    counted = sum(amount for _, kind, amount, _ in money.allocations if kind not in ("receipt", "round_off"))
    set_off: dict[str, int] = {}
    for _, kind, amount, why in money.allocations:
        if why == "stated":
            set_off[kind] = set_off.get(kind, 0) + amount
    for kind, amount in told:
        before = min(set_off.get(kind, 0), amount)
        set_off[kind] = set_off.get(kind, 0) - before
        left = amount - before
        for line in () if by_person else plan:
            if _takes(line.document, money.currency) and line.document.side == money.side:
                wanted = min(left, line.limit) if line.why == "books" else left
                fits = deduct(money, Line(line.document, kind, 0, "stated"), wanted)
                left -= fits
                if line.why == "books":
                    line.spend(fits)
        if by_person:
            left, counted = max(left - counted, 0), max(counted - left, 0)
        if left > 0:
            money.kept[kind] = money.kept.get(kind, 0) + left


def _undo_reversed(money: Money) -> None:
    """Give back what was set against documents, last first, once the money beyond it is gone."""
    unallocated = money.remaining
    if unallocated:
        money.advance.append(("advance", -unallocated, money.day))
    if kept := sum(money.kept.values()):
        money.advance.append(("deduction", -kept, money.day))
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
                on = on_document(money, document, "reversal", part, day)
                document.enter("reversal", part, on, money.anchor)
                held[place] -= part
                left -= part
    money.allocations = [
        (document, kind, kept, why)
        for (document, kind, _, why), kept in zip(money.allocations, held, strict=True)
        if kept > 0
    ]
