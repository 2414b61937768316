"""Cheques, whatever became of them."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bills as to_bills
from graph.types import parties as to_parties
from graph.types import receipts as to_receipts
from graph.types.basics import After, Counted, First, Info, Money, Node, PageInfo, money, page_info, resolved
from graph.types.events import EventConnection, TimelineFilter, timeline_of
from ledger.queries import money_rows as ask
from ledger.views import money_rows as views

if TYPE_CHECKING:
    from graph.types.bills import Claim
    from graph.types.parties import Party
    from graph.types.receipts import Receipt

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
LazyClaim: TypeAlias = Annotated["Claim", strawberry.lazy("graph.types.bills")]
LazyReceipt: TypeAlias = Annotated["Receipt", strawberry.lazy("graph.types.receipts")]


@strawberry.enum(description="How a cheque stands.")
class ChequeStatus(Enum):
    """Statuses of cheques."""

    RECEIVED = strawberry.enum_value("cheque.received", description="In hand.")
    DEPOSITED = strawberry.enum_value("cheque.deposited", description="Given to the bank.")
    CLEARED = strawberry.enum_value("cheque.cleared", description="Paid.")
    RETURNED = strawberry.enum_value("cheque.returned", description="Sent back by the bank.")
    REPLACED = strawberry.enum_value("cheque.replaced", description="Another one came in its place.")


@strawberry.input(description="Which cheques; what is left out doesn't narrow.")
class ChequeFilter:
    """Conditions on cheques."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only this customer's.")
    status: list[ChequeStatus] | None = strawberry.field(default=None, description="Only with these.")
    since: date | None = strawberry.field(default=None, description="Dated on this day or later.")
    until: date | None = strawberry.field(default=None, description="Dated on this day or before.")
    number: str | None = strawberry.field(default=None, description="The whole number.")


@strawberry.type(description="A cheque.")
class Cheque(Node):
    """A cheque."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID | None]
    party_name: str | None = strawberry.field(description="Whose it is, where that is known.")
    number: str = strawberry.field(description="Its number.")
    bank: str | None = strawberry.field(description="The bank that it is drawn on.")
    dated_on: date | None = strawberry.field(description="The date on it.")
    amount: Money = strawberry.field(description="Its amount.")
    status: str = strawberry.field(
        description="cheque.received, cheque.deposited, cheque.cleared, cheque.returned or cheque.replaced."
    )

    @resolved("Whose it is.")
    def party(self) -> LazyParty | None:
        """Return the customer."""
        if self.party_key is None:
            return None
        return to_parties.party_named(self.party_key, self.party_name or "—")

    @resolved("The money that it brought, or was to bring.")
    async def receipt(self, info: Info) -> LazyReceipt | None:
        """Load the receipt."""
        full = await info.context.by_ids(ask.ChequesByIds).load(self.key)
        if full is None or full.receipt_id is None:
            return None
        found = await info.context.by_ids(ask.ReceiptsByIds).load(full.receipt_id)
        return to_receipts.receipt(found) if found is not None else None

    @resolved("What each source says of it.")
    async def claims(self, info: Info) -> list[LazyClaim]:
        """Load the claims."""
        found = await info.context.by_ids(ask.ClaimsOf, "cheque").load(self.key)
        return [to_bills.claim(one, self.amount.currency) for one in found or ()]

    @resolved("What was said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("cheque", self.key))


def cheque(view: views.ChequeDetail) -> Cheque:
    """Return a cheque as its type."""
    return Cheque(
        id=global_id("Cheque", view.id),
        key=view.id,
        party_key=view.party_id,
        party_name=view.party_name,
        number=view.number,
        bank=view.bank,
        dated_on=view.dated_on,
        amount=money(view.amount, view.currency),
        status=view.status,
    )


@strawberry.type(description="A cheque on a page.")
class ChequeEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this cheque.")
    node: Cheque = strawberry.field(description="The cheque.")


@strawberry.type(description="A page of cheques.")
class ChequeConnection(Counted):
    """A connection."""

    edges: list[ChequeEdge] = strawberry.field(description="The cheques with their cursors.")
    nodes: list[Cheque] = strawberry.field(description="The cheques.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def cheques(page: views.RowPage[views.ChequeDetail], question: ask.Cheques) -> ChequeConnection:
    """Return a page of cheques."""
    nodes = [cheque(row) for row in page.rows]
    return ChequeConnection(
        question=question,
        edges=[ChequeEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
