"""What may be told at once: conditions on receipts `r` and questions `c`, and by which key it is noted that it was."""

from __future__ import annotations

from ledger.domain.alerts import NEWS_DAYS

REVERSED_DAYS = 90
"""Money may be taken back, and a cheque come back, so long after it came."""
MONEY = f"""
r.received_on >= $2::date - {REVERSED_DAYS} AND r.received_on <= $2::date + 1 AND r.classified IS NULL AND (
  r.received_on >= $2::date - {NEWS_DAYS} AND (r.status = 'payment.received' AND r.arrived OR r.status = 'payment.failed')
  OR r.status = 'payment.reversed')
"""
"""Money in and money back; $2 is the present day."""
RECEIPT_KEY = "'receipt:' || r.id || ':' || r.status"
ASKED = "c.status = 'open' AND c.opened_at > $2 AND (c.severity = 'block' OR c.rule = ANY($4::text[]))"
"""Questions that opened since $2 and are open still, of those rules ($4) or that can't wait."""
CONFLICT_KEY = "'conflict:' || c.id || ':' || extract(epoch FROM c.opened_at)::bigint"
