"""Will the money be enough: what is in the bank, what should come and what must go, day by day. Pure; minor units.

Three courses are worked out: `closing` with every receipt on its likely day, `low` where each comes on the last day on
which it is likely at all, `high` where each comes on the first. So `low` ≤ `closing` ≤ `high` on every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

WEEK = 7
MOST_NAMES = 5
"""More customers than that are no plan for one day."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that should come `on` a day, likely between `early` and `late`."""

    amount: int
    on: date
    early: date
    late: date
    why: str = "habit"
    name: str = ""
    party: UUID | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that is to go: a vendor's bill, a payout, a cheque of ours, or what falls due each month (`estimated`)."""

    amount: int
    on: date
    kind: str
    name: str = ""
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A day, or several: what comes and goes, and what is left at its end (None where no bank is known)."""

    first: date
    last: date
    came: int
    paid: int
    closing: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Short:
    """The first day on which the money isn't enough, and by how much."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer whose money isn't expected by then: `amount` is what he owes net, `sooner` sorts who pays first."""

    party: UUID
    name: str
    amount: int
    sooner: tuple[int, ...] = ()


def project(
    opening: int | None,
    receipts: Iterable[Receipt],
    payments: Iterable[Payment],
    *,
    today: date,
    days: int,
) -> tuple[Span, ...]:
    """Return so many days from today on; what was due before is due today, what comes after the last isn't counted."""
    came, late, early, paid = ([0] * days for _ in range(4))
    for receipt in receipts:
        for course, on in ((came, receipt.on), (late, receipt.late), (early, receipt.early)):
            _put(course, on, receipt.amount, today)
    for payment in payments:
        _put(paid, payment.on, payment.amount, today)
    out = []
    closing = low = high = opening or 0
    for place in range(days):
        closing += came[place] - paid[place]
        low += late[place] - paid[place]
        high += early[place] - paid[place]
        on = today + timedelta(days=place)
        left = (None, None, None) if opening is None else (closing, low, high)
        out.append(Span(on, on, came[place], paid[place], *left))
    return tuple(out)


def _put(course: list[int], on: date, amount: int, today: date) -> None:
    place = max(0, (on - today).days)
    if place < len(course):
        course[place] += amount


def by_week(days: Sequence[Span]) -> tuple[Span, ...]:
    """Gather days into weeks of seven, the first beginning with the first day."""
    weeks = [days[i : i + WEEK] for i in range(0, len(days), WEEK)]
    return tuple(
        Span(
            week[0].first,
            week[-1].last,
            sum(day.came for day in week),
            sum(day.paid for day in week),
            week[-1].closing,
            week[-1].low,
            week[-1].high,
        )
        for week in weeks
    )


def first_short(days: Iterable[Span]) -> Short | None:
    """Return the first day that ends below nothing, as things are likely to come."""
    return next((Short(d.last, -d.closing) for d in days if d.closing is not None and d.closing < 0), None)


def first_at_risk(days: Iterable[Span]) -> Short | None:
    """Return the first day that ends below nothing if customers pay as late as they sometimes do."""
    return next((Short(d.last, -d.low) for d in days if d.low is not None and d.low < 0), None)


def cover(short: int, who: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the fewest customers whose money would cover it, of those who pay first; none where that takes too many.

    As few as possible are named; who among so few is decided by who is likely to pay first.
    """
    left = [one for one in who if one.amount > 0]
    left.sort(key=lambda one: (one.sooner, -one.amount, one.name, one.party.int))
    need = short
    count = _fewest(need, left)
    if count is None:
        return ()
    found: list[Candidate] = []
    for place, one in enumerate(left):
        if len(found) == count:
            break
        rest = left[place + 1 :]
        still = count - len(found) - 1
        if one.amount + sum(_largest(rest, still)) >= need:
            found.append(one)
            need -= one.amount
    return tuple(found)


def _fewest(need: int, who: Sequence[Candidate]) -> int | None:
    total = 0
    for count, amount in enumerate(_largest(who, MOST_NAMES), start=1):
        total += amount
        if total >= need:
            return count
    return None


def _largest(who: Sequence[Candidate], count: int) -> list[int]:
    return sorted((one.amount for one in who), reverse=True)[:count]
