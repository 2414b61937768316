"""The score of plays: how many credits were explained by themselves, rightly, at the first button, or by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.matching.play import Item, Play

OUTCOMES = ("alone", "wrong", "first", "other", "hand", "silent")
"""Explained by itself and right, by itself and wrong; asked: right at the first button, at another, by hand; neither."""


@dataclass(slots=True)
class Score:
    """Counts of one firm, or of several together."""

    name: str
    outcomes: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """(outcome, explainable) → credits."""
    stages: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """(why, right) → credits explained by themselves."""
    told: int = 0
    """Of those explained by themselves: what our own books told before anybody was asked."""
    taps: int = 0
    returns: tuple[int, int] = (0, 0)
    """Cheques that came back: taken out of the bills by itself, of all."""
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Add another firm's counts."""
        self.outcomes += other.outcomes
        self.stages += other.stages
        self.told += other.told
        self.taps += other.taps
        self.returns = (self.returns[0] + other.returns[0], self.returns[1] + other.returns[1])
        self.wrong += other.wrong

    def count(self, *outcomes: str, explainable: bool | None = None) -> int:
        """Return how many credits had one of the outcomes."""
        return sum(
            count
            for (outcome, known), count in self.outcomes.items()
            if outcome in outcomes and explainable in (None, known)
        )

    @property
    def credits(self) -> int:
        """All of them."""
        return self.count(*OUTCOMES)

    @property
    def automatic_right(self) -> float:
        """Per cent of what was explained by itself that was right from the first evening to the end."""
        return percent(self.count("alone"), self.count("alone", "wrong"))

    @property
    def first_button(self) -> float:
        """Per cent of the explainable credits that were right by themselves or at the first button."""
        return percent(
            self.count("alone", "first", explainable=True), self.count(*OUTCOMES, explainable=True)
        )

    @property
    def unasked(self) -> float:
        """Per cent of all credits that were explained with no question, and rightly."""
        return percent(self.count("alone"), self.credits)

    @property
    def unasked_of_explainable(self) -> float:
        """The same of those that anybody could explain."""
        return percent(self.count("alone", explainable=True), self.count(*OUTCOMES, explainable=True))

    @property
    def unasked_by_matching(self) -> float:
        """The same without those that our books told."""
        return percent(self.count("alone") - self.told, self.credits - self.told)


def score(play: Play, state_returns: tuple[int, int] = (0, 0)) -> Score:
    """Count a finished play."""
    made = Score(f"{play.story.trade} {play.story.seed}", taps=play.taps, returns=state_returns)
    for item in play.items.values():
        outcome = outcome_of(item)
        made.outcomes[outcome, item.truth.explainable] += 1
        if outcome in ("alone", "wrong"):
            made.stages[item.stage, outcome == "alone"] += 1
            made.told += item.stage == "books" and outcome == "alone"
        if outcome == "wrong":
            made.wrong.append(_told(made.name, item))
    return made


def outcome_of(item: Item) -> str:
    """Return what became of one credit."""
    if item.wrong:
        return "wrong"
    if item.answers:
        return max(item.answers, key=("first", "other", "hand").index)
    if item.asked or item.seen is None:
        return "silent"
    return "alone"


def total(scores: Iterable[Score], name: str = "all") -> Score:
    """Add up."""
    made = Score(name)
    for one in scores:
        made.add(one)
    return made


def percent(part: int, whole: int) -> float:
    """Return a share in per cent; of nothing, all."""
    return 100.0 if whole == 0 else 100 * part / whole


def _told(name: str, item: Item) -> str:
    truth = item.truth
    parts = ", ".join(f"{part.bill} {part.amount} {part.kind}" for part in truth.parts[:5])
    return (
        f"{name} {item.day} {item.amount} {item.words!r}\n  true: {truth.kind} ({truth.how}) {truth.party} [{parts}]\n"
        f"  said: {item.wrong[0][:400]}"
    )
