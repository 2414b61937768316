"""The matcher measured on simulated firms with known truth, held-out ones among them, and beside them per stage.

`BENCH_MATCHING=held_out|shown|all` chooses the firms, `BENCH_MATCHING_SEED` their seed, `BENCH_MATCHING_SIZE` their size (1:
about 600 credits); `BENCH_MATCHING_WRONG=1` lists what was wrong by itself, for whoever mends the matcher.
Alone: `python -m workers.scratch .venv/bin/python -m tests.bench.matching`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.bench.report import Report, run_alone
from tests.matching.firms import firm
from tests.matching.play import Play
from tests.matching.score import Score, percent, score, total
from tests.matching.trades import HELD_OUT, SHOWN, Trade

SIZE = float(os.environ.get("BENCH_MATCHING_SIZE", "1"))
SEED = int(os.environ.get("BENCH_MATCHING_SEED", "7"))
CHOSEN = os.environ.get("BENCH_MATCHING", "default")
_TRADES: dict[str, Sequence[Trade]] = {
    "default": (SHOWN[0], *HELD_OUT),
    "shown": SHOWN,
    "held_out": HELD_OUT,
    "all": (*SHOWN, *HELD_OUT),
}
AT_ONCE = 2


async def play_firms(
    engine: AsyncEngine, trades: Sequence[Trade], *, seed: int, size: float
) -> tuple[list[Score], list[float]]:
    """Play firms, two at a time; return their scores, and seconds each."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(trade: Trade) -> tuple[Score, float]:
        async with turn:
            started = time.perf_counter()
            played = await Play(engine, firm(trade, seed, size=size)).run()
            return score(played, await returns_of(played)), time.perf_counter() - started

    done = await asyncio.gather(*(one(trade) for trade in trades))
    return [made for made, _ in done], [seconds for _, seconds in done]


async def returns_of(play: Play) -> tuple[int, int]:
    """Return how many of the cheques that came back were taken out of the bills, and how many there were."""
    state = await play.state()
    back: list[UUID] = [play._places[place] for place, _ in play.story.returns if place in play._places]
    return sum(state.said[subject].given_back for subject in back), len(back)


async def measure_matching(report: Report, engine: AsyncEngine) -> list[Score]:
    """Play the chosen firms; add the totals to the report, print a row for each firm and stage."""
    started = time.perf_counter()
    scores, _ = await play_firms(engine, _TRADES[CHOSEN], seed=SEED, size=SIZE)
    whole = total(scores)
    _show(scores, whole)
    least = (99.5, 90, 70) if SIZE >= 0.5 else (None, None, None)
    for made in scores:
        report.say(f"matcher: {made.name}, {made.credits} credits", _line(made))
    report.add(
        f"matcher: right of what it did by itself, {whole.credits} credits",
        whole.automatic_right,
        unit="%",
        least=least[0],
    )
    report.add(
        "  of the explainable, right by itself or at the first button",
        whole.first_button,
        unit="%",
        least=least[1],
    )
    report.add("  of all, explained with no question and rightly", whole.unasked, unit="%", least=least[2])
    report.add("  the same of the explainable", whole.unasked_of_explainable, unit="%")
    report.add("  of all, without what the books told", whole.unasked_by_matching, unit="%")
    report.say("  cheques that came back, seen by itself", f"{whole.returns[0]} of {whole.returns[1]}")
    report.add("  seconds for all firms", time.perf_counter() - started, unit="s")
    if os.environ.get("BENCH_MATCHING_WRONG"):
        for one in whole.wrong:
            print(one)
    return scores


def _line(made: Score) -> str:
    return (
        f"{made.automatic_right:.1f}% right, {made.first_button:.1f}% first, {made.unasked:.1f}% no question"
    )


def _show(scores: Sequence[Score], whole: Score) -> None:
    table = Table("firm", "credits", "by itself", "wrong", "1st button", "other", "by hand", "neither", "inexplicable",
                  "auto right", "first", "no question", title="What became of each credit")  # fmt: skip
    for made in (*scores, whole):
        counts = [made.count(outcome) for outcome in ("alone", "wrong", "first", "other", "hand", "silent")]
        unknown = sum(count for (_, known), count in made.outcomes.items() if not known)
        shares = [f"{value:.1f}%" for value in (made.automatic_right, made.first_button, made.unasked)]
        table.add_row(made.name, *map(str, (made.credits, *counts, unknown)), *shares)
    console = Console(width=140)
    console.print(table)
    stages = Table("explained by itself, by", "right", "wrong", "right %", title="By stage")
    by: Counter[str] = Counter()
    for (stage, _), count in whole.stages.items():
        by[stage] += count
    for stage, count in by.most_common():
        right = whole.stages[stage, True]
        stages.add_row(stage, str(right), str(count - right), f"{percent(right, count):.1f}")
    console.print(stages)


if __name__ == "__main__":
    run_alone(measure_matching)
