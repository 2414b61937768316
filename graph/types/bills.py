"""Bills of both sides: what customers owe and what we owe."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.row_columns import COLUMNS, NAMES, Columns, rows_of
from graph.types import parties as to_parties
from graph.types import receipts as to_receipts
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
from graph.types.forecast import ExpectedFields
from kit.money import format_minor
from ledger import queries, views
from ledger.queries import documents, money_rows
from ledger.views.documents import BillEntry as BillEntryView

if TYPE_CHECKING:
    from graph.types.parties import Party
    from graph.types.receipts import Receipt

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
LazyReceipt: TypeAlias = Annotated["Receipt", strawberry.lazy("graph.types.receipts")]


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

    key: strawberry.Private[UUID]
    receipt_id: strawberry.ID = strawberry.field(description="The receipt that it comes from.")
    received_on: date = strawberry.field(description="The day of the receipt.")
    amount: Money = strawberry.field(description="How much of it pays this bill.")
    kind: str = strawberry.field(description="receipt, or the deduction: tds, round_off …")
    why: str = strawberry.field(description="The evidence's stable code: decided, invoice_number …")
    reference: str | None = strawberry.field(description="UTR or another reference.")

    @resolved("The receipt.")
    async def receipt(self, info: Info) -> LazyReceipt | None:
        """Load the receipt."""
        found = await info.context.by_ids(money_rows.ReceiptsByIds).load(self.key)
        return to_receipts.receipt(found) if found is not None else None


@strawberry.type(description="What made a bill, or took something off it, on its day.")
class BillEntry:
    """An entry."""

    on: date = strawberry.field(description="The day.")
    kind: str = strawberry.field(
        description="invoice, opening, receipt, credit_note, deduction, write_off, set_off or reversal."
    )
    amount: Money = strawberry.field(description="Negative: taken off.")


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
        return [claim(one, bill.currency) for one in bill.claims]

    @resolved("What was set against it.")
    async def allocations(self, info: Info) -> list[Allocation]:
        """Load the allocations."""
        bill = await self._full(info)
        return [
            Allocation(
                key=item.receipt_id,
                receipt_id=global_id("Receipt", item.receipt_id),
                received_on=item.received_on,
                amount=money(item.amount, bill.currency),
                kind=item.kind,
                why=item.why,
                reference=item.reference,
            )
            for item in bill.allocations
        ]

    @resolved("What made it and took something off it, day by day.")
    async def entries(self, info: Info) -> list[BillEntry]:
        """Load the entries."""
        found = await info.context.by_ids(documents.BillEntries, "receivable").load(self.key)
        return [entry(one, self.amount.currency) for one in found or ()]

    @resolved("The day on which it became fully paid; null: it isn't, or was written off.")
    async def paid_on(self, info: Info) -> date | None:
        """Load the day."""
        found: date | None = await info.context.by_ids(documents.PaidOn).load(self.key)
        return found

    @resolved("What sources and people said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("invoice", self.key))

    async def _full(self, info: Info) -> views.InvoiceView:
        bill = await info.context.invoices.load(self.key)
        return bill if bill is not None else _without_parts(self)


def claim(view: views.ClaimView, currency: str) -> Claim:
    """Return a claim as its type; an amount without a currency is in the row's own."""
    return Claim(
        source=view.source,
        word=view.word,
        status=view.status,
        amount=money(view.amount, view.currency or currency) if view.amount is not None else None,
        stated_at=view.stated_at,
        source_event_id=view.source_event_id,
        url=view.url,
    )


def entry(view: BillEntryView, currency: str) -> BillEntry:
    """Return an entry of a bill as its type."""
    return BillEntry(on=view.on, kind=view.kind, amount=money(view.amount, currency))


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
class InvoiceConnection(Counted):
    """A connection."""

    edges: list[InvoiceEdge] = strawberry.field(description="The bills with their cursors.")
    nodes: list[Invoice] = strawberry.field(description="The bills.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def invoices(
    page: views.InvoicePage, question: queries.Receivables | documents.Invoices
) -> InvoiceConnection:
    """Return a page of bills."""
    nodes = rows_of(page.rows, lambda: [invoice(row) for row in page.rows])
    edges = rows_of(
        page.rows, lambda: [InvoiceEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)]
    )
    return InvoiceConnection(question=question, edges=edges, nodes=nodes, page_info=page_info(page))


def _sum(column: str) -> Columns:
    minor, currency = f"{{r}}[{column!r}]", "{r}['currency']"
    return {"minor": minor, "currency": currency, "formatted": f"format_minor({minor}, {currency})"}


# The same as `invoice` says of a view; tests/graph/test_fast_rows.py compares them.
NAMES.update(global_id=global_id, format_minor=format_minor)
COLUMNS[Invoice] = {
    "id": "global_id('Invoice', {r}['id'])",
    "partyName": "{r}['party_name']",
    "number": "{r}['number']",
    "kind": "{r}['kind']",
    "status": "{r}['status']",
    "issuedOn": "{r}['issued_on']",
    "dueOn": "{r}['due_on']",
    "amount": _sum("amount"),
    "outstanding": _sum("outstanding"),
    "ageDays": "{g}['age_days']({r})",
    "overdueDays": "{g}['overdue_days']({r})",
    "url": "{r}['url']",
    "description": "{r}['description']",
    "party": {"id": "global_id('Party', {r}['party_id'])", "name": "{r}['party_name']"},
}
COLUMNS[InvoiceEdge] = {"cursor": "{g}['cursor']({r})", "node": COLUMNS[Invoice]}
