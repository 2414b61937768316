"""Micro and small suppliers: by when they must be paid, and the interest that runs after. Pure; minor units.

MSMED Act 2006, s.15: by the day agreed in writing, at most 45 days after acceptance; within 15 days where nothing was
agreed. S.16: after that compound interest with monthly rests at three times the Reserve Bank's bank rate. The day of
acceptance isn't known to us: the bill's day stands for it.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from importlib import resources

LONGEST_DAYS, UNAGREED_DAYS = 45, 15
TIMES = 3
_YEAR_DAYS = 365


@dataclass(frozen=True, slots=True)
class BankRate:
    """The bank rate (hundredths of a percent a year) from a day on; known until a day, None: until the next row."""

    hundredths: int
    begins: date
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Interest:
    """What has run up: `until` the last day that is worked out; `rate_wanted_from`: no rate is known from then on."""

    amount: int
    first: date
    until: date
    rate_wanted_from: date | None = None


@lru_cache(maxsize=1)
def published_rates() -> tuple[BankRate, ...]:
    """Return all rows of bank_rates.toml, the oldest first."""
    raw = tomllib.loads((resources.files("ledger.domain.cash") / "bank_rates.toml").read_text("utf-8"))
    return tuple(
        BankRate(row["percent_hundredths"], row["begins"], row.get("known_until"), row["source"])
        for row in raw["rate"]
    )


def rate_on(day: date, rates: Sequence[BankRate]) -> BankRate | None:
    """Return the rate of a day, None where none is known; of two that begin alike the later stated one counts."""
    found = None
    for rate in rates:
        if rate.begins <= day and (found is None or rate.begins >= found.begins):
            found = rate
    return found if found is not None and (found.until is None or day <= found.until) else None


def last_day(accepted: date, agreed: date | None) -> date:
    """Return the last day on which payment is in time."""
    if agreed is None:
        return accepted + timedelta(days=UNAGREED_DAYS)
    return min(max(agreed, accepted), accepted + timedelta(days=LONGEST_DAYS))


def interest(
    amount: int,
    paid: Iterable[tuple[date, int]],
    *,
    last: date,
    today: date,
    rates: Sequence[BankRate],
) -> Interest:
    """Return the interest on a bill from the day after `last` to `today`; `paid` are (day, amount) that came off it.

    What comes reduces the bill itself, interest stands on: the smaller claim. Interest is added to what bears interest
    each month, counted from the first day, to the nearest paisa.
    """
    first = last + timedelta(days=1)
    off = sorted(paid)
    came = sum(part for day, part in off if day < first)
    off = [(day, part) for day, part in off if day >= first]
    owed, added = amount - came, 0
    day, run, month = first, Fraction(0), 1
    rest = _months_after(first, month)
    while day <= today:
        rate = rate_on(day, rates)
        if rate is None:
            return Interest(added + round(run), first, day - timedelta(days=1), day)
        while off and off[0][0] <= day:
            owed -= off.pop(0)[1]
        ahead = [rest, today + timedelta(days=1), *(on for on, _ in off[:1] if on > day)]
        ahead += [other.begins for other in rates if other.begins > day]
        if rate.until is not None:
            ahead.append(rate.until + timedelta(days=1))
        until = min(ahead)
        bearing = max(owed, 0) + added
        run += Fraction(bearing * TIMES * rate.hundredths * (until - day).days, 10_000 * _YEAR_DAYS)
        day = until
        if day == rest:
            added, run, month = added + round(run), Fraction(0), month + 1
            rest = _months_after(first, month)
    return Interest(added + round(run), first, today)


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def year_end(day: date) -> date:
    """Return the last day of the financial year of a day."""
    return date(day.year + (day.month > 3), 3, 31)


def deductible_until(issued: date, last: date) -> date:
    """Return the last day on which paying keeps a bill deductible in its own year.

    Income-tax Act 1961, s.43B(h) (and its successor): what is paid after the limit of s.15 is deductible in the year
    of payment; so late but before the year's end costs nothing, and within the limit the year's end doesn't matter.
    """
    return max(last, year_end(issued))
