"""Matching by itself: money that names no bill, set against the bills of whoever paid it; pure, and only what is certain.

In falling order of evidence: the party's habit where it is known, one bill exactly, all that is open, the only set of
bills that comes to the amount, the same less a deduction that this party made before, a part of the only open bill,
and money on account where nothing is open. Whatever else it may be is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from ledger.domain.derive.documents import Documents
from ledger.domain.derive.model import Document, Identity, Money, Terms, latest_words
from ledger.domain.derive.money import Moneys
from ledger.domain.derive.parties import PartyIndex
from ledger.domain.derive.recognise import Payer, Payers, habits, rejections, unlearned
from ledger.domain.derive.settling import Line
from ledger.domain.matching.fits import MAX_BILLS, ROUNDING, short_fits
from ledger.domain.matching.kinds import kind_of
from ledger.domain.matching.rates import Cut, cuts_on
from ledger.domain.matching.subsets import Sums, by_chance

_Parts = frozenset[tuple[str, int]]
"""The parts of a cut: (kind, thousandths of a per cent)."""
LUCKY = 4
"""Of 1,000: the chance that bills add up by accident, above which nothing matches itself."""
_GRAINS = (100_000, 50_000, 10_000, 5_000, 1_000, 500, 100, 10)
_TELLS_NOTHING = ("not_sale", "other")
ROUND_SUM = 500_00
"""Multiples of so many paise are paid against no bill in particular."""


@dataclass(frozen=True, slots=True)
class Match:
    """What money is set against, and on what evidence; no lines: it stands on account."""

    party: UUID
    lines: tuple[Line, ...]
    why: str
    evidence: str


class Matcher:
    """The open bills at hand, by party, and what is known of how each party pays."""

    def __init__(
        self, documents: Documents, parties: PartyIndex, terms: Terms, payers: Payers, habits: dict[UUID, str]
    ) -> None:
        self._terms = terms
        self._payers = payers
        self._habits = habits
        self._parties = parties
        self._open: dict[tuple[str, UUID, str], list[Document]] = defaultdict(list)
        for row in documents.rows:
            if row.kind != "credit_note" and not row.closed and row.remaining > 0:
                self._open[row.side, row.party, row.currency].append(row)
        for rows in self._open.values():
            rows.sort(key=_age)
        self._cuts: dict[UUID, set[_Parts]] = defaultdict(set)

    def learn_cuts(self, moneys: Iterable[Money], documents: Documents, accepted: Iterable[Identity]) -> None:
        """Take note of which deductions each party made before and a person or the books let stand."""
        kept: dict[tuple[UUID, UUID], dict[str, int]] = defaultdict(dict)
        rows: dict[UUID, Document] = {}
        for money in moneys:
            for document, kind, amount, _ in money.allocations:
                if kind in ("tds", "gst_tds"):
                    parts = kept[money.anchor, document.anchor]
                    parts[kind] = parts.get(kind, 0) + amount
                    rows[document.anchor] = document
        for decision in accepted:
            found = documents.of(UUID(decision.data["document"]))
            if found is not None and decision.data["kind"] in ("tds", "gst_tds"):
                kept[decision.subject, found.anchor][decision.data["kind"]] = decision.data["amount"]
                rows[found.anchor] = found
        for (_, anchor), parts in kept.items():
            document = rows[anchor]
            for cut in cuts_on(document.issued_on) if document.base else ():
                told = dict(cut.of(document.base or 0))
                if told.keys() == parts.keys() and all(abs(told[k] - parts[k]) <= ROUNDING for k in told):
                    self._cuts[document.party].add(frozenset(cut.parts))

    def match(self, money: Money) -> Match | None:
        """Return what the money is certainly for, or None: then it is asked."""
        who = self._payers.of(money)
        if not who:
            return None
        if len(who) > 1 or not who[0].known:
            return self._exact_of_one(money, who)
        payer = who[0]
        bills = self._bills(money, payer.party)
        habit = self._habits.get(payer.party)
        if habit == "on_account":
            return Match(payer.party, (), "on_account", f"{payer.words} · pays on account")
        if habit == "oldest_first":
            lines = tuple(_line(row, money.amount, "oldest_first") for row in bills)
            return Match(payer.party, lines, "oldest_first", f"{payer.words} · pays the oldest bill first")
        return (
            self._exact(money, payer, bills)
            or self._whole(money, payer, bills)
            or self._several(money, payer, bills)
            or self._deducted(money, payer, bills)
            or self._part(money, payer, bills, habit)
        )

    def _bills(self, money: Money, party: UUID) -> list[Document]:
        """Return what was open and made out by the day, oldest first; what is paid is left out for good."""
        key = (money.side, party, money.currency)
        rows = self._open.get(key)
        if not rows:
            return []
        if any(row.remaining <= 0 for row in rows):
            rows = self._open[key] = [row for row in rows if row.remaining > 0]
        return [row for row in rows if row.issued_on <= money.day and not self._rejected(money, row)]

    def _rejected(self, money: Money, row: Document) -> bool:
        rejected = self._payers.rejected
        return bool(rejected) and any(
            frozenset((member.subject, other.subject)) in rejected
            for member in money.members
            for other in row.members
        )

    def _exact_of_one(self, money: Money, who: Sequence[Payer]) -> Match | None:
        """Match one bill exactly where several may have paid, or a name only looks alike: if only one's bill fits."""
        found = [
            match for payer in who if (match := self._exact(money, payer, self._bills(money, payer.party)))
        ]
        return found[0] if len(found) == 1 else None

    def _exact(self, money: Money, payer: Payer, bills: Sequence[Document]) -> Match | None:
        """Match the bill of just this amount; of several of one amount the oldest."""
        limit = self._terms.round_off_limit if money.currency == self._terms.currency else 0
        exact = [row for row in bills if row.remaining == money.amount]
        near = exact or [row for row in bills if payer.known and abs(row.remaining - money.amount) <= limit]
        if not near or len({row.remaining for row in near}) > 1:
            return None
        row = near[0]
        why = "similar_name" if payer.words == "similar name" else "known_payer"
        words = "amount exact" if exact else "amount exact but for the rounding"
        if len(near) > 1:
            words += f" · the oldest of {len(near)} of this amount"
        return Match(
            payer.party,
            (_line(row, money.amount, why),),
            why,
            f"{words} · {_when(money, row)} · {payer.words}",
        )

    def _whole(self, money: Money, payer: Payer, bills: Sequence[Document]) -> Match | None:
        if len(bills) < 2 or sum(row.remaining for row in bills) != money.amount:
            return None
        lines = tuple(_line(row, row.remaining, "subset") for row in bills)
        words = f"all {len(bills)} open bills exactly · {payer.words}"
        return Match(payer.party, lines, "subset", words)

    def _several(self, money: Money, payer: Payer, bills: Sequence[Document]) -> Match | None:
        """Match the only set of bills that comes to the amount, where that is no coincidence."""
        chosen = _only_sum([row.remaining for row in bills], money.amount)
        if chosen is None:
            return None
        rows = [bills[n] for n in chosen]
        lines = tuple(_line(row, row.remaining, "subset") for row in rows)
        words = f"{len(rows)} bills exactly, and no others · {payer.words}"
        return Match(payer.party, lines, "subset", words)

    def _deducted(self, money: Money, payer: Payer, bills: Sequence[Document]) -> Match | None:
        """Match one bill, all, or the only set of bills, less a deduction that this party made before."""
        learned = self._cuts.get(payer.party, ())
        if money.side != "receivable" or not learned:
            return None
        found: dict[tuple[UUID, ...], tuple[Cut, list[Document]]] = {}
        for cut in cuts_on(money.day):
            if frozenset(cut.parts) in learned:
                rows = self._net_of(cut, money, bills)
                if rows:
                    found.setdefault(tuple(row.anchor for row in rows), (cut, rows))
        if len(found) != 1:
            return None
        cut, rows = next(iter(found.values()))
        words = f"amount exact after {_named(cut)}, as before · {_when(money, rows[0])} · {payer.words}"
        return Match(payer.party, tuple(_with_cut(rows, money.amount, cut)), "deduction", words)

    def _net_of(self, cut: Cut, money: Money, bills: Sequence[Document]) -> list[Document]:
        whole = [row for row in bills if row.base and row.remaining == row.amount]
        nets = [row.remaining - cut.total(row.base or 0) for row in whole]
        near = [n for n, net in enumerate(nets) if abs(net - money.amount) <= ROUNDING]
        if near:
            return [whole[near[0]]] if len({nets[n] for n in near}) == 1 else []
        chosen = _only_sum(nets, money.amount, slack=ROUNDING)
        return [whole[n] for n in chosen] if chosen else []

    def _part(self, money: Money, payer: Payer, bills: Sequence[Document], habit: str | None) -> Match | None:
        """Match a part of the only open bill, unless a deduction explains it; and what comes while nothing is open."""
        if not bills:
            return Match(payer.party, (), "advance", f"{payer.words} · no bill was open on that day")
        row = bills[0]
        short = row.remaining - money.amount
        if len(bills) > 1 or short <= 0 or (money.amount % ROUND_SUM == 0 and habit != "bill_wise"):
            return None
        if short_fits(short=short, base=row.base, total=row.amount, day=money.day):
            return None
        return Match(
            payer.party,
            (_line(row, money.amount, "part_payment"),),
            "part_payment",
            f"part of the only open bill · {payer.words}",
        )


def match_silent(
    silent: Iterable[Money],
    documents: Documents,
    moneys: Moneys,
    parties: PartyIndex,
    terms: Terms,
    *,
    decisions: Sequence[Identity],
) -> Iterator[tuple[Money, list[Line]]]:
    """Yield what money is for that says nothing of it itself, where that is certain, the oldest money first.

    Each is to be carried out before the next is asked for. A bank debit that is matched becomes a payout.
    """
    _, parted = latest_words(decisions, join="link.confirmed", part="link.rejected")
    rejected, once = rejections(parties, parted), unlearned(decisions)
    accepted = [decision for decision in decisions if decision.type == "deduction.accepted"]
    habit_of = habits(decisions, parties)
    waiting = list(silent)
    for side, told in (("receivable", moneys.receipts), ("payable", moneys.payouts)):
        payers = Payers(parties, rejected)
        for money in (*told, *(moneys.debits if side == "payable" else ())):
            if any(member.subject in once for member in money.members):
                continue
            if money.classified is None:
                payers.learn(money)
            elif money.why is None and money.classified not in _TELLS_NOTHING:
                payers.learn_kind(money)
        matcher = Matcher(documents, parties, terms, payers, habit_of)
        matcher.learn_cuts(told, documents, accepted)
        asked = [money for money in waiting if money.side == side]
        debits = {money.anchor for money in moneys.debits} if side == "payable" else set()
        if side == "payable":
            asked += [money for money in moneys.debits if money.classified is None]
        for money in sorted(asked, key=lambda money: (money.day, money.anchor)):
            if money.party is None and (kind := _kind(money, payers)):
                money.classified, money.why, money.evidence = kind
                if side == "payable":
                    moneys.told_by_bank.update((member.subject, kind[0]) for member in money.members)
            elif (match := matcher.match(money)) is not None:
                if money.anchor in debits:
                    moneys.payouts.append(money)
                    moneys.of.update((member.subject, money) for member in money.members)
                money.party, money.why, money.evidence = match.party, match.why, match.evidence
                yield money, list(match.lines)
    moneys.payouts.sort(key=lambda money: (money.day, money.anchor))
    for money in moneys.debits:
        if money.classified is not None and money.why is None:
            moneys.told_by_bank.update((member.subject, "decision") for member in money.members)


def _kind(money: Money, payers: Payers) -> tuple[str, str, str] | None:
    """Return (kind, why, evidence) of bank lines that are no sale and no purchase: by the payer, else by the bank's
    own words where they leave no doubt."""
    if any(member.kind != "bank_line" for member in money.members):
        return None
    if known := payers.kind(money):
        return known, "known_payer", "money of this payer is always so"
    line = money.members[0].data
    said = kind_of(
        line["narration"],
        side="credit" if money.side == "receivable" else "debit",
        payer=(line.get("payer") or {}).get("name"),
    )
    return (said.kind, "bank_words", said.words) if said is not None and said.certain else None


def _only_sum(amounts: Sequence[int], total: int, *, slack: int = 0) -> tuple[int, ...] | None:
    """Return the places of the two or more amounts that come to `total`, if no others do and it is no accident."""
    usable = [(place, amount) for place, amount in enumerate(amounts) if 0 < amount < total]
    if not 2 <= len(usable) <= MAX_BILLS or sum(amount for _, amount in usable) < total - slack * len(usable):
        return None
    values = [amount for _, amount in usable]
    found = Sums(values, slack=slack).meeting(total).only
    if found is None:
        return None
    grain = next((grain for grain in _GRAINS if not any(value % grain for value in values)), 1)
    lucky = by_chance(values, len(found), window=slack * len(found), grain=grain)
    return tuple(usable[n][0] for n in found) if lucky <= LUCKY else None


def _age(row: Document) -> tuple[object, ...]:
    return (row.due_on or row.issued_on, row.issued_on, row.anchor)


def _line(row: Document, amount: int, why: str) -> Line:
    return Line(row, "receipt", amount, why)


def _with_cut(rows: Sequence[Document], amount: int, cut: Cut) -> Iterable[Line]:
    """Yield what each bill gets and what was cut of it; the roundings fall on the last cut."""
    left = amount
    for row in rows:
        parts = list(cut.of(row.base or 0))
        paid = row.remaining - sum(part for _, part in parts)
        if row is rows[-1]:
            parts[0] = (parts[0][0], parts[0][1] + paid - left)
            paid = left
        left -= paid
        yield _line(row, paid, "deduction")
        for kind, part in parts:
            yield Line(row, kind, part, "deduction")


def _named(cut: Cut) -> str:
    kinds = {"tds": "TDS", "gst_tds": "GST-TDS"}
    names = " and ".join(kinds[kind] for kind, _ in cut.parts)
    return f"{names} {cut.percent}"


def _when(money: Money, row: Document) -> str:
    late = (money.day - (row.due_on or row.issued_on)).days
    what = "due" if row.due_on else "the bill"
    if late == 0:
        return "on the due day" if row.due_on else "on the day of the bill"
    return f"{abs(late)} day{'s' if abs(late) != 1 else ''} {'after' if late > 0 else 'before'} {what}"
