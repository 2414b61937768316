"""Questions and commands of the tie-out with the books, and of closed periods."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from graph.ids import key_of
from graph.outcomes import DECIDING, UNDOING, expecting
from graph.types import tie_out as to_tie_out
from graph.types.basics import After, First, Info, plain, resolved, told
from ledger.commands.tie_out import ClosePeriod, ReopenPeriod
from ledger.queries import OwnBusiness
from ledger.queries.tie_out import AfterClosing, ClosedPeriods, TieOut, TieOutDays


@strawberry.input(description="A period to close.")
class ClosePeriodInput:
    """A closing."""

    until: date = strawberry.field(description="Its last day; it must be over.")
    note: str = strawberry.field(description="Why: the GST return was filed, the year audited …")


@strawberry.type(description="The period as it was signed.")
class ClosePeriodPayload:
    """The outcome."""

    period: to_tie_out.ClosedPeriod = strawberry.field(description="The closed period.")


@strawberry.input(description="A period to open again.")
class ReopenPeriodInput:
    """A closing taken back."""

    until: date = strawberry.field(description="Its last day.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.type(description="The period is open again.")
class ReopenPeriodPayload:
    """The outcome."""

    until: date = strawberry.field(description="Its last day.")


@strawberry.type
class TieOutQueries:
    """What may be asked."""

    @resolved("Our balances beside the books', the largest difference first. Not for sales.")
    async def tie_out(
        self,
        info: Info,
        as_on: Annotated[
            date | None,
            strawberry.argument(
                description="At the end of that day (null: today); in a closed period as signed."
            ),
        ] = None,
        party: Annotated[strawberry.ID | None, strawberry.argument(description="Only this party.")] = None,
        first: First = 50,
        after: After = None,
        known_at: Annotated[
            datetime | None,
            strawberry.argument(description="As it was known at that moment, also in a closed period."),
        ] = None,
        apart_only: Annotated[bool, strawberry.argument(description="Only parties that don't tie.")] = False,
    ) -> to_tie_out.TieOutConnection:
        """Answer with a page of parties."""
        question = TieOut(
            as_on=as_on,
            party_id=key_of("Party", party) if party is not None else None,
            first=first,
            after=plain(after),
            known_at=known_at,
            apart_only=apart_only,
        )
        return to_tie_out.tie_out(await info.context.ask(question))

    @resolved("How it tied out on the last days, newest first: since when it doesn't. Not for sales.")
    async def tie_out_days(
        self,
        info: Info,
        last: Annotated[int, strawberry.argument(description="So many days back, up to 400.")] = 62,
    ) -> list[to_tie_out.TieOutDay]:
        """Answer with the kept days."""
        return [to_tie_out.tie_out_day(day) for day in await info.context.ask(TieOutDays(last))]

    @resolved("Closed periods, newest first. Not for sales.")
    async def closed_periods(self, info: Info) -> list[to_tie_out.ClosedPeriod]:
        """Answer with the periods."""
        currency = (await info.context.ask(OwnBusiness())).currency
        return [to_tie_out.closed_period(row, currency) for row in await info.context.ask(ClosedPeriods())]

    @resolved("What changed in a closed period after the closing, newest first. Not for sales.")
    async def after_closing(
        self,
        info: Info,
        until: Annotated[date, strawberry.argument(description="The last day of the closed period.")],
        first: First = 50,
        after: After = None,
    ) -> to_tie_out.LateChangeConnection:
        """Answer with a page of changes."""
        page = await info.context.ask(AfterClosing(until, first=first, after=plain(after)))
        return to_tie_out.late_changes(page, (await info.context.ask(OwnBusiness())).currency)


@strawberry.type
class TieOutMutations:
    """What may be told."""

    @told("Close a period: reports of its days stay as signed. For owner and finance.", expecting(*DECIDING))
    async def close_period(self, info: Info, input: ClosePeriodInput) -> ClosePeriodPayload:
        """Close it."""
        made = await info.context.execute(ClosePeriod(input.until, plain(input.note) or ""))
        currency = (await info.context.ask(OwnBusiness())).currency
        return ClosePeriodPayload(period=to_tie_out.closed_period(made, currency))

    @told("Open a closed period again. For the owner.", expecting(*UNDOING))
    async def reopen_period(self, info: Info, input: ReopenPeriodInput) -> ReopenPeriodPayload:
        """Open it."""
        await info.context.execute(ReopenPeriod(input.until, plain(input.note)))
        return ReopenPeriodPayload(until=input.until)
