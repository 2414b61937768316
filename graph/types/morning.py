"""The business, who asks, and the morning digest."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from graph.types.basics import Info, Money, money, resolved
from graph.types.cash import Shortage, shortage
from graph.types.firm import FirmSettings, firm_settings
from graph.types.parties import AgingBucket, Party, aging, party
from graph.types.sources import Source, source
from graph.types.tokens import Membership, Token, membership, token
from ledger import views
from ledger.domain.roles import Actor
from ledger.queries.firm import FirmSettings as AskSettings
from ledger.queries.live import TrailPlace
from ledger.queries.tokens import OwnToken
from ledger.views.mornings import WeekView


@strawberry.type(description="The business that the token belongs to.")
class Business:
    """A business."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    name: str = strawberry.field(description="Its name.")
    timezone: str = strawberry.field(description="Days are counted in it.")
    currency: str = strawberry.field(description="Totals are in it.")
    today: date = strawberry.field(description="The present day there.")

    @resolved("What it has set; where it has set nothing, what holds.")
    async def settings(self, info: Info) -> FirmSettings:
        """Answer with the settings."""
        return firm_settings(await info.context.ask(AskSettings()))

    @resolved(
        "The last sequence of the audit trail, 0 where it is empty: remember it before you page, then follow what changes "
        "behind it."
    )
    async def sequence(self, info: Info) -> int:
        """Answer with the sequence."""
        place: int = await info.context.ask(TrailPlace())
        return place


@strawberry.type(description="The member whose token this is.")
class Me:
    """A member."""

    member_id: strawberry.ID | None = strawberry.field(description="His id.")
    name: str = strawberry.field(description="His name.")
    role: str = strawberry.field(description="owner, finance, sales or view.")
    language: str = strawberry.field(description="en or hi.")
    permissions: list[str] = strawberry.field(description="What he may with this token.")
    read_only: bool = strawberry.field(description="This token tells no command.")
    until: datetime | None = strawberry.field(
        description="When this token, or his membership, ends: whichever is first."
    )

    @resolved("The token with which it is asked.")
    async def token(self, info: Info) -> Token:
        """Answer with the token."""
        return token(await info.context.ask(OwnToken()))

    @resolved(
        "The businesses in which he is a member, this one first. The others are told only to a token that is his own"
        " (not made by another member) and isn't limited to some permissions or customers."
    )
    async def businesses(self, info: Info) -> list[Membership]:
        """Answer with his memberships."""
        own = info.context.actor.business_id
        found = await info.context.memberships()
        return [membership(one, current=one.actor.business_id == own) for one in found]


@strawberry.type(description="A bank account's last known balance.")
class Bank:
    """A bank account."""

    source: str = strawberry.field(description="The source of its statements.")
    label: str = strawberry.field(description="What people call it.")
    account: str | None = strawberry.field(description="Its number, as the statement shows it.")
    balance: Money = strawberry.field(description="The balance at the end of the last day covered.")
    covered_until: date = strawberry.field(description="That day.")
    came_yesterday: Money = strawberry.field(description="Credits of the day before today.")


@strawberry.type(description="A due day of what falls due each month besides bills.")
class DueSoon:
    """A due."""

    name: str = strawberry.field(description="What for.")
    kind: str = strawberry.field(description="gst, salary, rent, emi …")
    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="About so much.")


@strawberry.type(description="What goes on a day, about so much.")
class DayOut:
    """A day."""

    on: date = strawberry.field(description="The day.")
    amount: Money = strawberry.field(description="About so much.")


@strawberry.type(description="The seven days before and after the first day of a stretch of work.")
class Week:
    """A week."""

    came: Money = strawberry.field(description="What came in the seven days before.")
    pays: list[DayOut] = strawberry.field(description="What goes in the seven days ahead, day by day.")


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
    stale_sources: list[Source] = strawberry.field(
        description="Banks and books that several working days are missing of: what stands here may be old."
    )
    came: Money = strawberry.field(description="What customers paid since `cameSince`.")
    came_since: date | None = strawberry.field(description="The last working day before today.")
    dues: list[DueSoon] = strawberry.field(
        description="What of `toPay` falls due each month besides bills, about so much."
    )
    shortage: Shortage | None = strawberry.field(
        description="The first day by `horizon` on which the banks' money isn't enough."
    )
    week: Week | None = strawberry.field(description="Only on the first day of a stretch of work.")
    working: bool = strawberry.field(description="Whether work is done today: no Sunday, no listed holiday.")


def me(actor: Actor) -> Me:
    """Return who asks."""
    return Me(
        member_id=strawberry.ID(str(actor.member_id)) if actor.member_id else None,
        name=actor.name,
        role=actor.role.value,
        language=actor.language,
        permissions=sorted(actor.permissions),
        read_only=actor.read_only,
        until=actor.until,
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


def _week(view: WeekView, currency: str) -> Week:
    pays = [DayOut(on=on, amount=money(amount, currency)) for on, amount in view.pays]
    return Week(came=money(view.came, currency), pays=pays)


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
        stale_sources=[source(row, view.currency) for row in view.stale],
        came=money(view.came, view.currency),
        came_since=view.came_since,
        dues=[
            DueSoon(name=one.name, kind=one.kind, on=one.on, amount=money(one.amount, view.currency))
            for one in view.dues
        ],
        shortage=shortage(view.shortage, view.currency),
        week=_week(view.week, view.currency) if view.week is not None else None,
        working=view.working,
    )
