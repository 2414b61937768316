"""Correcting a CRM: a deal's stage follows an owner's answer, where the source's switch `correct_stage` allows it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kit.ids import uuid7
from ledger.handlers.registry import Context
from ledger.store import write_back

_DEAL = """
SELECT i.source, i.external_id, e.word, coalesce(e.qualifier, '') AS qualifier
FROM identities i
JOIN sources s ON s.business_id = i.business_id AND s.name = i.source
LEFT JOIN LATERAL (
  SELECT word, qualifier FROM external_events
  WHERE business_id = i.business_id AND subject = i.subject AND word IS NOT NULL
  ORDER BY occurred_at DESC, sequence DESC LIMIT 1) e ON true
WHERE i.business_id = $1 AND i.subject = $2 AND i.kind = 'deal'
  AND s.enabled AND s.write_back AND s.settings->'correct_stage' = 'true'
"""
# The stage that it had before, else the one that the business told us, else the one that other deals of its pipeline
# have when they are in that state.
_WORD = """
SELECT word FROM (
  SELECT word, 1 AS belief, occurred_at AS at FROM external_events
  WHERE business_id = $1 AND subject = $2 AND normalised->>'status' = $5
  UNION ALL
  SELECT word, 2, NULL FROM status_mappings
  WHERE business_id = $1 AND source = $3 AND kind = 'deal' AND status = $5
    AND lower(btrim(qualifier)) = lower(btrim($4))
  UNION ALL
  SELECT word, 3, occurred_at FROM external_events
  WHERE business_id = $1 AND source = $3 AND kind = 'deal' AND coalesce(qualifier, '') = $4
    AND normalised->>'status' = $5
) known WHERE word IS NOT NULL AND word IS DISTINCT FROM $6 ORDER BY belief, at DESC NULLS LAST, word LIMIT 1
"""


async def correct_crm(ctx: Context, deal: UUID, status: str) -> dict[str, Any] | None:
    """Have the CRM's deal take over the stage that means `status`; None where that is switched off or not known."""
    row = await ctx.tx.row(_DEAL, ctx.actor.business_id, deal)
    if row is None:
        return None
    word = await ctx.tx.value(
        _WORD, ctx.actor.business_id, deal, row["source"], row["qualifier"], status, row["word"]
    )
    if word is None:
        ctx.audit("crm.not_corrected", f"deal:{row['external_id']}", source=row["source"], status=status)
        return None
    correction = {"id": str(uuid7()), "word": word, "qualifier": row["qualifier"]}
    await write_back.correct(
        ctx.tx,
        ctx.actor.business_id,
        source=row["source"],
        external_id=row["external_id"],
        subject=deal,
        correction=correction,
        now=ctx.now,
    )
    ctx.audit(
        "crm.corrected", f"deal:{row['external_id']}", source=row["source"], before=row["word"], after=word
    )
    return {
        "kind": "correction",
        "source": row["source"],
        "external_id": row["external_id"],
        "subject": str(deal),
        "before": row["word"],
        "qualifier": row["qualifier"],
    }


async def take_correction_back(ctx: Context, standing: dict[str, Any]) -> None:
    """Undo a correction: one that waits is dropped, one that was sent is set back to the stage before."""
    options = {
        "source": standing["source"],
        "external_id": standing["external_id"],
        "subject": UUID(standing["subject"]),
        "now": ctx.now,
    }
    waiting = await ctx.tx.value(
        "SELECT correction->>'id' IS DISTINCT FROM correction_sent FROM write_backs WHERE business_id = $1"
        " AND source = $2 AND kind = 'deal' AND external_id = $3",
        ctx.actor.business_id,
        standing["source"],
        standing["external_id"],
    )
    back = {"id": str(uuid7()), "word": standing["before"], "qualifier": standing["qualifier"]}
    correction = None if waiting or standing["before"] is None else back
    await write_back.correct(ctx.tx, ctx.actor.business_id, correction=correction, **options)
    ctx.audit("crm.correction_withdrawn", f"deal:{standing['external_id']}", source=standing["source"])
