"""Subscriptions: each follows the trail of its business from a place, and tells what its member may see."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Any, TypeVar, cast

import strawberry

from graph.context import Request
from graph.follow import Follower
from graph.ids import key_of
from graph.types import live as to
from graph.types.basics import Info, plain, word
from kit.errors import Denied, NotFound, Rejected
from ledger import queries
from ledger.domain.told import Told, kinds_for
from ledger.queries.live import ImportProgress, TrailPlace, VisibleAmong
from ledger.views.live import VisibleView

Resolve = TypeVar("Resolve", bound=Callable[..., Any])
After = Annotated[
    int | None,
    strawberry.argument(
        description="The sequence that was told last: all since is told first, none lost and none twice. Null: from now on."
    ),
]


class LiveRequest(Request):
    """What one subscription carries; between two things that it tells it holds no connection."""

    follower: Follower

    async def rest(self) -> None:
        """End the snapshot and forget what was loaded."""
        await self.close()
        self._make_loaders()


def followed(description: str) -> Callable[[Resolve], Resolve]:
    """Make a subscription of a generator, which keeps its type."""
    return cast(Callable[[Resolve], Resolve], strawberry.subscription(description=description))


@strawberry.type(description="What is told as it happens, over graphql-transport-ws.")
class Subscription:
    """The root of subscriptions."""

    @followed("Questions that open, change, are answered or settle themselves.")
    async def questions(
        self,
        info: Info,
        after: After = None,
        what: Annotated[
            list[to.QuestionEvent] | None, strawberry.argument(description="Only these; null: all.")
        ] = None,
    ) -> AsyncGenerator[to.QuestionChange, None]:
        """Tell of questions."""
        wanted = {word(one) for one in what} if what is not None else None
        async for told in _told(info, after):
            if told.question is not None and (wanted is None or told.question in wanted):
                yield to.question_change(told)

    @followed(
        "Bills, money and cheques that change their state, and parties that are others than they were. A sales rep is told "
        "of his own customers and theirs."
    )
    async def changes(
        self,
        info: Info,
        after: After = None,
        kinds: Annotated[
            list[to.StateKind] | None,
            strawberry.argument(description="Only these; null: all that the token's member sees."),
        ] = None,
        party_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this customer's or vendor's.")
        ] = None,
    ) -> AsyncGenerator[to.StateChange, None]:
        """Tell of changes."""
        seen = kinds_for(info.context.actor)
        wanted = {word(one) for one in kinds} if kinds is not None else set(seen)
        if refused := wanted - set(seen):
            raise Denied(
                "permission.denied", f"Not for you: {', '.join(sorted(refused))}.", remedy="Ask the owner."
            )
        party = key_of("Party", party_id) if party_id is not None else None
        if party is not None:
            await _check_party(info, party)
        async for told in _told(info, after):
            if told.kind in wanted and party in (None, told.party):
                yield to.state_change(told)

    @followed("How far the reading of sources is: told at once, and whenever it changes.")
    async def import_progress(
        self,
        info: Info,
        source: Annotated[str | None, strawberry.argument(description="Only this one; null: all.")] = None,
    ) -> AsyncGenerator[to.ImportProgress, None]:
        """Tell of progress."""
        name = plain(source)
        context = _live(info)
        first = await context.ask(ImportProgress())  # Denied here for who may not see sources
        await context.rest()
        if name is not None and name not in {one.source for one in first.sources}:
            raise NotFound("source.unknown", "There is no such source.", remedy="Ask for sources { name }.")
        last = None
        async for view in context.follower.progress(context.actor.business_id):
            told = to.import_progress(view, name)
            if told != last:
                last = told
                yield told


async def _told(info: Info, after: int | None) -> AsyncGenerator[Told, None]:
    """Yield what the asker may see of what is told behind a place, in order."""
    context = _live(info)
    end: int = await context.ask(TrailPlace())
    await context.rest()
    if after is not None and not 0 <= after <= end:
        raise Rejected(
            "live.place", f"The audit sequence goes from 0 to {end}.", remedy="Pass a sequence that was told."
        )
    place = end if after is None else after
    async for rows in context.follower.after(context.actor.business_id, place):
        for told in await _visible(context, rows):
            yield told


async def _visible(context: LiveRequest, rows: list[Told]) -> list[Told]:
    actor = context.actor
    own_only, kinds = actor.sees_own_customers_only, kinds_for(actor)
    conflicts = tuple({one.subject for one in rows if one.question is not None})
    parties = (
        tuple({one.party for one in rows if one.kind in kinds and one.party is not None}) if own_only else ()
    )
    view = VisibleView(frozenset(), frozenset())
    if conflicts or parties:
        view = await context.ask(VisibleAmong(conflicts, parties))
        await context.rest()
    return [
        one
        for one in rows
        if (one.question is not None and one.subject in view.conflicts)
        or (one.kind in kinds and (not own_only or one.party in view.parties))
    ]


async def _check_party(info: Info, party: Any) -> None:
    found = await info.context.ask(queries.PartiesByIds((party,)))
    await _live(info).rest()
    if party not in found:
        raise NotFound("party.not_found", "There is no such customer or vendor.")


def _live(info: Info) -> LiveRequest:
    context = info.context
    assert isinstance(context, LiveRequest)
    return context
