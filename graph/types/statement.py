"""A party's account in the form of a ledger."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from graph.types.basics import Money, money
from ledger.views.statement import StatementAccount, StatementView


@strawberry.type(description="One line of an account.")
class StatementLine:
    """A line."""

    on: date = strawberry.field(description="The day.")
    kind: str = strawberry.field(
        description="invoice, opening, credit_note, receipt, payment, reversal, deduction, write_off or set_off."
    )
    debit: Money = strawberry.field(description="What it adds to what they owe.")
    credit: Money = strawberry.field(description="What it takes off.")
    balance: Money = strawberry.field(description="After it; positive: they owe us.")
    voucher: str | None = strawberry.field(description="The books' word for it, where they have it.")
    number: str | None = strawberry.field(description="The books' number, else the bill's.")
    description: str | None = strawberry.field(description="What it was for.")
    method: str | None = strawberry.field(description="How it was paid.")
    reference: str | None = strawberry.field(description="UTR or cheque number.")
    why: list[str] = strawberry.field(
        description="What was kept back: tds …; of a reversal refunded or returned."
    )
    bills: list[str] = strawberry.field(description="Against which bills money is set by now.")
    due_on: date | None = strawberry.field(description="Of a bill: when it is due.")


@strawberry.type(description="A bill that was open at the end.")
class StatementOpenBill:
    """A bill."""

    number: str | None = strawberry.field(description="Its number.")
    issued_on: date = strawberry.field(description="Its date.")
    due_on: date | None = strawberry.field(description="Null: no credit days agreed.")
    amount: Money = strawberry.field(description="What was billed.")
    outstanding: Money = strawberry.field(description="What was left of it.")
    age_days: int = strawberry.field(description="Days since it was due, else since its date.")


@strawberry.type(
    description="One side of an account in one currency; opening + debits − credits is its closing balance."
)
class StatementSide:
    """A side."""

    side: str = strawberry.field(description="receivable or payable.")
    opening: Money = strawberry.field(description="Before the period.")
    lines: list[StatementLine] = strawberry.field(description="The entries, by day.")
    debits: Money = strawberry.field(description="All debits.")
    credits: Money = strawberry.field(description="All credits.")
    closing: Money = strawberry.field(description="At the end.")
    bills: list[StatementOpenBill] = strawberry.field(description="The oldest open bills at the end.")
    more_bills: int = strawberry.field(description="How many further ones were open.")
    open_bills: Money = strawberry.field(description="What all open bills left.")


@strawberry.type(description="A party's account, as it would be printed.")
class Statement:
    """An account."""

    firm_name: str = strawberry.field(description="Who gives it.")
    firm_address: str | None = strawberry.field(description="The firm's address.")
    firm_gstin: str | None = strawberry.field(description="The firm's GSTIN.")
    party_name: str = strawberry.field(description="Whose account it is.")
    party_gstin: str | None = strawberry.field(description="The party's GSTIN.")
    party_address: str | None = strawberry.field(description="The party's address.")
    since: date | None = strawberry.field(description="From that day; null: from its beginning.")
    until: date = strawberry.field(description="Until the end of that day.")
    known_at: datetime = strawberry.field(description="As it was known at that moment.")
    signed_until: date | None = strawberry.field(description="The closed period as which it was signed.")
    sources: list[str] = strawberry.field(description="The sources that tell of it.")
    accounts: list[StatementSide] = strawberry.field(description="The one that is spoken of first, first.")


def statement(view: StatementView) -> Statement:
    """Return an account as its type."""
    return Statement(
        firm_name=view.firm.name,
        firm_address=view.firm.address,
        firm_gstin=view.firm.gstin,
        party_name=view.party_name,
        party_gstin=view.gstin,
        party_address=view.address,
        since=view.since,
        until=view.until,
        known_at=view.known_at,
        signed_until=view.signed_until,
        sources=list(view.sources),
        accounts=[_side(one) for one in view.accounts],
    )


def _side(view: StatementAccount) -> StatementSide:
    def paise(amount: int) -> Money:
        return money(amount, view.currency)

    return StatementSide(
        side=view.side,
        opening=paise(view.opening),
        lines=[
            StatementLine(
                on=one.on,
                kind=one.kind,
                debit=paise(one.debit),
                credit=paise(one.credit),
                balance=paise(one.balance),
                voucher=one.voucher,
                number=one.number,
                description=one.description,
                method=one.method,
                reference=one.reference,
                why=list(one.why),
                bills=list(one.bills),
                due_on=one.due_on,
            )
            for one in view.entries
        ],
        debits=paise(view.debits),
        credits=paise(view.credits),
        closing=paise(view.closing),
        bills=[
            StatementOpenBill(
                number=one.number,
                issued_on=one.issued_on,
                due_on=one.due_on,
                amount=paise(one.amount),
                outstanding=paise(one.outstanding),
                age_days=one.age_days,
            )
            for one in view.bills
        ],
        more_bills=view.more_bills,
        open_bills=paise(view.open_bills),
    )
