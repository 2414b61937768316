"""What every source and person said about a party, newest first, as the chat shows it."""

from __future__ import annotations

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.events import events
from ledger.handlers.registry import Context, handles
from ledger.queries.events import Events
from ledger.views.events import EventView


@handles(queries.Timeline, permission=Permission.SEE_RECEIVABLES)
async def timeline(question: queries.Timeline, ctx: Context) -> views.TimelinePage:
    """Answer with a page of the party's history; NotFound outside the actor's scope."""
    wanted = Events(
        party_id=question.party_id,
        sources=(question.source,) if question.source is not None else (),
        first=question.first,
        after=question.after,
    )
    page = await events(wanted, ctx)
    return views.TimelinePage(
        end=page.end, more=page.more, cursors=page.cursors, rows=tuple(_entry(one) for one in page.rows)
    )


def _entry(told: EventView) -> views.TimelineEntry:
    return views.TimelineEntry(
        id=told.id,
        at=told.at,
        known_at=told.known_at,
        event_type=told.event_type,
        source=told.source,
        source_event_id=told.source_event_id,
        summary=told.summary,
        amount=told.amount,
        currency=told.currency,
        flag=told.flag or ("rewritten" if told.rewritten else None),
        attachment=told.data.get("attachment") if told.event_type == "note.added" else None,
    )
