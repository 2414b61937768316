"""Money that was looked for, and bills that a question's money may be set against."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.ids import global_id
from graph.types.basics import Money, money
from ledger.views.money import MoneyFound
from ledger.views.workflow import OpenBill, PickView


@strawberry.type(description="What of found money settled a bill.")
class FoundShare:
    """A share."""

    number: str | None = strawberry.field(description="The bill.")
    amount: Money = strawberry.field(description="How much.")
    kind: str = strawberry.field(description="receipt, or what was kept back: tds …")


@strawberry.type(description="Money by its reference or amount: where it was seen and what became of it.")
class FoundMoney:
    """Money."""

    id: strawberry.ID = strawberry.field(description="Its id, as allocations cite a receipt's.")
    kind: str = strawberry.field(
        description="receipt, payout, settlement, or bank_line (nothing more is known)."
    )
    out: bool = strawberry.field(description="Whether it went from us.")
    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much, never negative.")
    status: str | None = strawberry.field(description="payment.received …")
    reference: str | None = strawberry.field(description="UTR, RRN or gateway's id.")
    party_id: strawberry.ID | None = strawberry.field(description="Whose it is, where that is known.")
    party_name: str | None = strawberry.field(description="His name.")
    payer: str | None = strawberry.field(description="Who paid, as the source names him.")
    bank: str | None = strawberry.field(description="The account that shows it; null: not seen there.")
    bank_on: date | None = strawberry.field(description="On which day.")
    paid: list[FoundShare] = strawberry.field(description="What it settled.")
    on_account: Money = strawberry.field(description="What of it is set against nothing.")
    classified: str | None = strawberry.field(description="What it is, if it is no sale's.")
    conflict_id: strawberry.ID | None = strawberry.field(description="The open question about it.")


@strawberry.type(description="A bill that money may be set against by hand.")
class PickableBill:
    """A bill."""

    id: strawberry.ID = strawberry.field(description="The bill.")
    number: str | None = strawberry.field(description="Its number.")
    issued_on: date = strawberry.field(description="Its date.")
    due_on: date | None = strawberry.field(description="Null: no credit days agreed.")
    open: Money = strawberry.field(description="What is open of it, with what this money already settles.")


@strawberry.type(description="The bills that the money of a question may be set against, oldest first.")
class PickableBills:
    """Bills."""

    receipt_id: strawberry.ID = strawberry.field(description="The money; pass it to allocateReceipt.")
    amount: Money = strawberry.field(description="How much it is.")
    party_id: strawberry.ID | None = strawberry.field(description="Whose it is, where that is known.")
    party_name: str | None = strawberry.field(description="His name.")
    bills: list[PickableBill] = strawberry.field(description="The page.")
    more: int = strawberry.field(description="How many are behind it.")


def found(view: MoneyFound) -> FoundMoney:
    """Return found money as its type."""
    return FoundMoney(
        id=strawberry.ID(str(view.id)),
        kind=view.kind,
        out=view.out,
        on=view.on,
        amount=money(view.amount, view.currency),
        status=view.status,
        reference=view.reference,
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        party_name=view.party_name,
        payer=view.payer,
        bank=view.bank,
        bank_on=view.bank_on,
        paid=[
            FoundShare(number=one.number, amount=money(one.amount, view.currency), kind=one.kind)
            for one in view.paid
        ],
        on_account=money(view.on_account, view.currency),
        classified=view.classified,
        conflict_id=global_id("Conflict", view.question) if view.question is not None else None,
    )


def pickable(view: PickView) -> PickableBills:
    """Return the bills as their type."""
    return PickableBills(
        receipt_id=strawberry.ID(str(view.receipt_id)),
        amount=money(view.amount, view.currency),
        party_id=global_id("Party", view.party_id) if view.party_id is not None else None,
        party_name=view.party_name,
        bills=[_bill(one) for one in view.bills],
        more=view.more,
    )


def _bill(view: OpenBill) -> PickableBill:
    return PickableBill(
        id=global_id("Invoice", view.id),
        number=view.number,
        issued_on=view.issued_on,
        due_on=view.due_on,
        open=money(view.open, view.currency),
    )
