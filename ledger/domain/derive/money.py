"""Money: the same money in gateway, bank and books is one receipt with several claims, never a sum of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from ledger.domain.derive.joining import joined, keeps_books, money_keys, settled_claims
from ledger.domain.derive.model import Habit, Identity, Money, Terms
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.keys import utr_key
from ledger.domain.matching.kinds import kind_of

_CASH = ("cash", "gateway")
_RETURNED_WITHIN, _BOUNCED_WITHIN, _UNDER_WAY = timedelta(days=45), timedelta(days=10), timedelta(days=4)
"""How long after its credit a cheque may come back, a transfer of ours after its debit, and how long money between two
accounts of ours may take."""
CLEARING = timedelta(days=4)
"""How long money that the books show may be on its way to the bank, a weekend and a holiday in it."""
_NOT_PRESENTED = frozenset(["cheque.received", "cheque.deposited", "cheque.replaced"])
_REVERSED = frozenset(["payment.reversed", "payout.reversed", "cheque.returned", "cheque.replaced"])


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
    debits: list[Money] = field(default_factory=list)
    """Bank debits that no source speaks of: payouts, once it is known to whom."""
    habits: dict[UUID, Habit] = field(default_factory=dict)
    """party's root → how it pays, once that is known."""
    told_by_bank: dict[UUID, str] = field(default_factory=dict)
    """bank line's subject → what it is by the banks' own lines: own_transfer, returned."""


def build_money(
    identities: Sequence[Identity], parties: PartyIndex, terms: Terms, *, decisions: Sequence[Identity]
) -> Moneys:
    """Join payments, cheques, payouts and bank lines into receipts and payouts by reference and by decision."""
    out = Moneys()
    lines = [i for i in identities if i.kind == "bank_line"]
    _match_settlements(out, [i for i in identities if i.kind == "settlement"], lines)
    credits = [i for i in lines if i.type == "bank.credited" and i.subject not in out.settlement_of]
    incoming = [i for i in identities if _is_incoming(i)]
    outgoing = [i for i in identities if i.kind == "payout"]
    debits = [i for i in lines if i.type == "bank.debited"]
    words = _last_words(decisions)
    returned = _came_back(credits, debits)
    settled = settled_claims(incoming, [i for i in lines if i.subject in out.settlement_of])
    for claims, bank in ((incoming, credits), (outgoing, debits)):
        for members in joined(claims, bank, decisions, parties, returned=returned.keys()):
            if all(m.type in _NOT_PRESENTED for m in members):
                continue
            money = _money(members, terms, side="receivable" if claims is incoming else "payable")
            money.arrived = money.arrived or any(m.subject in settled for m in members)
            money.party = _party(members, parties)
            said = [words[m.subject] for m in members if m.subject in words]
            money.classified = max(said, key=lambda d: (d.at, d.subject)).data.get("as") if said else None
            if claims is outgoing and not any(m.kind == "payout" for m in members):
                out.debits.append(money)
                continue
            (out.receipts if claims is incoming else out.payouts).append(money)
            out.of.update((member.subject, money) for member in members)
    _told_by_bank(out, credits, debits, returned, said=words.keys())
    back = {one: other.day(terms, "posted_on") for one, other in returned.items()}
    _reverse(out, identities, terms, _not_in_books(out, identities, parties, back))
    out.debits = [money for money in out.debits if money.anchor not in out.told_by_bank]
    for rows in (out.receipts, out.payouts, out.debits):
        rows.sort(key=lambda money: (money.day, money.anchor))
    return out


def _came_back(credits: Sequence[Identity], debits: Sequence[Identity]) -> dict[UUID, Identity]:
    """Return lines that the same account shows the other way later, by reference and amount, with the later line: a
    cheque that was returned, else a transfer of ours that came back."""
    found: dict[UUID, Identity] = {}
    used: set[UUID] = set()
    for first, then, within, key in (
        (credits, debits, _RETURNED_WITHIN, ""),
        (debits, credits, _BOUNCED_WITHIN, "utr:"),
    ):
        later = _by_money_key(then)
        for line in sorted(first, key=_in_time) if later else ():
            for other in sorted(_same_reference(line, later, key), key=_in_time):
                gap = _posted(other) - _posted(line)
                if not {line.subject, other.subject} & used and (
                    _one_account(line, other)
                    and timedelta() <= gap <= within
                    and (gap or not _sent_back(line))
                ):
                    found[line.subject] = other
                    used |= {line.subject, other.subject}
    return found


def _told_by_bank(
    out: Moneys,
    credits: Sequence[Identity],
    debits: Sequence[Identity],
    returned: Mapping[UUID, Identity],
    *,
    said: Collection[UUID],
) -> None:
    """Note what the banks' own lines explain: what was given back, and what went from one account of ours to another.
    A person's word (`said`) goes before."""
    credited = {credit.subject for credit in credits}
    back = {other.subject for other in returned.values()}
    for subject, other in returned.items():
        if subject in credited:
            out.told_by_bank[other.subject] = "returned"
        elif other.subject not in said and _by_bank_alone(money := out.of.get(other.subject)):
            _explain(money, "reversal", "the same amount and reference left this account before")
            out.told_by_bank[other.subject] = "returned"
            if subject not in out.of:
                out.told_by_bank[subject] = "returned"
    gone = _by_money_key([debit for debit in debits if debit.subject not in {*returned, *back}])
    for credit in sorted(credits, key=_in_time) if gone else ():
        money = out.of.get(credit.subject)
        if credit.subject in (*returned, *back, *said) or not _by_bank_alone(money):
            continue
        for debit in sorted(_same_reference(credit, gone), key=_in_time):
            near = abs(_posted(debit) - _posted(credit)) <= _UNDER_WAY
            if near and not _one_account(credit, debit) and debit.subject not in out.told_by_bank:
                _explain(money, "own_transfer", "the same amount and reference left another account of ours")
                out.told_by_bank[debit.subject] = "own_transfer"
                break


def _explain(money: Money | None, kind: str, words: str) -> None:
    if money is not None:
        money.classified = money.classified or kind
        money.why, money.evidence = kind, words


def _by_money_key(lines: Iterable[Identity]) -> dict[tuple[str, int, str], list[Identity]]:
    found: dict[tuple[str, int, str], list[Identity]] = defaultdict(list)
    for line in lines:
        for key in money_keys(line):
            found[key, line.data["amount"], line.data["currency"]].append(line)
    return found


def _same_reference(
    line: Identity, others: Mapping[tuple[str, int, str], Sequence[Identity]], prefix: str = ""
) -> Iterable[Identity]:
    return {
        other.subject: other
        for key in money_keys(line)
        if key.startswith(prefix)
        for other in others.get((key, line.data["amount"], line.data["currency"]), ())
    }.values()


def _in_time(line: Identity) -> tuple[str, UUID]:
    return line.data["posted_on"], line.subject


def _posted(line: Identity) -> date:
    return date.fromisoformat(line.data["posted_on"])


def _one_account(one: Identity, other: Identity) -> bool:
    return (one.source, one.data["account"]) == (other.source, other.data["account"])


def _sent_back(line: Identity) -> bool:
    """Whether a credit is by the bank's words money that we had sent: of its own day it can't be told from the days."""
    if line.type != "bank.credited":
        return False
    payer = (line.data.get("payer") or {}).get("name")
    told = kind_of(line.data["narration"], side="credit", payer=payer)
    return told is not None and told.kind == "reversal"


def _not_in_books(
    out: Moneys, identities: Iterable[Identity], parties: PartyIndex, returned: Mapping[UUID, date]
) -> dict[UUID, date]:
    """Leave out of the credits that the bank took back those that the books take back themselves, by a voucher that is
    no sale and charges the party with as much on those days: its bills are open again by that."""
    charged: dict[tuple[str, str, UUID], list[Identity]] = defaultdict(list)
    for identity in identities if returned else ():
        voucher = str(identity.data.get("voucher") or "").casefold()
        if (
            identity.kind == "invoice"
            and keeps_books(identity)
            and voucher
            and not voucher.startswith("sales")
        ):
            party = parties.of(identity)
            if party is not None:
                record = identity.data.get("record") or identity.external_id
                charged[identity.source, record, party].append(identity)
    told: dict[tuple[UUID, int], list[date]] = defaultdict(list)
    for (_, _, party), parts in charged.items():
        if (day := parts[0].date("issued_on")) is not None:
            told[party, sum(part.data.get("amount", 0) for part in parts)].append(day)
    left = {}
    for subject, went in returned.items():
        money = out.of.get(subject)
        days = (
            told.get((money.party, money.amount), ()) if money is not None and money.party is not None else ()
        )
        if money is None or not any(money.day <= day <= went + _RETURNED_WITHIN for day in days):
            left[subject] = went
    return left


def _by_bank_alone(money: Money | None) -> bool:
    return money is not None and money.party is None and all(m.kind == "bank_line" for m in money.members)


def _last_words(decisions: Iterable[Identity]) -> dict[UUID, Identity]:
    """What people last said that a piece of money is: a sale's, set against bills, or something else."""
    found: dict[UUID, Identity] = {}
    for decision in sorted(decisions, key=lambda identity: (identity.at, identity.subject)):
        if decision.type in ("line.classified", "allocation.decided"):
            found[UUID(decision.data.get("line") or decision.data["receipt"])] = decision
    return found


def _match_settlements(out: Moneys, settlements: Iterable[Identity], lines: Iterable[Identity]) -> None:
    by_utr: dict[str, list[Identity]] = defaultdict(list)
    for line in lines:
        if line.type == "bank.credited":
            for key in {utr_key(reference) for reference in line.references("utr")} - {""}:
                by_utr[key].append(line)
    pairs = [
        (_differs(settlement, line), settlement.subject, line.subject, settlement, line)
        for settlement in settlements
        for key in {utr_key(reference) for reference in settlement.references("utr")}
        for line in by_utr.get(key, ())
    ]
    for _, _, _, settlement, line in sorted(pairs, key=lambda pair: pair[:3]):
        if settlement.subject not in out.settled_by and line.subject not in out.settlement_of:
            out.settled_by[settlement.subject] = line
            out.settlement_of[line.subject] = settlement


def _differs(settlement: Identity, line: Identity) -> tuple[bool, bool]:
    """Order of belief in a pair of one reference: the exact amount first, a failed settlement last."""
    same = [settlement.data[name] == line.data[name] for name in ("amount", "currency")]
    return (not all(same), settlement.type == "settlement.failed")


def _is_incoming(claim: Identity) -> bool:
    """Whether it may be money of ours: a payment, or a cheque (in hand it is none until the bank shows it)."""
    return claim.kind in ("payment", "cheque") and claim.data.get("amount") is not None


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
        first_day=min(member.day(terms, "posted_on", "paid_on", "on") for member in members),
        status=status,
        arrived=_arrived(members, status, terms),
    )


def _best_claims(members: list[Identity]) -> list[Identity]:
    """The claims of the most trusted source; several of one source under one reference add up."""
    first = min(members, key=lambda member: (member.kind == "cheque", member.trust))
    return [member for member in members if member.source == first.source and member.kind == first.kind]


def _status(members: list[Identity]) -> str:
    types = {member.type for member in members}
    if types & _REVERSED:
        return "payment.reversed"
    good = {"bank.credited", "bank.debited", "payment.received", "payment.confirmed", "payout.processed"}
    if types & (good | {"cheque.cleared"}):
        return "payment.received"
    if "payout.scheduled" in types or "payment.authorised" in types or "payment.reported" in types:
        return "payment.authorised"
    return "payment.failed"


def _arrived(members: list[Identity], status: str, terms: Terms) -> bool:
    """Whether the money is here: bank, gateway, the books, a cleared cheque, or a confirmation says so.

    The books' word on a bank account counts until a statement of that account shows the days and not the money.
    """
    if status not in ("payment.received", "payment.reversed"):
        return False
    return any(
        member.kind == "bank_line"
        or member.type in ("payment.confirmed", "cheque.cleared", "payout.processed", "payout.reversed")
        or (
            member.type in ("payment.received", "payment.reversed")
            and (
                member.source.startswith("payment:")
                or member.data.get("into") in _CASH
                or _vouched(member, terms)
            )
        )
        for member in members
    )


def _vouched(member: Identity, terms: Terms) -> bool:
    """Whether the books say that it went into a bank account whose statements don't show those days (yet)."""
    if member.data.get("into") != "bank" or not keeps_books(member):
        return False
    day = member.day(terms, "paid_on")
    named = str(member.data.get("account") or "").upper()
    banks = [
        shown
        for shown in terms.coverage
        if not named
        or shown.bank.upper() in named
        or (shown.account is not None and len(shown.account) >= 4 and shown.account[-4:] in named)
    ]
    return not banks or any(day < shown.since or day + CLEARING > shown.until for shown in banks)


def _party(members: list[Identity], parties: PartyIndex) -> UUID | None:
    for member in sorted(members, key=lambda identity: identity.trust):
        if (party := parties.of(member)) is not None:
            return party
    return None


def _reverse(
    out: Moneys,
    identities: Iterable[Identity],
    terms: Terms,
    returned: Mapping[UUID, date],
) -> None:
    """Take refunds, lost disputes, reversals and returned cheques out of the money that they concern."""
    payments = {(i.source, i.external_id): i for i in identities if i.kind == "payment"}
    taken: dict[tuple[str, UUID], list[tuple[date, int]]] = defaultdict(list)
    for identity in identities:
        if identity.type in ("refund.processed", "dispute.lost"):
            payment = payments.get((identity.source, identity.data["payment"]))
            if payment is not None and payment.data.get("currency") == identity.data["currency"]:
                row = (identity.day(terms, "paid_on"), identity.data["amount"])
                taken[identity.kind, payment.subject].append(row)
    for money in (*out.receipts, *out.payouts):
        by_source: dict[str, list[tuple[date, int]]] = defaultdict(list)
        whole = [(m.day(terms, "on"), money.amount) for m in money.members if m.type in _REVERSED]
        if not whole and (
            given_back := [returned[m.subject] for m in money.members if m.subject in returned]
        ):
            whole = [(min(given_back), money.amount)]
            money.status = "payment.reversed"
        for member in money.members:
            refunds = taken.get(("refund", member.subject), [])
            stated = member.data.get("refunded", 0) - sum(amount for _, amount in refunds)
            rest = [(member.day(terms), stated)] if stated > 0 else []
            by_source[member.source] += [*refunds, *rest, *taken.get(("dispute", member.subject), [])]
        told = max((by_source[source] for source in sorted(by_source)), key=_total)
        rows = sorted((max(day, money.day), amount) for day, amount in [*told, *whole])
        money.reversals = _capped(rows, money.amount)
        if money.reversals and _total(money.reversals) >= money.amount:
            money.status = "payment.reversed" if money.status == "payment.reversed" else "payment.refunded"


def _total(rows: Iterable[tuple[date, int]]) -> int:
    return sum(amount for _, amount in rows)


def _capped(reversals: list[tuple[date, int]], limit: int) -> list[tuple[date, int]]:
    out: list[tuple[date, int]] = []
    for day, amount in reversals:
        fits = min(amount, limit - sum(row[1] for row in out))
        if fits > 0:
            out.append((day, fits))
    return out
