"""Our bank's lines, and what gateways paid out to it, opened."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types import bills as to_bills
from graph.types import payouts as to_payouts
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
    plain,
    resolved,
)
from graph.types.events import EventConnection, TimelineFilter, timeline_of
from ledger.queries import money_rows as ask
from ledger.views import money_rows as views

if TYPE_CHECKING:
    from graph.types.bills import Claim
    from graph.types.payouts import Payout
    from graph.types.receipts import Receipt

LazyClaim: TypeAlias = Annotated["Claim", strawberry.lazy("graph.types.bills")]
LazyReceipt: TypeAlias = Annotated["Receipt", strawberry.lazy("graph.types.receipts")]
LazyPayout: TypeAlias = Annotated["Payout", strawberry.lazy("graph.types.payouts")]


@strawberry.enum(description="Into the account, or out of it.")
class BankDirection(Enum):
    """Directions of bank lines."""

    CREDIT = strawberry.enum_value("credit", description="Money that came.")
    DEBIT = strawberry.enum_value("debit", description="Money that went.")


@strawberry.enum(description="How a settlement stands.")
class SettlementStatus(Enum):
    """Statuses of settlements."""

    PENDING = strawberry.enum_value("settlement.pending", description="Under way.")
    PROCESSED = strawberry.enum_value("settlement.processed", description="Paid out, by the gateway.")
    FAILED = strawberry.enum_value("settlement.failed", description="It didn't go through.")


@strawberry.input(description="Which bank lines; what is left out doesn't narrow.")
class BankLineFilter:
    """Conditions on bank lines."""

    source: str | None = strawberry.field(default=None, description="Only this bank's, such as bank:icici.")
    account: str | None = strawberry.field(
        default=None, description="Only this account's, as bankAccounts names it."
    )
    since: date | None = strawberry.field(default=None, description="Posted on this day or later.")
    until: date | None = strawberry.field(default=None, description="Posted on this day or before.")
    unexplained_only: bool = strawberry.field(default=False, description="Only what nothing explains yet.")
    direction: BankDirection | None = strawberry.field(default=None, description="Only credits, or debits.")
    search: str | None = strawberry.field(
        default=None, description="Part of the narration, the reference or the payer."
    )
    amount: Minor | None = strawberry.field(
        default=None, description="Exactly so much, in minor units, in or out."
    )


@strawberry.input(description="Which settlements; what is left out doesn't narrow.")
class SettlementFilter:
    """Conditions on settlements."""

    source: str | None = strawberry.field(default=None, description="Only this gateway's.")
    since: date | None = strawberry.field(default=None, description="Settled on this day or later.")
    until: date | None = strawberry.field(default=None, description="Settled on this day or before.")
    status: list[SettlementStatus] | None = strawberry.field(default=None, description="Only with these.")
    missing_in_bank: bool = strawberry.field(
        default=False, description="Only those that no line of our bank shows."
    )
    utr: str | None = strawberry.field(default=None, description="The whole UTR.")


@strawberry.type(description="A line of a statement of our bank, and what explains it.")
class BankLine(Node):
    """A bank line."""

    key: strawberry.Private[UUID]
    explained_key: strawberry.Private[UUID | None]
    source: str = strawberry.field(description="The bank, such as bank:icici.")
    account: str = strawberry.field(description="The account.")
    posted_on: date = strawberry.field(description="The day of the posting.")
    value_on: date | None = strawberry.field(description="The value date.")
    amount: Money = strawberry.field(description="Credits positive, debits negative.")
    narration: str = strawberry.field(description="The bank's words.")
    channel: str | None = strawberry.field(description="NEFT, UPI, CHEQUE …")
    reference: str | None = strawberry.field(description="UTR or RRN.")
    payer: str | None = strawberry.field(description="The other side, as far as the bank names it.")
    balance: Money | None = strawberry.field(description="The balance after it, by the bank.")
    explained_by: str | None = strawberry.field(
        description=(
            "settlement, receipt, payout, decision (a person said what it is), or what it is by itself: own_transfer, "
            "returned …; null: nothing explains it."
        )
    )

    @resolved("The receipt that explains it, or that a person called no sale's.")
    async def receipt(self, info: Info) -> LazyReceipt | None:
        """Load the receipt."""
        if self.explained_by in (None, "settlement", "payout") or self.explained_key is None:
            return None
        found = await info.context.by_ids(ask.ReceiptsByIds).load(self.explained_key)
        return to_receipts.receipt(found) if found is not None else None

    @resolved("The payout that explains it.")
    async def payout(self, info: Info) -> LazyPayout | None:
        """Load the payout."""
        if self.explained_by != "payout" or self.explained_key is None:
            return None
        found = await info.context.by_ids(ask.PayoutsByIds).load(self.explained_key)
        return to_payouts.payout(found) if found is not None else None

    @resolved("The settlement that explains it.")
    async def settlement(self, info: Info) -> Settlement | None:
        """Load the settlement."""
        if self.explained_by != "settlement" or self.explained_key is None:
            return None
        found = await info.context.by_ids(ask.SettlementsByIds).load(self.explained_key)
        return settlement(found) if found is not None else None

    @resolved("What the bank says, with its event.")
    async def claims(self, info: Info) -> list[LazyClaim]:
        """Load the claims."""
        found = await info.context.by_ids(ask.ClaimsOf, "bank_line").load(self.key)
        return [to_bills.claim(one, self.amount.currency) for one in found or ()]

    @resolved("What was said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("bank_line", self.key))


@strawberry.type(description="A payment or refund within a settlement.")
class SettledPayment:
    """What is within."""

    receipt_key: strawberry.Private[UUID | None]
    kind: str = strawberry.field(description="payment or refund.")
    external_id: str = strawberry.field(description="Its id at the gateway.")
    status: str = strawberry.field(description="payment.received, refund.processed …")
    on: date | None = strawberry.field(description="The day on which it was paid.")
    amount: Money = strawberry.field(description="How much.")
    fee: Money | None = strawberry.field(description="The gateway's fee, its GST in it; null: not told.")
    tax: Money | None = strawberry.field(description="The GST in the fee; null: not told.")
    method: str | None = strawberry.field(description="upi, card …")

    @resolved("The money that it is here.")
    async def receipt(self, info: Info) -> LazyReceipt | None:
        """Load the receipt."""
        if self.receipt_key is None:
            return None
        found = await info.context.by_ids(ask.ReceiptsByIds).load(self.receipt_key)
        return to_receipts.receipt(found) if found is not None else None


@strawberry.type(description="A payment or refund on a page.")
class SettledPaymentEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this one.")
    node: SettledPayment = strawberry.field(description="The payment or refund.")


@strawberry.type(description="A page of what is within a settlement.")
class SettledPaymentConnection(Counted):
    """A connection."""

    edges: list[SettledPaymentEdge] = strawberry.field(description="What is within, with cursors.")
    nodes: list[SettledPayment] = strawberry.field(description="What is within.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(
    description="What a gateway paid out to our bank: captured − refunded + adjusted − fee = amount."
)
class Settlement(Node):
    """A settlement."""

    key: strawberry.Private[UUID]
    line_key: strawberry.Private[UUID | None]
    source: str = strawberry.field(description="The gateway, such as payment:razorpay.")
    external_id: str = strawberry.field(description="Its id there.")
    status: str = strawberry.field(description="settlement.processed …")
    settled_on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="Net: what reaches our bank.")
    fee: Money = strawberry.field(description="The gateway's fees, their GST in them.")
    tax: Money = strawberry.field(description="The GST in the fees.")
    captured: Money | None = strawberry.field(description="The payments in it; null: not told.")
    refunded: Money | None = strawberry.field(description="The refunds taken off; null: not told.")
    adjusted: Money | None = strawberry.field(description="What was adjusted besides; null: not told.")
    utr: str | None = strawberry.field(description="The transfer's UTR.")
    in_bank: Money | None = strawberry.field(
        description="What the line of our bank shows; null: none shows it."
    )

    @resolved("The line of our bank that brought it.")
    async def bank_line(self, info: Info) -> BankLine | None:
        """Load the line."""
        if self.line_key is None:
            return None
        found = await info.context.by_ids(ask.BankLinesByIds).load(self.line_key)
        return bank_line(found) if found is not None else None

    @resolved("The payments and refunds within it, as far as the gateway told them.")
    async def contents(self, info: Info, first: First = 50, after: After = None) -> SettledPaymentConnection:
        """Answer with a page of what is within."""
        question = ask.SettledPayments(self.key, first=first, after=plain(after))
        page: views.RowPage[views.SettledPayment] = await info.context.ask(question)
        nodes = [_settled(row) for row in page.rows]
        return SettledPaymentConnection(
            question=question,
            edges=[SettledPaymentEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=page_info(page),
        )

    @resolved("What the gateway says, with its events.")
    async def claims(self, info: Info) -> list[LazyClaim]:
        """Load the claims."""
        found = await info.context.by_ids(ask.ClaimsOf, "settlement").load(self.key)
        return [to_bills.claim(one, self.amount.currency) for one in found or ()]

    @resolved("What was said about it, newest first.")
    async def timeline(
        self, info: Info, first: First = 50, after: After = None, filter: TimelineFilter | None = None
    ) -> EventConnection:
        """Answer with a page of its history."""
        return await timeline_of(info, first=first, after=after, filter=filter, row=("settlement", self.key))


def _maybe(amount: int | None, currency: str) -> Money | None:
    return money(amount, currency) if amount is not None else None


def _settled(view: views.SettledPayment) -> SettledPayment:
    return SettledPayment(
        receipt_key=view.receipt_id,
        kind=view.kind,
        external_id=view.external_id,
        status=view.status,
        on=view.on,
        amount=money(view.amount, view.currency),
        fee=_maybe(view.fee, view.currency),
        tax=_maybe(view.tax, view.currency),
        method=view.method,
    )


def bank_line(view: views.BankLineView) -> BankLine:
    """Return a bank line as its type."""
    return BankLine(
        id=global_id("BankLine", view.id),
        key=view.id,
        explained_key=view.explained_id,
        source=view.source,
        account=view.account,
        posted_on=view.posted_on,
        value_on=view.value_on,
        amount=money(view.amount, view.currency),
        narration=view.narration,
        channel=view.channel,
        reference=view.reference,
        payer=view.payer,
        balance=_maybe(view.balance, view.currency),
        explained_by=view.explained_by,
    )


def settlement(view: views.SettlementView) -> Settlement:
    """Return a settlement as its type."""
    return Settlement(
        id=global_id("Settlement", view.id),
        key=view.id,
        line_key=view.bank_line_id,
        source=view.source,
        external_id=view.external_id,
        status=view.status,
        settled_on=view.settled_on,
        amount=money(view.amount, view.currency),
        fee=money(view.fee, view.currency),
        tax=money(view.tax, view.currency),
        captured=_maybe(view.captured, view.currency),
        refunded=_maybe(view.refunded, view.currency),
        adjusted=_maybe(view.adjusted, view.currency),
        utr=view.utr,
        in_bank=_maybe(view.bank_amount, view.currency),
    )


@strawberry.type(description="An account of ours as the bank's lines show it.")
class BankAccount:
    """An account."""

    source: str = strawberry.field(description="The bank, such as bank:icici.")
    account: str = strawberry.field(description="The account.")
    currency: str = strawberry.field(description="ISO 4217 code.")
    lines: int = strawberry.field(description="How many lines are known.")
    unexplained: int = strawberry.field(description="How many of them nothing explains.")
    since: date = strawberry.field(description="The first line's day.")
    until: date = strawberry.field(description="The last line's day.")


@strawberry.type(description="A bank line on a page.")
class BankLineEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this line.")
    node: BankLine = strawberry.field(description="The line.")


@strawberry.type(description="A page of bank lines.")
class BankLineConnection(Counted):
    """A connection."""

    edges: list[BankLineEdge] = strawberry.field(description="The lines with their cursors.")
    nodes: list[BankLine] = strawberry.field(description="The lines.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def bank_lines(page: views.RowPage[views.BankLineView], question: ask.BankLines) -> BankLineConnection:
    """Return a page of bank lines."""
    nodes = [bank_line(row) for row in page.rows]
    return BankLineConnection(
        question=question,
        edges=[BankLineEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )


@strawberry.type(description="A settlement on a page.")
class SettlementEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this settlement.")
    node: Settlement = strawberry.field(description="The settlement.")


@strawberry.type(description="A page of settlements.")
class SettlementConnection(Counted):
    """A connection."""

    edges: list[SettlementEdge] = strawberry.field(description="The settlements with their cursors.")
    nodes: list[Settlement] = strawberry.field(description="The settlements.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def settlements(page: views.RowPage[views.SettlementView], question: ask.Settlements) -> SettlementConnection:
    """Return a page of settlements."""
    nodes = [settlement(row) for row in page.rows]
    return SettlementConnection(
        question=question,
        edges=[SettlementEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
