"""How one customer has paid: the last bills in the order of payment, and what their payment days have in common.

Days are ordinals (`date.toordinal`), lateness is days from due to payment, so that a model of 100,000 bills takes seconds.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from calendar import monthrange
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise

KEPT = 48
"""Paid bills of a customer that are looked at."""
RUNS = 14
RECENT = 5


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill: when issued and due (day numbers), its amount (minor units); `paid` is None while it is open."""

    customer: Hashable
    issued: int
    due: int
    amount: int
    paid: int | None = None


@lru_cache(maxsize=20_000)
def calendar_day(day: int) -> tuple[int, int, int]:
    """Return months since year 0, day of the month, days in that month."""
    on = date.fromordinal(day)
    return on.year * 12 + on.month - 1, on.day, monthrange(on.year, on.month)[1]


@lru_cache(maxsize=20_000)
def day_in_month(months: int, number: int) -> int:
    """Return a day of a month by its number, or counted from the month's end if `number` is 0 or less."""
    year, month = divmod(months, 12)
    length = monthrange(year, month + 1)[1]
    day = length + number if number <= 0 else min(number, length)
    return date(year, month + 1, max(1, day)).toordinal()


@dataclass(slots=True)
class History:
    """What is known of a customer's payments, the newest last."""

    lates: list[int] = field(default_factory=list)
    settles: list[int] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    dues: list[int] = field(default_factory=list)
    paids: list[int] = field(default_factory=list)
    ordered: list[int] = field(default_factory=list)
    always: list[int] = field(default_factory=list)
    """All delays ever, in order; `ordered` are those kept."""
    runs: list[int] = field(default_factory=list)
    open: dict[int, int] = field(default_factory=dict)
    """Due days of bills issued and not paid yet, by the bill's number in the reading order."""
    mean: float = 0.0
    paid: int = 0
    error: float = 0.0
    weight: float = 0.0
    scores: list[float] = field(default_factory=list)
    known: Habit | None = None

    def add(self, bill: Bill, paid: int, size: float) -> None:
        """Note that a bill was paid."""
        late = paid - bill.due
        self.mean = (
            late if not self.lates else self.mean + (late - self.mean) * max(0.15, 1 / (self.paid + 1))
        )
        self.paid += 1
        self.lates.append(late)
        insort(self.ordered, late)
        insort(self.always, late)
        self.settles.append(paid - bill.issued)
        self.sizes.append(size)
        self.dues.append(bill.due)
        self.paids.append(paid)
        if len(self.lates) > KEPT:
            del self.ordered[bisect_left(self.ordered, self.lates[0])]
            for column in (self.lates, self.settles, self.sizes, self.dues, self.paids):
                del column[0]
        if not self.runs or paid > self.runs[-1]:
            self.runs.append(paid)
            del self.runs[:-RUNS]
        self.known = None

    def habit(self) -> Habit:
        """Return what the payments have in common, worked out once after each payment."""
        if self.known is None:
            self.known = _habit(self)
        return self.known


@dataclass(frozen=True, slots=True)
class Habit:
    """When a customer pays: the day of the month (0 and less: from its end), the weekday, the days between payments."""

    recent: float
    settle: float
    month_day: int | None
    weekday: int | None
    every: float | None


def middle(ordered: Sequence[int]) -> float:
    """Return the median of ordered numbers."""
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


def _habit(history: History) -> Habit:
    runs = history.runs
    few = len(runs) < 3
    gaps = sorted(after - before for before, after in pairwise(runs))
    return Habit(
        recent=middle(sorted(history.lates[-RECENT:])),
        settle=middle(sorted(history.settles[-20:])),
        month_day=None if few else _month_day(runs),
        weekday=None if few else Counter(run % 7 for run in reversed(runs)).most_common(1)[0][0],
        every=None if few else middle(gaps),
    )


def _month_day(runs: Sequence[int]) -> int:
    """Return the day of the month about which most payments fall, counted from the start or from the end."""
    found: Counter[int] = Counter()
    for run in reversed(runs):
        _, day, length = calendar_day(run)
        for about in (day - 1, day, day + 1):
            found[about] += 2 if about == day else 1
        if day > 20:
            for about in (day - length - 1, day - length, day - length + 1):
                found[about] += 2 if about == day - length else 1
    return next(number for number, _ in found.most_common() if -9 <= number <= 28)
