"""Days and moments out of the years that books are of are refused before anything is asked of the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from graphql import GraphQLError

from graph.types.days import DATE, MOMENT


def test_a_day_and_a_moment_are_read() -> None:
    assert DATE.parse_value is not None
    assert MOMENT.parse_value is not None
    assert DATE.parse_value("2026-11-20") == date(2026, 11, 20)
    assert DATE.parse_value("2199-12-31") == date(2199, 12, 31)
    assert MOMENT.parse_value("2026-11-20T09:00:00Z") == datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.mark.parametrize("value", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31", "10000-01-01", "2026-02-30", "today", "", 20261120, None])  # fmt: skip
def test_a_day_that_no_book_has_is_refused(value: Any) -> None:
    for scalar in (DATE, MOMENT):
        assert scalar.parse_value is not None
        with pytest.raises(GraphQLError):
            scalar.parse_value(value)


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-20T25:00:00Z", "2026-11-20T09:00:00+99:00"])  # fmt: skip
def test_a_moment_that_no_zone_has_is_refused(value: str) -> None:
    assert MOMENT.parse_value is not None
    with pytest.raises(GraphQLError):
        MOMENT.parse_value(value)
