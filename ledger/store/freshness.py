"""Freshness per source: gather what each commit brought into one row a source."""

from __future__ import annotations

from uuid import UUID

from kit.database import Tx

# The balance is the one of the statement that reaches furthest; of equals the one received last.
_GATHER = """
WITH news AS (
  DELETE FROM source_news WHERE business_id = $1 RETURNING *
), summed AS (
  SELECT source, max(received_at) AS received_at, max(last_event_at) AS last_event_at, sum(added) AS added,
         sum(known) AS known, sum(quarantined) AS quarantined
  FROM news GROUP BY source
), furthest AS (
  SELECT DISTINCT ON (source) source, covered_until, balance, account
  FROM news WHERE covered_until IS NOT NULL ORDER BY source, covered_until DESC, received_at DESC
)
INSERT INTO source_state AS s (business_id, source, last_delivery_at, last_event_at, covered_until, balance, account,
                               events, quarantined, duplicates)
SELECT $1, m.source, m.received_at, m.last_event_at, f.covered_until, f.balance, f.account, m.added, m.quarantined,
       m.known
FROM summed m LEFT JOIN furthest f USING (source)
ON CONFLICT (business_id, source) DO UPDATE SET
  last_delivery_at = greatest(s.last_delivery_at, excluded.last_delivery_at),
  last_event_at = greatest(s.last_event_at, excluded.last_event_at),
  balance = CASE WHEN s.covered_until IS NULL OR excluded.covered_until >= s.covered_until
                 THEN excluded.balance ELSE s.balance END,
  account = CASE WHEN s.covered_until IS NULL OR excluded.covered_until >= s.covered_until
                 THEN excluded.account ELSE s.account END,
  covered_until = greatest(s.covered_until, excluded.covered_until),
  events = s.events + excluded.events,
  quarantined = s.quarantined + excluded.quarantined,
  duplicates = s.duplicates + excluded.duplicates
RETURNING (SELECT f.covered_until FROM furthest f WHERE f.source = s.source) AS covered_until
"""


# What a further statement may have brought, or shown to be missing.
_UNSETTLED = "SELECT anchor FROM settlements WHERE business_id = $1 AND bank_line_id IS NULL"


async def gather(tx: Tx, business: UUID) -> frozenset[UUID]:
    """Move what arrived into source_state.

    Returns the anchors of what a source that reaches further lets us judge anew: settlements not seen in a bank.
    """
    reached = await tx.fetch(_GATHER, business)
    if not any(row["covered_until"] for row in reached):
        return frozenset()
    return frozenset(row["anchor"] for row in await tx.fetch(_UNSETTLED, business))
