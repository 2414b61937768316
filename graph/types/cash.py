"""Cash ahead, and what falls due each month, as GraphQL shows them."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.ids import global_id
from graph.types.basics import Money, money
from ledger.views import cash as views


@strawberry.type(description="What is in one bank account.")
class CashAccount:
    """An account."""

    label: str = strawberry.field(description="The bank.")
    account: str | None = strawberry.field(description="Its number, as far as it is known.")
    balance: Money = strawberry.field(description="Its latest balance; negative: overdrawn.")
    until: date = strawberry.field(description="The day at whose end it was so.")
    days_old: int = strawberry.field(description="How many days ago that is.")


@strawberry.type(description="One thing that comes or goes.")
class CashMove:
    """A movement."""

    on: date = strawberry.field(description="The likely day; what is overdue counts today.")
    amount: Money = strawberry.field(description="Negative: it goes.")
    kind: str = strawberry.field(
        description="expected, promise, cheque, settlement come; bill, payout, own_cheque, due go."
    )
    name: str = strawberry.field(description="Of whom, to whom, or what for.")
    about: bool = strawberry.field(description="Whether the amount is an estimate.")
    party_id: strawberry.ID | None = strawberry.field(description="The customer's global id.")
    early: date | None = strawberry.field(description="It may come as early as this …")
    late: date | None = strawberry.field(description="… or as late as this: four of five do so between.")


@strawberry.type(description="A day or a week: what comes, what goes, what is left at its end.")
class CashSpan:
    """A span of days."""

    first: date = strawberry.field(description="Its first day.")
    last: date = strawberry.field(description="Its last day.")
    came: Money = strawberry.field(description="What should come.")
    paid: Money = strawberry.field(description="What must go.")
    closing: Money | None = strawberry.field(
        description="What is left, as likely; null: no bank balance is known."
    )
    low: Money | None = strawberry.field(
        description="What is left if every customer pays as late as he does at times."
    )
    high: Money | None = strawberry.field(description="What is left if as early.")
    bank_closed: str | None = strawberry.field(
        description="Why banks are closed, of a single day; due days don't move."
    )


@strawberry.type(description="A customer who could cover a shortage.")
class Coverer:
    """A customer."""

    party_id: strawberry.ID = strawberry.field(description="The customer's global id.")
    name: str = strawberry.field(description="His name.")
    amount: Money = strawberry.field(description="What he owes net and isn't expected by then.")


@strawberry.type(description="The first day on which the money isn't enough.")
class Shortage:
    """A shortage."""

    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="How much is missing at its end.")
    by: list[Coverer] = strawberry.field(
        description="The fewest customers who would cover it; empty: too many would be needed."
    )


@strawberry.type(description="What isn't in the business's currency: named apart, never added.")
class OtherCurrency:
    """Another currency."""

    in_banks: Money = strawberry.field(description="In bank accounts.")
    to_come: Money = strawberry.field(description="Open bills of customers.")
    to_pay: Money = strawberry.field(description="Open bills of vendors.")


@strawberry.type(description="What seems to fall due in a month, by what the bank shows.")
class UnconfirmedDue:
    """What seems to fall due each month."""

    name: str = strawberry.field(description="What it is.")
    amount: Money = strawberry.field(description="About so much.")


@strawberry.type(description="Whether the money will be enough.")
class CashAhead:
    """The weeks ahead."""

    accounts: list[CashAccount] = strawberry.field(description="What the banks hold.")
    opening: Money | None = strawberry.field(
        description="In all, with agreed overdrafts; null: no balance is known."
    )
    days: list[CashSpan] = strawberry.field(description="14 days.")
    weeks: list[CashSpan] = strawberry.field(description="8 weeks, the first from today.")
    moves: list[CashMove] = strawberry.field(description="What comes and goes in the 14 days, up to 300.")
    more_moves: int = strawberry.field(description="How many further ones there are.")
    shortage: Shortage | None = strawberry.field(description="The first short day, as likely.")
    at_risk: Shortage | None = strawberry.field(
        description="The first short day if customers pay late, where that is sooner."
    )
    why_not: str | None = strawberry.field(
        description="Why no shortage can be told: no_bank, stale_bank, foreign_bank, overdrawn (limit not known)."
    )
    not_expected: Money = strawberry.field(
        description="What customers owe that has no day: disputed, in question, unknown. Not counted."
    )
    no_day: Money = strawberry.field(description="Bills of vendors without a due day. Not counted.")
    overdue_bills: Money = strawberry.field(description="Bills of vendors that are overdue: counted today.")
    others: list[OtherCurrency] = strawberry.field(description="Other currencies.")
    unconfirmed: list[UnconfirmedDue] = strawberry.field(
        description="What the bank shows again and again and nobody has confirmed, the largest first. Not counted."
    )


@strawberry.type(description="What falls due each month, or in some months, as confirmed.")
class RecurringDue:
    """A due."""

    id: strawberry.ID = strawberry.field(description="Pass it to endDue, stateDue or withdrawDecision.")
    name: str = strawberry.field(description="What it is for.")
    kind: str = strawberry.field(description="gst, tds, income_tax, pf, esi, salary, rent, emi, other.")
    amount: Money = strawberry.field(description="About so much.")
    day: int = strawberry.field(description="The day of the month; its last where it is shorter.")
    months: list[int] = strawberry.field(description="In which months, 1 to 12.")
    since: date = strawberry.field(description="From this day on.")
    until: date | None = strawberry.field(description="The last day on which it may fall due.")
    next_on: date | None = strawberry.field(
        description="The next due day that isn't paid, as far as the bank shows."
    )
    next_closed: str | None = strawberry.field(description="Why banks are closed that day.")
    paid_on: date | None = strawberry.field(description="When it was paid last.")
    lately: Money | None = strawberry.field(
        description="The median of the last three payments, where it is more than a tenth off."
    )


@strawberry.type(description="What may fall due each month.")
class DueProposal:
    """A proposal."""

    key: strawberry.ID = strawberry.field(description="Pass it to refuseDue.")
    name: str = strawberry.field(description="What it seems to be for.")
    kind: str = strawberry.field(description="As of a due.")
    amount: Money | None = strawberry.field(
        description="The median of the last three; null: only the law's day is known."
    )
    day: int = strawberry.field(description="The day of the month.")
    months: list[int] = strawberry.field(description="In which months.")
    seen: list[date] = strawberry.field(description="When it was paid.")
    payee: str | None = strawberry.field(description="By what the payee is known again.")
    source: str | None = strawberry.field(description="The law, where it says so.")


@strawberry.type(description="What falls due besides bills.")
class RecurringDues:
    """Dues and proposals."""

    dues: list[RecurringDue] = strawberry.field(description="Confirmed, the next first.")
    proposals: list[DueProposal] = strawberry.field(description="To be confirmed or refused once.")


def _party(key: object) -> strawberry.ID:
    return strawberry.ID(global_id("Party", key))  # type: ignore[arg-type]


def shortage(view: views.ShortageView | None, currency: str) -> Shortage | None:
    """Return a shortage as its type, None where there is none."""
    if view is None:
        return None
    by = [
        Coverer(party_id=_party(one.party_id), name=one.name, amount=money(one.amount, currency))
        for one in view.by
    ]
    return Shortage(on=view.on, amount=money(view.amount, currency), by=by)


def _span(view: views.CashSpan, currency: str) -> CashSpan:
    left = [
        money(amount, currency) if amount is not None else None
        for amount in (view.closing, view.low, view.high)
    ]
    return CashSpan(
        first=view.first,
        last=view.last,
        came=money(view.came, currency),
        paid=money(view.paid, currency),
        closing=left[0],
        low=left[1],
        high=left[2],
        bank_closed=view.bank_closed,
    )


def _move(view: views.CashMove, currency: str) -> CashMove:
    return CashMove(
        on=view.on,
        amount=money(view.amount, currency),
        kind=view.kind,
        name=view.name,
        about=view.about,
        party_id=_party(view.party_id) if view.party_id is not None else None,
        early=view.early,
        late=view.late,
    )


def cash_ahead(view: views.CashAheadView) -> CashAhead:
    """Return the weeks ahead as their type."""
    currency = view.currency
    return CashAhead(
        accounts=[
            CashAccount(
                label=one.label,
                account=one.account,
                balance=money(one.balance, one.currency),
                until=one.until,
                days_old=one.days_old,
            )
            for one in view.accounts
        ],
        opening=money(view.opening, currency) if view.opening is not None else None,
        days=[_span(one, currency) for one in view.days],
        weeks=[_span(one, currency) for one in view.weeks],
        moves=[_move(one, currency) for one in view.moves],
        more_moves=view.more_moves,
        shortage=shortage(view.shortage, currency),
        at_risk=shortage(view.at_risk, currency),
        why_not=view.why_not,
        not_expected=money(view.not_expected, currency),
        no_day=money(view.no_day, currency),
        overdue_bills=money(view.overdue_bills, currency),
        others=[
            OtherCurrency(
                in_banks=money(one.in_banks, one.currency),
                to_come=money(one.to_come, one.currency),
                to_pay=money(one.to_pay, one.currency),
            )
            for one in view.others
        ],
        unconfirmed=[
            UnconfirmedDue(name=one.name, amount=money(one.amount, currency)) for one in view.unconfirmed
        ],
    )


def recurring_due(view: views.DueView) -> RecurringDue:
    """Return a due as its type."""
    return RecurringDue(
        id=strawberry.ID(str(view.id)),
        name=view.name,
        kind=view.kind,
        amount=money(view.amount, view.currency),
        day=view.day,
        months=list(view.months),
        since=view.since,
        until=view.until,
        next_on=view.next_on,
        next_closed=view.next_closed,
        paid_on=view.paid_on,
        lately=money(view.lately, view.currency) if view.lately is not None else None,
    )


def recurring_dues(view: views.DuesView) -> RecurringDues:
    """Return dues and proposals as their type."""
    return RecurringDues(
        dues=[recurring_due(one) for one in view.dues],
        proposals=[
            DueProposal(
                key=strawberry.ID(one.key),
                name=one.name,
                kind=one.kind,
                amount=money(one.amount, view.currency) if one.amount is not None else None,
                day=one.day,
                months=list(one.months),
                seen=list(one.seen),
                payee=one.payee,
                source=one.source,
            )
            for one in view.proposals
        ],
    )
