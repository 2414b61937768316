"""Which bills explain an amount of money: pure, in paise, over the open bills of one party that may have paid.

`search` returns what fits, by falling evidence: one bill exactly; all open bills, all that are due, the oldest in a
row; some bills exactly (only if no others add up as well); the same less what the payer may keep back: tax at source
on the taxable value, a cash discount by terms, tax wrongly cut on GST as well, a bank's charge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from math import gcd
from typing import Literal
from uuid import UUID

from ledger.domain.matching.bills import (
    LUCKY,
    MAX_BILLS,
    ROUNDING,
    Allowed,
    Bill,
    Fit,
    Found,
    Shape,
)
from ledger.domain.matching.rates import Cut, cuts_on
from ledger.domain.matching.subsets import LARGEST, STEPS, Sums, by_chance


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of keeping something back: which cut, on which value, of bills since which day."""

    cut: Cut
    on: Literal["base", "amount"] = "base"
    since: date | None = None

    @property
    def mistaken(self) -> bool:
        return self.on == "amount" and self.since is None

    def value(self, bill: Bill) -> int:
        """What it is computed on; 0 where it can't fall on this bill: partly paid, of unknown base, or too old."""
        if bill.outstanding != bill.amount:
            return 0
        if self.since is not None:
            return bill.amount if bill.issued_on >= self.since else 0
        if bill.base is None or self.on == "base":
            return bill.base or 0
        # Without GST on the bill there is no mistake.
        return bill.amount if bill.amount - bill.base > ROUNDING else 0


class Owed:
    """The open bills of one party, oldest first; sums are made once for any number of amounts."""

    def __init__(self, bills: Iterable[Bill]) -> None:
        self.bills = tuple(sorted(bills, key=_age)[:MAX_BILLS])
        self.total = sum(bill.outstanding for bill in self.bills)
        self._sides: dict[_Way | None, _Side] = {}
        self._values: dict[tuple[str, date | None], list[tuple[Bill, int, int]]] = {}
        self._due: dict[date, tuple[int, ...]] = {}

    def side(self, way: _Way | None) -> _Side:
        """Return the bills with what would be paid of each."""
        found = self._sides.get(way)
        if found is None:
            found = self._sides[way] = _Side(self.bills, *self._paid(way), 0 if way is None else ROUNDING)
        return found

    def _paid(self, way: _Way | None) -> tuple[Sequence[Bill], list[int]]:
        """Return the bills that a way of paying can fall on, and what would be paid of each."""
        if way is None:
            return self.bills, [bill.outstanding for bill in self.bills]
        values = self._values.get((way.on, way.since))
        if values is None:
            valued = [(bill, way.value(bill)) for bill in self.bills]
            values = self._values[way.on, way.since] = [
                (b, value, b.outstanding) for b, value in valued if value
            ]
        rates = [rate for _, rate in way.cut.parts]
        # A part of no more than rounding is none; nor is one of all.
        least = (2 * ROUNDING + 1) * 100_000 // min(rates)
        if sum(rates) >= 100_000:
            return [], []
        bills = [bill for bill, value, _ in values if value >= least]
        if len(rates) == 1:
            rate = rates[0]
            return bills, [o - (v * rate + 50_000) // 100_000 for _, v, o in values if v >= least]
        one, other = rates
        return bills, [
            o - (v * one + 50_000) // 100_000 - (v * other + 50_000) // 100_000
            for _, v, o in values
            if v >= least
        ]

    def due(self, day: date) -> tuple[int, ...]:
        """Return the places of the bills that were due by a day."""
        found = self._due.get(day)
        if found is None:
            due = (n for n, bill in enumerate(self.bills) if bill.due_on is not None and bill.due_on <= day)
            found = self._due[day] = tuple(due)
        return found


class _Side:
    """The bills that a way of paying can fall on, oldest first, with what would be paid of each."""

    def __init__(self, every: Sequence[Bill], bills: Sequence[Bill], nets: list[int], slack: int) -> None:
        self.bills = bills
        self.nets = nets
        self.slack = slack
        self.row = list(accumulate(nets)) if len(bills) == len(every) else []
        """What the oldest come to, where all bills can be paid so."""
        self._sums: dict[int, Sums] = {}

    def sums(self, count: int, largest: int, steps: int) -> Sums:
        """Return the sums of the `count` smallest bills."""
        key = count * 8 + largest
        if key not in self._sums:
            nets = [self.nets[place] for place in self.smallest(count)]
            self._sums[key] = Sums(nets, slack=self.slack, largest=largest, steps=steps)
        return self._sums[key]

    def smallest(self, count: int) -> Sequence[int]:
        """Return the places of the `count` smallest bills."""
        places = range(len(self.nets))
        return (
            places
            if count == len(places)
            else sorted(places, key=lambda place: (self.nets[place], place))[:count]
        )


def search(
    owed: Owed,
    amount: int,
    day: date,
    *,
    allowed: Allowed | None = None,
    cuts: Sequence[Cut] | None = None,
    steps: int = STEPS,
) -> Found:
    """Return the fits of `amount`, received on `day`, among the open bills of one party, best first.

    `cuts`: the deductions to think of (all possible ones of the day, if not given).
    """
    allowed = allowed or Allowed()
    if not owed.bills or amount <= 0 or amount > owed.total + allowed.round_off:
        return Found(())
    plain = _whole(owed, None, amount, day)
    some, gave_up, rivals = _some(owed, None, amount, steps, plain)
    if plain:
        return Found(_sorted(plain + some), gave_up, rivals)
    if rounded := _little(
        owed, amount, day, low=-allowed.round_off, high=allowed.round_off, kind="round_off"
    ):
        return Found(_sorted(rounded + some), gave_up)
    possible = cuts_on(day) if cuts is None else cuts
    ways = [_Way(cut) for cut in possible]
    if allowed.discount is not None:
        since = date.fromordinal(max(day.toordinal() - allowed.discount.within_days, 1))
        ways.insert(0, _Way(allowed.discount.cut, "amount", since))
    found = _usual([fit for way in ways for fit in _whole(owed, way, amount, day)])
    if found or some:
        return Found(_sorted(some + found), gave_up)
    found, limited = _some_cut(owed, ways, amount, steps)
    gave_up |= limited
    if not found:
        wrong = [_Way(cut, "amount") for cut in possible]
        found = _usual([fit for way in wrong for fit in _whole(owed, way, amount, day)])
    if not found and allowed.bank_charge > allowed.round_off:
        low = allowed.round_off + 1
        found = _little(owed, amount, day, low=low, high=allowed.bank_charge, kind="bank_charge")
    return Found(_sorted(found), gave_up)


def fits(owed: Owed, amount: int, day: date) -> list[Fit]:
    """Return the fits of `amount`, as `search` does with nothing else allowed."""
    return list(search(owed, amount, day).fits)


def exact(bill: Bill) -> Fit:
    """Return the fit of one bill, paid in full."""
    return Fit((bill,), ((bill, bill.outstanding, "receipt"),))


def oldest_first(owed: Owed, amount: int) -> Fit | None:
    """Return what `amount` pays when the oldest bills are paid first; what is over stays on account."""
    lines: list[tuple[Bill, int, str]] = []
    left = amount
    for bill in owed.bills:
        if left <= 0:
            break
        lines.append((bill, min(left, bill.outstanding), "receipt"))
        left -= lines[-1][1]
    if not lines:
        return None
    return Fit(tuple(bill for bill, _, _ in lines), tuple(lines), shape="oldest", left=left)


def short_fits(*, short: int, base: int | None, total: int, day: date) -> list[tuple[Cut, bool]]:
    """Return the cuts that explain a short payment of one bill; True: wrongly computed on the GST as well."""
    if base is None or base <= 0:
        return []
    right = [(cut, False) for cut in cuts_on(day) if abs(cut.total(base) - short) <= ROUNDING]
    wrong = [(cut, True) for cut in cuts_on(day) if abs(cut.total(total) - short) <= ROUNDING]
    for told in (right, wrong):
        if told:
            return [(cut, mistaken) for cut, mistaken in told if not _by_few(cut)] or told
    return []


def _age(bill: Bill) -> tuple[date, date, UUID]:
    return (bill.due_on or bill.issued_on, bill.issued_on, bill.anchor)


def _by_few(cut: Cut) -> bool:
    """GST is deducted by government and scrap buyers alone: it is thought of where nothing else explains the sum."""
    return any(kind == "gst_tds" for kind, _ in cut.parts)


def _usual(found: list[Fit]) -> list[Fit]:
    return [fit for fit in found if fit.cut is not None and not _by_few(fit.cut)] or found


def _sorted(found: Iterable[Fit]) -> tuple[Fit, ...]:
    """Best first, each once: the same lines may be a row and all that is due."""
    first: dict[str, Fit] = {}
    for fit in sorted(
        found, key=lambda fit: (fit.rank, fit.left + (0 if fit.cut else fit.cut_amount), fit.id)
    ):
        first.setdefault(fit.id, fit)
    return tuple(first.values())


def _whole(owed: Owed, way: _Way | None, amount: int, day: date) -> list[Fit]:
    """Return one bill, all open, all due, or the oldest in a row, that come to `amount`."""
    side = owed.side(way)
    slack = side.slack
    found = [
        _fit((side.bills[place],), amount, way, "one")
        for place, net in enumerate(side.nets)
        if -slack <= net - amount <= slack
    ]
    for shape, bills, _ in _runs(owed, side, day, amount, low=-slack, high=slack):
        found.append(_fit(bills, amount, way, shape))
    return found


def _runs(
    owed: Owed, side: _Side, day: date, amount: int, *, low: int, high: int
) -> Iterable[tuple[Shape, tuple[Bill, ...], int]]:
    """Yield the selections that a payer makes by rule, of at least two bills: all, all due, the oldest in a row.

    What is missing for `amount` lies between `low` and `high`, for each bill.
    """
    row, many = side.row, len(side.row)
    if many < 2:
        return
    for count in range(bisect_left(row, amount + low * many) + 1, many + 1):
        short = row[count - 1] - amount
        if short > high * many:
            break
        if count > 1 and low * count <= short <= high * count:
            yield "all_open" if count == many else "row", tuple(side.bills[:count]), short
    due = owed.due(day)
    if 1 < len(due) < many:
        short = sum([side.nets[place] for place in due]) - amount
        if low * len(due) <= short <= high * len(due):
            yield "all_due", tuple([side.bills[place] for place in due]), short


def _some(
    owed: Owed, way: _Way | None, amount: int, steps: int, known: Iterable[Fit] = (), largest: int = LARGEST
) -> tuple[list[Fit], bool, bool]:
    """Return the only selection of two or more bills that comes to `amount`, none if two do; whether the search gave
    up; whether another one than those `known` comes to it."""
    side = owed.side(way)
    count = len(side.nets)
    if count > 24:
        count = sum(net <= amount + side.slack for net in side.nets)
    sums = side.sums(count, largest, steps)
    met = sums.meeting(amount)
    places = side.smallest(count)
    sets = [tuple(side.bills[place] for place in sorted(places[n] for n in one)) for one in met.found]
    new = [bills for bills in sets if not any(set(fit.bills) == set(bills) for fit in known)]
    found = [_fit(bills, amount, way, "some", _chance(side, bills)) for bills in new if len(sets) == 1]
    return found, met.gave_up, bool(new)


def _some_cut(owed: Owed, ways: Sequence[_Way], amount: int, steps: int) -> tuple[list[Fit], bool]:
    """Return the only selection of bills that comes to `amount` after one deduction on all of them.

    Only as many bills together as would rarely add up by luck, the number of possible deductions considered.
    """
    found: list[Fit] = []
    nets = owed.side(None).nets
    size = most = min(LARGEST, len(nets))
    while size > 2 and len(ways) * by_chance(nets, size, window=size * ROUNDING, grain=1) > LUCKY:
        size -= 1
    gave_up = size < most
    for way in ways:
        fits_here, limited, _ = _some(owed, way, amount, steps, largest=size)
        found += [replace(fit, chance=min(fit.chance * len(ways), 1000)) for fit in fits_here]
        gave_up |= limited
    found = _usual(found)
    return (found if len({fit.bills for fit in found}) == 1 else []), gave_up


def _chance(side: _Side, chosen: Sequence[Bill]) -> int:
    """Return by how much luck these bills may add up, of the bills that are as round as these."""
    nets = dict(zip(side.bills, side.nets, strict=True))
    grain = gcd(*(nets[bill] for bill in chosen))
    alike = [net for net in side.nets if net % grain == 0]
    return by_chance(alike, len(chosen), window=side.slack * len(chosen), grain=grain)


def _little(owed: Owed, amount: int, day: date, *, low: int, high: int, kind: str) -> list[Fit]:
    """Return one bill, or a selection by rule, from which `amount` differs by so little; over: it stays on account."""
    side = owed.side(None)
    tried: list[tuple[Shape, tuple[Bill, ...], int]] = [
        ("one", (bill,), net - amount) for bill, net in zip(side.bills, side.nets, strict=True)
    ]
    tried += _runs(owed, side, day, amount, low=min(low, 0), high=high)
    found = []
    for shape, bills, short in tried:
        last = bills[-1]
        if not (low <= short <= high and short and last.outstanding > short):
            continue
        lines = [(bill, bill.outstanding, "receipt") for bill in bills]
        if short > 0:
            lines[-1:] = [(last, last.outstanding - short, "receipt"), (last, short, kind)]
        found.append(Fit(bills, tuple(lines), shape=shape, left=max(-short, 0)))
    return found


def _fit(bills: tuple[Bill, ...], amount: int, way: _Way | None, shape: Shape, chance: int = 0) -> Fit:
    """Write the lines; the rounding falls on the last bill's first deduction, so that all adds up to `amount`."""
    if way is None:
        lines = tuple((bill, bill.outstanding, "receipt") for bill in bills)
        return Fit(bills, lines, shape=shape, chance=chance)
    written: list[tuple[Bill, int, str]] = []
    left = amount
    for bill in bills:
        parts = list(way.cut.of(way.value(bill)))
        paid = bill.outstanding - sum(part for _, part in parts)
        if bill is bills[-1]:
            parts[0] = (parts[0][0], parts[0][1] + paid - left)
            paid = left
        left -= paid
        written.append((bill, paid, "receipt"))
        written.extend((bill, part, kind) for kind, part in parts if part)
    return Fit(bills, tuple(written), way.cut, shape, way.mistaken, chance=chance)
