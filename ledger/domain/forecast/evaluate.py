"""How good forecasts would have been: a walk through past bills day by day, using only what had happened by then."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.domain.forecast.history import Bill, middle
from ledger.domain.forecast.model import STAGES, Forecast, Model

WHEN = ("issued", "due", "due+15", "due+45")
COMPARED = ("due date", "customer's mean", "customer's median", "ours")
ISSUED, AGAIN, PAID = 0, 1, 2


@dataclass(slots=True)
class Score:
    """Sums over the forecasts of one stage, in days."""

    count: int = 0
    off: list[int] = field(default_factory=lambda: [0] * len(COMPARED))
    within: int = 0
    width: int = 0

    def mean(self, which: str) -> float:
        """Return the mean absolute error of one of COMPARED."""
        return self.off[COMPARED.index(which)] / self.count if self.count else 0.0

    @property
    def better(self) -> float:
        """Return the share by which our error is below that of each customer's median."""
        median = self.mean("customer's median")
        return 1 - self.mean("ours") / median if median else 0.0


@dataclass(slots=True)
class _Delays:
    """Delays paid so far, ordered, of a customer or of all."""

    total: int = 0
    ordered: list[int] = field(default_factory=list)

    def add(self, late: int) -> None:
        self.total += late
        insort(self.ordered, late)


def walk(bills: Sequence[Bill]) -> Iterator[tuple[int, int, int, Forecast, tuple[int, int, int]]]:
    """Yield (bill, stage, day, our forecast, the three rules' days) of each forecast, in the order of days.

    Forecasts of a day come before its payments: who pays today hasn't been seen to pay this morning.
    """
    model = Model()
    delays: dict[Hashable, _Delays] = defaultdict(_Delays)
    everyone = _Delays()
    for day, what, key, stage in events(bills, until=_last(bills)):
        bill = bills[key]
        if what == PAID:
            assert bill.paid is not None
            model.pay(key, bill.paid)
            delays[bill.customer].add(bill.paid - bill.due)
            everyone.add(bill.paid - bill.due)
            continue
        ours = model.issue(key, bill, day) if what == ISSUED else model.foresee(key, day)
        own = delays[bill.customer]
        known = own if own.ordered else everyone
        mean = round(known.total / len(known.ordered)) if known.ordered else 0
        median = round(middle(known.ordered)) if known.ordered else 0
        rules = [bill.due, bill.due + mean, bill.due + median]
        if what == AGAIN:
            rules = [max(day, rule) for rule in rules]
        yield key, stage, day, ours, (rules[0], rules[1], rules[2])


def evaluate(bills: Sequence[Bill], *, warm: int = 0) -> dict[str, Score]:
    """Return the scores of paid bills by the stage at which they were forecast; the first `warm` bills aren't counted."""
    scores = {name: Score() for name in WHEN}
    seen = 0
    for key, stage, _, ours, rules in walk(bills):
        paid = bills[key].paid
        seen += stage == 0
        if paid is None or (stage == 0 and seen <= warm):
            continue
        score = scores[WHEN[stage]]
        score.count += 1
        for i, guess in enumerate((*rules, ours.expected)):
            score.off[i] += abs(guess - paid)
        score.within += ours.low <= paid <= ours.high
        score.width += ours.high - ours.low
    return scores


def events(bills: Sequence[Bill], *, until: int) -> list[tuple[int, int, int, int]]:
    """Return (day, what, bill, stage) in order until a day; a bill is forecast again as long as it isn't paid."""
    out = []
    for key, bill in enumerate(bills):
        if bill.issued > until:
            continue
        out.append((bill.issued, ISSUED, key, 0))
        for stage, after in enumerate(STAGES, start=1):
            day = bill.due + after
            if bill.issued < day <= until and (bill.paid is None or bill.paid >= day):
                out.append((day, AGAIN, key, stage))
        if bill.paid is not None:
            out.append((max(bill.paid, bill.issued), PAID, key, 0))
    out.sort()
    return out


def _last(bills: Sequence[Bill]) -> int:
    return max(
        (bill.issued if bill.paid is None else max(bill.paid, bill.issued) for bill in bills), default=0
    )
