"""Candidates for the day of payment: each reads a customer's history in one simple way. Pure; days are ordinals."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from heapq import nsmallest

from ledger.domain.forecast.history import Bill, History, calendar_day, day_in_month, middle

NAMES = (
    "business", "always", "median", "recent", "mean", "last", "settle", "month_day", "weekday", "run", "same_days", "same_size",
)  # fmt: skip
COUNT = len(NAMES)
_NEAR = 7
_SHRUNK_BELOW = 10


def candidates(
    history: History, bill: Bill, size: float, day: int, usual: Sequence[int], terms: Sequence[int]
) -> list[float]:
    """Return the payment days that the experts name on `day`, before it is known that the bill is still open.

    `usual` are ordered lateness quartiles of the whole business, `terms` those of bills with the same credit days.
    """
    due = bill.due
    business = due + terms[1]
    lates = history.lates
    if not lates:
        opened = _with_open([], history, day, usual)
        return [business if not opened else max(business, due + opened)] * COUNT
    habit = history.habit()
    ordered = history.ordered
    if len(ordered) < _SHRUNK_BELOW:
        ordered = sorted([*ordered, *terms])
    median = due + _with_open(ordered, history, day, usual)
    recent = due + habit.recent if len(lates) > 1 else (median + due + habit.recent) / 2
    always = due + middle(history.always) if len(lates) >= _SHRUNK_BELOW else median
    out = [business, always, median, recent, due + history.mean, due + lates[-1], bill.issued + habit.settle]
    base = (median + recent) / 2
    out.append(base if habit.month_day is None else _nearest_month_day(base, habit.month_day, bill.issued))
    out.append(base if habit.weekday is None else _nearest_weekday(base, habit.weekday))
    out.append(base if not habit.every else _nearest_run(base, history.runs[-1], habit.every))
    out.append(_same_days(history, due) if len(lates) >= _NEAR else base)
    out.append(due + _same_size(history, size) if len(lates) >= _NEAR else median)
    return out


def still_open(
    named: Sequence[float], history: History, bill: Bill, day: int, usual: Sequence[int]
) -> list[float]:
    """Return the candidates of a bill that is open on `day`: none of them lies before it."""
    reached = day - bill.due
    after: float | None = None
    out = []
    for name, guess in zip(NAMES, named, strict=True):
        if guess >= day:
            out.append(guess)
            continue
        habit = history.known
        if habit is not None and name == "month_day" and habit.month_day is not None:
            out.append(_next_month_day(day, habit.month_day))
        elif habit is not None and name == "weekday" and habit.weekday is not None:
            out.append(day + (habit.weekday - day) % 7)
        elif habit is not None and name == "run" and habit.every:
            last = history.runs[-1]
            out.append(last + -(-(day - last) // habit.every) * habit.every)
        else:
            if after is None:
                after = day + longer(history, reached, usual)
            out.append(after)
    return out


def longer(history: History, reached: int, usual: Sequence[int]) -> float:
    """Return how many days more a bill usually takes that is already `reached` days late."""
    own = history.ordered[bisect_left(history.ordered, reached) :]
    if len(own) >= 4:
        return middle(own) - reached
    others = usual[bisect_left(usual, reached) :]
    if len(own) + len(others) >= 8:
        return middle(sorted([*own, *own, *own, *others])) - reached
    return max(5.0, reached * 0.4)


def _with_open(ordered: Sequence[int], history: History, day: int, usual: Sequence[int]) -> float:
    """Return the median lateness, where open bills that are later than it already count as later still."""
    if not ordered:
        waiting = [day - due for due in history.open.values() if day - due > usual[len(usual) // 2]]
        return min(waiting) if waiting else 0.0
    median = middle(ordered)
    waiting = sorted(day - due for due in history.open.values() if day - due > median)
    if not waiting:
        return median
    return middle(sorted([*ordered, *waiting[: len(ordered)]]))


def _nearest_month_day(base: float, number: int, earliest: int) -> float:
    months = calendar_day(round(base))[0]
    days = [day_in_month(months + shift, number) for shift in (-1, 0, 1)]
    return min((d for d in days if d >= earliest), key=lambda d: abs(d - base), default=days[-1])


def _next_month_day(day: int, number: int) -> int:
    months = calendar_day(day)[0]
    return next(d for shift in (0, 1, 2) if (d := day_in_month(months + shift, number)) >= day)


def _nearest_weekday(base: float, weekday: int) -> float:
    start = round(base)
    return start + (weekday - start + 3) % 7 - 3


def _nearest_run(base: float, last: int, every: float) -> float:
    return last + max(1, round((base - last) / every)) * every


def _same_days(history: History, due: int) -> float:
    """Return the day on which bills due on about the same day of a month were paid, carried over to this month."""
    months, number, _ = calendar_day(due)
    size = len(history.dues)
    near = []
    for place, other in enumerate(history.dues):
        then, on, _ = calendar_day(other)
        apart = abs(on - number)
        near.append((min(apart, 31 - apart) + (size - place) * 0.1, place, months - then))
    days = []
    for _, place, shift in nsmallest(5, near):
        then, on, length = calendar_day(history.paids[place])
        days.append(day_in_month(then + shift, on - length if on == length else on))
    days.sort()
    return days[2]


def _same_size(history: History, size: float) -> float:
    count = len(history.sizes)
    near = [
        (abs(s - size) + (count - i) * 0.01, late)
        for i, (s, late) in enumerate(zip(history.sizes, history.lates, strict=True))
    ]
    return middle(sorted(late for _, late in nsmallest(_NEAR, near)))
