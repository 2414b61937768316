"""Documents in every state, over GraphQL: bills of both sides, credit notes, deductions, and the aging report."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from graph.ids import key_of
from graph.nodes import loads
from graph.types import aging as to_aging
from graph.types import bills as to_bills
from graph.types import notes as to_notes
from graph.types import payables as to_payables
from graph.types.basics import After, AsOf, First, Info, KnownAt, plain, resolved, word
from graph.types.party_money import balances_of
from ledger import queries
from ledger.domain.roles import Permission
from ledger.queries import aging as ask_aging
from ledger.queries import documents as ask

Id = Annotated[strawberry.ID, strawberry.argument(description="A global id.")]
OfSide = Annotated[to_aging.Side, strawberry.argument(description="Customers' or vendors'.")]


@strawberry.enum(description="How a customer's bill stands.")
class InvoiceStatus(Enum):
    """Statuses of invoices."""

    DRAFT = strawberry.enum_value("invoice.draft", description="Not given to the customer yet.")
    ISSUED = strawberry.enum_value("invoice.issued", description="Nothing is paid of it.")
    PARTIALLY_PAID = strawberry.enum_value("invoice.partially_paid", description="Some of it is paid.")
    PAID = strawberry.enum_value("invoice.paid", description="Nothing is left to pay.")
    VOIDED = strawberry.enum_value("invoice.voided", description="Cancelled.")
    WRITTEN_OFF = strawberry.enum_value("invoice.written_off", description="What was left was let go.")
    DISPUTED = strawberry.enum_value("invoice.disputed", description="The customer disputes it.")


@strawberry.enum(description="How a vendor's bill stands.")
class PayableStatus(Enum):
    """Statuses of payables."""

    DUE = strawberry.enum_value("payable.due", description="Nothing is paid of it.")
    PARTIALLY_PAID = strawberry.enum_value("payable.partially_paid", description="Some of it is paid.")
    PAID = strawberry.enum_value("payable.paid", description="Nothing is left to pay.")
    VOIDED = strawberry.enum_value("payable.voided", description="Cancelled.")


@strawberry.enum(description="In which order bills in every state are paged.")
class BillSort(Enum):
    """Orders of bills."""

    NEWEST = strawberry.enum_value("newest", description="Latest bill first.")
    AMOUNT = strawberry.enum_value("amount", description="Largest bill first.")


@strawberry.input(description="Which bills of customers; what is left out doesn't narrow.")
class InvoiceFilter:
    """Conditions on customers' bills."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only this customer's.")
    status: list[InvoiceStatus] | None = strawberry.field(default=None, description="Only with these.")
    number: str | None = strawberry.field(default=None, description="The whole number, whatever its case.")
    search: str | None = strawberry.field(
        default=None, description="Part of the number or of the customer's name (misspelt too)."
    )
    since: date | None = strawberry.field(default=None, description="Made on this day or later.")
    until: date | None = strawberry.field(default=None, description="Made on this day or before.")
    due_since: date | None = strawberry.field(default=None, description="Due on this day or later.")
    due_until: date | None = strawberry.field(default=None, description="Due on this day or before.")
    paid_since: date | None = strawberry.field(default=None, description="Fully paid on this day or later.")
    paid_until: date | None = strawberry.field(default=None, description="Fully paid on this day or before.")


@strawberry.input(description="Which bills of vendors; what is left out doesn't narrow.")
class VendorBillFilter:
    """Conditions on vendors' bills."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only this vendor's.")
    status: list[PayableStatus] | None = strawberry.field(default=None, description="Only with these.")
    number: str | None = strawberry.field(default=None, description="The whole number, whatever its case.")
    search: str | None = strawberry.field(
        default=None, description="Part of the number or of the vendor's name (misspelt too)."
    )
    since: date | None = strawberry.field(default=None, description="Made on this day or later.")
    until: date | None = strawberry.field(default=None, description="Made on this day or before.")
    due_since: date | None = strawberry.field(default=None, description="Due on this day or later.")
    due_until: date | None = strawberry.field(default=None, description="Due on this day or before.")


@strawberry.type
class DocumentQueries:
    """What may be asked."""

    @resolved("Bills of customers in every state: open, paid, cancelled, written off.")
    async def invoices(
        self,
        info: Info,
        filter: InvoiceFilter | None = None,
        sort: BillSort = BillSort.NEWEST,
        first: First = 50,
        after: After = None,
    ) -> to_bills.InvoiceConnection:
        """Answer with a page of bills."""
        wanted = filter or InvoiceFilter()
        question = ask.Invoices(
            first=first,
            after=plain(after),
            sort=word(sort),
            party_id=_party(wanted.party_id),
            statuses=tuple(word(one) for one in wanted.status or ()),
            number=plain(wanted.number),
            search=plain(wanted.search),
            since=wanted.since,
            until=wanted.until,
            due_since=wanted.due_since,
            due_until=wanted.due_until,
            paid_since=wanted.paid_since,
            paid_until=wanted.paid_until,
        )
        return to_bills.invoices(await info.context.ask(question), question)

    @resolved("One bill to a customer; null if there is none that the member may see.")
    async def invoice(self, info: Info, id: Id) -> to_bills.Invoice | None:
        """Answer with the bill."""
        return await _invoice(info, key_of("Invoice", id))

    @resolved("Bills of vendors in every state. Not for sales.")
    async def vendor_bills(
        self,
        info: Info,
        filter: VendorBillFilter | None = None,
        sort: BillSort = BillSort.NEWEST,
        first: First = 50,
        after: After = None,
    ) -> to_payables.VendorBillConnection:
        """Answer with a page of bills."""
        wanted = filter or VendorBillFilter()
        question = ask.VendorBills(
            first=first,
            after=plain(after),
            sort=word(sort),
            party_id=_party(wanted.party_id),
            statuses=tuple(word(one) for one in wanted.status or ()),
            number=plain(wanted.number),
            search=plain(wanted.search),
            since=wanted.since,
            until=wanted.until,
            due_since=wanted.due_since,
            due_until=wanted.due_until,
        )
        return to_payables.vendor_bills(await info.context.ask(question), question)

    @resolved("One bill of a vendor; null if there is none that the member may see.")
    async def vendor_bill(self, info: Info, id: Id) -> to_payables.Payable | None:
        """Answer with the bill."""
        return await _payable(info, key_of("Payable", id))

    @resolved("Credit notes, and on the payable side debit notes of ours, newest first.")
    async def credit_notes(
        self,
        info: Info,
        side: OfSide = to_aging.Side.RECEIVABLE,
        filter: to_notes.CreditNoteFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_notes.CreditNoteConnection:
        """Answer with a page of credit notes."""
        wanted = filter or to_notes.CreditNoteFilter()
        question = ask.CreditNotes(
            word(side),
            first=first,
            after=plain(after),
            party_id=_party(wanted.party_id),
            since=wanted.since,
            until=wanted.until,
            unused_only=wanted.unused_only,
            number=plain(wanted.number),
        )
        return to_notes.credit_notes(await info.context.ask(question), question)

    @resolved("One credit note; null if there is none that the member may see.")
    async def credit_note(self, info: Info, id: Id) -> to_notes.CreditNote | None:
        """Answer with the credit note."""
        return await _credit_note(info, key_of("CreditNote", id))

    @resolved(
        "What was kept back of bills (TDS, discount, round-off …) or written off and is taken off them, newest first."
    )
    async def deductions(
        self,
        info: Info,
        side: OfSide = to_aging.Side.RECEIVABLE,
        filter: to_notes.DeductionFilter | None = None,
        first: First = 50,
        after: After = None,
    ) -> to_notes.DeductionConnection:
        """Answer with a page of deductions."""
        wanted = filter or to_notes.DeductionFilter()
        question = ask.Deductions(
            word(side),
            first=first,
            after=plain(after),
            party_id=_party(wanted.party_id),
            kinds=tuple(plain(one) or "" for one in wanted.kinds or ()),
            since=wanted.since,
            until=wanted.until,
        )
        return to_notes.deductions(await info.context.ask(question), question)

    @resolved(
        "What is open by age and party, on any day, with the sums over all. A closed day stands as signed."
    )
    async def aging_report(
        self,
        info: Info,
        side: OfSide = to_aging.Side.RECEIVABLE,
        basis: to_aging.AgingBasis = to_aging.AgingBasis.DUE_DATE,
        days: Annotated[
            list[int] | None,
            strawberry.argument(description="The buckets' last days, rising; null: 30, 60, 90."),
        ] = None,
        sort: to_aging.AgingSort = to_aging.AgingSort.OVERDUE,
        party_id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this party.")] = None,
        overdue_only: Annotated[
            bool, strawberry.argument(description="Only parties with something in the buckets.")
        ] = False,
        as_of: AsOf = None,
        known_at: KnownAt = None,
        first: First = 50,
        after: After = None,
    ) -> to_aging.AgingConnection:
        """Answer with a page of the report."""
        question = ask_aging.Aging(
            side=word(side),
            basis=word(basis),
            days=tuple(days) if days is not None else (30, 60, 90),
            first=first,
            after=plain(after),
            sort=word(sort),
            party_id=_party(party_id),
            overdue_only=overdue_only,
            as_of=as_of,
            known_at=known_at,
        )
        return to_aging.aging(await info.context.ask(question), question)

    @resolved("How a party stood on any day; what we owe only for who may see that.")
    async def balances(
        self, info: Info, party_id: Id, as_of: AsOf = None, known_at: KnownAt = None
    ) -> list[to_aging.Balance]:
        """Answer with the balances."""
        return await balances_of(info, key_of("Party", party_id), as_of, known_at)


def _party(text: str | None) -> UUID | None:
    return key_of("Party", text) if text is not None else None


@loads("Invoice")
async def _invoice(info: Info, key: UUID) -> to_bills.Invoice | None:
    bill = await info.context.invoices.load(key)
    return to_bills.invoice(bill) if bill is not None else None


@loads("Payable")
async def _payable(info: Info, key: UUID) -> to_payables.Payable | None:
    if not info.context.actor.may(Permission.SEE_PAYABLES):
        return None
    found = await info.context.by_ids(queries.PayablesByIds).load(key)
    return to_payables.payable(found) if found is not None else None


@loads("CreditNote")
async def _credit_note(info: Info, key: UUID) -> to_notes.CreditNote | None:
    found = await info.context.by_ids(ask.CreditNotesByIds).load(key)
    return to_notes.credit_note(found) if found is not None else None
