"""Matching by itself: money that says nothing of bills, or only hints at them, set against the bills of whoever paid it.

In falling order of evidence: bills that the narration names, the party's habit where a person said it, one bill exactly,
all that is open, the only set of bills that comes to the amount, the same less what this party kept back before, its
habit as its earlier money shows it, a part of the only open bill, and money on account where nothing is open. Only what
is certain; whatever else it may be is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from ledger.domain.derive.coming_to import age, lines_less, net, only_sum, paid, taxes_on
from ledger.domain.derive.documents import Documents
from ledger.domain.derive.habits import Habits
from ledger.domain.derive.model import Document, Habit, Identity, Money, Terms
from ledger.domain.derive.recognise import Payer, Payers
from ledger.domain.derive.settling import Line
from ledger.domain.matching.bills import ROUNDING, when_in_words
from ledger.domain.matching.fits import short_fits
from ledger.domain.matching.hints import meant
from ledger.domain.matching.learned import Usual, usual

APART = timedelta(days=15)
"""Of bills of one amount that lie so far apart the oldest is the one that is paid."""
ROUND_SUM = 500_00
"""Multiples of so many paise are paid against no bill in particular."""


@dataclass(frozen=True, slots=True)
class Match:
    """What money is set against, and on what evidence; no lines: it stands on account."""

    party: UUID
    lines: tuple[Line, ...]
    why: str
    evidence: str


@dataclass(frozen=True, slots=True)
class _Case:
    """Money with who paid it, his open bills (oldest first), and those of them that the narration means."""

    money: Money
    payer: Payer
    bills: Sequence[Document]
    meant: Sequence[Document]
    more: bool = False
    """Besides these something is open that it may be for: in another currency, or a person said it isn't."""

    def match(self, lines: Iterable[Line], why: str, words: str) -> Match:
        """Compose a match; the bills that it pays, then who paid."""
        if self.meant:
            words += " · the number is in the narration"
        return Match(self.payer.party, tuple(lines), why, f"{words} · {self.payer.words}")


class Matcher:
    """The open bills at hand, by party, and what is known of how each party pays."""

    def __init__(
        self,
        documents: Documents,
        terms: Terms,
        payers: Payers,
        habits: Habits,
        given_up: Iterable[Identity] = (),
    ) -> None:
        self._terms = terms
        self._payers = payers
        self._habits = habits
        self._open: dict[tuple[str, UUID, str], list[Document]] = defaultdict(list)
        self._credited: dict[tuple[str, UUID, str], list[Document]] = defaultdict(list)
        """Bills that a credit note reduced: on a day before it more was open."""
        self._currencies: dict[tuple[str, UUID], set[str]] = defaultdict(set)
        for row in documents.rows:
            key = (row.side, row.party, row.currency)
            if row.kind == "credit_note" or row.closed:
                continue
            if row.remaining > 0:
                self._open[key].append(row)
                self._currencies[key[:2]].add(row.currency)
            if any(kind == "credit_note" for kind, *_ in row.entries):
                self._credited[key].append(row)
        for rows in (*self._open.values(), *self._credited.values()):
            rows.sort(key=age)
        self._given_up: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
        for decision in given_up:
            if (found := documents.of(UUID(decision.data["document"]))) is not None:
                self._given_up[found.anchor].append((decision.day(terms), decision.data["amount"]))
        self._usual: dict[UUID, set[Usual]] = defaultdict(set)

    def learn_cuts(self, moneys: Iterable[Money], documents: Documents, accepted: Iterable[Identity]) -> None:
        """Take note of what each party kept back before and a person or the books let stand."""
        kept: dict[tuple[UUID, UUID], dict[str, int]] = defaultdict(dict)
        rows: dict[UUID, Document] = {}
        for money in moneys:
            for document, kind, amount, _ in money.allocations:
                if kind not in ("receipt", "round_off"):
                    parts = kept[money.anchor, document.anchor]
                    parts[kind] = parts.get(kind, 0) + amount
                    rows[document.anchor] = document
        for decision in accepted:
            if (found := documents.of(UUID(decision.data["document"]))) is not None:
                kept[decision.subject, found.anchor][decision.data["kind"]] = decision.data["amount"]
                rows[found.anchor] = found
        for (_, anchor), parts in kept.items():
            row = rows[anchor]
            if found_rates := usual(parts, base=row.base, amount=row.amount, day=row.issued_on):
                self._usual[row.party].add(found_rates)

    def match(self, money: Money, named: Sequence[Document] = (), *, why: str = "narration") -> Match | None:
        """Return what the money is certainly for, or None: then it is asked. `named`: bills that it names in full, in
        the bank's narration or (`why`: invoice_number, gateway_document) by the word of a claim."""
        if named:
            return self._named(money, named, why)
        who = self._payers.of(money)
        if len(who) != 1 or not who[0].known:
            return self._exact_of_one(money, who)
        case = self._case(money, who[0])
        habit = self._habits.at(case.payer.party, money.day)
        if habit is not None and habit.said and habit.how != "bill_wise" and not case.meant:
            return _by_habit(case, habit)
        return (
            self._exact(case)
            or self._as_it_stood(case)
            or _whole(case)
            or _several(case)
            or self._deducted(case)
            or self._shown(case, habit)
            or self._part(case, habit)
        )

    def _shown(self, case: _Case, habit: Habit | None) -> Match | None:
        """Match by the habit that earlier payments show; where they show none yet, by what is known since."""
        habit = habit or self._habits.later(case.payer.party)
        if habit is None or not habit.shows(case.money) or not (case.payer.sure or habit.said):
            return None
        return _by_habit(case, habit)

    def _case(self, money: Money, payer: Payer) -> _Case:
        """Gather what was open and made out by the day, oldest first; what is paid is left out for good."""
        key = (money.side, payer.party, money.currency)
        rows = self._open.get(key, [])
        if any(row.remaining <= 0 for row in rows):
            rows = self._open[key] = [row for row in rows if row.remaining > 0]
        due = [row for row in rows if row.issued_on <= money.day]
        bills = [row for row in due if not self._rejected(money, row)]
        more = len(bills) < len(due) or self._in_other_money(money, payer.party)
        places = meant(_texts(money), [row.number for row in bills]) if bills else []
        named = [bills[place] for place in places]
        bills = [row for row in bills if row in named or not self._written_off(row, money.day)] or bills
        return _Case(money, payer, bills, named, more)

    def _written_off(self, row: Document, day: date) -> bool:
        """Whether what is open of it was given up by that day: then it is paid after all only where nothing else is open."""
        told = self._given_up.get(row.anchor, ())
        return bool(told) and sum(amount for on, amount in told if on <= day) >= row.remaining

    def _in_other_money(self, money: Money, party: UUID) -> bool:
        return any(
            row.remaining > 0 and row.issued_on <= money.day
            for currency in sorted(self._currencies.get((money.side, party), set()) - {money.currency})
            for row in self._open.get((money.side, party, currency), ())
        )

    def _rejected(self, money: Money, row: Document) -> bool:
        rejected = self._payers.rejected
        return bool(rejected) and any(
            frozenset((member.subject, other.subject)) in rejected
            for member in money.members
            for other in row.members
        )

    # ---- bills that are named ----------------------------------------------------------------------
    def _named(self, money: Money, named: Sequence[Document], why: str) -> Match | None:
        """Match the bills that are named, alone or with others of their party, with what was kept back by a rate; a
        part of a single one. What comes beside bills that are paid stands on account."""
        party, by_bank = named[0].party, why == "narration"
        words = "a bill's number is in the narration" if by_bank else "the bill is named"
        case = self._case(money, Payer(party, True, words))
        asked = [row for row in (case.bills if by_bank else named) if row in named and row.remaining > 0]
        if not asked:
            return Match(party, (), why, case.payer.words)
        case = _Case(money, case.payer, case.bills, [])
        short = sum(row.remaining for row in asked) - money.amount
        if abs(short) <= self._limit(money):
            return case.match([paid(row, money.amount, why) for row in asked], why, "amount exact")
        single = [row for row in asked if row.remaining == money.amount]
        if len(single) == 1:
            return case.match([paid(single[0], money.amount, why)], why, "amount exact")
        rates = [*sorted(self._usual.get(party, ())), *(taxes_on(money) if by_bank else ())]
        for rows in (asked, *([row] for row in asked if len(asked) > 1)):
            for rate in rates:
                if (lines := lines_less(rows, money.amount, rate)) is not None:
                    return case.match(lines, "deduction", f"amount exact after {rate.words}")
        if not by_bank:
            return case.match(
                [paid(row, money.amount, why) for row in asked], why, "a part of it, or less than it"
            )
        return self._with_others(case, asked) or self._rest(case, asked, short)

    def _with_others(self, case: _Case, asked: Sequence[Document]) -> Match | None:
        """Match the bills that are named and, for what is left of the money, others that are not."""
        money = case.money
        others = [row for row in case.bills if row not in asked]
        for rate in (None, *sorted(self._usual.get(case.payer.party, ()))):
            nets = {row.anchor: net(row, rate) for row in case.bills}
            if any(nets[row.anchor] is None for row in asked):
                continue
            left = money.amount - sum(nets[row.anchor] or 0 for row in asked)
            slack = ROUNDING if rate else 0
            usable = [row for row in others if nets[row.anchor]]
            one = [row for row in usable if abs((nets[row.anchor] or 0) - left) <= slack * (len(asked) + 1)]
            if len(one) == 1:
                chosen = one
            else:
                places = (
                    None if one else only_sum([nets[row.anchor] or 0 for row in usable], left, slack=slack)
                )
                chosen = [usable[place] for place in places or ()]
            if chosen:
                rows = sorted((*asked, *chosen), key=age)
                lines = (
                    lines_less(rows, money.amount, rate)
                    if rate
                    else [paid(r, r.remaining, "subset") for r in rows]
                )
                if lines is not None:
                    words = f"{len(rows)} bills exactly" + (f" after {rate.words}" if rate else "")
                    return case.match(lines, "deduction" if rate else "subset", words)
        return None

    def _rest(self, case: _Case, asked: Sequence[Document], short: int) -> Match | None:
        habit = self._habits.at(case.payer.party, case.money.day)
        lines = [paid(row, row.remaining, "narration") for row in asked]
        if short < 0 and habit is not None and habit.shows(case.money):
            rest = [row for row in case.bills if row not in asked] if habit.how == "oldest_first" else []
            lines += [paid(row, case.money.amount, "oldest_first") for row in rest]
            return case.match(lines, "narration", f"the rest {habit.words}")
        if short < 0 and len(asked) == len(case.bills):
            return case.match(lines, "narration", "pays all that was open; the rest stands on account")
        if short > 0 and len(asked) == 1:
            return case.match(lines, "narration", "a part of it, or less than it")
        return None

    # ---- one payer, no number ----------------------------------------------------------------------
    def _exact_of_one(self, money: Money, who: Sequence[Payer]) -> Match | None:
        """Match one bill exactly where several may have paid, or a name only looks alike: if only one's bill fits."""
        cases = [self._case(money, payer) for payer in who]
        for fits in (self._exact, self._as_it_stood):
            found = [match for case in cases if (match := fits(case))]
            if found:
                return found[0] if len(found) == 1 else None
        return None

    def _limit(self, money: Money) -> int:
        return self._terms.round_off_limit if money.currency == self._terms.currency else 0

    def _exact(self, case: _Case) -> Match | None:
        """Match the bill of just this amount; of several of one amount the one that is meant, else clearly the oldest."""
        amount, limit = case.money.amount, self._limit(case.money)
        exact = [row for row in case.bills if row.remaining == amount]
        near = exact or [
            row for row in case.bills if case.payer.known and abs(row.remaining - amount) <= limit
        ]
        row = _one_of(case, near) if len({row.remaining for row in near}) == 1 else None
        if row is None:
            return None
        plainly = row is case.bills[0] and row.remaining == row.amount
        if not case.meant and not plainly and self._may_be_on_account(case):
            return None
        why = "similar_name" if not case.payer.known and "similar" in case.payer.words else "known_payer"
        words = "amount exact" if exact else "amount exact but for the rounding"
        if len(near) > 1:
            words += f" · the oldest of {len(near)} of this amount"
        return case.match([paid(row, amount, why)], why, f"{words} · {_when(case.money, row)}")

    def _as_it_stood(self, case: _Case) -> Match | None:
        """Match the one bill of just this amount as it stood on the day: a credit note of later takes nothing back of
        what was paid before; what the bill can't take any more stands on account."""
        money = case.money
        found = [
            row
            for row in self._credited.get((money.side, case.payer.party, money.currency), ())
            if row.issued_on <= money.day and (later := _credited_after(row, money.day))
            if row.remaining + later == money.amount and not self._rejected(money, row)
        ]
        if len(found) != 1 or (case.meant and found[0] not in case.meant):
            return None
        if not case.meant and any(row.remaining == money.amount for row in case.bills):
            return None
        row = found[0]
        plainly = all(age(row) <= age(other) for other in case.bills) and money.amount == row.amount
        if not case.meant and not plainly and self._may_be_on_account(case):
            return None
        why = "known_payer" if case.payer.known else "similar_name"
        words = f"amount exact before a later credit note · {_when(money, row)}"
        return case.match([paid(row, money.amount, why)], why, words)

    def _may_be_on_account(self, case: _Case) -> bool:
        """Whether its payer pays against no bill in particular at times, or it is an even sum of one not known better."""
        habit = self._habits.at(case.payer.party, case.money.day)
        if habit is None:
            return case.money.amount % ROUND_SUM == 0
        return habit.how != "bill_wise"

    def _deducted(self, case: _Case) -> Match | None:
        """Match one bill, or the only set of bills, less what this party kept back before."""
        found: dict[tuple[UUID, ...], Match] = {}
        for rate in sorted(self._usual.get(case.payer.party, ())):
            rows = _rows_less(case, rate)
            lines = lines_less(rows, case.money.amount, rate) if rows else None
            if lines is not None:
                words = f"amount exact after {rate.words}, as before · {_when(case.money, rows[0])}"
                key = tuple(row.anchor for row in rows)
                found.setdefault(key, case.match(lines, "deduction", words))
        return next(iter(found.values())) if len(found) == 1 else None

    def _part(self, case: _Case, habit: Habit | None) -> Match | None:
        """Match a part of the only open bill, unless a deduction explains it; and what comes while nothing is open."""
        if not case.payer.sure and not case.bills:
            return None
        money, bill_wise = case.money, habit is not None and habit.how == "bill_wise"
        if not case.bills:
            return None if case.more else case.match((), "advance", "no bill was open on that day")
        row = case.bills[0]
        short = row.remaining - money.amount
        if len(case.bills) > 1 or short <= 0 or (self._may_be_on_account(case) and not bill_wise):
            return None
        if short_fits(short=short, base=row.base, total=row.amount, day=money.day):
            return None
        return case.match(
            [paid(row, money.amount, "part_payment")], "part_payment", "part of the only open bill"
        )


def _by_habit(case: _Case, habit: Habit) -> Match:
    rows = case.bills if habit.how == "oldest_first" else ()
    return case.match([paid(row, case.money.amount, habit.how) for row in rows], habit.how, habit.words)


def _whole(case: _Case) -> Match | None:
    if len(case.bills) < 2 or sum(row.remaining for row in case.bills) != case.money.amount:
        return None
    lines = [paid(row, row.remaining, "subset") for row in case.bills]
    return case.match(lines, "subset", f"all {len(case.bills)} open bills exactly")


def _several(case: _Case) -> Match | None:
    """Match the only set of bills that comes to the amount, where that is no coincidence."""
    if case.money.amount % ROUND_SUM == 0 and not case.meant:
        return None
    chosen = only_sum([row.remaining for row in case.bills], case.money.amount)
    rows = [case.bills[place] for place in chosen or ()]
    if not rows or any(row not in rows for row in case.meant):
        return None
    lines = [paid(row, row.remaining, "subset") for row in rows]
    return case.match(lines, "subset", f"{len(rows)} bills exactly, and no others")


def _rows_less(case: _Case, rate: Usual) -> list[Document]:
    """Return the bill, or the only bills, that come to the money less what is kept back of each."""
    nets = [(row, amount) for row in case.bills if (amount := net(row, rate))]
    near = [row for row, amount in nets if abs(amount - case.money.amount) <= ROUNDING]
    if near:
        row = _one_of(case, near) if len({row.remaining for row in near}) == 1 else None
        return [row] if row is not None else []
    chosen = only_sum([amount for _, amount in nets], case.money.amount, slack=ROUNDING)
    rows = [nets[place][0] for place in chosen or ()]
    return [] if any(row not in rows for row in case.meant) else rows


def _one_of(case: _Case, rows: Sequence[Document]) -> Document | None:
    """Return the one of these bills that is meant: by its number, else the oldest if the others are clearly younger."""
    told = [row for row in rows if row in case.meant]
    if case.meant:
        return told[0] if len(told) == 1 else None
    apart = len(rows) == 1 or rows[1].issued_on - rows[0].issued_on >= APART
    return rows[0] if rows and apart else None


def _texts(money: Money) -> list[str]:
    return [
        member.data["narration"]
        for member in money.members
        if member.kind == "bank_line" and member.data.get("narration")
    ]


def _credited_after(row: Document, day: date) -> int:
    return -sum(amount for kind, amount, on, _ in row.entries if kind == "credit_note" and on > day)


def _when(money: Money, row: Document) -> str:
    return when_in_words(money.day, due_on=row.due_on, issued_on=row.issued_on)
