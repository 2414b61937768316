"""How each party stood on a day, as it was known at a moment: the standing of today, summed from the postings."""

from __future__ import annotations

from datetime import date, datetime

from ledger.handlers.bills import CHARGES
from ledger.handlers.paging import Conditions

# As STANDING, with the same names: `party`, `standing`, `late`. $1 is the business, $2 the day. What each document left
# open then is its balance, positive for bills and negative for money on account and credit notes; of a bill with several
# dues the oldest were paid first. Money of parties that became one since is the one party's. Name, phone, owner and habit
# are the present ones; a promise is no part of the past.
_STOOD = """
WITH known AS (
  SELECT side, document_id, party_id, kind, amount, currency, due_on, effective_on FROM postings
  WHERE business_id = $1 AND {then}
), document AS (
  SELECT k.side, k.document_id, k.currency, coalesce(q.id, i.party_id, b.party_id, r.party_id, o.party_id) AS party_id,
         k.balance, k.billed, k.issued_on
  FROM (SELECT side, document_id, party_id, currency, sum(amount)::bigint AS balance,
               coalesce(sum(amount) FILTER (WHERE {charges}), 0)::bigint AS billed,
               coalesce(min(effective_on) FILTER (WHERE {charges}), min(effective_on)) AS issued_on
        FROM known GROUP BY side, document_id, party_id, currency HAVING sum(amount) <> 0) k
  LEFT JOIN parties q ON q.business_id = $1 AND q.id = k.party_id
  LEFT JOIN invoices i ON i.business_id = $1 AND q.id IS NULL AND i.id = k.document_id
  LEFT JOIN payables b ON b.business_id = $1 AND q.id IS NULL AND b.id = k.document_id
  LEFT JOIN receipts r ON r.business_id = $1 AND q.id IS NULL AND r.id = k.document_id
  LEFT JOIN payouts o ON o.business_id = $1 AND q.id IS NULL AND o.id = k.document_id
), stood AS (
  SELECT party_id, currency,
         coalesce(sum(balance) FILTER (WHERE side = 'receivable'), 0)::bigint AS receivable,
         coalesce(sum(balance) FILTER (WHERE side = 'receivable' AND balance > 0), 0)::bigint AS open_bills,
         coalesce(-sum(balance) FILTER (WHERE side = 'receivable' AND balance < 0), 0)::bigint AS on_account,
         coalesce(sum(balance) FILTER (WHERE side = 'payable'), 0)::bigint AS payable
  FROM document GROUP BY party_id, currency
), then_party AS (
  SELECT p.id, p.name, p.search_name, p.currency, s.receivable, s.open_bills, s.on_account, s.payable,
         p.usual_days_late, NULL::date AS promise_on, NULL::bigint AS promise_amount, false AS promise_broken,
         p.phone, p.owner, p.is_customer, p.is_vendor
  FROM stood s JOIN parties p ON p.business_id = $1 AND p.id = s.party_id AND p.currency = s.currency
), party AS (
  SELECT p.* FROM then_party p WHERE {where}
), charge AS (
  SELECT k.document_id, k.due_on, sum(k.amount)::bigint AS amount,
         sum(sum(k.amount)) OVER (PARTITION BY k.document_id ORDER BY k.due_on)::bigint AS running
  FROM known k WHERE k.side = 'receivable' AND {charges} GROUP BY k.document_id, k.due_on
), bill AS (
  SELECT d.party_id, d.document_id AS id, d.issued_on, greatest(0, p.open_bills - p.receivable) AS covered, c.due_on,
         greatest(0, least(c.amount, c.running - (d.billed - d.balance)))::bigint AS amount
  FROM document d
  JOIN party p ON p.id = d.party_id AND p.currency = d.currency
  JOIN charge c ON c.document_id = d.document_id
  WHERE d.side = 'receivable' AND d.balance > 0
), standing AS MATERIALIZED (
  SELECT b.party_id, b.id, b.due_on, b.issued_on,
         greatest(0, least(b.amount,
           sum(b.amount) OVER (PARTITION BY b.party_id ORDER BY coalesce(b.due_on, b.issued_on), b.id, b.due_on)
           - b.covered))::bigint AS remaining
  FROM bill b
), late AS MATERIALIZED (
  SELECT party_id, sum(remaining)::bigint AS overdue, $2 - min(due_on) AS days
  FROM standing WHERE due_on < $2 AND remaining > 0 GROUP BY party_id
)
"""


def standing_then(where: Conditions, *, as_of: date | None, known_at: datetime | None) -> str:
    """Return the WITH text of how the parties that `where` is about stood; it takes the values of the moments."""
    scope = where.sql
    moments = Conditions(where.values)
    if as_of is not None:
        moments.add("effective_on <= {}", as_of)
    if known_at is None:
        moments.add("known_to IS NULL")
    else:
        moment = moments.value(known_at)
        moments.texts.append(f"known_from <= {moment} AND (known_to IS NULL OR known_to > {moment})")
    return _STOOD.format(then=moments.sql, charges=CHARGES, where=scope)
