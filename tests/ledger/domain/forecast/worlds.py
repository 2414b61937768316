"""Made-up firms whose customers pay in known ways, each of another structure; seeded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from ledger.domain.forecast.history import Bill

START = date(2023, 1, 2).toordinal()
Pays = Callable[[Random, int, int, float], int]
"""Random, issued, due, amount in relation to his usual → day of payment."""


def _month_end(day: int) -> int:
    on = date.fromordinal(day)
    following = date(on.year + on.month // 12, on.month % 12 + 1, 1)
    return (following - timedelta(days=1)).toordinal()


def _next_weekday(day: int, weekday: int) -> int:
    return day + (weekday - day) % 7


def noise(random: Random) -> Pays:
    """Each with a mean of his own and much chance; nothing more is to be learnt."""
    mean, spread = random.gauss(12, 12), random.uniform(3, 12)
    return lambda r, issued, due, size: due + round(r.gauss(mean, spread))


def drift(random: Random) -> Pays:
    """Who gets slower, or faster, as time passes."""
    mean, slope, spread = random.gauss(10, 8), random.gauss(0, 25), random.uniform(2, 6)
    return lambda r, issued, due, size: (
        due + round(mean + slope * (issued - START) / 365 + r.gauss(0, spread))
    )


def regimes(random: Random) -> Pays:
    """Who changes at once: a new accountant, a bad season."""
    levels = [random.gauss(15, 15) for _ in range(6)]
    return lambda r, issued, due, size: due + round(levels[(issued - START) // 150 % 6] + r.gauss(0, 4))


def month_end(random: Random) -> Pays:
    """Who pays at the end of the month in which a bill falls due, or of the next."""
    later, slip = random.choice([0, 0, 1]), random.uniform(0, 2)

    def pays(r: Random, issued: int, due: int, size: float) -> int:
        day = _month_end(due)
        if later:
            day = _month_end(day + 1)
        return day + max(0, round(r.gauss(0, slip)))

    return pays


def cheque_run(random: Random) -> Pays:
    """Who writes cheques on one weekday."""
    weekday, offset = random.randrange(7), random.gauss(6, 6)
    return lambda r, issued, due, size: _next_weekday(due + round(offset + r.gauss(0, 1.5)), weekday)


def two_runs(random: Random) -> Pays:
    """Who pays twice a month what is due by then."""
    first, offset = random.randrange(1, 13), random.gauss(4, 4)

    def pays(r: Random, issued: int, due: int, size: float) -> int:
        day = due + round(offset)
        while date.fromordinal(day).day not in (first, first + 15):
            day += 1
        return day + (r.random() < 0.2) * r.randrange(1, 4)

    return pays


def by_amount(random: Random) -> Pays:
    """Who pays small bills at once and large ones late."""
    mean, slope = random.gauss(8, 6), random.uniform(4, 12)
    return lambda r, issued, due, size: due + round(mean + slope * size + r.gauss(0, 3))


def batches(random: Random) -> Pays:
    """Who clears everything each few weeks, whatever is due."""
    every, phase = random.randrange(14, 45), random.randrange(45)
    return lambda r, issued, due, size: issued + 5 + (every - (issued + 5 - START - phase) % every) % every


def skewed(random: Random) -> Pays:
    """Mostly on the due day, at times very late."""
    share, tail = random.uniform(0.05, 0.4), random.uniform(10, 40)
    return lambda r, issued, due, size: (
        due + (round(r.expovariate(1 / tail)) if r.random() < share else r.randrange(-2, 3))
    )


def from_issue(random: Random) -> Pays:
    """Who counts from the bill's date, whatever terms were agreed."""
    days, spread = random.uniform(20, 70), random.uniform(2, 6)
    return lambda r, issued, due, size: max(issued, issued + round(r.gauss(days, spread)))


def mixed(random: Random) -> Pays:
    """A bit of each."""
    return random.choice([noise, drift, month_end, cheque_run, by_amount, batches, skewed, from_issue])(
        random
    )


WORLDS = {
    f.__name__: f
    for f in (
        noise,
        drift,
        regimes,
        month_end,
        cheque_run,
        two_runs,
        by_amount,
        batches,
        skewed,
        from_issue,
        mixed,
    )
}


def world(name: str, seed: int = 1, *, customers: int = 60, bills: int = 3000, days: int = 720) -> list[Bill]:
    """Return the bills of a firm, by day of issue; those that are paid after its last day are open."""
    random = Random(f"{name}:{seed}")
    people = []
    for number in range(customers):
        terms = random.choice([[15], [30], [30], [45], [7, 30], [30, 60]])
        people.append(
            (number, WORLDS[name](random), random.paretovariate(1.2), terms, random.lognormvariate(10, 1))
        )
    out = []
    weights = [p[2] for p in people]
    for issued in sorted(random.randrange(days) for _ in range(bills)):
        number, pays, _, terms, usual = random.choices(people, weights)[0]
        size = random.gauss(0, 0.8)
        day, due = START + issued, START + issued + random.choice(terms)
        paid: int | None = pays(random, day, due, size)
        assert paid is not None
        out.append(
            Bill(number, day, due, round(usual * 100 * 2.718**size), paid if paid <= START + days else None)
        )
    return out
