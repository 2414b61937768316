"""Freshness per source: gather what each commit brought into one row a source."""

from __future__ import annotations

from datetime import datetime
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
), shown AS (
  SELECT source, range_agg(daterange(covered_from, covered_until, '[]')) AS covered
  FROM news WHERE covered_from <= covered_until GROUP BY source
), before AS (
  SELECT source, covered FROM source_state WHERE business_id = $1
)
INSERT INTO source_state AS s (business_id, source, last_delivery_at, last_event_at, covered_until, balance, account,
                               covered, events, quarantined, duplicates)
SELECT $1, m.source, m.received_at, m.last_event_at, f.covered_until, f.balance, f.account, d.covered, m.added,
       m.quarantined, m.known
FROM summed m LEFT JOIN furthest f USING (source) LEFT JOIN shown d USING (source)
ON CONFLICT (business_id, source) DO UPDATE SET
  last_delivery_at = greatest(s.last_delivery_at, excluded.last_delivery_at),
  last_event_at = greatest(s.last_event_at, excluded.last_event_at),
  balance = CASE WHEN s.covered_until IS NULL OR excluded.covered_until >= s.covered_until
                 THEN excluded.balance ELSE s.balance END,
  account = CASE WHEN s.covered_until IS NULL OR excluded.covered_until >= s.covered_until
                 THEN excluded.account ELSE s.account END,
  covered_until = greatest(s.covered_until, excluded.covered_until),
  covered = coalesce(s.covered + excluded.covered, s.covered, excluded.covered),
  events = s.events + excluded.events,
  quarantined = s.quarantined + excluded.quarantined,
  duplicates = s.duplicates + excluded.duplicates
RETURNING (SELECT f.covered_until FROM furthest f WHERE f.source = s.source) AS covered_until,
  s.covered - coalesce((SELECT b.covered FROM before b WHERE b.source = s.source), '{}') AS newly
"""


# What a further statement may have brought, or shown to be missing.
_UNSETTLED = """
SELECT anchor FROM settlements WHERE business_id = $1 AND bank_line_id IS NULL
UNION ALL
SELECT anchor FROM parties WHERE business_id = $1 AND promise_on <= $2::date AND receivable > 0
"""


# Receipts that the books alone tell of, of days that a bank's statement shows only now: the bank's word counts there.
_DOUBTED = """
INSERT INTO dirty (business_id, subject, since)
SELECT $1, subject, $3 FROM identities
WHERE business_id = $1 AND kind = 'payment' AND state->'data'->>'into' = 'bank'
  AND coalesce(state->'data'->>'paid_on', left(state->>'at', 10))::date BETWEEN $2::date - 10 AND $4::date
ON CONFLICT DO NOTHING
"""


async def gather(tx: Tx, business: UUID, *, now: datetime) -> frozenset[UUID]:
    """Move what arrived into source_state; what depends on days that a bank shows only now is to be derived anew.

    Returns the anchors of what a source that reaches further lets us judge anew: settlements not seen in a bank,
    and customers who promised to pay by now.
    """
    reached = await tx.fetch(_GATHER, business)
    if newly := [shown for row in reached for shown in row["newly"] or ()]:
        first = min(shown.lower for shown in newly)
        await tx.run(_DOUBTED, business, first, now, max(shown.upper for shown in newly))
    if not any(row["covered_until"] for row in reached):
        return frozenset()
    return frozenset(row["anchor"] for row in await tx.fetch(_UNSETTLED, business, now))
