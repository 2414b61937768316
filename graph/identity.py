"""Who is who, over GraphQL: what is missing about parties, and ledgers of one PAN."""

from __future__ import annotations

import strawberry

from graph.types import identity as to_show
from graph.types.basics import After, First, Info, plain, resolved
from ledger.queries.identity import DataQuality, PartyGroups


@strawberry.type
class IdentityQueries:
    """Questions about parties as such."""

    @resolved("What is missing or odd about customers and vendors, the most money first.")
    async def data_quality(
        self, info: Info, first: First = 50, after: After = None
    ) -> to_show.DataQualityConnection:
        """Answer with a page of parties."""
        question = DataQuality(first=first, after=plain(after))
        return to_show.data_quality(await info.context.ask(question), question)

    @resolved("Parties of one PAN, which stay separate ledgers; the largest sum first.")
    async def party_groups(
        self, info: Info, first: First = 50, after: After = None
    ) -> to_show.PartyGroupConnection:
        """Answer with a page of groups."""
        question = PartyGroups(first=first, after=plain(after))
        return to_show.party_groups(await info.context.ask(question), question)
