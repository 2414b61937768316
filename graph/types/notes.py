"""Credit notes of both sides, and what was kept back of bills."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bills as to_bills
from graph.types import parties as to_parties
from graph.types import payables as to_payables
from graph.types import payouts as to_payouts
from graph.types import receipts as to_receipts
from graph.types.basics import After, Counted, First, Info, Money, Node, PageInfo, money, page_info, resolved
from graph.types.events import EventConnection, TimelineFilter, timeline_of
from ledger import queries
from ledger.queries import documents as ask
from ledger.queries import money_rows
from ledger.views import documents as views
from ledger.views.money_rows import RowPage

if TYPE_CHECKING:
    from graph.types.bills import Invoice
    from graph.types.parties import Party
    from graph.types.payables import Payable
    from graph.types.payouts import Payout
    from graph.types.receipts import Receipt

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
LazyInvoice: TypeAlias = Annotated["Invoice", strawberry.lazy("graph.types.bills")]
LazyPayable: TypeAlias = Annotated["Payable", strawberry.lazy("graph.types.payables")]
LazyReceipt: TypeAlias = Annotated["Receipt", strawberry.lazy("graph.types.receipts")]
LazyPayout: TypeAlias = Annotated["Payout", strawberry.lazy("graph.types.payouts")]


@strawberry.input(description="Which credit notes; what is left out doesn't narrow.")
class CreditNoteFilter:
    """Conditions on credit notes."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only of this party.")
    since: date | None = strawberry.field(default=None, description="Of this day or later.")
    until: date | None = strawberry.field(default=None, description="Of this day or before.")
    unused_only: bool = strawberry.field(default=False, description="Only those with something left.")
    number: str | None = strawberry.field(default=None, description="The whole number, whatever its case.")


@strawberry.input(description="Which deductions; what is left out doesn't narrow.")
class DeductionFilter:
    """Conditions on deductions."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only of this party.")
    kinds: list[str] | None = strawberry.field(
        default=None, description="Only of these kinds: tds, gst_tds, round_off, write_off …"
    )
    since: date | None = strawberry.field(default=None, description="Of this day or later.")
    until: date | None = strawberry.field(default=None, description="Of this day or before.")


async def _bill(info: Info, side: str, key: UUID) -> tuple[LazyInvoice | None, LazyPayable | None]:
    if side == "receivable":
        bill = await info.context.invoices.load(key)
        return (to_bills.invoice(bill) if bill is not None else None), None
    found = await info.context.by_ids(queries.PayablesByIds).load(key)
    return None, (to_payables.payable(found) if found is not None else None)


@strawberry.type(description="What a bill took of a credit note.")
class CreditNoteUse:
    """A use."""

    key: strawberry.Private[UUID]
    side: strawberry.Private[str]
    number: str | None = strawberry.field(description="The bill's number.")
    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much.")

    @resolved("The customer's bill; null on the payable side.")
    async def invoice(self, info: Info) -> LazyInvoice | None:
        """Load the bill."""
        return (await _bill(info, self.side, self.key))[0]

    @resolved("The vendor's bill; null on the receivable side.")
    async def payable(self, info: Info) -> LazyPayable | None:
        """Load the bill."""
        return (await _bill(info, self.side, self.key))[1]


@strawberry.type(description="A credit note: ours to a customer, a vendor's to us, or our debit note to him.")
class CreditNote(Node):
    """A credit note."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID]
    side: str = strawberry.field(
        description="receivable: ours to a customer; payable: on a vendor's account."
    )
    party_name: str = strawberry.field(description="The customer's or vendor's name.")
    number: str | None = strawberry.field(description="Its number.")
    voided: bool = strawberry.field(description="Whether it was cancelled.")
    issued_on: date = strawberry.field(description="Its date.")
    amount: Money = strawberry.field(description="Its amount.")
    unused: Money = strawberry.field(description="What no bill has taken.")
    url: str | None = strawberry.field(description="The record at the source.")
    description: str | None = strawberry.field(description="What it was for.")

    @resolved("The customer or vendor.")
    def party(self) -> LazyParty:
        """Return the party."""
        return to_parties.party_named(self.party_key, self.party_name)

    @resolved("The bills that took it.")
    async def uses(self, info: Info) -> list[CreditNoteUse]:
        """Load the uses."""
        found = await info.context.by_ids(ask.CreditNoteUses, self.side).load(self.key)
        code = self.amount.currency
        return [
            CreditNoteUse(
                key=one.document_id,
                side=self.side,
                number=one.number,
                on=one.on,
                amount=money(one.amount, code),
            )
            for one in found or ()
        ]

    @resolved("What sources and people said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        kind = "invoice" if self.side == "receivable" else "payable"
        return await timeline_of(info, first=first, after=after, filter=filter, row=(kind, self.key))


@strawberry.type(description="What was kept back of a bill, or let go, and is taken off it.")
class Deduction:
    """A deduction."""

    party_key: strawberry.Private[UUID]
    document_key: strawberry.Private[UUID]
    money_key: strawberry.Private[UUID | None]
    side: str = strawberry.field(description="receivable: of a customer's bill; payable: of a vendor's.")
    party_name: str = strawberry.field(description="The customer's or vendor's name.")
    number: str | None = strawberry.field(description="The bill's number.")
    on: date = strawberry.field(description="The day on which it counts.")
    kind: str = strawberry.field(description="tds, gst_tds, cash_discount, round_off, write_off …")
    amount: Money = strawberry.field(description="How much.")
    why: str = strawberry.field(
        description="By what it is known: decided (by a person), stated (by a source) …"
    )

    @resolved("The customer or vendor.")
    def party(self) -> LazyParty:
        """Return the party."""
        return to_parties.party_named(self.party_key, self.party_name)

    @resolved("The customer's bill; null on the payable side.")
    async def invoice(self, info: Info) -> LazyInvoice | None:
        """Load the bill."""
        return (await _bill(info, self.side, self.document_key))[0]

    @resolved("The vendor's bill; null on the receivable side.")
    async def payable(self, info: Info) -> LazyPayable | None:
        """Load the bill."""
        return (await _bill(info, self.side, self.document_key))[1]

    @resolved("The money that came short by it; null: a person decided it.")
    async def receipt(self, info: Info) -> LazyReceipt | None:
        """Load the receipt."""
        if self.money_key is None or self.side != "receivable":
            return None
        found = await info.context.by_ids(money_rows.ReceiptsByIds).load(self.money_key)
        return to_receipts.receipt(found) if found is not None else None

    @resolved("The payout that was short by it; null: a person decided it.")
    async def payout(self, info: Info) -> LazyPayout | None:
        """Load the payout."""
        if self.money_key is None or self.side != "payable":
            return None
        found = await info.context.by_ids(money_rows.PayoutsByIds).load(self.money_key)
        return to_payouts.payout(found) if found is not None else None


def credit_note(view: views.CreditNoteView) -> CreditNote:
    """Return a credit note as its type."""
    return CreditNote(
        id=global_id("CreditNote", view.id),
        key=view.id,
        party_key=view.party_id,
        side=view.side,
        party_name=view.party_name or "—",
        number=view.number,
        voided=view.status.endswith(".voided"),
        issued_on=view.issued_on,
        amount=money(view.amount, view.currency),
        unused=money(view.unused, view.currency),
        url=view.url,
        description=view.description,
    )


def _deduction(view: views.DeductionView) -> Deduction:
    return Deduction(
        party_key=view.party_id,
        document_key=view.document_id,
        money_key=view.money_id,
        side=view.side,
        party_name=view.party_name or "—",
        number=view.number,
        on=view.on,
        kind=view.kind,
        amount=money(view.amount, view.currency),
        why=view.why,
    )


@strawberry.type(description="A credit note on a page.")
class CreditNoteEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this credit note.")
    node: CreditNote = strawberry.field(description="The credit note.")


@strawberry.type(description="A page of credit notes.")
class CreditNoteConnection(Counted):
    """A connection."""

    edges: list[CreditNoteEdge] = strawberry.field(description="The credit notes with their cursors.")
    nodes: list[CreditNote] = strawberry.field(description="The credit notes.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def credit_notes(page: RowPage[views.CreditNoteView], question: ask.CreditNotes) -> CreditNoteConnection:
    """Return a page of credit notes."""
    nodes = [credit_note(row) for row in page.rows]
    return CreditNoteConnection(
        question=question,
        edges=[CreditNoteEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


@strawberry.type(description="A deduction on a page.")
class DeductionEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this deduction.")
    node: Deduction = strawberry.field(description="The deduction.")


@strawberry.type(description="A page of deductions.")
class DeductionConnection(Counted):
    """A connection."""

    edges: list[DeductionEdge] = strawberry.field(description="The deductions with their cursors.")
    nodes: list[Deduction] = strawberry.field(description="The deductions.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def deductions(page: RowPage[views.DeductionView], question: ask.Deductions) -> DeductionConnection:
    """Return a page of deductions."""
    nodes = [_deduction(row) for row in page.rows]
    return DeductionConnection(
        question=question,
        edges=[DeductionEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
