"""What is still to come of each bill, and when: one statement for the digest, the cards, the API and the weeks ahead."""

from __future__ import annotations

GRACE_DAYS = 7
"""A bill past the day on which its customer usually pays is still expected for so long; then it needs a call."""
CLEARING_DAYS = 2
"""From a cheque's date to its money."""

# Follows STANDING; $1 is the business, $2 its present day. What a party's cheques in hand and its standing promise
# cover is expected on their days, the oldest bills first; the rest on the day that this morning's forecast names,
# never in the past. A bill younger than the forecast is expected after the customer's usual days. After a broken
# promise nothing is expected within a week. Disputed bills aren't expected at all, nor those of a
# blocking question, nor any of a party that one is about.
OWED = """
, held AS (
  SELECT DISTINCT unnest(c.subjects) AS anchor FROM conflicts c
  WHERE c.business_id = $1 AND c.status IN ('open', 'snoozed') AND c.severity = 'block'
), held_back AS (
  SELECT DISTINCT c.party_id FROM conflicts c
  WHERE c.business_id = $1 AND c.status = 'open' AND c.severity = 'block'
), owed AS MATERIALIZED (
  SELECT s.party_id, s.id, s.due_on, s.remaining, s.disputed,
         (h.anchor IS NOT NULL OR b.party_id IS NOT NULL) AS held,
         e.expected_on, e.from_on, e.to_on, p.promise_broken, p.usual_days_late,
         sum(CASE WHEN s.disputed OR h.anchor IS NOT NULL OR b.party_id IS NOT NULL THEN 0
                  ELSE s.remaining END)
           OVER (PARTITION BY s.party_id ORDER BY coalesce(s.due_on, s.issued_on), s.id, s.due_on, s.remaining
                 ROWS UNBOUNDED PRECEDING) AS upto
  FROM standing s
  JOIN party p ON p.id = s.party_id
  LEFT JOIN held h ON h.anchor = s.anchor
  LEFT JOIN held_back b ON b.party_id = s.party_id
  LEFT JOIN expectations e ON e.business_id = $1 AND e.invoice_id = s.id
  WHERE s.remaining > 0
)
"""
EXPECTED = f"""
{OWED}, given AS (
  SELECT c.party_id, 'cheque' AS why, greatest(coalesce(c.dated_on, $2), $2) + {CLEARING_DAYS} AS on_day, c.amount, c.id
  FROM cheques c JOIN party p ON p.id = c.party_id AND p.currency = c.currency
  WHERE c.business_id = $1 AND c.status IN ('cheque.received', 'cheque.deposited') AND c.amount > 0
  UNION ALL
  SELECT p.id, 'promise', p.promise_on, coalesce(p.promise_amount, p.receivable), p.id
  FROM party p WHERE p.promise_on >= $2 AND coalesce(p.promise_amount, p.receivable) > 0
), cover AS (
  SELECT g.*, sum(g.amount) OVER (PARTITION BY g.party_id ORDER BY g.why, g.on_day, g.id) AS upto FROM given g
), covered AS (
  SELECT party_id, max(upto) AS upto FROM cover GROUP BY party_id
), coming AS MATERIALIZED (
  SELECT o.party_id, o.id, c.why, c.on_day AS on_day, c.on_day AS low, c.on_day AS high,
         (least(o.upto, c.upto) - greatest(o.upto - o.remaining, c.upto - c.amount))::bigint AS amount
  FROM owed o JOIN cover c ON c.party_id = o.party_id AND c.upto > o.upto - o.remaining AND c.upto - c.amount < o.upto
  WHERE NOT o.disputed AND NOT o.held
  UNION ALL
  SELECT o.party_id, o.id,
         CASE WHEN o.disputed THEN 'disputed' WHEN o.held THEN 'question'
              WHEN h.on_day IS NULL THEN 'unknown' ELSE 'habit' END,
         h.on_day, CASE WHEN h.on_day IS NOT NULL THEN least(h.on_day, greatest(o.from_on, $2)) END,
         CASE WHEN h.on_day IS NOT NULL THEN greatest(h.on_day, o.to_on) END,
         CASE WHEN o.disputed OR o.held THEN o.remaining
              ELSE least(o.remaining, o.upto - coalesce(v.upto, 0)) END::bigint
  FROM owed o LEFT JOIN covered v ON v.party_id = o.party_id
  CROSS JOIN LATERAL (SELECT CASE
    WHEN o.disputed OR o.held THEN NULL
    WHEN o.expected_on IS NOT NULL
      THEN greatest(o.expected_on, $2 + CASE WHEN o.promise_broken THEN {GRACE_DAYS} ELSE 0 END)
    WHEN o.promise_broken OR o.due_on + coalesce(o.usual_days_late, 0) < $2 - {GRACE_DAYS} THEN NULL
    ELSE greatest(o.due_on + coalesce(o.usual_days_late, 0), $2) END AS on_day) h
  WHERE o.disputed OR o.held OR o.upto > coalesce(v.upto, 0)
)
"""
