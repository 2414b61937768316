"""A party's money: what it paid, its cheques, how it stood on any day, and what was said about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.types import aging as to_aging
from graph.types import cheques as to_cheques
from graph.types import receipts as to_receipts
from graph.types.basics import After, AsOf, First, Info, KnownAt, plain, resolved
from graph.types.events import EventConnection, TimelineFilter, timeline_of
from kit.errors import NotFound
from ledger.queries import CardsByIds
from ledger.queries import money_rows as ask
from ledger.queries.aging import Balances
from ledger.views import PartyView

if TYPE_CHECKING:
    from graph.types.aging import Balance
    from graph.types.cheques import Cheque
    from graph.types.receipts import Receipt, ReceiptConnection

LazyBalance: TypeAlias = Annotated["Balance", strawberry.lazy("graph.types.aging")]
LazyCheque: TypeAlias = Annotated["Cheque", strawberry.lazy("graph.types.cheques")]
LazyReceipt: TypeAlias = Annotated["Receipt", strawberry.lazy("graph.types.receipts")]
LazyReceipts: TypeAlias = Annotated["ReceiptConnection", strawberry.lazy("graph.types.receipts")]


@strawberry.type
class PartyMoney:
    """Fields of a party that say what it paid and owed."""

    key: strawberry.Private[UUID]

    async def _shown(self, info: Info) -> PartyView:
        return await card_of(info, self.key)

    @resolved("The last receipts, newest first, at most 5.")
    async def recent_receipts(self, info: Info) -> list[LazyReceipt]:
        """Return the receipts."""
        ids = [row.id for row in (await self._shown(info)).recent]
        found = await info.context.by_ids(ask.ReceiptsByIds).load_many(ids)
        return [to_receipts.receipt(one) for one in found if one is not None]

    @resolved("All that it paid, or is said to have paid, newest first.")
    async def receipts(self, info: Info, first: First = 50, after: After = None) -> LazyReceipts:
        """Answer with a page of its receipts."""
        question = ask.Receipts(first=first, after=plain(after), party_id=self.key)
        return to_receipts.receipts(await info.context.ask(question), question)

    @resolved("Cheques in hand or on their way.")
    async def cheques(self, info: Info) -> list[LazyCheque]:
        """Return the cheques."""
        ids = [row.id for row in (await self._shown(info)).cheques]
        found = await info.context.by_ids(ask.ChequesByIds).load_many(ids)
        return [to_cheques.cheque(one) for one in found if one is not None]

    @resolved("How it stood, side by side and currency by currency; what we owe only for who may see that.")
    async def balances(self, info: Info, as_of: AsOf = None, known_at: KnownAt = None) -> list[LazyBalance]:
        """Return the balances."""
        return await balances_of(info, self.key, as_of, known_at)

    @resolved("What every source and person said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, party_id=self.key)


async def card_of(info: Info, party: UUID) -> PartyView:
    """Return a party's card without its bills, which are pages of their own; NotFound if the member sees no such party."""
    found: PartyView | None = await info.context.by_ids(CardsByIds, 0).load(party)
    if found is None:
        raise NotFound("party.not_found", "There is no such customer or vendor.")
    return found


async def balances_of(
    info: Info, party: UUID, as_of: date | None, known_at: datetime | None
) -> list[LazyBalance]:
    """Return how a party stood; NotFound if there is none that the member may see."""
    found = await info.context.by_ids(Balances, as_of, known_at).load(party)
    if found is None:
        raise NotFound("party.not_found", "There is no such customer or vendor.")
    return [to_aging.balance(one) for one in found]
