"""The firm's working days: every day but Sundays and the holidays that it has listed. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

_SUNDAY = 6
_FARTHEST = 30
_DAY = timedelta(days=1)


def is_working(day: date, holidays: Collection[date]) -> bool:
    """Return whether work is done on a day."""
    return day.weekday() != _SUNDAY and day not in holidays


def last_working(today: date, holidays: Collection[date]) -> date:
    """Return the working day before `today`; yesterday where none is near."""
    return next(
        (day for n in range(1, _FARTHEST) if is_working(day := today - n * _DAY, holidays)), today - _DAY
    )


def next_working(today: date, holidays: Collection[date]) -> date:
    """Return the working day after `today`; tomorrow where none is near."""
    return next(
        (day for n in range(1, _FARTHEST) if is_working(day := today + n * _DAY, holidays)), today + _DAY
    )


def missing(known_until: date, today: date, holidays: Collection[date]) -> int:
    """Return how many whole working days lie between the last known day and today."""
    days = max(0, (today - known_until).days - 1)
    return sum(is_working(known_until + n * _DAY, holidays) for n in range(1, days + 1))


def begins_a_week(today: date, holidays: Collection[date]) -> bool:
    """Return whether a day opens a stretch of work: a Monday, or the first working day after a listed holiday."""
    if not is_working(today, holidays):
        return False
    before = last_working(today, holidays)
    between = [before + n * _DAY for n in range(1, (today - before).days)]
    return today.weekday() == 0 or any(day in holidays or day.weekday() == _SUNDAY for day in between)
