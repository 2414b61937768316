"""Money: the same money in gateway, bank and books is one receipt with several claims, never a sum of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from ledger.domain.derive.model import Groups, Identity, Money, Terms
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.keys import utr_key

_CASH = ("cash", "gateway")


@dataclass(slots=True)
class Moneys:
    """All money at hand: receipts, payouts, and which bank line belongs to which settlement."""

    receipts: list[Money] = field(default_factory=list)
    payouts: list[Money] = field(default_factory=list)
    settled_by: dict[UUID, Identity] = field(default_factory=dict)
    """settlement's subject → the bank line that brought it."""
    settlement_of: dict[UUID, Identity] = field(default_factory=dict)
    """bank line's subject → its settlement."""
    of: dict[UUID, Money] = field(default_factory=dict)
    """identity's subject → the receipt or payout that it claims."""


def build_money(
    identities: Sequence[Identity], parties: PartyIndex, terms: Terms, *, decisions: Sequence[Identity]
) -> Moneys:
    """Join payments, cheques, payouts and bank lines into receipts and payouts by reference and by decision."""
    out = Moneys()
    lines = [i for i in identities if i.kind == "bank_line"]
    _match_settlements(out, [i for i in identities if i.kind == "settlement"], lines)
    credits = [i for i in lines if i.type == "bank.credited" and i.subject not in out.settlement_of]
    incoming = [i for i in identities if i.kind == "payment" or (i.kind == "cheque" and _cleared(i))]
    outgoing = [i for i in identities if i.kind == "payout"]
    debits = [i for i in lines if i.type == "bank.debited"]
    classified = {UUID(d.data["line"]): d.data["as"] for d in decisions if d.type == "line.classified"}
    for claims, bank in ((incoming, credits), (outgoing, debits)):
        for members in _joined(claims, bank, decisions):
            if claims is outgoing and not any(m.kind == "payout" for m in members):
                continue
            money = _money(members, terms, side="receivable" if claims is incoming else "payable")
            money.party = _party(members, parties)
            money.classified = next((classified[m.subject] for m in members if m.subject in classified), None)
            (out.receipts if claims is incoming else out.payouts).append(money)
            out.of.update((member.subject, money) for member in members)
    _reverse(out, identities, terms)
    for rows in (out.receipts, out.payouts):
        rows.sort(key=lambda money: (money.day, money.anchor))
    return out


def _match_settlements(out: Moneys, settlements: Iterable[Identity], lines: Iterable[Identity]) -> None:
    by_utr: dict[str, list[Identity]] = defaultdict(list)
    for line in lines:
        if line.type == "bank.credited":
            for reference in line.references("utr"):
                by_utr[utr_key(reference)].append(line)
    for settlement in settlements:
        found = [
            line
            for reference in settlement.references("utr")
            for line in by_utr.get(utr_key(reference), ())
            if line.subject not in out.settlement_of
        ]
        if found:
            best = min(
                found, key=lambda line: (line.data["amount"] != settlement.data["amount"], line.subject)
            )
            out.settled_by[settlement.subject] = best
            out.settlement_of[best.subject] = settlement


def _joined(
    claims: Sequence[Identity], bank: Sequence[Identity], decisions: Iterable[Identity]
) -> list[list[Identity]]:
    """Return the groups of identities that are the same money."""
    pool = {identity.subject: identity for identity in (*claims, *bank)}
    groups = Groups()
    parted: set[frozenset[UUID]] = set()
    for decision in decisions:
        if decision.type in ("link.confirmed", "link.rejected"):
            pair = sorted(map(UUID, decision.data["subjects"]))
            if decision.type == "link.rejected":
                parted.add(frozenset(pair))
            elif all(subject in pool for subject in pair):
                for other in pair[1:]:
                    groups.join(pair[0], other)
    by_utr: dict[str, tuple[list[Identity], list[Identity]]] = defaultdict(lambda: ([], []))
    for side, identities in ((0, claims), (1, bank)):
        for identity in identities:
            for key in _money_keys(identity):
                by_utr[key][side].append(identity)
    taken: set[UUID] = set()
    for key in sorted(by_utr):
        for one, other in _same_money(*by_utr[key], taken=taken):
            if frozenset((one, other)) not in parted:
                groups.join(one, other)
    gathered: dict[UUID, list[Identity]] = defaultdict(list)
    for subject in sorted(pool):
        gathered[groups.root(subject)].append(pool[subject])
    return list(gathered.values())


def _money_keys(identity: Identity) -> set[str]:
    keys = {f"utr:{utr_key(item)}" for item in identity.references("utr") if utr_key(item)}
    if identity.kind == "cheque":
        keys.add(f"chq:{utr_key(identity.data['number'])}:{identity.data['amount']}")
    elif identity.kind == "bank_line" and identity.data.get("channel") == "CHEQUE":
        words = [*identity.references("tokens"), *identity.references("utr")]
        keys |= {f"chq:{utr_key(word)}:{identity.data['amount']}" for word in words if word.isdigit()}
    return keys


def _same_money(
    claims: list[Identity], bank: list[Identity], *, taken: set[UUID]
) -> Iterable[tuple[UUID, UUID]]:
    """Pair claims and bank lines of one reference: one line a claim, by equal amount first, then by sum."""
    by_source: dict[str, list[Identity]] = defaultdict(list)
    for claim in claims:
        by_source[claim.source].append(claim)
    first, *others = [by_source[source] for source in sorted(by_source)] or [[]]
    for rows in others:
        yield from _by_amount(first, rows)
    free = [line for line in bank if line.subject not in taken]
    for rows in (first, *others):
        pairs = list(_by_amount(rows, free))
        if not pairs and len(free) == 1 and rows:
            total = sum(row.data["amount"] for row in rows)
            if len(rows) == 1 or total == free[0].data["amount"]:
                pairs = [(row.subject, free[0].subject) for row in rows]
        taken.update(line for _, line in pairs)
        yield from pairs


def _by_amount(rows: Sequence[Identity], others: Sequence[Identity]) -> Iterable[tuple[UUID, UUID]]:
    left: dict[tuple[int, str], list[UUID]] = defaultdict(list)
    for other in sorted(others, key=lambda identity: identity.subject):
        left[other.data["amount"], other.data["currency"]].append(other.subject)
    for row in sorted(rows, key=lambda identity: identity.subject):
        if matches := left.get((row.data["amount"], row.data["currency"])):
            yield row.subject, matches.pop(0)


def _cleared(cheque: Identity) -> bool:
    return cheque.type in ("cheque.cleared", "cheque.returned") and cheque.data.get("amount") is not None


def _money(members: list[Identity], terms: Terms, *, side: str) -> Money:
    bank = [m for m in members if m.kind == "bank_line"]
    best = bank or _best_claims(members)
    amount = sum(member.data["amount"] for member in best)
    status = _status(members)
    return Money(
        anchor=min(member.subject for member in members),
        side=side,
        members=members,
        amount=amount,
        currency=best[0].data["currency"],
        day=min(member.day(terms, "posted_on", "paid_on", "on") for member in best),
        status=status,
        arrived=_arrived(members, status),
    )


def _best_claims(members: list[Identity]) -> list[Identity]:
    """The claims of the most trusted source; several of one source under one reference add up."""
    first = min(members, key=lambda member: (member.kind == "cheque", member.trust))
    return [member for member in members if member.source == first.source and member.kind == first.kind]


def _status(members: list[Identity]) -> str:
    types = {member.type for member in members}
    if "payout.reversed" in types or "payment.reversed" in types or "cheque.returned" in types:
        return "payment.reversed"
    good = {"bank.credited", "bank.debited", "payment.received", "payment.confirmed", "payout.processed"}
    if types & (good | {"cheque.cleared"}):
        return "payment.received"
    if "payout.scheduled" in types or "payment.authorised" in types or "payment.reported" in types:
        return "payment.authorised"
    return "payment.failed"


def _arrived(members: list[Identity], status: str) -> bool:
    """Whether the money is here: bank, gateway, cash by the books, a cleared cheque, or a confirmation says so."""
    if status not in ("payment.received", "payment.reversed"):
        return False
    return any(
        member.kind == "bank_line"
        or member.type in ("payment.confirmed", "cheque.cleared", "payout.processed", "payout.reversed")
        or (
            member.type in ("payment.received", "payment.reversed")
            and (member.source.startswith("payment:") or member.data.get("into") in _CASH)
        )
        for member in members
    )


def _party(members: list[Identity], parties: PartyIndex) -> UUID | None:
    for member in sorted(members, key=lambda identity: identity.trust):
        if (party := parties.of(member)) is not None:
            return party
    return None


def _reverse(out: Moneys, identities: Iterable[Identity], terms: Terms) -> None:
    """Take refunds, lost disputes, reversals and returned cheques out of the money that they concern."""
    payments = {(i.source, i.external_id): i for i in identities if i.kind == "payment"}
    taken: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
    for identity in identities:
        if identity.type in ("refund.processed", "dispute.lost"):
            payment = payments.get((identity.source, identity.data["payment"]))
            if payment is not None:
                taken[payment.subject].append((identity.day(terms, "paid_on"), identity.data["amount"]))
    for money in (*out.receipts, *out.payouts):
        for member in money.members:
            rows = taken.get(member.subject, [])
            stated = member.data.get("refunded", 0) - sum(amount for _, amount in rows)
            if stated > 0:
                rows = [*rows, (member.day(terms), stated)]
            money.reversals.extend(rows)
            if member.type in ("payment.reversed", "cheque.returned", "payout.reversed"):
                money.reversals = [(member.day(terms, "on"), money.amount)]
                break
        money.reversals = _capped(sorted(money.reversals), money.amount)
        if money.reversals and sum(amount for _, amount in money.reversals) >= money.amount:
            money.status = "payment.reversed" if money.status == "payment.reversed" else "payment.refunded"


def _capped(reversals: list[tuple[date, int]], limit: int) -> list[tuple[date, int]]:
    out: list[tuple[date, int]] = []
    for day, amount in reversals:
        fits = min(amount, limit - sum(row[1] for row in out))
        if fits > 0:
            out.append((day, fits))
    return out
