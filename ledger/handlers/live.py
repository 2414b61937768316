"""Following a business: the trail on from a place, what of it somebody may see, and how far reading is."""

from __future__ import annotations

from ledger.domain.roles import Permission
from ledger.domain.told import CHANGES, QUESTIONS
from ledger.handlers.paging import Conditions
from ledger.handlers.questions import visible
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import own_parties
from ledger.queries.live import ImportProgress, TrailPlace, TrailTold, VisibleAmong
from ledger.store.trail import last_sequence, told_after
from ledger.views.live import ImportProgressView, SourceProgress, TrailPage, VisibleView

_ACTIONS = (*QUESTIONS, *CHANGES)
_MOST_COUNTED = 100_000
_PENDING = f"""
SELECT (SELECT count(*) FROM (SELECT FROM pending WHERE business_id = $1 AND subject IS NOT NULL AND due_at <= $2
          LIMIT {_MOST_COUNTED}) p)
     + (SELECT count(*) FROM (SELECT FROM dirty WHERE business_id = $1 LIMIT {_MOST_COUNTED}) d)
"""
_SOURCES = """
SELECT s.name AS source, s.label, coalesce(t.events, 0) AS events, coalesce(t.duplicates, 0) AS duplicates,
       coalesce(t.quarantined, 0) AS quarantined, coalesce(p.items, 0)::bigint AS items,
       coalesce(p.reading, false) AS reading
FROM sources s
LEFT JOIN source_state t ON t.business_id = s.business_id AND t.source = s.name
LEFT JOIN LATERAL (
  SELECT sum(items) AS items, bool_or(leased_until > $2 OR (lane = 'backfill' AND done_at IS NULL AND due_at IS NOT NULL))
    AS reading
  FROM pulls WHERE business_id = $1 AND source = s.name) p ON true
WHERE s.business_id = $1 ORDER BY s.name
"""


@handles(TrailTold, permission=Permission.SYSTEM)
async def trail_told(question: TrailTold, ctx: Context) -> TrailPage:
    """Answer with what is told behind a place; `until` is the trail's end where all of it fits."""
    last = await last_sequence(ctx.tx, ctx.actor.business_id)
    rows = await told_after(
        ctx.tx, ctx.actor.business_id, question.after, until=last, actions=_ACTIONS, limit=question.limit
    )
    until = rows[-1].sequence if len(rows) == question.limit else max(last, question.after)
    return TrailPage(tuple(rows), until)


@handles(TrailPlace, permission=Permission.SEE_RECEIVABLES)
async def trail_place(_: TrailPlace, ctx: Context) -> int:
    """Answer where the trail stands now."""
    return await last_sequence(ctx.tx, ctx.actor.business_id)


@handles(VisibleAmong, permission=Permission.SEE_RECEIVABLES)
async def visible_among(question: VisibleAmong, ctx: Context) -> VisibleView:
    """Answer which of these the actor may see now."""
    questions = visible(ctx)
    questions.add("c.id = ANY({})", list(question.conflicts))
    owned = Conditions([])
    owned.add("p.business_id = {} AND p.id = ANY({})", ctx.actor.business_id, list(question.parties))
    own_parties(ctx, owned)
    seen = (
        await ctx.tx.fetch(
            f"SELECT c.id FROM conflicts c LEFT JOIN parties p ON p.business_id = c.business_id AND p.id = c.party_id"
            f" WHERE {questions.sql}",
            *questions.values,
        )
        if question.conflicts
        else []
    )
    his = (
        await ctx.tx.fetch(f"SELECT p.id FROM parties p WHERE {owned.sql}", *owned.values)
        if question.parties
        else []
    )
    return VisibleView(frozenset(row["id"] for row in seen), frozenset(row["id"] for row in his))


@handles(ImportProgress, permission=Permission.SEE_SOURCES)
async def import_progress(_: ImportProgress, ctx: Context) -> ImportProgressView:
    """Answer how far the reading of each source is, and how much waits to be worked in."""
    rows = await ctx.tx.fetch(_SOURCES, ctx.actor.business_id, ctx.now)
    pending = await ctx.tx.value(_PENDING, ctx.actor.business_id, ctx.now)
    return ImportProgressView(pending, tuple(SourceProgress(**dict(row)) for row in rows))
