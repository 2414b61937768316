"""The firm itself: what it has set, what words mean to it, and what waits to be explained."""

from __future__ import annotations

from datetime import date

from ledger.domain.derive.model import Terms
from ledger.domain.roles import Permission
from ledger.handlers.deductions import DEFAULT_LIMIT
from ledger.handlers.paging import page_size
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.firm import FirmSettings, LedgerNames, OwnMappings, UnmappedWords
from ledger.views.firm import FirmSettingsView, MappingView, UnmappedWord

_SETTINGS = "SELECT settings FROM businesses WHERE business_id = $1"
_OWN = """
SELECT source, kind, word, qualifier, status, confidence, notes FROM status_mappings
WHERE business_id = $1 AND ($2::text IS NULL OR source = $2) ORDER BY source, kind, word, qualifier
"""
# What was flagged once may have been read anew since: the latest reading decides.
_UNMAPPED = """
WITH flagged AS (
  SELECT id FROM external_events WHERE business_id = $1 AND flag = 'unmapped'
  UNION SELECT id FROM event_rewrites WHERE business_id = $1 AND flag = 'unmapped'
  UNION SELECT event_id FROM interpretations WHERE business_id = $1 AND flag = 'unmapped'
), said AS (
  SELECT e.id, e.source, e.kind, e.word, e.qualifier, e.flag, e.external_id, e.ingested_at
  FROM flagged f JOIN external_events e ON e.business_id = $1 AND e.id = f.id
  UNION ALL
  SELECT w.id, w.source, w.kind, w.word, w.qualifier, w.flag, w.external_id, w.ingested_at
  FROM flagged f JOIN event_rewrites w ON w.business_id = $1 AND w.id = f.id
), latest AS (
  SELECT DISTINCT ON (n.event_id) n.event_id, n.source, n.kind, n.word, n.qualifier, n.flag, n.external_id
  FROM flagged f JOIN interpretations n ON n.business_id = $1 AND n.event_id = f.id
  ORDER BY n.event_id, n.number DESC
)
SELECT coalesce(l.source, s.source) AS source, coalesce(l.kind, s.kind) AS kind,
       coalesce(CASE WHEN l.event_id IS NULL THEN s.word ELSE l.word END, '') AS word,
       coalesce(CASE WHEN l.event_id IS NULL THEN s.qualifier ELSE l.qualifier END, '') AS qualifier,
       count(*) AS events, min(s.ingested_at) AS first_at, max(s.ingested_at) AS last_at,
       (array_agg(s.external_id ORDER BY s.ingested_at, s.id))[1] AS example
FROM said s LEFT JOIN latest l ON l.event_id = s.id
WHERE CASE WHEN l.event_id IS NULL THEN s.flag ELSE l.flag END = 'unmapped'
  AND ($2::text IS NULL OR coalesce(l.source, s.source) = $2)
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT $3
"""


@handles(FirmSettings, permission=Permission.SEE_RECEIVABLES)
async def firm_settings(_: FirmSettings, ctx: Context) -> FirmSettingsView:
    """Answer with what holds."""
    firm = await business(ctx)
    kept = await ctx.tx.value(_SETTINGS, firm.id) or {}
    limit, deductions = kept.get("round_off_limit"), kept.get("deduction_limit")
    return FirmSettingsView(
        address=kept.get("address") or None,
        gstin=kept.get("gstin") or None,
        phone=(kept.get("pay") or {}).get("phone"),
        currency=firm.currency,
        round_off_limit=int(limit) if limit is not None else Terms().round_off_limit,
        deduction_limit=int(deductions) if deductions is not None else DEFAULT_LIMIT,
        holidays=tuple(sorted(date.fromisoformat(day) for day in kept.get("holidays") or ())),
        reminder_language=kept.get("reminder_language"),
    )


@handles(OwnMappings, permission=Permission.MAP)
async def own_mappings(question: OwnMappings, ctx: Context) -> tuple[MappingView, ...]:
    """Answer with the business's own rows, by source, kind and word."""
    rows = await ctx.tx.fetch(_OWN, ctx.actor.business_id, question.source)
    return tuple(MappingView(*row) for row in rows)


@handles(UnmappedWords, permission=Permission.MAP)
async def unmapped_words(question: UnmappedWords, ctx: Context) -> tuple[UnmappedWord, ...]:
    """Answer with the words, those that most events wait for first."""
    first = page_size(question.first)
    rows = await ctx.tx.fetch(_UNMAPPED, ctx.actor.business_id, question.source, first)
    return tuple(
        UnmappedWord(
            source=row["source"],
            kind=row["kind"],
            word=row["word"],
            qualifier=row["qualifier"],
            events=row["events"],
            example=row["example"],
            first_at=row["first_at"],
            last_at=row["last_at"],
        )
        for row in rows
    )


@handles(LedgerNames, permission=Permission.SEE_PAYABLES)
async def ledger_names(_: LedgerNames, ctx: Context) -> dict[str, str]:
    """Answer with the names that the business has given."""
    kept = await ctx.tx.value(_SETTINGS, ctx.actor.business_id) or {}
    names: dict[str, str] = kept.get("ledgers") or {}
    return dict(sorted(names.items()))
