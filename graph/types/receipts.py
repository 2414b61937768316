"""Money received: what each source says of it, what it pays, and where it was seen."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bank as to_bank
from graph.types import bills as to_bills
from graph.types import cheques as to_cheques
from graph.types import parties as to_parties
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
from ledger.domain.roles import Permission
from ledger.queries import money_rows as ask
from ledger.views import money_rows as views

if TYPE_CHECKING:
    from graph.types.bank import BankLine, Settlement
    from graph.types.bills import Claim, Invoice
    from graph.types.cheques import Cheque
    from graph.types.parties import Party

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
LazyInvoice: TypeAlias = Annotated["Invoice", strawberry.lazy("graph.types.bills")]
LazyClaim: TypeAlias = Annotated["Claim", strawberry.lazy("graph.types.bills")]
LazyCheque: TypeAlias = Annotated["Cheque", strawberry.lazy("graph.types.cheques")]
LazyBankLine: TypeAlias = Annotated["BankLine", strawberry.lazy("graph.types.bank")]
LazySettlement: TypeAlias = Annotated["Settlement", strawberry.lazy("graph.types.bank")]


@strawberry.enum(description="How money that was received stands.")
class ReceiptStatus(Enum):
    """Statuses of receipts."""

    AUTHORISED = strawberry.enum_value(
        "payment.authorised", description="Promised by a bank, reported by a member, or in the books only."
    )
    RECEIVED = strawberry.enum_value("payment.received", description="It came.")
    FAILED = strawberry.enum_value("payment.failed", description="It didn't come.")
    REFUNDED = strawberry.enum_value("payment.refunded", description="All of it was given back.")
    REVERSED = strawberry.enum_value(
        "payment.reversed", description="It was taken back, as a cheque returned."
    )


@strawberry.enum(description="What became of money that was received.")
class ReceiptMatching(Enum):
    """What a receipt is matched with."""

    NOT_MATCHED = strawberry.enum_value("not_matched", description="Nobody knows whose it is.")
    ON_ACCOUNT = strawberry.enum_value("on_account", description="Some of it is set against no bill.")
    SETTLED = strawberry.enum_value("settled", description="All of it is set against bills.")
    NO_SALE = strawberry.enum_value("no_sale", description="No sale's: a loan, interest, our own transfer …")
    GONE = strawberry.enum_value("gone", description="It failed, was refunded or taken back.")


@strawberry.input(description="Which receipts; what is left out doesn't narrow.")
class ReceiptFilter:
    """Conditions on receipts."""

    party_id: strawberry.ID | None = strawberry.field(default=None, description="Only this customer's.")
    since: date | None = strawberry.field(default=None, description="Received on this day or later.")
    until: date | None = strawberry.field(default=None, description="Received on this day or before.")
    status: list[ReceiptStatus] | None = strawberry.field(default=None, description="Only with these.")
    matching: list[ReceiptMatching] | None = strawberry.field(default=None, description="Only with these.")
    method: list[str] | None = strawberry.field(
        default=None, description="Only by these: upi, NEFT, cash, cheque … as sources write them."
    )
    arrived: bool | None = strawberry.field(
        default=None, description="true: only what is sure; false: only what is claimed."
    )
    search: str | None = strawberry.field(
        default=None,
        description="Part of the customer's name (misspelt too), of the payer's, of the reference.",
    )
    reference: str | None = strawberry.field(default=None, description="The whole UTR or RRN.")
    amount: Minor | None = strawberry.field(default=None, description="Exactly so much, in minor units.")
    min_amount: Minor | None = strawberry.field(default=None, description="At least so much.")
    max_amount: Minor | None = strawberry.field(default=None, description="At most so much.")


@strawberry.type(description="What of a receipt is set against one bill.")
class ReceiptShare:
    """A share."""

    key: strawberry.Private[UUID]
    number: str | None = strawberry.field(description="The bill's number.")
    amount: Money = strawberry.field(description="How much.")
    kind: str = strawberry.field(description="receipt, or what the payer kept back: tds, round_off …")
    why: str = strawberry.field(description="The evidence's stable code: decided, invoice_number …")

    @resolved("The bill.")
    async def invoice(self, info: Info) -> LazyInvoice | None:
        """Load the bill."""
        found = await info.context.invoices.load(self.key)
        return to_bills.invoice(found) if found is not None else None


@strawberry.type(description="Money received, or claimed to be: one, however many sources tell of it.")
class Receipt(Node):
    """A receipt."""

    key: strawberry.Private[UUID]
    party_key: strawberry.Private[UUID | None]
    party_name: str | None = strawberry.field(
        description="The customer's name, where it is known whose it is."
    )
    received_on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much.")
    refunded: Money = strawberry.field(description="How much of it was given or taken back.")
    allocated: Money = strawberry.field(description="How much of it is set against bills.")
    on_account: Money = strawberry.field(description="How much of a customer's money is set against no bill.")
    status: str = strawberry.field(description="payment.received, payment.authorised …")
    matching: str = strawberry.field(description="not_matched, on_account, settled, no_sale or gone.")
    arrived: bool = strawberry.field(
        description="Whether it is sure: captured by the gateway, credited by the bank, or confirmed."
    )
    method: str | None = strawberry.field(description="upi, neft, card …")
    reference: str | None = strawberry.field(description="UTR or RRN.")
    payer: str | None = strawberry.field(description="Who paid, as the source names him.")
    classified: str | None = strawberry.field(
        description="What it is if it is no sale's: own_transfer, loan …"
    )
    why: str | None = strawberry.field(description="By what it was matched by itself: known_payer …")
    evidence: str | None = strawberry.field(description="The same in words.")

    @resolved("The customer; null while nobody knows whose it is.")
    def party(self) -> LazyParty | None:
        """Return the customer."""
        if self.party_key is None:
            return None
        return to_parties.party_named(self.party_key, self.party_name or "—")

    @resolved("What each source says of it. The bank's own line only for who may see bank lines.")
    async def claims(self, info: Info) -> list[LazyClaim]:
        """Load the claims."""
        found = await info.context.by_ids(ask.ClaimsOf, "receipt").load(self.key)
        return [to_bills.claim(one, self.amount.currency) for one in found or ()]

    @resolved("What it is set against.")
    async def allocations(self, info: Info) -> list[ReceiptShare]:
        """Load the allocations."""
        found = await info.context.by_ids(ask.AllotmentsOf, "receipt").load(self.key)
        return [
            ReceiptShare(
                key=one.document_id,
                number=one.number,
                amount=money(one.amount, one.currency),
                kind=one.kind,
                why=one.why,
            )
            for one in found or ()
        ]

    @resolved("The lines of our bank that brought it. Null for who may not see bank lines.")
    async def seen_in_bank(self, info: Info) -> list[LazyBankLine] | None:
        """Load the bank lines."""
        if not info.context.actor.may(Permission.SEE_PAYABLES):
            return None
        found = await info.context.by_ids(ask.LinesOfReceipts).load(self.key)
        return [to_bank.bank_line(one) for one in found or ()]

    @resolved("The settlements that it came with. Null for who may not see bank lines.")
    async def settled_in(self, info: Info) -> list[LazySettlement] | None:
        """Load the settlements."""
        if not info.context.actor.may(Permission.SEE_PAYABLES):
            return None
        ids = await info.context.by_ids(ask.SettlementsOfReceipts).load(self.key)
        found = await info.context.by_ids(ask.SettlementsByIds).load_many(list(ids or ()))
        return [to_bank.settlement(one) for one in found if one is not None]

    @resolved("The cheques that it was paid by.")
    async def by_cheque(self, info: Info) -> list[LazyCheque]:
        """Load the cheques."""
        ids = await info.context.by_ids(ask.ChequesOfReceipts).load(self.key)
        found = await info.context.by_ids(ask.ChequesByIds).load_many(list(ids or ()))
        return [to_cheques.cheque(one) for one in found if one is not None]

    @resolved("What sources and people said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("receipt", self.key))


def receipt(view: views.ReceiptDetail) -> Receipt:
    """Return a receipt as its type."""
    rest = view.amount - view.refunded - view.allocated if view.matching == "on_account" else 0
    return Receipt(
        id=global_id("Receipt", view.id),
        key=view.id,
        party_key=view.party_id,
        party_name=view.party_name,
        received_on=view.received_on,
        amount=money(view.amount, view.currency),
        refunded=money(view.refunded, view.currency),
        allocated=money(view.allocated, view.currency),
        on_account=money(rest, view.currency),
        status=view.status,
        matching=view.matching,
        arrived=view.arrived,
        method=view.method,
        reference=view.reference,
        payer=view.payer,
        classified=view.classified,
        why=view.why,
        evidence=view.evidence,
    )


@strawberry.type(description="A receipt on a page.")
class ReceiptEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this receipt.")
    node: Receipt = strawberry.field(description="The receipt.")


@strawberry.type(description="A page of receipts.")
class ReceiptConnection(Counted):
    """A connection."""

    edges: list[ReceiptEdge] = strawberry.field(description="The receipts with their cursors.")
    nodes: list[Receipt] = strawberry.field(description="The receipts.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def receipts(page: views.RowPage[views.ReceiptDetail], question: ask.Receipts) -> ReceiptConnection:
    """Return a page of receipts."""
    nodes = [receipt(row) for row in page.rows]
    return ReceiptConnection(
        question=question,
        edges=[ReceiptEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
