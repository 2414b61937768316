"""Bills of both sides: what customers owe and what we owe."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import parties as to_parties
from graph.types.basics import Info, Minor, Money, Node, PageInfo, money, page_info, resolved
from graph.types.forecast import ExpectedFields
from ledger import views

if TYPE_CHECKING:
    from graph.types.parties import Party

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]


@strawberry.enum(description="In which order receivables are paged.")
class ReceivableSort(Enum):
    """Orders of receivables."""

    AGING = strawberry.enum_value(
        "aging", description="Oldest due first; a bill without a due date stands by its own date."
    )
    AMOUNT = strawberry.enum_value("amount", description="Largest outstanding first.")
    NEWEST = strawberry.enum_value("newest", description="Latest bill first.")


@strawberry.input(description="Which receivables; what is left out doesn't narrow.")
class ReceivableFilter:
    """Conditions on receivables."""

    overdue_only: bool = strawberry.field(default=False, description="Only bills past their due date.")
    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only this customer's.")
    search: str | None = strawberry.field(
        default=None, description="Part of the customer's name (misspelt too) or of the bill's number."
    )
    min_outstanding: Minor | None = strawberry.field(
        default=None, description="At least so much outstanding, in minor units."
    )


@strawberry.type(description="One due of a bill: a milestone, a retention, or simply the whole.")
class Due:
    """One due."""

    number: int = strawberry.field(description="Its place among the bill's dues.")
    due_on: date | None = strawberry.field(description="Null: no credit days agreed.")
    label: str | None = strawberry.field(description="What the source calls it.")
    amount: Money = strawberry.field(description="What was billed.")
    outstanding: Money = strawberry.field(description="What is left to pay.")


@strawberry.type(description="What one source says of a bill, in its word and in ours.")
class Claim:
    """A source's claim."""

    source: str = strawberry.field(description="Such as books:tally or payment:razorpay.")
    word: str | None = strawberry.field(description="The source's own status word.")
    status: str | None = strawberry.field(description="Our status for it.")
    amount: Money | None = strawberry.field(description="The amount that it states.")
    stated_at: datetime | None = strawberry.field(description="When it became so, by the source.")
    source_event_id: str | None = strawberry.field(description="The source's event that it stands on.")
    url: str | None = strawberry.field(description="The record at the source.")


@strawberry.type(description="Money, or a deduction such as TDS, set against a bill.")
class Allocation:
    """An allocation."""

    receipt_id: strawberry.ID = strawberry.field(
        description="The receipt (or credit note) that it comes from."
    )
    received_on: date = strawberry.field(description="The day of the receipt.")
    amount: Money = strawberry.field(description="How much of it pays this bill.")
    kind: str = strawberry.field(description="receipt, or the deduction: tds, round_off …")
    why: str = strawberry.field(description="The evidence's stable code: decided, invoice_number …")
    reference: str | None = strawberry.field(description="UTR or another reference.")


@strawberry.type(description="A customer's bill.")
class Invoice(Node, ExpectedFields):
    """A receivable."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID]
    party_name: str = strawberry.field(description="The customer's name.")
    number: str | None = strawberry.field(description="Null for an opening balance without bills.")
    kind: str = strawberry.field(description="invoice or opening.")
    status: str = strawberry.field(
        description="invoice.issued, invoice.partially_paid …; overdue is derived."
    )
    issued_on: date = strawberry.field(description="The bill's date.")
    due_on: date | None = strawberry.field(
        description="The oldest open due's day; null: no credit days agreed."
    )
    amount: Money = strawberry.field(description="What was billed.")
    outstanding: Money = strawberry.field(description="What is left to pay.")
    age_days: int = strawberry.field(
        description="Days since the due date, without one since the bill's date; negative: not due yet."
    )
    overdue_days: int = strawberry.field(description="Days past the due date, 0 if not overdue.")
    url: str | None = strawberry.field(description="The record at the source.")
    description: str | None = strawberry.field(description="What it was for.")

    @resolved("The customer.")
    def party(self) -> LazyParty:
        """Return the party; its name is known already, the rest is loaded when asked for."""
        return to_parties.party_named(self.party_key, self.party_name)

    @resolved("Its dues, oldest first.")
    async def dues(self, info: Info) -> list[Due]:
        """Load the dues."""
        bill = await self._full(info)
        return [
            Due(
                number=due.number,
                due_on=due.due_on,
                label=due.label,
                amount=money(due.amount, bill.currency),
                outstanding=money(due.outstanding, bill.currency),
            )
            for due in bill.dues
        ]

    @resolved("What each source says of it.")
    async def claims(self, info: Info) -> list[Claim]:
        """Load the claims."""
        bill = await self._full(info)
        return [
            Claim(
                source=claim.source,
                word=claim.word,
                status=claim.status,
                amount=money(claim.amount, claim.currency or bill.currency)
                if claim.amount is not None
                else None,
                stated_at=claim.stated_at,
                source_event_id=claim.source_event_id,
                url=claim.url,
            )
            for claim in bill.claims
        ]

    @resolved("What was set against it.")
    async def allocations(self, info: Info) -> list[Allocation]:
        """Load the allocations."""
        bill = await self._full(info)
        return [
            Allocation(
                receipt_id=strawberry.ID(str(item.receipt_id)),
                received_on=item.received_on,
                amount=money(item.amount, bill.currency),
                kind=item.kind,
                why=item.why,
                reference=item.reference,
            )
            for item in bill.allocations
        ]

    async def _full(self, info: Info) -> views.InvoiceView:
        bill = await info.context.invoices.load(self.key)
        return bill if bill is not None else _without_parts(self)


def _without_parts(bill: Invoice) -> views.InvoiceView:
    """Return a bill of the past that is no longer kept as a row: the postings remember its sums, not its parts."""
    return views.InvoiceView(
        id=bill.key,
        party_id=bill.party_key,
        party_name=bill.party_name,
        number=bill.number,
        kind=bill.kind,
        status=bill.status,
        issued_on=bill.issued_on,
        due_on=bill.due_on,
        amount=bill.amount.minor,
        outstanding=bill.outstanding.minor,
        currency=bill.amount.currency,
        age_days=bill.age_days,
        overdue_days=bill.overdue_days,
    )


def invoice(view: views.InvoiceView) -> Invoice:
    """Return a bill as its type."""
    return Invoice(
        id=global_id("Invoice", view.id),
        key=view.id,
        party_key=view.party_id,
        party_name=view.party_name,
        number=view.number,
        kind=view.kind,
        status=view.status,
        issued_on=view.issued_on,
        due_on=view.due_on,
        amount=money(view.amount, view.currency),
        outstanding=money(view.outstanding, view.currency),
        age_days=view.age_days,
        overdue_days=view.overdue_days,
        url=view.url,
        description=view.description,
    )


@strawberry.type(description="A bill on a page.")
class InvoiceEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this bill.")
    node: Invoice = strawberry.field(description="The bill.")


@strawberry.type(description="A page of customers' bills.")
class InvoiceConnection:
    """A connection."""

    edges: list[InvoiceEdge] = strawberry.field(description="The bills with their cursors.")
    nodes: list[Invoice] = strawberry.field(description="The bills.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def invoices(page: views.InvoicePage) -> InvoiceConnection:
    """Return a page of bills."""
    nodes = [invoice(row) for row in page.rows]
    return InvoiceConnection(
        edges=[InvoiceEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


@strawberry.type(description="A vendor's bill.")
class Payable(Node):
    """A payable."""

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


def payable(view: views.PayableView) -> Payable:
    """Return a vendor's bill as its type."""
    return Payable(
        id=global_id("Payable", view.id),
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
class PayableConnection:
    """A connection."""

    edges: list[PayableEdge] = strawberry.field(description="The bills with their cursors.")
    nodes: list[Payable] = strawberry.field(description="The bills.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    total: Money = strawberry.field(description="Left to pay over all pages, in the business's currency.")
    overdue: Money = strawberry.field(description="Of that, past its due date.")


def payables(page: views.PayablePage, currency: str) -> PayableConnection:
    """Return a page of vendors' bills."""
    nodes = [payable(row) for row in page.rows]
    return PayableConnection(
        edges=[PayableEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        total=money(page.total, currency),
        overdue=money(page.overdue, currency),
    )
