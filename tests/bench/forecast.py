"""How far off expected payment dates are, and how long 50,000 bills take, on made-up firms of unlike habits."""

from __future__ import annotations

import time
from typing import Protocol

from ledger.domain.forecast.evaluate import evaluate
from tests.ledger.domain.forecast.worlds import WORLDS, world

BILLS = 50_000
_SEED = 11


class Report(Protocol):
    """Where numbers go."""

    def add(
        self,
        what: str,
        value: float,
        *,
        unit: str = "",
        least: float | None = None,
        most: float | None = None,
    ) -> None:
        """Add one."""


def measure_forecast(report: Report) -> None:
    """Evaluate each made-up firm chronologically, and a large one for the time."""
    covered = counted = 0
    better = []
    for name in WORLDS:
        score = evaluate(world(name, _SEED))["issued"]
        better.append(score.better)
        covered, counted = covered + score.within, counted + score.count
        report.add(f"payment date, {name}: error below each customer's median", 100 * score.better, unit="%")
    report.add("  mean of all, chance alone among them", 100 * sum(better) / len(better), unit="%", least=15)
    report.add("  payments within the 80% interval", 100 * covered / counted, unit="%", least=75)
    large = world("mixed", _SEED, customers=1_400, bills=BILLS)
    began = time.perf_counter()
    evaluate(large)
    report.add(f"  {BILLS:,} bills evaluated", time.perf_counter() - began, unit="s", most=30)
