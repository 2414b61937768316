"""Behind an event: its later readings, other texts under its id, and the raw body that it came in."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from kit.errors import NotFound, Rejected
from ledger.domain.roles import Permission
from ledger.handlers.events import AS_READ, COLUMNS, EITHER, event, visible
from ledger.handlers.registry import Context, handles
from ledger.queries.events import EventDeliveries, EventReadings, EventRewrites, RawBody
from ledger.store.bodies import open_body
from ledger.views.events import DeliveryView, EventView, RawBodyView, ReadingView

MAX_LENGTH = 262_144
_NO_EVENT = ("event.not_found", "There is no such event.")
_READINGS = f"""
SELECT n.* FROM {EITHER} e JOIN interpretations n ON n.business_id = $1 AND n.event_id = e.id
WHERE {{where}} ORDER BY n.event_id, n.number
"""
# A rewrite is found by the id that the source gave both; a rewrite's own siblings aren't told again.
_REWRITES = f"""
WITH page AS (
  SELECT {COLUMNS}, true AS rewritten, first.id AS first_id FROM (
    SELECT e.id, e.source, e.source_event_id FROM {EITHER} e WHERE {{where}} AND NOT e.rewritten
  ) first
  JOIN event_rewrites e ON e.business_id = $1 AND e.source = first.source AND e.source_event_id = first.source_event_id
)
SELECT r.*, g.first_id FROM ({AS_READ}) r JOIN page g ON g.id = r.id ORDER BY g.first_id, r.ingested_at, r.id
"""
_DELIVERIES = f"""
SELECT e.id, d.digest, d.via, d.received_at, d.filename, d.version, d.stream FROM {EITHER} e
JOIN deliveries d ON d.business_id = $1 AND d.source = e.source AND d.digest = e.delivery
WHERE {{where}}
"""
_HEADERS = f"""
SELECT d.source, d.digest, d.headers FROM {EITHER} e
JOIN deliveries d ON d.business_id = $1 AND d.source = e.source AND d.digest = e.delivery
WHERE {{where}}
"""


@handles(EventReadings, permission=Permission.SEE_RECEIVABLES)
async def event_readings(question: EventReadings, ctx: Context) -> dict[UUID, tuple[ReadingView, ...]]:
    """Answer with the later readings of those of the events that the actor may see."""
    where = visible(question.ids, ctx)
    found: dict[UUID, list[ReadingView]] = defaultdict(list)
    for row in await ctx.tx.fetch(_READINGS.format(where=where.sql), *where.values):
        found[row["event_id"]].append(
            ReadingView(
                number=row["number"],
                normaliser_version=row["normaliser_version"],
                mapping_version=row["mapping_version"],
                event_type=row["event_type"],
                schema_version=row["schema_version"],
                word=row["word"],
                qualifier=row["qualifier"],
                flag=row["flag"],
                at=row["occurred_at"],
                precision=row["precision"],
                digest=bytes(row["digest"]).hex(),
                made_at=row["made_at"],
                data=row["normalised"],
            )
        )
    return {key: tuple(readings) for key, readings in found.items()}


@handles(EventRewrites, permission=Permission.SEE_RECEIVABLES)
async def event_rewrites(question: EventRewrites, ctx: Context) -> dict[UUID, tuple[EventView, ...]]:
    """Answer with other texts under the ids of those of the events that the actor may see."""
    where = visible(question.ids, ctx)
    found: dict[UUID, list[EventView]] = defaultdict(list)
    for row in await ctx.tx.fetch(_REWRITES.format(where=where.sql), *where.values):
        found[row["first_id"]].append(event(row, ctx.actor.language))
    return {key: tuple(texts) for key, texts in found.items()}


@handles(EventDeliveries, permission=Permission.SEE_RECEIVABLES)
async def event_deliveries(question: EventDeliveries, ctx: Context) -> dict[UUID, DeliveryView]:
    """Answer with what those of the events that the actor may see came in."""
    where = visible(question.ids, ctx)
    return {
        row["id"]: DeliveryView(
            digest=bytes(row["digest"]).hex(),
            via=row["via"],
            received_at=row["received_at"],
            filename=row["filename"],
            version=row["version"],
            stream=row["stream"],
        )
        for row in await ctx.tx.fetch(_DELIVERIES.format(where=where.sql), *where.values)
    }


@handles(RawBody, permission=Permission.EXPORT_AUDIT)
async def raw_body(question: RawBody, ctx: Context) -> RawBodyView:
    """Answer with a part of the raw body; NotFound where the actor may not see the event, or nothing is kept."""
    if question.offset < 0 or not 1 <= question.length <= MAX_LENGTH:
        raise Rejected(
            "body.part",
            f"A part begins at 0 or later and has 1 to {MAX_LENGTH:,} bytes.",
            remedy="Ask in parts.",
        )
    where = visible((question.event_id,), ctx)
    row = await ctx.tx.row(_HEADERS.format(where=where.sql), *where.values)
    if row is None:
        raise NotFound(*_NO_EVENT)
    body = await open_body(ctx.tx, ctx.actor.business_id, row["source"], bytes(row["digest"]))
    return RawBodyView(
        size=len(body),
        offset=question.offset,
        body=body[question.offset : question.offset + question.length],
        headers=row["headers"],
    )
