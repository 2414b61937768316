"""What could not be read: where it stands, why, and how its shape differs from what is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry

from graph.ids import global_id
from graph.types.basics import Counted, Node, PageInfo, page_info
from ledger import queries, views


@strawberry.enum(description="Which parts.")
class QuarantineStatus(Enum):
    """States of parts."""

    OPEN = strawberry.enum_value("open", description="They wait to be read again, or to be set aside.")
    RESOLVED = strawberry.enum_value("resolved", description="Read since, or set aside.")
    ALL = strawberry.enum_value("all", description="Every one.")


@strawberry.type(description="A member that is of another kind than before.")
class Retyped:
    """A change of kind."""

    path: str = strawberry.field(description="Where it stands: payload.payment.entity.amount, items[].id.")
    was: str = strawberry.field(description="Such as integer, or integer or null.")
    now: str = strawberry.field(description="Such as text.")


@strawberry.type(description="How a body differs from the accepted ones: paths and kinds, never values.")
class ShapeDifference:
    """A difference."""

    event: str | None = strawberry.field(description="What the body calls itself.")
    unknown: bool = strawberry.field(
        description="No accepted one is called so; it is compared with the most alike."
    )
    missing: list[str] = strawberry.field(description="What our reading needs and it lacks.")
    new: list[str] = strawberry.field(description="What no accepted one had.")
    retyped: list[Retyped] = strawberry.field(description="What is of another kind.")
    more: int = strawberry.field(description="Differences besides those that are listed.")


@strawberry.type(description="A part of a delivery that could not be read. Its raw body is kept.")
class QuarantinedPart(Node):
    """A part."""

    source: str = strawberry.field(description="Who sent it.")
    via: str = strawberry.field(description="How it came: webhook, pull, file, chat.")
    filename: str | None = strawberry.field(description="The file's name, if it was one.")
    place: str = strawberry.field(description="Where in the delivery; empty: all of it.")
    code: str = strawberry.field(description="What is the matter, as a stable code.")
    reason: str = strawberry.field(description="What is the matter, in words.")
    difference: ShapeDifference | None = strawberry.field(description="What changed in its shape, if known.")
    received_at: datetime = strawberry.field(description="When it came.")
    resolved_at: datetime | None = strawberry.field(description="When it was settled; null: it waits.")
    resolution: str | None = strawberry.field(description="replayed or set_aside.")


@strawberry.type(description="A part on a page.")
class QuarantineEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this part.")
    node: QuarantinedPart = strawberry.field(description="The part.")


@strawberry.type(description="A page of what could not be read, newest first.")
class QuarantineConnection(Counted):
    """A connection."""

    edges: list[QuarantineEdge] = strawberry.field(description="The parts with their cursors.")
    nodes: list[QuarantinedPart] = strawberry.field(description="The parts.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")
    open_count: int = strawberry.field(description="How many wait in all.")


def quarantined_part(view: views.QuarantineView) -> QuarantinedPart:
    """Return a part as its type."""
    return QuarantinedPart(
        id=global_id("QuarantinedPart", view.id),
        source=view.source,
        via=view.via,
        filename=view.filename,
        place=view.place,
        code=view.code,
        reason=view.reason,
        difference=_difference(view.diff) if view.diff is not None else None,
        received_at=view.received_at,
        resolved_at=view.resolved_at,
        resolution=view.resolution,
    )


def quarantine(page: views.QuarantinePage, question: queries.Quarantine) -> QuarantineConnection:
    """Return a page of parts."""
    nodes = [quarantined_part(row) for row in page.rows]
    return QuarantineConnection(
        question=question,
        edges=[QuarantineEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page),
        open_count=page.open_count,
    )


def _difference(diff: Mapping[str, Any]) -> ShapeDifference:
    return ShapeDifference(
        event=diff.get("event"),
        unknown=bool(diff.get("unknown")),
        missing=list(diff.get("missing", ())),
        new=list(diff.get("new", ())),
        retyped=[Retyped(path=r["path"], was=r["was"], now=r["now"]) for r in diff.get("retyped", ())],
        more=int(diff.get("more", 0)),
    )
