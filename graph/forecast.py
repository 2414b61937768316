"""Questions about the days ahead."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.types.basics import Info, money, resolved
from graph.types.forecast import ExpectedDay
from ledger import queries
from ledger.queries.forecast import ExpectedMoney


@strawberry.type
class ForecastQueries:
    """What is expected of customers."""

    @resolved(
        "What customers are expected to pay, day by day from today on, by promise, cheque in hand and habit. Net of money "
        "on account; without disputed bills and those that a blocking question is about."
    )
    async def expected_money(
        self,
        info: Info,
        days: Annotated[int, strawberry.argument(description="Days ahead, today included, 1 to 366.")] = 31,
    ) -> list[ExpectedDay]:
        """Answer with the days on which something is expected."""
        firm = await info.context.ask(queries.OwnBusiness())
        return [
            ExpectedDay(on=day.on, amount=money(day.amount, firm.currency), customers=day.parties)
            for day in await info.context.ask(ExpectedMoney(days))
        ]
