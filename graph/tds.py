"""TDS awaited, over GraphQL."""

from __future__ import annotations

from typing import Annotated

import strawberry

from graph.ids import key_of
from graph.types import to_enter as to_show
from graph.types.basics import Info, plain, resolved
from ledger.queries.tds import TdsAwaited


@strawberry.type
class TdsQueries:
    """Questions about tax that customers cut."""

    @resolved("TDS and GST-TDS that customers cut, beside what the tax department shows.")
    async def tds_awaited(
        self,
        info: Info,
        fy: Annotated[
            str | None, strawberry.argument(description="Financial year, 2026-27; null: this one.")
        ] = None,
        quarter: Annotated[
            int | None, strawberry.argument(description="1 (April to June) to 4; null: all.")
        ] = None,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this customer's.")
        ] = None,
    ) -> to_show.TdsAwaited:
        """Answer with what was cut and what is shown."""
        key = key_of("Party", party_id) if party_id is not None else None
        return to_show.tds(await info.context.ask(TdsAwaited(plain(fy), quarter, key)))
