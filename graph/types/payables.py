"""Vendors' bills: what we owe, open or not, with who says so and what paid it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bills as to_bills
from graph.types import parties as to_parties
from graph.types import payouts as to_payouts
from graph.types.basics import After, Counted, First, Info, Money, Node, PageInfo, money, page_info, resolved
from graph.types.events import EventConnection, TimelineFilter, timeline_of
from ledger import queries, views
from ledger.queries import documents, money_rows
from ledger.views.money_rows import RowPage

if TYPE_CHECKING:
    from graph.types.bills import BillEntry, Claim
    from graph.types.parties import Party
    from graph.types.payouts import Payout

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
LazyClaim: TypeAlias = Annotated["Claim", strawberry.lazy("graph.types.bills")]
LazyEntry: TypeAlias = Annotated["BillEntry", strawberry.lazy("graph.types.bills")]
LazyPayout: TypeAlias = Annotated["Payout", strawberry.lazy("graph.types.payouts")]


@strawberry.type(description="Money of ours that is set against a vendor's bill.")
class PayableAllocation:
    """An allocation."""

    key: strawberry.Private[UUID]
    payout_id: strawberry.ID = strawberry.field(description="The payout that it comes from.")
    paid_on: date = strawberry.field(description="The day on which it counts.")
    amount: Money = strawberry.field(description="How much of it pays this bill.")
    kind: str = strawberry.field(description="receipt (money), or what we kept back: tds …")
    why: str = strawberry.field(description="The evidence's stable code.")
    reference: str | None = strawberry.field(description="UTR or another reference.")

    @resolved("The payout.")
    async def payout(self, info: Info) -> LazyPayout | None:
        """Load the payout."""
        found = await info.context.by_ids(money_rows.PayoutsByIds).load(self.key)
        return to_payouts.payout(found) if found is not None else None


@strawberry.type(description="A vendor's bill.")
class Payable(Node):
    """A payable."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID]
    party_name: str = strawberry.field(description="The vendor's name.")
    number: str | None = strawberry.field(description="The vendor's bill number.")
    status: str = strawberry.field(description="payable.due, payable.partially_paid …")
    issued_on: date = strawberry.field(description="The bill's date.")
    due_on: date | None = strawberry.field(description="Null: no credit days agreed.")
    amount: Money = strawberry.field(description="What was billed.")
    outstanding: Money = strawberry.field(description="What is left to pay.")
    overdue_days: int = strawberry.field(description="Days past the due date, 0 if not overdue.")
    description: str | None = strawberry.field(description="What it was for.")

    @resolved("The vendor.")
    def party(self) -> LazyParty:
        """Return the party."""
        return to_parties.party_named(self.party_key, self.party_name)

    @resolved("What each source says of it.")
    async def claims(self, info: Info) -> list[LazyClaim]:
        """Load the claims."""
        parts = await info.context.by_ids(documents.PayablesInFull).load(self.key)
        return (
            [to_bills.claim(one, self.amount.currency) for one in parts.claims] if parts is not None else []
        )

    @resolved("What was set against it.")
    async def allocations(self, info: Info) -> list[PayableAllocation]:
        """Load the allocations."""
        parts = await info.context.by_ids(documents.PayablesInFull).load(self.key)
        return [
            PayableAllocation(
                key=item.receipt_id,
                payout_id=global_id("Payout", item.receipt_id),
                paid_on=item.received_on,
                amount=money(item.amount, self.amount.currency),
                kind=item.kind,
                why=item.why,
                reference=item.reference,
            )
            for item in (parts.allocations if parts is not None else ())
        ]

    @resolved("What made it and took something off it, day by day.")
    async def entries(self, info: Info) -> list[LazyEntry]:
        """Load the entries."""
        found = await info.context.by_ids(documents.BillEntries, "payable").load(self.key)
        return [to_bills.entry(one, self.amount.currency) for one in found or ()]

    @resolved("What sources and people said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("payable", self.key))


def payable(view: views.PayableView) -> Payable:
    """Return a vendor's bill as its type."""
    return Payable(
        id=global_id("Payable", view.id),
        key=view.id,
        party_key=view.party_id,
        party_name=view.party_name,
        number=view.number,
        status=view.status,
        issued_on=view.issued_on,
        due_on=view.due_on,
        amount=money(view.amount, view.currency),
        outstanding=money(view.outstanding, view.currency),
        overdue_days=view.overdue_days,
        description=view.description,
    )


@strawberry.type(description="A vendor's bill on a page.")
class PayableEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this bill.")
    node: Payable = strawberry.field(description="The bill.")


@strawberry.type(description="A page of vendors' bills, and what all of them leave to pay.")
class PayableConnection(Counted):
    """A connection."""

    edges: list[PayableEdge] = strawberry.field(description="The bills with their cursors.")
    nodes: list[Payable] = strawberry.field(description="The bills.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    total: Money = strawberry.field(description="Left to pay over all pages, in the business's currency.")
    overdue: Money = strawberry.field(description="Of that, past its due date.")


def payables(page: views.PayablePage, currency: str, question: queries.Payables) -> PayableConnection:
    """Return a page of vendors' bills."""
    nodes = [payable(row) for row in page.rows]
    return PayableConnection(
        question=question,
        edges=[PayableEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        total=money(page.total, currency),
        overdue=money(page.overdue, currency),
    )


@strawberry.type(description="A page of vendors' bills in every state.")
class VendorBillConnection(Counted):
    """A connection."""

    edges: list[PayableEdge] = strawberry.field(description="The bills with their cursors.")
    nodes: list[Payable] = strawberry.field(description="The bills.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def vendor_bills(page: RowPage[views.PayableView], question: documents.VendorBills) -> VendorBillConnection:
    """Return a page of vendors' bills in every state."""
    nodes = [payable(row) for row in page.rows]
    return VendorBillConnection(
        question=question,
        edges=[PayableEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
