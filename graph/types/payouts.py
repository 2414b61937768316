"""Money of ours that went out, or is to go."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bank as to_bank
from graph.types import bills as to_bills
from graph.types import parties as to_parties
from graph.types import payables as to_payables
from graph.types.basics import (
    After,
    Counted,
    First,
    Info,
    Minor,
    Money,
    Node,
    PageInfo,
    money,
    page_info,
    resolved,
)
from graph.types.events import EventConnection, TimelineFilter, timeline_of
from ledger import queries
from ledger.queries import money_rows as ask
from ledger.views import money_rows as views

if TYPE_CHECKING:
    from graph.types.bank import BankLine
    from graph.types.bills import Claim
    from graph.types.parties import Party
    from graph.types.payables import Payable

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
LazyPayable: TypeAlias = Annotated["Payable", strawberry.lazy("graph.types.payables")]
LazyClaim: TypeAlias = Annotated["Claim", strawberry.lazy("graph.types.bills")]
LazyBankLine: TypeAlias = Annotated["BankLine", strawberry.lazy("graph.types.bank")]


@strawberry.enum(description="How a payout stands.")
class PayoutStatus(Enum):
    """Statuses of payouts."""

    SCHEDULED = strawberry.enum_value("payout.scheduled", description="To go.")
    PROCESSED = strawberry.enum_value("payout.processed", description="It went.")
    FAILED = strawberry.enum_value("payout.failed", description="It didn't go.")
    REVERSED = strawberry.enum_value("payout.reversed", description="It came back.")


@strawberry.input(description="Which payouts; what is left out doesn't narrow.")
class PayoutFilter:
    """Conditions on payouts."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only to this vendor.")
    since: date | None = strawberry.field(default=None, description="Paid on this day or later.")
    until: date | None = strawberry.field(default=None, description="Paid on this day or before.")
    status: list[PayoutStatus] | None = strawberry.field(default=None, description="Only with these.")
    unmatched_only: bool = strawberry.field(
        default=False, description="Only those of which some is set against no bill."
    )
    search: str | None = strawberry.field(
        default=None,
        description="Part of the vendor's name (misspelt too), of the payee's, of the reference.",
    )
    amount: Minor | None = strawberry.field(default=None, description="Exactly so much, in minor units.")


@strawberry.type(description="What of a payout is set against one vendor's bill.")
class PayoutShare:
    """A share."""

    key: strawberry.Private[UUID]
    number: str | None = strawberry.field(description="The bill's number.")
    amount: Money = strawberry.field(description="How much.")
    kind: str = strawberry.field(description="receipt (money), or what we kept back: tds …")
    why: str = strawberry.field(description="The evidence's stable code.")

    @resolved("The bill.")
    async def payable(self, info: Info) -> LazyPayable | None:
        """Load the bill."""
        found = await info.context.by_ids(queries.PayablesByIds).load(self.key)
        return to_payables.payable(found) if found is not None else None


@strawberry.type(description="Money of ours that went out, or is to go.")
class Payout(Node):
    """A payout."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID | None]
    line_key: strawberry.Private[UUID | None]
    party_name: str | None = strawberry.field(description="The vendor's name, where it is known to whom.")
    paid_on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much.")
    allocated: Money = strawberry.field(description="How much of it is set against bills.")
    status: str = strawberry.field(description="payout.processed, payout.scheduled …")
    reference: str | None = strawberry.field(description="UTR or RRN.")
    payee: str | None = strawberry.field(description="Who was paid, as the source names him.")
    why: str | None = strawberry.field(description="By what it was matched by itself: known_payer …")
    evidence: str | None = strawberry.field(description="The same in words.")

    @resolved("The vendor; null while nobody knows to whom it went.")
    def party(self) -> LazyParty | None:
        """Return the vendor."""
        if self.party_key is None:
            return None
        return to_parties.party_named(self.party_key, self.party_name or "—")

    @resolved("The line of our bank that shows it.")
    async def bank_line(self, info: Info) -> LazyBankLine | None:
        """Load the line."""
        if self.line_key is None:
            return None
        found = await info.context.by_ids(ask.BankLinesByIds).load(self.line_key)
        return to_bank.bank_line(found) if found is not None else None

    @resolved("What each source says of it.")
    async def claims(self, info: Info) -> list[LazyClaim]:
        """Load the claims."""
        found = await info.context.by_ids(ask.ClaimsOf, "payout").load(self.key)
        return [to_bills.claim(one, self.amount.currency) for one in found or ()]

    @resolved("What it is set against.")
    async def allocations(self, info: Info) -> list[PayoutShare]:
        """Load the allocations."""
        found = await info.context.by_ids(ask.AllotmentsOf, "payout").load(self.key)
        return [
            PayoutShare(
                key=one.document_id,
                number=one.number,
                amount=money(one.amount, one.currency),
                kind=one.kind,
                why=one.why,
            )
            for one in found or ()
        ]

    @resolved("What sources and people said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("payout", self.key))


def payout(view: views.PayoutDetail) -> Payout:
    """Return a payout as its type."""
    return Payout(
        id=global_id("Payout", view.id),
        key=view.id,
        party_key=view.party_id,
        line_key=view.bank_line_id,
        party_name=view.party_name,
        paid_on=view.paid_on,
        amount=money(view.amount, view.currency),
        allocated=money(view.allocated, view.currency),
        status=view.status,
        reference=view.reference,
        payee=view.payee,
        why=view.why,
        evidence=view.evidence,
    )


@strawberry.type(description="A payout on a page.")
class PayoutEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this payout.")
    node: Payout = strawberry.field(description="The payout.")


@strawberry.type(description="A page of payouts.")
class PayoutConnection(Counted):
    """A connection."""

    edges: list[PayoutEdge] = strawberry.field(description="The payouts with their cursors.")
    nodes: list[Payout] = strawberry.field(description="The payouts.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def payouts(page: views.RowPage[views.PayoutDetail], question: ask.Payouts) -> PayoutConnection:
    """Return a page of payouts."""
    nodes = [payout(row) for row in page.rows]
    return PayoutConnection(
        question=question,
        edges=[PayoutEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
