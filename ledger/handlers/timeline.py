"""What every source and person said about a party, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.errors import NotFound
from kit.money import format_minor
from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import NO_PARTY, own_parties, sees_payables
from ledger.handlers.summary import summary

ORDER = Order("timeline:newest", ("e.occurred_at", "e.id"), ("timestamptz", "uuid"), descending=True)
OURS_TO_SEE = ("bank_line", "bill", "payout")
"""Kinds that belong to what we owe and to the bank: only for who may see those."""

# Every identity that the party goes by or that states something of it, and the decisions of people that name one of
# them. An event that was replayed shows its latest reading; a rewrite stands beside what it rewrote.
_EVENTS = """
WITH subject AS (
  SELECT subject FROM claims WHERE business_id = $1 AND party_id = $2
  UNION SELECT subject FROM party_identities WHERE business_id = $1 AND party_id = $2
  UNION SELECT anchor FROM parties WHERE business_id = $1 AND id = $2
), decision AS (
  SELECT o.subject FROM external_events o
  WHERE o.business_id = $1 AND o.source = 'operator' AND EXISTS (
    SELECT FROM subject s WHERE s.subject::text IN (
      o.normalised ->> 'party', o.normalised ->> 'document', o.normalised ->> 'receipt', o.normalised ->> 'line',
      o.normalised ->> 'about'))
), about AS (
  SELECT subject FROM subject UNION SELECT subject FROM decision
), said AS (
  SELECT v.id, v.source, v.source_event_id, v.event_type, v.kind, v.normalised, v.occurred_at, v.ingested_at,
         v.flag, false AS rewritten
  FROM about JOIN external_events v ON v.business_id = $1 AND v.subject = about.subject
  UNION ALL
  SELECT r.id, r.source, r.source_event_id, r.event_type, r.kind, r.normalised, r.occurred_at, r.ingested_at,
         r.flag, true
  FROM about JOIN event_rewrites r ON r.business_id = $1 AND r.subject = about.subject
), page AS (
  SELECT e.* FROM said e WHERE {where} ORDER BY {by} LIMIT {limit}
)
SELECT e.id, e.source, e.source_event_id, e.kind, e.occurred_at, e.ingested_at, e.rewritten,
       coalesce(t.event_type, e.event_type) AS event_type,
       coalesce(t.normalised, e.normalised) AS normalised,
       CASE WHEN t.event_type IS NULL THEN e.flag ELSE t.flag END AS flag
FROM page e LEFT JOIN LATERAL (
  SELECT event_type, normalised, flag FROM interpretations n
  WHERE n.business_id = $1 AND n.event_id = e.id ORDER BY n.number DESC LIMIT 1
) t ON true
ORDER BY {by}
"""


@handles(queries.Timeline, permission=Permission.SEE_RECEIVABLES)
async def timeline(question: queries.Timeline, ctx: Context) -> views.TimelinePage:
    """Answer with a page of the party's history; NotFound outside the actor's scope."""
    first, after = page_size(question.first), place(ORDER, question.after)
    scope = Conditions([ctx.actor.business_id, question.party_id])
    scope.add("p.business_id = $1 AND p.id = $2")
    own_parties(ctx, scope)
    if await ctx.tx.value(f"SELECT p.id FROM parties p WHERE {scope.sql}", *scope.values) is None:
        raise NotFound(*NO_PARTY)
    where = Conditions([ctx.actor.business_id, question.party_id])
    if not sees_payables(ctx):
        where.add("e.kind <> ALL({})", list(OURS_TO_SEE))
    if question.source is not None:
        where.add("e.source = {}", question.source)
    where.seek(ORDER, after)
    rows = await ctx.tx.fetch(_EVENTS.format(where=where.sql, by=ORDER.by, limit=first + 1), *where.values)
    page, end, more = cut(rows, first, ORDER, _key)
    return views.TimelinePage(
        end=end,
        more=more,
        cursors=cursors(page, ORDER, _key),
        rows=tuple(_entry(row, ctx.actor.language) for row in page),
    )


def _key(row: Any) -> Sequence[Any]:
    return row["occurred_at"].isoformat(), row["id"]


def _entry(row: Any, language: str) -> views.TimelineEntry:
    data: Mapping[str, Any] = row["normalised"]
    amount, currency = data.get("amount"), data.get("currency")
    stated = (amount, currency) if isinstance(amount, int) and isinstance(currency, str) else None
    return views.TimelineEntry(
        id=row["id"],
        at=row["occurred_at"],
        known_at=row["ingested_at"],
        event_type=row["event_type"],
        source=row["source"],
        source_event_id=row["source_event_id"],
        summary=summary(
            row["event_type"],
            source=row["source"],
            data=data,
            money=format_minor(*stated) if stated else None,
            language=language,
        ),
        amount=stated[0] if stated else None,
        currency=stated[1] if stated else None,
        flag=row["flag"] or ("rewritten" if row["rewritten"] else None),
        attachment=data.get("attachment") if row["event_type"] == "note.added" else None,
    )
