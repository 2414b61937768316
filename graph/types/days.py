"""Days and moments as callers write them: ISO 8601, within the years that a firm's books may be of.

The first and the last day of the calendar mean "for ever" to PostgreSQL, and none of them can be moved by a time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from operator import methodcaller
from typing import Any, TypeVar

import strawberry
from graphql import GraphQLError

FIRST, LAST = 1900, 2199
Day = TypeVar("Day", date, datetime)


def day_of(text: str) -> date:
    """Return the day that a text writes; ValueError if it is none, or no book's."""
    found = date.fromisoformat(text)
    if not FIRST <= found.year <= LAST:
        raise ValueError
    return found


def _reading(read: Callable[[str], Day], name: str) -> Callable[[Any], Day]:
    def parse(value: Any) -> Day:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} is a text, ISO 8601.")
        try:
            found = read(value)
        except (ValueError, OverflowError):
            raise GraphQLError(f"{name} can't be read: write it as ISO 8601 does.") from None
        if not FIRST <= found.year <= LAST:
            raise GraphQLError(f"{name} must be of the years {FIRST} to {LAST}.")
        return found

    return parse


DATE = strawberry.scalar(
    name="Date",
    description=f"A day, ISO 8601 (2026-11-20), of the years {FIRST} to {LAST}.",
    serialize=methodcaller("isoformat"),
    parse_value=_reading(date.fromisoformat, "Date"),
)
MOMENT = strawberry.scalar(
    name="DateTime",
    description=f"A moment, ISO 8601 with its offset (2026-11-20T09:00:00+05:30), of the years {FIRST} to {LAST}.",
    serialize=methodcaller("isoformat"),
    parse_value=_reading(datetime.fromisoformat, "DateTime"),
)
