"""Events of the log: as they are read now, how they were read before, and what they came in."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from graph.ids import global_id
from graph.types.basics import Counted, Info, Money, Node, PageInfo, money, page_info, plain, resolved
from ledger.domain.roles import Permission
from ledger.queries import events as ask
from ledger.views import events as views


@strawberry.input(description="Which events; what is left out doesn't narrow.")
class TimelineFilter:
    """Conditions on events."""

    sources: list[str] | None = strawberry.field(default=None, description="Only these sources', at most 20.")
    types: list[str] | None = strawberry.field(
        default=None, description="Only of these types, such as payment.received; at most 20."
    )
    since: datetime | None = strawberry.field(default=None, description="From this moment on.")
    until: datetime | None = strawberry.field(
        default=None, description="Before this moment, which isn't in it."
    )


@strawberry.type(description="A header that was kept with a raw body.")
class RawHeader:
    """A header."""

    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="A part of the raw body that an event came in, byte for byte.")
class RawBody:
    """A raw body."""

    size: int = strawberry.field(description="Bytes of the whole body.")
    offset: int = strawberry.field(description="Where the part begins.")
    length: int = strawberry.field(description="Bytes of the part.")
    text: str | None = strawberry.field(description="The part as text; null if it isn't UTF-8.")
    base64: str | None = strawberry.field(description="The part in base64 where it isn't text, else null.")
    headers: list[RawHeader] = strawberry.field(description="What was kept of its headers.")


@strawberry.type(description="What an event came in: a webhook's call, a page that was read, a file.")
class Delivery:
    """A delivery."""

    digest: str = strawberry.field(description="SHA-256 over kept headers and body, in hex.")
    via: str = strawberry.field(description="webhook, file, chat, pull or operator.")
    received_at: datetime = strawberry.field(description="When it came.")
    filename: str | None = strawberry.field(description="The file's name.")
    version: str | None = strawberry.field(description="The payload version that it was pinned to.")
    stream: str | None = strawberry.field(description="Pulled pages: the source's stream.")


@strawberry.type(description="A later reading of an event; the highest number is in force.")
class Reading:
    """A reading."""

    number: int = strawberry.field(description="1 for the first replay that read it anew.")
    normaliser_version: str = strawberry.field(description="Of the connector that read it.")
    mapping_version: str = strawberry.field(description="Of the status mapping that it was read with.")
    event_type: str = strawberry.field(description="Such as payment.received.")
    schema_version: str = strawberry.field(description="Of what was read.")
    word: str | None = strawberry.field(description="The source's own status word.")
    qualifier: str | None = strawberry.field(description="What in the source's words changes its meaning.")
    flag: str | None = strawberry.field(description="unmapped, future or withdrawn: kept, not applied.")
    at: datetime = strawberry.field(description="When it happened, by this reading.")
    precision: str = strawberry.field(description="instant, day or observed.")
    digest: str = strawberry.field(description="SHA-256 of the reading, in hex.")
    made_at: datetime = strawberry.field(description="When it was read so.")


@strawberry.type(description="One thing that a source or a person stated, as it is read now.")
class Event(Node):
    """An event."""

    key: strawberry.Private[UUID]
    told: strawberry.Private[views.EventView]
    at: datetime = strawberry.field(description="When it happened, by the source.")
    precision: str = strawberry.field(
        description="instant, day, or observed: the moment at which it was merely seen."
    )
    known_at: datetime = strawberry.field(description="When we were told.")
    event_type: str = strawberry.field(description="Such as payment.received.")
    source: str = strawberry.field(description="Who said so.")
    source_event_id: str = strawberry.field(description="The source's own id of it.")
    kind: str = strawberry.field(description="What kind of thing it speaks of: invoice, payment …")
    external_id: str = strawberry.field(description="That thing's id at the source.")
    schema_version: str = strawberry.field(description="Of what was read.")
    word: str | None = strawberry.field(description="The source's own status word.")
    qualifier: str | None = strawberry.field(description="What in the source's words changes its meaning.")
    summary: str = strawberry.field(description="In one sentence.")
    amount: Money | None = strawberry.field(description="The money that it speaks of.")
    flag: str | None = strawberry.field(
        description="unmapped, future or withdrawn: kept, not applied; rewritten: another text under the same id."
    )
    digest: str = strawberry.field(description="SHA-256 of its first reading, in hex.")
    delivery_digest: str = strawberry.field(description="SHA-256 of what it came in, in hex.")

    @resolved("What was read of it, in our words. Null for who may not export the audit trail.")
    def data(self, info: Info) -> JSON | None:
        """Return the reading."""
        return JSON(dict(self.told.data)) if info.context.actor.may(Permission.EXPORT_AUDIT) else None

    @resolved("Its later readings, by replays.")
    async def readings(self, info: Info) -> list[Reading]:
        """Load the readings."""
        found = await info.context.by_ids(ask.EventReadings).load(self.key)
        return [_reading(one) for one in found or ()]

    @resolved("Other texts that came under its id.")
    async def rewrites(self, info: Info) -> list[Event]:
        """Load the rewrites."""
        found = await info.context.by_ids(ask.EventRewrites).load(self.key)
        return [event(one) for one in found or ()]

    @resolved("What it came in.")
    async def delivery(self, info: Info) -> Delivery | None:
        """Load the delivery."""
        found = await info.context.by_ids(ask.EventDeliveries).load(self.key)
        return _delivery(found) if found is not None else None

    @resolved("The raw body that it came in. For who may export the audit trail: owner, finance, view.")
    async def raw_body(
        self,
        info: Info,
        offset: Annotated[int, strawberry.argument(description="The first byte.")] = 0,
        length: Annotated[
            int, strawberry.argument(description="At most so many bytes, up to 262144.")
        ] = 65_536,
    ) -> RawBody | None:
        """Answer with the part."""
        return _raw(await info.context.ask(ask.RawBody(self.key, offset, length)))


def _raw(view: views.RawBodyView) -> RawBody:
    try:
        text: str | None = view.body.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    return RawBody(
        size=view.size,
        offset=view.offset,
        length=len(view.body),
        text=text,
        base64=None if text is not None else base64.b64encode(view.body).decode(),
        headers=[RawHeader(name=name, value=str(value)) for name, value in sorted(view.headers.items())],
    )


def _reading(view: views.ReadingView) -> Reading:
    return Reading(
        number=view.number,
        normaliser_version=view.normaliser_version,
        mapping_version=view.mapping_version,
        event_type=view.event_type,
        schema_version=view.schema_version,
        word=view.word,
        qualifier=view.qualifier,
        flag=view.flag,
        at=view.at,
        precision=view.precision,
        digest=view.digest,
        made_at=view.made_at,
    )


def _delivery(view: views.DeliveryView) -> Delivery:
    return Delivery(
        digest=view.digest,
        via=view.via,
        received_at=view.received_at,
        filename=view.filename,
        version=view.version,
        stream=view.stream,
    )


def event(view: views.EventView) -> Event:
    """Return an event as its type."""
    return Event(
        id=global_id("Event", view.id),
        key=view.id,
        told=view,
        at=view.at,
        precision=view.precision,
        known_at=view.known_at,
        event_type=view.event_type,
        source=view.source,
        source_event_id=view.source_event_id,
        kind=view.kind,
        external_id=view.external_id,
        schema_version=view.schema_version,
        word=view.word,
        qualifier=view.qualifier,
        summary=view.summary,
        amount=money(view.amount, view.currency) if view.amount is not None and view.currency else None,
        flag=view.flag or ("rewritten" if view.rewritten else None),
        digest=view.digest,
        delivery_digest=view.delivery,
    )


@strawberry.type(description="An event on a page.")
class EventEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this event.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="A page of events, newest first.")
class EventConnection(Counted):
    """A connection."""

    edges: list[EventEdge] = strawberry.field(description="The events with their cursors.")
    nodes: list[Event] = strawberry.field(description="The events.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


async def timeline_of(
    info: Info,
    *,
    first: int,
    after: str | None,
    filter: TimelineFilter | None,
    party_id: UUID | None = None,
    row: tuple[str, UUID] | None = None,
) -> EventConnection:
    """Answer with a page of the events of a party, of a row, or of the whole log."""
    wanted = filter or TimelineFilter()
    question = ask.Events(
        party_id=party_id,
        row_kind=row[0] if row else None,
        row_id=row[1] if row else None,
        sources=tuple(plain(one) or "" for one in wanted.sources or ()),
        types=tuple(plain(one) or "" for one in wanted.types or ()),
        since=wanted.since,
        until=wanted.until,
        first=first,
        after=plain(after),
    )
    page: views.EventPage = await info.context.ask(question)
    nodes = [event(one) for one in page.rows]
    return EventConnection(
        question=question,
        edges=[EventEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
    )
