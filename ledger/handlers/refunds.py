"""What was agreed to be given back to parties, and isn't yet."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ledger.handlers.registry import Context
from ledger.handlers.scope import business

# Agreed on a receipt, less what went back of it since; what was paid out to the party since, for no bill, counts too.
_LEFT = """
WITH his AS MATERIALIZED (
  SELECT r.party_id, r.anchor, c.subject::text AS subject, 'sub:' || c.subject AS key
  FROM receipts r JOIN claims c ON c.business_id = $1 AND c.row_kind = 'receipt' AND c.row_id = r.id
  WHERE r.business_id = $1 AND r.party_id = ANY($2)
), agreed AS (
  SELECT h.party_id, h.anchor, sum((i.state -> 'data' ->> 'amount')::bigint)::bigint AS amount,
         min(((i.state ->> 'at')::timestamptz AT TIME ZONE $3)::date) AS since
  FROM his h
  JOIN identity_keys k ON k.business_id = $1 AND k.key = h.key
  JOIN identities i ON i.business_id = $1 AND i.subject = k.subject
  WHERE i.state ->> 'type' = 'refund.agreed' AND i.state -> 'data' ->> 'receipt' = h.subject
  GROUP BY h.party_id, h.anchor
)
SELECT a.party_id, greatest(0, sum(greatest(0, a.amount - g.amount)) - coalesce((
         SELECT sum(o.amount - o.allocated) FROM payouts o
         WHERE o.business_id = $1 AND o.party_id = a.party_id AND o.status = 'payout.processed'
           AND o.paid_on >= min(a.since)), 0))::bigint AS amount
FROM agreed a CROSS JOIN LATERAL (
  SELECT coalesce(sum(p.amount), 0) AS amount FROM postings p
  WHERE p.business_id = $1 AND p.party_id = a.party_id AND p.cause = a.anchor AND p.kind = 'reversal'
    AND p.known_to IS NULL AND p.effective_on >= a.since
) g GROUP BY a.party_id
"""


async def to_give_back(ctx: Context, parties: Sequence[UUID]) -> dict[UUID, int]:
    """Return what people agreed to give back of parties' money and nothing shows as given yet, in paise, by party."""
    zone = (await business(ctx)).timezone
    rows = await ctx.tx.fetch(_LEFT, ctx.actor.business_id, list(parties), zone)
    return {row["party_id"]: row["amount"] for row in rows}
