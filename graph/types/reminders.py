"""What a reminder would say now, what speaks against it, whom to remind, and how customers pay the firm."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.ids import global_id
from graph.types.basics import Money, money
from graph.types.sources import Source, source
from ledger.views.reminders import (
    LateCustomersView,
    PaymentDetailsView,
    ReminderBill,
    ReminderHold,
    ReminderView,
)


@strawberry.type(description="A bank account that statements name: the likely answer to where customers pay.")
class KnownAccount:
    """An account."""

    source: str = strawberry.field(description="The source of its statements.")
    label: str = strawberry.field(description="What people call it.")
    account: str = strawberry.field(description="Its number.")


@strawberry.type(description="How customers pay the firm.")
class PaymentDetails:
    """Details."""

    upi_id: str | None = strawberry.field(description="UPI address.")
    payee: str | None = strawberry.field(description="The payee's name.")
    bank: str | None = strawberry.field(description="The bank.")
    account: str | None = strawberry.field(description="The account's number.")
    ifsc: str | None = strawberry.field(description="The branch's IFSC.")
    phone: str | None = strawberry.field(description="The firm's own number, as WhatsApp wants it.")
    payable: bool = strawberry.field(description="Whether a customer can pay by what is known.")
    known: list[KnownAccount] = strawberry.field(
        description="Accounts of connected banks; for who may see those."
    )


@strawberry.type(description="An open bill as the customer would see it.")
class ReminderLine:
    """A bill."""

    number: str | None = strawberry.field(description="Its number.")
    issued_on: date = strawberry.field(description="Its date.")
    due_on: date | None = strawberry.field(description="When it was due.")
    days: int = strawberry.field(description="Days late, 0 if it isn't.")
    amount: Money = strawberry.field(description="What is left, after what he has on account.")


@strawberry.type(description="One thing that speaks against a reminder.")
class ReminderObjection:
    """An objection."""

    code: str = strawberry.field(
        description="nothing_due, disputed, entry, stale, promise, cheque, said_paid, reminded, grace or not_due."
    )
    strength: str = strawberry.field(
        description="soft: overruled with a tap; hard: by owner and finance after seeing why; final: never."
    )
    on: date | None = strawberry.field(description="The day of it.")
    amount: Money | None = strawberry.field(description="How much it is about.")
    who: str | None = strawberry.field(description="Who said so.")
    entries: list[str] = strawberry.field(description="The questions that must be answered first.")
    sources: list[Source] = strawberry.field(description="What isn't up to date.")


@strawberry.type(description="A reminder as it would go out now.")
class Reminder:
    """A reminder."""

    kind: str = strawberry.field(description="late, grace (since yesterday), not_due or nothing.")
    net: Money = strawberry.field(description="All that is open, less what is on account and disputed.")
    asked: Money = strawberry.field(description="What it would ask for.")
    on_account: Money = strawberry.field(description="What he has on account.")
    disputed: Money = strawberry.field(description="What he disputes.")
    days: int = strawberry.field(description="Days that the oldest is late.")
    bills: list[ReminderLine] = strawberry.field(description="At most five, oldest first.")
    more: int = strawberry.field(description="How many further ones.")
    more_amount: Money = strawberry.field(description="What those come to.")
    phone: str | None = strawberry.field(description="His number, as WhatsApp wants it.")
    language: str = strawberry.field(description="In which language.")
    pay: PaymentDetails = strawberry.field(description="How he would be asked to pay.")
    against: list[ReminderObjection] = strawberry.field(description="What speaks against it now.")


@strawberry.type(description="A customer who is late and may be reminded.")
class LateCustomer:
    """A customer."""

    party_id: strawberry.ID = strawberry.field(description="The customer.")
    name: str = strawberry.field(description="His name.")
    asked: Money = strawberry.field(description="What a reminder would ask for.")
    days: int = strawberry.field(description="Days that the oldest is late.")


@strawberry.type(description="How many are held back by something.")
class HeldBack:
    """A count."""

    code: str = strawberry.field(description="By what: promise, cheque, entry …")
    customers: int = strawberry.field(description="How many.")


@strawberry.type(description="Whom to remind now.")
class LateCustomers:
    """All of them."""

    customers: list[LateCustomer] = strawberry.field(description="Money × days first.")
    held_back: list[HeldBack] = strawberry.field(description="The others, by what speaks against it.")
    stale: list[Source] = strawberry.field(description="What isn't up to date: they may have paid.")


def payment_details(view: PaymentDetailsView) -> PaymentDetails:
    """Return how customers pay as its type."""
    return PaymentDetails(
        upi_id=view.upi_id,
        payee=view.payee,
        bank=view.bank,
        account=view.account,
        ifsc=view.ifsc,
        phone=view.phone,
        payable=view.payable,
        known=[KnownAccount(source=one.source, label=one.label, account=one.account) for one in view.known],
    )


def reminder(view: ReminderView) -> Reminder:
    """Return a reminder as its type."""

    def paise(amount: int) -> Money:
        return money(amount, view.currency)

    return Reminder(
        kind=view.kind,
        net=paise(view.net),
        asked=paise(view.asked),
        on_account=paise(view.on_account),
        disputed=paise(view.disputed),
        days=view.days,
        bills=[_line(one, view.currency) for one in view.bills],
        more=view.more,
        more_amount=paise(view.more_amount),
        phone=view.phone,
        language=view.language,
        pay=payment_details(view.pay),
        against=[_objection(one, view.currency) for one in view.holds],
    )


def _line(view: ReminderBill, currency: str) -> ReminderLine:
    return ReminderLine(
        number=view.number,
        issued_on=view.issued_on,
        due_on=view.due_on,
        days=view.days,
        amount=money(view.amount, currency),
    )


def _objection(view: ReminderHold, currency: str) -> ReminderObjection:
    return ReminderObjection(
        code=view.code,
        strength=view.strength,
        on=view.on,
        amount=money(view.amount, currency) if view.amount is not None else None,
        who=view.who,
        entries=list(view.entries),
        sources=[source(one, currency) for one in view.sources],
    )


def late_customers(view: LateCustomersView, currency: str) -> LateCustomers:
    """Return whom to remind as its type."""
    return LateCustomers(
        customers=[
            LateCustomer(
                party_id=global_id("Party", one.party_id),
                name=one.name,
                asked=money(one.asked, one.currency),
                days=one.days,
            )
            for one in view.rows
        ],
        held_back=[HeldBack(code=code, customers=number) for code, number in view.held],
        stale=[source(one, currency) for one in view.stale],
    )
