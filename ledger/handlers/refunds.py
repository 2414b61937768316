"""What was agreed to be given back to a party, and isn't yet."""

from __future__ import annotations

from uuid import UUID

from ledger.handlers.registry import Context
from ledger.handlers.scope import business

# Agreed on a receipt, less what went back of it since; what was paid out to the party since, for no bill, counts too.
_LEFT = """
WITH his AS MATERIALIZED (
  SELECT r.anchor, c.subject::text AS subject, 'sub:' || c.subject AS key
  FROM receipts r JOIN claims c ON c.business_id = $1 AND c.row_kind = 'receipt' AND c.row_id = r.id
  WHERE r.business_id = $1 AND r.party_id = $2
), agreed AS (
  SELECT h.anchor, sum((i.state -> 'data' ->> 'amount')::bigint)::bigint AS amount,
         min(((i.state ->> 'at')::timestamptz AT TIME ZONE $3)::date) AS since
  FROM his h
  JOIN identity_keys k ON k.business_id = $1 AND k.key = h.key
  JOIN identities i ON i.business_id = $1 AND i.subject = k.subject
  WHERE i.state ->> 'type' = 'refund.agreed' AND i.state -> 'data' ->> 'receipt' = h.subject
  GROUP BY h.anchor
)
SELECT greatest(0, coalesce(sum(greatest(0, a.amount - g.amount)), 0) - coalesce((
         SELECT sum(o.amount - o.allocated) FROM payouts o
         WHERE o.business_id = $1 AND o.party_id = $2 AND o.status = 'payout.processed'
           AND o.paid_on >= (SELECT min(since) FROM agreed)), 0))::bigint
FROM agreed a CROSS JOIN LATERAL (
  SELECT coalesce(sum(p.amount), 0) AS amount FROM postings p
  WHERE p.business_id = $1 AND p.party_id = $2 AND p.cause = a.anchor AND p.kind = 'reversal'
    AND p.known_to IS NULL AND p.effective_on >= a.since
) g
"""


async def to_give_back(ctx: Context, party_id: UUID) -> int:
    """Return what people agreed to give back of a party's money and nothing shows as given yet, in paise."""
    zone = (await business(ctx)).timezone
    left: int = await ctx.tx.value(_LEFT, ctx.actor.business_id, party_id, zone)
    return left
