"""What the whole business's bills have in common beyond each customer's habit: large ones, month-ends, Sundays.

An additive median regression over a few buckets, learnt a step at a time; used only as long as it helps. Days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log2

from ledger.domain.forecast.history import Bill, History, calendar_day

Marks = tuple[int, ...]
_STEP = 0.01
_FORGETS = 0.995
_SURE = 0.03


def marks(bill: Bill, size: float, history: History, guess: float) -> Marks:
    """Return the buckets that a bill falls into: amount, amount beside his usual, month day, weekday, bills open, terms."""
    day = round(guess)
    own = history.sizes
    apart = 2.0 * (size - sum(own) / len(own)) if own else 9.0
    return (
        int(1.5 * size),
        round(max(-4.0, min(4.0, apart))) if own else 9,
        (calendar_day(bill.due)[1] - 1) // 4,
        day % 7,
        (calendar_day(day)[1] - 1) // 4,
        int(log2(1 + len(history.open))),
        max(0, bill.due - bill.issued) // 7,
        min(6, len(own) // 2),
    )


@dataclass(slots=True)
class Nudge:
    """Days to add, by kind of mark and mark."""

    steps: dict[tuple[int, int], float] = field(default_factory=dict)
    gain: float = 0.0
    seen: float = 0.0

    def of(self, found: Marks) -> float:
        """Return the days that the marks add up to, whether or not they are to be used."""
        return sum(self.steps.get(pair, 0.0) for pair in enumerate(found))

    @property
    def helps(self) -> bool:
        """Whether forecasts were better with it of late."""
        return self.gain > _SURE * self.seen

    def learn(self, found: Marks, off: float, scale: float) -> None:
        """Take a step towards the median of what is left over; `off` is payment less unnudged guess, in days."""
        added = self.of(found)
        left = off - added
        self.seen = self.seen * _FORGETS + abs(off)
        self.gain = self.gain * _FORGETS + abs(off) - abs(left)
        step = _STEP * max(-scale, min(scale, left * 2.0))
        for pair in enumerate(found):
            self.steps[pair] = self.steps.get(pair, 0.0) * 0.999 + step
