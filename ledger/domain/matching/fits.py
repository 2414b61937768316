"""Which bills explain an amount of money: pure, in paise, over the few bills of the parties that may have paid.

Kinds of fit, by falling evidence: one bill exactly, two bills of one payer exactly, one bill less what the payer
may deduct at source, two bills less the same deduction. A pair counts only if no other pair fits as well.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kit.ids import derived
from ledger.domain.matching.rates import Cut, cuts_on

ROUNDING = 100
"""One rupee a bill: deductions are rounded."""
MAX_BILLS = 200
"""Bills of one party that are looked at, oldest first."""


@dataclass(frozen=True, slots=True)
class Bill:
    """An open bill; `base` is its taxable value, if known."""

    anchor: UUID
    number: str | None
    party: UUID
    outstanding: int
    amount: int
    base: int | None
    due_on: date | None
    issued_on: date


@dataclass(frozen=True, slots=True)
class Fit:
    """Bills that explain an amount: lines of (bill, amount, kind), and the deduction that was assumed."""

    bills: tuple[Bill, ...]
    lines: tuple[tuple[Bill, int, str], ...]
    cut: Cut | None = None

    @property
    def cut_amount(self) -> int:
        """What the payer would have deducted."""
        return sum(amount for _, amount, kind in self.lines if kind != "receipt")

    @property
    def base(self) -> int:
        """The taxable value that the deduction is computed on."""
        return sum(bill.base or 0 for bill in self.bills)

    @property
    def id(self) -> str:
        """A name made from what it says: the same proposal has the same name for ever."""
        parts = [f"{bill.anchor}:{amount}:{kind}" for bill, amount, kind in self.lines]
        return f"fit_{derived('fit', *sorted(parts)).hex[:10]}"

    @property
    def rank(self) -> int:
        """0 one bill exactly, 1 two exactly, 2 one with a deduction, 3 two with a deduction."""
        return (len(self.bills) - 1) + (2 if self.cut else 0)


class Owed:
    """The open bills of one party, oldest first, with what each leaves after a deduction (computed once)."""

    def __init__(self, bills: Sequence[Bill]) -> None:
        self.bills = tuple(bills[:MAX_BILLS])
        self._nets: dict[Cut | None, list[tuple[int, Bill]]] = {}

    def nets(self, cut: Cut | None) -> list[tuple[int, Bill]]:
        """Return (amount that would be paid, bill), smallest first, for the bills that `cut` can fall on."""
        found = self._nets.get(cut)
        if found is None:
            bills = [bill for bill in self.bills if cut is None or _deductible(bill, cut)]
            found = [(bill.outstanding - (cut.total(bill.base or 0) if cut else 0), bill) for bill in bills]
            found.sort(key=lambda item: (item[0], item[1].anchor))
            self._nets[cut] = found
        return found


def fits(owed: Owed, amount: int, day: date) -> list[Fit]:
    """Return the fits of `amount`, received on `day`, among the open bills of one party."""
    found = [exact(bill) for net, bill in owed.nets(None) if net == amount] + _pairs(owed, amount, None)
    if found:
        return found
    for cut in cuts_on(day):
        nets = owed.nets(cut)
        start = bisect_left(nets, amount - ROUNDING, key=lambda item: item[0])
        for net, bill in nets[start:]:
            if net > amount + ROUNDING:
                break
            found.append(_with_cut((bill,), amount, cut))
        found += _pairs(owed, amount, cut)
    return [fit for fit in found if fit.cut is not None and not _by_few(fit.cut)] or found


def exact(bill: Bill) -> Fit:
    """Return the fit of one bill, paid in full."""
    return Fit((bill,), ((bill, bill.outstanding, "receipt"),))


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


def _by_few(cut: Cut) -> bool:
    """GST is deducted by government and scrap buyers alone: it is thought of where nothing else explains the sum."""
    return any(kind == "gst_tds" for kind, _ in cut.parts)


def days_in_words(day: date, bills: Iterable[Bill]) -> str:
    """Say when the money came, seen from the (first) bill's due date: `4 days after due`."""
    bill = min(bills, key=lambda item: (item.due_on or item.issued_on, item.anchor))
    late = (day - (bill.due_on or bill.issued_on)).days
    what = "due" if bill.due_on else "the bill"
    if late == 0:
        return "on the due day" if bill.due_on else "on the day of the bill"
    return f"{abs(late)} day{'s' if abs(late) != 1 else ''} {'after' if late > 0 else 'before'} {what}"


def _deductible(bill: Bill, cut: Cut) -> bool:
    """True for a bill of known base, nothing of it paid yet, whose deduction is more than rounding."""
    if bill.base is None or bill.outstanding != bill.amount:
        return False
    return (
        all(part > 2 * ROUNDING for _, part in cut.of(bill.base)) and cut.total(bill.base) < bill.outstanding
    )


def _pairs(owed: Owed, amount: int, cut: Cut | None) -> list[Fit]:
    """Return the only pair that comes to `amount`; none if two pairs do."""
    slack = 0 if cut is None else 2 * ROUNDING
    nets = owed.nets(cut)
    low, high = 0, len(nets) - 1
    pairs: list[tuple[Bill, Bill]] = []
    while low < high and len(pairs) < 2:
        total = nets[low][0] + nets[high][0]
        if abs(total - amount) <= slack:
            pairs.append((nets[low][1], nets[high][1]))
            near = (nets[low + 1][0] + nets[high][0], nets[low][0] + nets[high - 1][0])
            if high - low > 1 and any(abs(other - amount) <= slack for other in near):
                return []
            low, high = low + 1, high - 1
        elif total < amount:
            low += 1
        else:
            high -= 1
    if len(pairs) != 1:
        return []
    pair = tuple(sorted(pairs[0], key=lambda bill: (bill.due_on or bill.issued_on, bill.anchor)))
    if cut is None:
        return [Fit(pair, tuple((bill, bill.outstanding, "receipt") for bill in pair))]
    return [_with_cut(pair, amount, cut)]


def _with_cut(bills: tuple[Bill, ...], amount: int, cut: Cut) -> Fit:
    """Write the lines; the rounding falls on the last bill's first deduction, so that all adds up to `amount`."""
    lines: list[tuple[Bill, int, str]] = []
    left = amount
    for bill in bills:
        parts = list(cut.of(bill.base or 0))
        paid = bill.outstanding - sum(part for _, part in parts)
        if bill is bills[-1]:
            parts[0] = (parts[0][0], parts[0][1] + paid - left)
            paid = left
        left -= paid
        lines.append((bill, paid, "receipt"))
        lines.extend((bill, part, kind) for kind, part in parts if part)
    return Fit(bills, tuple(lines), cut)
