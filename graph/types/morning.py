"""The business, who asks, and the morning digest."""

from __future__ import annotations

from datetime import date

import strawberry

from graph.types.basics import Money, money
from graph.types.parties import AgingBucket, Party, aging, party
from graph.types.sources import Source, source
from ledger import views
from ledger.domain.roles import Actor


@strawberry.type(description="The business that the token belongs to.")
class Business:
    """A business."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name.")
    timezone: str = strawberry.field(description="Days are counted in it.")
    currency: str = strawberry.field(description="Totals are in it.")
    today: date = strawberry.field(description="The present day there.")


@strawberry.type(description="The member whose token this is.")
class Me:
    """A member."""

    member_id: strawberry.ID | None = strawberry.field(description="His id.")
    name: str = strawberry.field(description="His name.")
    role: str = strawberry.field(description="owner, finance, sales or view.")
    language: str = strawberry.field(description="en or hi.")


@strawberry.type(description="A bank account's last known balance.")
class Bank:
    """A bank account."""

    source: str = strawberry.field(description="The source of its statements.")
    label: str = strawberry.field(description="What people call it.")
    account: str | None = strawberry.field(description="Its number, as the statement shows it.")
    balance: Money = strawberry.field(description="The balance at the end of the last day covered.")
    covered_until: date = strawberry.field(description="That day.")
    came_yesterday: Money = strawberry.field(description="Credits of the day before today.")


@strawberry.type(description="This morning's answer, as far as the member may see it.")
class Digest:
    """The digest."""

    today: date = strawberry.field(description="The day that it speaks of.")
    banks: list[Bank] = strawberry.field(description="Money in the bank.")
    to_collect: Money = strawberry.field(description="What customers owe, net.")
    overdue: Money = strawberry.field(description="Of that, past its due date.")
    aging: list[AgingBucket] = strawberry.field(description="What is overdue, by how long.")
    call_first: list[Party] = strawberry.field(description="Whom to call first, at most three.")
    horizon: date = strawberry.field(description="The day up to which is looked ahead.")
    expected: Money = strawberry.field(description="What should come by then, by habit and promise.")
    to_pay: Money = strawberry.field(description="What falls due by then, with what is overdue.")
    questions: int = strawberry.field(description="How many questions wait for the member's answer.")
    quiet_sources: list[Source] = strawberry.field(
        description="Sources that have been silent too long, or can't be read."
    )


def me(actor: Actor) -> Me:
    """Return who asks."""
    return Me(
        member_id=strawberry.ID(str(actor.member_id)) if actor.member_id else None,
        name=actor.name,
        role=actor.role.value,
        language=actor.language,
    )


def business(view: views.BusinessView) -> Business:
    """Return the business as its type."""
    return Business(
        id=strawberry.ID(str(view.id)),
        name=view.name,
        timezone=view.timezone,
        currency=view.currency,
        today=view.today,
    )


def digest(view: views.DigestView) -> Digest:
    """Return the digest as its type."""
    return Digest(
        today=view.today,
        banks=[
            Bank(
                source=bank.source,
                label=bank.label,
                account=bank.account,
                balance=money(bank.balance, view.currency),
                covered_until=bank.covered_until,
                came_yesterday=money(bank.came_yesterday, view.currency),
            )
            for bank in view.banks
        ],
        to_collect=money(view.to_collect, view.currency),
        overdue=money(view.overdue, view.currency),
        aging=aging(view.aging, view.currency),
        call_first=[party(row) for row in view.call_first],
        horizon=view.horizon,
        expected=money(view.expected, view.currency),
        to_pay=money(view.to_pay, view.currency),
        questions=view.questions,
        quiet_sources=[source(row, view.currency) for row in view.quiet_sources],
    )
