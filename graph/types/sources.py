"""Sources with their freshness, and what they and people said over time."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum

import strawberry

from graph.types.basics import Info, Money, money, resolved
from ledger import views


@strawberry.type(description="A member of a source's payloads that their accepted version doesn't know.")
class NewMember:
    """A new member."""

    version: str = strawberry.field(description="The payload version that it came in.")
    path: str = strawberry.field(description="Where it stands: payload.payment.entity.tip.")
    kind: str = strawberry.field(description="text, integer, decimal, flag, object, list, null.")
    first_seen_at: datetime = strawberry.field(description="When it was first seen.")


@strawberry.enum(description="What a stream is read for.")
class StreamLane(Enum):
    """What a stream is read for."""

    LIVE = strawberry.enum_value("live", description="What is new, now and then.")
    BACKFILL = strawberry.enum_value("backfill", description="The past, step by step, the newest first.")
    WANTED = strawberry.enum_value("wanted", description="Single objects that a message only named.")


@strawberry.type(description="One list of a source that we read ourselves, and how far it is read.")
class Stream:
    """A stream."""

    name: str = strawberry.field(description="Such as payments.")
    lane: StreamLane = strawberry.field(description="What it is read for.")
    read_until: datetime | None = strawberry.field(description="Live: all before it was read.")
    goal: datetime | None = strawberry.field(description="Backfill: it is to be read back to here.")
    window_to: datetime | None = strawberry.field(
        description="Backfill: all after it was read; null: it is done."
    )
    due_at: datetime | None = strawberry.field(description="When it is read next.")
    done_at: datetime | None = strawberry.field(description="When it was last read to its end.")
    reading: bool = strawberry.field(description="It is being read now.")
    pages: int = strawberry.field(description="Pages read so far.")
    items: int = strawberry.field(description="Things on them.")
    failures: int = strawberry.field(description="How often in a row it could not be read.")
    problem_code: str | None = strawberry.field(description="Why, as a stable code.")
    problem: str | None = strawberry.field(description="Why, and what to do.")


@strawberry.type(description="How much of our state the records of a CRM show.")
class WriteBackStanding:
    """The standing of a write-back, in records."""

    sent: int = strawberry.field(description="Records that show our latest state.")
    waiting: int = strawberry.field(description="Records that are to be written.")
    stopped: int = strawberry.field(description="Records that would be written if the switch were on.")
    refused: int = strawberry.field(description="Records that the CRM did not take.")
    problem: str | None = strawberry.field(
        description="The newest reason why a record was not taken, or waits."
    )
    last_sent_at: datetime | None = strawberry.field(description="When a record was last written.")


@strawberry.type(description="A source and how fresh it is.")
class Source:
    """A source."""

    name: str = strawberry.field(description="Such as payment:razorpay or bank:icici.")
    connector: str = strawberry.field(description="The connector that reads it.")
    label: str = strawberry.field(description="What people call it.")
    state: str = strawberry.field(
        description="fresh, quiet (longer than usual), failing (nothing of it can be read), never, disabled."
    )
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
    pulled: bool = strawberry.field(description="We read it ourselves, now and then.")
    read_until: datetime | None = strawberry.field(
        description="All before it was read by ourselves; where only some streams fail, of those."
    )
    problem: str | None = strawberry.field(
        description="Why it, or some of its streams, can't be read, and what to do."
    )
    failing_streams: list[str] = strawberry.field(description="Its streams that can't be read.")
    silent_since: datetime | None = strawberry.field(
        description="Its last call, while a source that calls us is silent for longer than usual."
    )
    write_back: bool = strawberry.field(description="Our state is written back to it.")

    @resolved("How the reading of each of its streams stands; empty where it sends, or takes files.")
    async def streams(self, info: Info) -> list[Stream]:
        """Answer with its streams; those of all sources of the request are read together."""
        return [stream(row) for row in await info.context.streams.load(self.name)]

    @resolved("How its write-back stands; null if it never had any.")
    async def write_back_standing(self, info: Info) -> WriteBackStanding | None:
        """Answer with the counts; those of all sources of the request are read together."""
        found = await info.context.written.load(self.name)
        if found is None:
            return None
        return WriteBackStanding(
            sent=found.sent,
            waiting=found.waiting,
            stopped=found.stopped,
            refused=found.refused,
            problem=found.problem,
            last_sent_at=found.last_sent_at,
        )


def stream(view: views.StreamView) -> Stream:
    """Return a stream as its type."""
    return Stream(
        name=view.stream,
        lane=StreamLane(view.lane),
        read_until=view.read_until,
        goal=view.goal,
        window_to=view.window_to,
        due_at=view.due_at,
        done_at=view.done_at,
        reading=view.reading,
        pages=view.pages,
        items=view.items,
        failures=view.failures,
        problem_code=view.problem_code,
        problem=view.problem,
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
        pulled=view.pulled,
        read_until=view.read_until,
        problem=view.problem,
        failing_streams=list(view.failing_streams),
        silent_since=view.silent_since,
        write_back=view.write_back,
    )
