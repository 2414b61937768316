"""Erasing a person over GraphQL."""

from __future__ import annotations

import strawberry

from graph.ids import global_id, key_of
from graph.types.basics import Info, plain, told
from ledger.commands.erasure import EraseParty
from ledger.views.erasure import ErasureView


@strawberry.input(description="A customer or vendor to take out of all that was kept.")
class ErasePartyInput:
    """An erasure."""

    party_id: strawberry.ID = strawberry.field(description="Whom.")
    reason: str = strawberry.field(description="Who asked for it, and when; for the audit trail.")
    apply: bool = strawberry.field(
        default=False, description="Do it; without it, only count. There is no way back."
    )


@strawberry.type(description="What was (or would be) erased. Amounts, days and the audit trail stand.")
class ErasePartyPayload:
    """The outcome."""

    party_id: strawberry.ID = strawberry.field(description="The party; its id stays.")
    alias: str = strawberry.field(description="What it is called from then on.")
    events: int = strawberry.field(description="Entries of the log that lose it.")
    bodies: int = strawberry.field(description="Raw bodies whose keys are destroyed.")
    emptied: int = strawberry.field(
        description="Of those, the ones of which nothing readable is left: files that are no text, photos."
    )
    texts: int = strawberry.field(description="Cards, questions and words of the audit trail that lose it.")
    applied: bool = strawberry.field(description="Whether it was done.")


@strawberry.type(description="Erasing.")
class ErasureMutations:
    """Fields of the root of commands."""

    @told(
        "Erase a person: names, phones, addresses, accounts, and what was written of him. Refused where money is matched "
        "by what would be erased. For the owner."
    )
    async def erase_party(self, info: Info, input: ErasePartyInput) -> ErasePartyPayload:
        """Erase, or count."""
        command = EraseParty(key_of("Party", input.party_id), plain(input.reason) or "", input.apply)
        made: ErasureView = await info.context.execute(command)
        return ErasePartyPayload(
            party_id=global_id("Party", made.party_id),
            alias=made.alias,
            events=made.events,
            bodies=made.bodies,
            emptied=made.emptied,
            texts=made.texts,
            applied=made.applied,
        )
