"""The tie-out: our balances beside the books', party by party, and what makes the difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph.pages.look import Look
from ledger import queries
from ledger.queries.tie_out import ClosedPeriods, TieOut
from ledger.views.tie_out import TieOutPage

ROWS, LINES = 100, 12
_LONGEST = 40


async def tie_out(look: Look) -> Mapping[str, Any]:
    """Gather the page: those that differ, unless all are asked for."""
    everybody = look.query.get("show") == "all"
    async with look.door.reading(look.as_read()) as reader:
        firm = await reader.query(queries.OwnBusiness())
        page: TieOutPage = await reader.query(
            TieOut(
                as_on=look.day("on"),
                first=ROWS,
                after=look.query.get("after"),
                apart_only=not everybody,
                lines=LINES,
            )
        )
        closed = await reader.query(ClosedPeriods())
    return {
        "firm": firm,
        "page": page,
        "books": page.books_name[:_LONGEST],
        "everybody": everybody,
        "closed": closed[:3],
        "apart": sum(total.apart for total in page.totals),
    }
