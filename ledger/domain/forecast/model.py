"""The expected day of payment of a bill with an 80% interval, learnt from one business's own bills day by day.

A few simple readings of a customer's history (experts) name a day each; those that have erred least for this
customer (in short histories: for the whole business) weigh most. How far such forecasts were off, in relation to
how regular the customer is, gives the interval; a bill that is still open can only be paid from now on. Nothing
but what had happened by then is looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from math import log

from ledger.domain.forecast.experts import COUNT, candidates, longer, still_open
from ledger.domain.forecast.history import Bill, History
from ledger.domain.forecast.nudge import Marks, Nudge, marks

STAGES = (0, 15, 45)
"""Days after due at which a forecast is made again, while a model learns how such forecasts turn out."""
LOW, HIGH = 0.1, 0.9
_POOL = 1000
_COLD = 40
"""Forecasts made before so many bills were paid say nothing of how later ones turn out."""
_WINDOW = 600
_PRIOR = 6.0
_SHARPNESS = (2.0, 6.0, 14.0)
_OWN_FORGETS, _ALL_FORGETS = 0.93, 0.998
_LEAST_SCALE = 0.6
_STRETCH = 0.01


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a bill is expected to be paid (day numbers): the middle, and the 80% interval around it."""

    expected: int
    low: int
    high: int


@dataclass(slots=True)
class _Made:
    """A forecast that waits for its outcome."""

    day: int
    raw: float
    marks: Marks
    guess: float
    scale: float
    moved: float
    stage: int
    low: int = 0
    high: int = 0
    paid: int | None = None


@dataclass(slots=True)
class _Outcomes:
    """How forecasts of one stage turned out: errors in units of the customer's irregularity."""

    made: deque[_Made] = field(default_factory=lambda: deque(maxlen=2 * _POOL))
    errors: Sequence[float] = ()
    middle: float = 0.0
    gain: float = 0.0
    """By how many days forecasts were better, of late, for being moved by the middle error."""
    stretch: float = 1.0
    """How much wider than those errors say intervals must be, to hold four payments of five."""
    fresh: int = 0
    total: int = 0


@dataclass(slots=True)
class Model:
    """What is learnt so far. Feed it `issue` and `pay` in the order of days; ask `forecast` at any time."""

    histories: dict[Hashable, History] = field(default_factory=dict)
    recent: deque[int] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    usual: list[int] = field(default_factory=lambda: [0, 0, 0])
    quartiles: tuple[int, ...] = (0, 0, 0)
    by_terms: dict[int, deque[int]] = field(default_factory=dict)
    terms_quartiles: dict[int, tuple[int, ...]] = field(default_factory=dict)
    scores: list[float] = field(default_factory=lambda: [0.0] * COUNT)
    weight: float = 0.0
    error: float = 0.0
    error_weight: float = 0.0
    sharp: list[float] = field(default_factory=lambda: [0.0] * len(_SHARPNESS))
    bills: dict[int, tuple[Bill, float, list[float], list[_Made]]] = field(default_factory=dict)
    outcomes: list[_Outcomes] = field(default_factory=lambda: [_Outcomes() for _ in range(len(STAGES) + 1)])
    nudges: list[Nudge] = field(default_factory=lambda: [Nudge(), Nudge()])
    """For forecasts of new bills, and for those of bills that are due."""
    paid: int = 0

    def history(self, customer: Hashable) -> History:
        """Return the customer's history, empty if he is new."""
        found = self.histories.get(customer)
        if found is None:
            found = self.histories[customer] = History(scores=[0.0] * COUNT)
        return found

    # ---- facts, in the order of days -----------------------------------------------------------------
    def issue(self, key: int, bill: Bill, day: int) -> Forecast:
        """Note a new bill and forecast it; `key` is its number for the later calls."""
        history = self.history(bill.customer)
        size = log(max(1, abs(bill.amount)))
        named = self._named(history, bill, size, day)
        self.bills[key] = (bill, size, named, [])
        forecast = self.foresee(key, day)
        history.open[key] = bill.due
        return forecast

    def foresee(self, key: int, day: int) -> Forecast:
        """Forecast an open bill on one of its stages and remember it, to learn from its outcome."""
        bill, size, named, waiting = self.bills[key]
        stage = self._stage(bill, day)
        raw, scale, found = self._guess(bill, size, day, named if day <= bill.issued else None)
        guess = self._nudged(bill, day, raw, found)
        outcomes = self.outcomes[stage]
        forecast = self._spread(bill, day, guess, scale)
        made = _Made(
            day, raw, found, guess, scale, guess + scale * outcomes.middle, stage, forecast.low, forecast.high
        )
        waiting.append(made)
        if self.paid < _COLD:
            return forecast
        outcomes.made.append(made)
        outcomes.fresh += 1
        outcomes.total += 1
        if outcomes.fresh >= max(25, outcomes.total // 25):
            self._weigh_outcomes(outcomes, day)
        return forecast

    def pay(self, key: int, paid: int) -> None:
        """Note that a bill is paid in full, and learn from how it was forecast."""
        bill, size, named, waiting = self.bills.pop(key)
        history = self.history(bill.customer)
        history.open.pop(key, None)
        self._score(history, named, paid)
        for made in waiting:
            self._settle(made, paid)
        off = abs(paid - waiting[0].guess)
        history.error = history.error * _OWN_FORGETS + off
        history.weight = history.weight * _OWN_FORGETS + 1
        self.error = self.error * _ALL_FORGETS + off
        self.error_weight = self.error_weight * _ALL_FORGETS + 1
        history.add(bill, paid, size)
        self._learn_business(bill, paid)

    def _settle(self, made: _Made, paid: int) -> None:
        made.paid = paid
        self.nudges[made.stage > 0].learn(made.marks, paid - made.raw, made.scale)
        outcomes = self.outcomes[made.stage]
        if self.paid >= _COLD:
            missed = not made.low <= paid <= made.high
            outcomes.stretch = min(
                3.0, max(0.4, outcomes.stretch * (1 + _STRETCH * (missed - (LOW + 1 - HIGH))))
            )
        if made.stage == 0:
            outcomes.gain = outcomes.gain * 0.99 + abs(paid - made.guess) - abs(paid - made.moved)

    # ---- forecasts -----------------------------------------------------------------------------------
    def forecast(self, bill: Bill, day: int) -> Forecast:
        """Forecast a bill that is open on `day`, by all that was noted; nothing is remembered."""
        raw, scale, found = self._guess(bill, log(max(1, abs(bill.amount))), day, None)
        return self._spread(bill, day, self._nudged(bill, day, raw, found), scale)

    def _nudged(self, bill: Bill, day: int, raw: float, found: Marks) -> float:
        later = day > bill.issued
        nudge = self.nudges[later]
        guess = raw + nudge.of(found) if nudge.helps else raw
        return max(day, guess) if later else guess

    def _named(self, history: History, bill: Bill, size: float, day: int) -> list[float]:
        terms = self.terms_quartiles.get(bill.due - bill.issued, self.quartiles)
        return candidates(history, bill, size, day, self.usual, terms)

    def _guess(
        self, bill: Bill, size: float, day: int, named: list[float] | None
    ) -> tuple[float, float, Marks]:
        history = self.history(bill.customer)
        if named is None:
            named = self._named(history, bill, size, day)
        if day > bill.issued:
            named = still_open(named, history, bill, day, self.usual)
        best = min(range(len(_SHARPNESS)), key=lambda i: (self.sharp[i], i != 1, i))
        guess = _blend(named, self._standing(history), _SHARPNESS[best])
        every = (self.error + 5.0) / (self.error_weight + 1)
        scale = max(_LEAST_SCALE, (history.error + _PRIOR * every) / (history.weight + _PRIOR))
        return guess, scale, marks(bill, size, history, guess)

    def _standing(self, history: History) -> list[float]:
        """Return how far off each expert usually is for this customer, shrunk to the business's experience."""
        share = _PRIOR / (self.weight + 1)
        total = history.weight + _PRIOR
        return [
            (own + share * (al + 3.0)) / total + 0.25
            for own, al in zip(history.scores, self.scores, strict=True)
        ]

    def _spread(self, bill: Bill, day: int, guess: float, scale: float) -> Forecast:
        errors = self.outcomes[self._stage(bill, day)].errors or _LAPLACE
        first = bisect_left(errors, (day - guess - 0.5) / scale) if day > bill.issued else 0
        left = len(errors) - first
        if left < max(4, len(errors) // 50):
            more = longer(self.history(bill.customer), day - bill.due, self.usual)
            return Forecast(round(day + more), day + round(more * 0.2), round(day + more * 3.5) + 1)
        at = [guess + scale * errors[first + min(left - 1, int(left * q))] for q in (LOW, 0.5, HIGH)]
        expected = round(at[1])
        if day <= bill.issued and self.outcomes[0].gain <= 0:
            expected = round(guess)
        wider = self.outcomes[self._stage(bill, day)].stretch
        low = min(round(at[1] - (at[1] - at[0]) * wider), expected)
        high = max(round(at[1] + (at[2] - at[1]) * wider), expected)
        return (
            Forecast(expected, low, high)
            if day <= bill.issued
            else Forecast(max(day, expected), max(day, low), max(day, high))
        )

    def _stage(self, bill: Bill, day: int) -> int:
        if day <= bill.issued or day < bill.due:
            return 0
        return sum(day - bill.due >= after for after in STAGES)

    # ---- learning ------------------------------------------------------------------------------------
    def _score(self, history: History, named: list[float], paid: int) -> None:
        standing = self._standing(history)
        for i, sharpness in enumerate(_SHARPNESS):
            self.sharp[i] = self.sharp[i] * _ALL_FORGETS + abs(paid - _blend(named, standing, sharpness))
        own, every = history.scores, self.scores
        for i, guess in enumerate(named):
            off = abs(paid - guess)
            own[i] = own[i] * _OWN_FORGETS + off
            every[i] = every[i] * _ALL_FORGETS + off
        self.weight = self.weight * _ALL_FORGETS + 1

    def _learn_business(self, bill: Bill, paid: int) -> None:
        late = paid - bill.due
        self.recent.append(late)
        terms = self.by_terms.setdefault(bill.due - bill.issued, deque(maxlen=200))
        terms.append(late)
        self.paid += 1
        if self.paid <= 20 or self.paid % 50 == 0:
            ordered = sorted(self.recent)
            self.usual = ordered
            self.quartiles = _quartiles(ordered)
            self.terms_quartiles = {
                days: _quartiles(sorted(lates)) for days, lates in self.by_terms.items() if len(lates) >= 15
            }

    def _weigh_outcomes(self, outcomes: _Outcomes, day: int) -> None:
        """Work out the errors anew. Young forecasts are left out: of those, only the early payers are known."""
        outcomes.fresh = 0
        took = sorted(m.paid - m.day for m in outcomes.made if m.paid is not None)
        if len(took) < 30:
            return
        settled = took[int(len(took) * 0.9)]
        old = [m for m in outcomes.made if m.day <= day - settled]
        if len(old) < 30:
            old = list(outcomes.made)
        errors = []
        for made in old[-_POOL:]:
            if made.paid is not None:
                errors.append((made.paid - made.guess) / made.scale)
            elif day > made.guess:
                errors.append((day - made.guess) / made.scale)
        if len(errors) >= 30:
            outcomes.errors = sorted(errors)
            outcomes.middle = outcomes.errors[len(errors) // 2]


def _blend(named: Sequence[float], standing: Sequence[float], sharpness: float) -> float:
    best = min(standing)
    total = weights = 0.0
    for guess, off in zip(named, standing, strict=True):
        weight = (best / off) ** sharpness
        total += weight * guess
        weights += weight
    return total / weights


def _quartiles(ordered: Sequence[int]) -> tuple[int, ...]:
    size = len(ordered)
    return ordered[size // 4], ordered[size // 2], ordered[size * 3 // 4]


_LAPLACE = [log(2 * (i + 0.5) / 100) if i < 50 else -log(2 * (99.5 - i) / 100) for i in range(100)]
"""Errors before any are known: as many days off as usual, on either side."""
