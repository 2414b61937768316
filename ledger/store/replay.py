"""Reading again what waited: a status word got its meaning, so its events get an interpretation and are applied."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kit.database import Tx
from ledger.domain.vocabulary import event_for_status

# Interpretations are added, never overwritten: the newest number of an event is the reading in force.
_REREAD = """
WITH worded AS (
  SELECT id, subject, normalised FROM external_events
    WHERE business_id = $1 AND source = $2 AND kind = $3 AND word = $4 AND coalesce(qualifier, '') = $5
  UNION ALL
  SELECT id, subject, normalised FROM event_rewrites
    WHERE business_id = $1 AND source = $2 AND kind = $3 AND word = $4 AND coalesce(qualifier, '') = $5
), reread AS (
  INSERT INTO interpretations (business_id, event_id, number, normaliser_version, mapping_version, event_type, flag,
                               normalised, subject, made_at)
  SELECT $1, w.id, 1 + coalesce((SELECT max(i.number) FROM interpretations i
                                 WHERE i.business_id = $1 AND i.event_id = w.id), 0),
         '1', $6, $7, $8, w.normalised || CASE WHEN $9::text IS NULL THEN '{}'::jsonb
                                              ELSE jsonb_build_object('status', $9::text) END, w.subject, $10
  FROM worded w RETURNING event_id, subject
), rung AS (
  INSERT INTO pending (business_id, id, subject, due_at)
  SELECT DISTINCT ON (subject) $1, gen_random_uuid(), subject, $10 FROM reread
)
SELECT count(*) FROM reread
"""


async def reinterpret(
    tx: Tx,
    business: UUID,
    *,
    source: str,
    kind: str,
    word: str,
    qualifier: str,
    status: str | None,
    at: datetime,
) -> int:
    """Read every event of a vendor's word as `status` (None: unknown again, it waits); return how many were read."""
    event_type = event_for_status(kind, status) if status else None
    flag = None if event_type else ("unmapped" if status is None else "none")
    found = await tx.value(
        _REREAD,
        business,
        source,
        kind,
        word,
        qualifier,
        f"{at.isoformat()}",
        event_type or "status.unmapped",
        flag,
        status if event_type else None,
        at,
    )
    return int(found or 0)
