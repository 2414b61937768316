"""Sources with their freshness, and what they and people said over time."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from graph.types.basics import Money, PageInfo, money, page_info
from ledger import views


@strawberry.type(description="A member of a source's payloads that their accepted version doesn't know.")
class NewMember:
    """A new member."""

    version: str = strawberry.field(description="The payload version that it came in.")
    path: str = strawberry.field(description="Where it stands: payload.payment.entity.tip.")
    kind: str = strawberry.field(description="text, integer, decimal, flag, object, list, null.")
    first_seen_at: datetime = strawberry.field(description="When it was first seen.")


@strawberry.type(description="A source and how fresh it is.")
class Source:
    """A source."""

    name: str = strawberry.field(description="Such as payment:razorpay or bank:icici.")
    connector: str = strawberry.field(description="The connector that reads it.")
    label: str = strawberry.field(description="What people call it.")
    state: str = strawberry.field(description="fresh, quiet (longer than usual), never, disabled.")
    last_event_at: datetime | None = strawberry.field(description="The latest moment that it spoke of.")
    last_delivery_at: datetime | None = strawberry.field(description="When it last delivered anything.")
    covered_until: date | None = strawberry.field(description="The last day that a bank's statements cover.")
    balance: Money | None = strawberry.field(description="A bank's balance at the end of that day.")
    account: str | None = strawberry.field(description="A bank's account.")
    events: int = strawberry.field(description="Events kept.")
    quarantined: int = strawberry.field(description="Parts that could not be understood, kept raw.")
    duplicates: int = strawberry.field(description="Events that came again and changed nothing.")
    silence_hours: int = strawberry.field(
        description="Hours after which silence counts; 0: it has no rhythm."
    )
    unread: int = strawberry.field(description="Parts that could not be understood and still wait.")
    new_members: list[NewMember] = strawberry.field(
        description="New members of its payloads, newest first, at most 50: noted, not refused. Empty beside a party."
    )


def source(view: views.SourceView, currency: str) -> Source:
    """Return a source as its type."""
    return Source(
        name=view.name,
        connector=view.connector,
        label=view.label,
        state=view.state,
        last_event_at=view.last_event_at,
        last_delivery_at=view.last_delivery_at,
        covered_until=view.covered_until,
        balance=money(view.balance, currency) if view.balance is not None else None,
        account=view.account,
        events=view.events,
        quarantined=view.quarantined,
        duplicates=view.duplicates,
        silence_hours=view.silence_hours,
        unread=view.unread,
        new_members=[
            NewMember(version=m.version, path=m.path, kind=m.kind, first_seen_at=m.first_seen_at)
            for m in view.new_members
        ],
    )


@strawberry.type(description="One event about a party, as a source or a person stated it.")
class TimelineEntry:
    """An event."""

    key: strawberry.ID = strawberry.field(description="Its id in the log.")
    at: datetime = strawberry.field(description="When it happened, by the source.")
    known_at: datetime = strawberry.field(description="When we were told.")
    event_type: str = strawberry.field(description="Such as payment.received.")
    source: str = strawberry.field(description="Who said so.")
    source_event_id: str = strawberry.field(description="The source's own id of it.")
    summary: str = strawberry.field(description="In one sentence.")
    amount: Money | None = strawberry.field(description="The money that it speaks of.")
    flag: str | None = strawberry.field(
        description="unmapped or future: kept, not applied; rewritten: another text under the same id."
    )


@strawberry.type(description="An event on a page.")
class TimelineEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this event.")
    node: TimelineEntry = strawberry.field(description="The event.")


@strawberry.type(description="A page of a party's history, newest first.")
class TimelineConnection:
    """A connection."""

    edges: list[TimelineEdge] = strawberry.field(description="The events with their cursors.")
    nodes: list[TimelineEntry] = strawberry.field(description="The events.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


def timeline(page: views.TimelinePage) -> TimelineConnection:
    """Return a page of history."""
    nodes = [
        TimelineEntry(
            key=strawberry.ID(str(row.id)),
            at=row.at,
            known_at=row.known_at,
            event_type=row.event_type,
            source=row.source,
            source_event_id=row.source_event_id,
            summary=row.summary,
            amount=money(row.amount, row.currency) if row.amount is not None and row.currency else None,
            flag=row.flag,
        )
        for row in page.rows
    ]
    return TimelineConnection(
        edges=[TimelineEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
