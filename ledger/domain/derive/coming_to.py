"""Which open bills come to an amount, in full or less what is kept back of each: arithmetic over documents, in paise."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.domain.derive.model import Document, Money
from ledger.domain.derive.settling import Line
from ledger.domain.matching.bills import MAX_BILLS, ROUNDING
from ledger.domain.matching.learned import Usual
from ledger.domain.matching.rates import cuts_on
from ledger.domain.matching.subsets import Sums, by_chance

LUCKY = 4
"""Of 1,000: the chance that bills add up by accident, above which nothing matches itself."""
_GRAINS = (100_000, 50_000, 10_000, 5_000, 1_000, 500, 100, 10)


def age(row: Document) -> tuple[object, ...]:
    """Return the place of a bill among others, the longest due first."""
    return (row.due_on or row.issued_on, row.issued_on, row.anchor)


def paid(row: Document, amount: int, why: str) -> Line:
    """Return a line of money itself, up to `amount` paise."""
    return Line(row, "receipt", amount, why)


def net(row: Document, rate: Usual | None) -> int | None:
    """Return what would be paid of a bill; None where nothing can have been kept back of it."""
    if rate is None:
        return row.remaining
    untouched = not any(kind == "deduction" for kind, *_ in row.entries) and not row.reserve
    parts = rate.of(base=row.base, amount=row.amount) if untouched else ()
    kept = sum(amount for _, amount in parts)
    return row.remaining - kept if kept > ROUNDING and kept < row.remaining else None


def lines_less(rows: Sequence[Document], amount: int, rate: Usual) -> list[Line] | None:
    """Write down what each bill gets and what was kept back of it, if that comes to `amount` (₹1 a bill); the
    roundings fall on the last."""
    lines: list[Line] = []
    left = amount
    for row in rows:
        left_of_it = net(row, rate)
        if left_of_it is None:
            return None
        parts = list(rate.of(base=row.base, amount=row.amount))
        if row is rows[-1]:
            if abs(left_of_it - left) > ROUNDING * len(rows):
                return None
            parts[0] = (parts[0][0], parts[0][1] + left_of_it - left)
            left_of_it = left
        left -= left_of_it
        lines.append(paid(row, left_of_it, "deduction"))
        lines += [Line(row, kind, part, "deduction") for kind, part in parts if part > 0]
    return lines


def taxes_on(money: Money) -> list[Usual]:
    """Return what may be deducted at source on that day; by few buyers, the last."""
    if money.side != "receivable":
        return []
    cuts = sorted(
        cuts_on(money.day), key=lambda cut: (any(kind != "tds" for kind, _ in cut.parts), cut.parts)
    )
    return [Usual(tuple((kind, rate, False) for kind, rate in sorted(cut.parts))) for cut in cuts]


def only_sum(amounts: Sequence[int], total: int, *, slack: int = 0) -> tuple[int, ...] | None:
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
