"""The firm itself: its settings and people, what words mean, how the books call things, what is set up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

import strawberry

from connectors.contract import StatusRow
from graph.ids import global_id
from graph.types.basics import Money, Node, money
from ledger import views
from ledger.views.firm import FirmSettingsView, MappingView
from ledger.views.firm import UnmappedWord as UnmappedView
from ledger.views.first_run import SetupView
from ledger.views.mornings import SettingsView
from ledger.views.people import SalesOwner


@strawberry.type(description="What the business has set; where it has set nothing, what holds.")
class FirmSettings:
    """Settings."""

    address: str | None = strawberry.field(description="Its address, as statements print it.")
    gstin: str | None = strawberry.field(description="Its GSTIN.")
    phone: str | None = strawberry.field(description="Its own number, as WhatsApp wants it.")
    round_off_limit: Money = strawberry.field(
        description="Up to this a difference of a bill closes as rounding."
    )
    deduction_limit: Money = strawberry.field(
        description="What finance accepts of one bill without the owner, besides tax that the law lets a customer cut."
    )
    holidays: list[date] = strawberry.field(description="The bank holidays that are listed, in order.")
    reminder_language: str | None = strawberry.field(
        description="In which language customers were reminded last."
    )


@strawberry.type(description="A person of the business.")
class Member(Node):
    """A member."""

    name: str = strawberry.field(description="His name.")
    role: str = strawberry.field(description="owner, finance, sales or view.")
    language: str = strawberry.field(description="en or hi.")
    crm_owner: str | None = strawberry.field(description="What the CRM calls him: whose customers are his.")
    active: bool = strawberry.field(description="Whether he still belongs to it.")
    linked: bool = strawberry.field(description="Whether he has a chat.")
    invited: bool = strawberry.field(description="Whether a code for his chat waits to be used.")
    seen_at: datetime | None = strawberry.field(description="When his chat was last answered.")
    until: date | None = strawberry.field(description="The last day of his membership; null: no end.")


@strawberry.type(description="A member who may answer questions.")
class Colleague:
    """A colleague."""

    id: strawberry.ID = strawberry.field(description="His global id; assignConflict takes it.")
    name: str = strawberry.field(description="His name.")


@strawberry.type(description="A CRM's name for one of our people.")
class SalesOwnerName:
    """A name."""

    key: str = strawberry.field(description="What the CRM calls him.")
    customers: int = strawberry.field(description="How many customers are his.")
    example: str = strawberry.field(description="One of them.")
    taken: bool = strawberry.field(description="Whether a member goes by it already.")


@strawberry.type(description="A kind of alert, and whether the member wants it.")
class AlertChoice:
    """A choice."""

    kind: str = strawberry.field(description="money, returned, promise, limit, source or question.")
    wanted: bool = strawberry.field(description="Whether he is told at once.")


@strawberry.type(description="What the asking member has set for himself.")
class MySettings:
    """Settings."""

    language: str = strawberry.field(description="en or hi.")
    digest_at: time | None = strawberry.field(description="Local hour of the morning digest; null: none.")
    evening_at: time | None = strawberry.field(description="Local hour of the evening close; null: none.")
    picture: str = strawberry.field(description="The picture of the morning: off, light or dark.")
    quiet_from: time = strawberry.field(description="No alerts from this local hour …")
    quiet_until: time = strawberry.field(description="… until this one; the same: no quiet hours.")
    alerts: list[AlertChoice] = strawberry.field(description="Each kind that his role may hear of.")


@strawberry.type(description="What a source's status word means.")
class StatusMapping:
    """A mapping."""

    source: str = strawberry.field(description="The source.")
    kind: str = strawberry.field(description="Of what it is said: invoice, deal, payment …")
    word: str = strawberry.field(description="The source's word.")
    qualifier: str = strawberry.field(
        description="The context that changes its meaning (HubSpot's pipeline); empty: any."
    )
    status: str = strawberry.field(description="Our status.")
    confidence: int = strawberry.field(
        description="Of 100; below it the word is asked about before it is applied."
    )
    notes: str = strawberry.field(description="A remark.")
    own: bool = strawberry.field(description="By the business's own word; else it ships with the connector.")
    in_force: bool = strawberry.field(
        description="False: the business says otherwise of this word in this context."
    )


@strawberry.type(description="A status word that nobody has explained; the events wait for it.")
class UnmappedWord:
    """A word."""

    source: str = strawberry.field(description="The source.")
    kind: str = strawberry.field(description="Of what it is said.")
    word: str = strawberry.field(description="The word.")
    qualifier: str = strawberry.field(description="Its context; empty: none.")
    events: int = strawberry.field(description="How many events wait.")
    example: str = strawberry.field(description="The source's id of one thing that it was said of.")
    first_at: datetime = strawberry.field(description="When the first one came.")
    last_at: datetime = strawberry.field(description="When the last one came.")


@strawberry.type(description="What is set up in the business, and what an owner would still do.")
class Setup:
    """The first days."""

    bank: str | None = strawberry.field(description="A bank of which statements are known.")
    bank_until: date | None = strawberry.field(description="The last day that statements show.")
    bills: int = strawberry.field(description="How many open bills are known.")
    sources: list[str] = strawberry.field(description="Other sources, by what people call them.")
    members: int = strawberry.field(description="How many people belong to it.")
    linked: int = strawberry.field(description="How many of them have a chat.")
    payable_to: bool = strawberry.field(description="Whether customers can be told where to pay.")
    knows_money: bool = strawberry.field(description="Whether anything is known that a digest could tell.")
    left: int = strawberry.field(description="How many steps are left.")


def firm_settings(view: FirmSettingsView) -> FirmSettings:
    """Return settings as their type."""
    return FirmSettings(
        address=view.address,
        gstin=view.gstin,
        phone=view.phone,
        round_off_limit=money(view.round_off_limit, view.currency),
        deduction_limit=money(view.deduction_limit, view.currency),
        holidays=list(view.holidays),
        reminder_language=view.reminder_language,
    )


def member(view: views.MemberView) -> Member:
    """Return a member as its type."""
    return Member(
        id=global_id("Member", view.id),
        name=view.name,
        role=view.role,
        language=view.language,
        crm_owner=view.crm_owner,
        active=view.active,
        linked=view.linked,
        invited=view.invited,
        seen_at=view.seen_at,
        until=view.until,
    )


def sales_owner(view: SalesOwner) -> SalesOwnerName:
    """Return a CRM's name as its type."""
    return SalesOwnerName(key=view.key, customers=view.customers, example=view.example, taken=view.taken)


def my_settings(view: SettingsView) -> MySettings:
    """Return a member's settings as their type."""
    return MySettings(
        language=view.language,
        digest_at=view.digest_at,
        evening_at=view.evening_at,
        picture=view.picture,
        quiet_from=view.quiet_from,
        quiet_until=view.quiet_until,
        alerts=[AlertChoice(kind=kind, wanted=on) for kind, on in view.alerts],
    )


def mappings(source: str, own: Sequence[MappingView], defaults: Sequence[StatusRow]) -> list[StatusMapping]:
    """Return what words of a source mean: the business's own word first, then what ships with the connector."""
    said = {(row.kind, row.word.casefold(), row.qualifier.casefold()) for row in own}
    return [
        StatusMapping(
            source=source,
            kind=row.kind,
            word=row.word,
            qualifier=row.qualifier,
            status=row.status,
            confidence=row.confidence,
            notes=row.notes,
            own=True,
            in_force=True,
        )
        for row in own
    ] + [
        StatusMapping(
            source=source,
            kind=row.kind,
            word=row.word,
            qualifier=row.qualifier,
            status=row.status,
            confidence=row.confidence,
            notes=row.notes,
            own=False,
            in_force=(row.kind, row.word.casefold(), row.qualifier.casefold()) not in said,
        )
        for row in defaults
    ]


def unmapped(view: UnmappedView) -> UnmappedWord:
    """Return a word as its type."""
    return UnmappedWord(
        source=view.source,
        kind=view.kind,
        word=view.word,
        qualifier=view.qualifier,
        events=view.events,
        example=view.example,
        first_at=view.first_at,
        last_at=view.last_at,
    )


def setup(view: SetupView) -> Setup:
    """Return what is set up as its type."""
    return Setup(
        bank=view.bank,
        bank_until=view.bank_until,
        bills=view.bills,
        sources=list(view.sources),
        members=view.members,
        linked=view.linked,
        payable_to=view.payable_to,
        knows_money=view.knows_money,
        left=view.left,
    )
