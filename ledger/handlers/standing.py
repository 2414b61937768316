"""How each party stands: what is overdue after its money on account and its credit notes, oldest bill first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger import views
from ledger.handlers.registry import Context
from ledger.handlers.scope import sees_payables

# $1 is the business, $2 its present day; {where} limits the parties `p`. A bill with several dues counts due by
# due. What a party has on account, or in unused credit notes, covers its oldest bills first: what remains of each
# bill is `remaining`, so that the overdue of all parties never exceeds what is to collect. Most parties have nothing on
# account: their bills needn't be put in order, which at a large firm takes longer than all else.
STANDING = """
WITH party AS (
  SELECT p.*,
         coalesce(p.promise_on < $2 AND p.receivable > 0
                  AND (p.last_receipt_on IS NULL OR p.last_receipt_on < p.promise_on), false) AS promise_broken
  FROM parties p WHERE p.business_id = $1 AND {where}
), bill AS NOT MATERIALIZED (
  SELECT i.party_id, i.id, i.anchor, i.status = 'invoice.disputed' AS disputed, d.number, i.issued_on, p.open_bills - p.receivable AS covered,
         CASE WHEN d.invoice_id IS NULL THEN i.due_on ELSE d.due_on END AS due_on,
         coalesce(d.outstanding, i.outstanding) AS amount
  FROM party p
  JOIN invoices i ON i.business_id = $1 AND i.party_id = p.id AND i.outstanding > 0 AND i.currency = p.currency
  LEFT JOIN dues d ON d.business_id = $1 AND d.invoice_id = i.id AND d.outstanding > 0
), standing AS (
  SELECT b.party_id, b.id, b.anchor, b.disputed, b.due_on, b.issued_on, b.amount AS remaining
  FROM bill b WHERE b.covered <= 0
  UNION ALL
  SELECT b.party_id, b.id, b.anchor, b.disputed, b.due_on, b.issued_on,
         greatest(0, least(b.amount,
           sum(b.amount) OVER (PARTITION BY b.party_id ORDER BY coalesce(b.due_on, b.issued_on), b.id, b.number)
           - b.covered))::bigint
  FROM bill b WHERE b.covered > 0
), late AS MATERIALIZED (
  SELECT party_id, sum(remaining)::bigint AS overdue, $2 - min(due_on) AS days
  FROM standing WHERE due_on < $2 AND remaining > 0 GROUP BY party_id
)
"""
HELD = (
    "p.id IN (SELECT c.party_id FROM conflicts c WHERE c.business_id = $1 AND c.status = 'open'"
    " AND c.severity = 'block')"
)
"""Whether a party `p` is held back: an open question of severity block is about it, so nothing is expected of it, and
no reminder goes out, until that is answered. $1 is the business."""
BRIEF = f"""
  p.id, p.name, p.search_name, p.currency, p.receivable, p.open_bills, p.on_account, p.payable, p.usual_days_late,
  p.promise_on, p.promise_amount, p.promise_broken, p.phone, p.is_customer, p.is_vendor,
  coalesce(l.overdue, 0) AS overdue, coalesce(l.days, 0) AS overdue_days, {HELD} AS held
"""
BUCKETS = ((1, 30), (31, 60), (61, 90), (91, None))
AGING = ", ".join(
    f"coalesce(sum(remaining) FILTER (WHERE {test}), 0)::bigint AS amount_{low}, "
    f"count(*) FILTER (WHERE {test}) AS bills_{low}"
    for low, test in (
        (
            low,
            f"due_on < $2 AND remaining > 0 AND $2 - due_on >= {low}"
            + (f" AND $2 - due_on <= {high}" if high else ""),
        )
        for low, high in BUCKETS
    )
)
"""The sums of each aging bucket over `standing`."""


def aging(row: Any) -> tuple[views.AgingBucket, ...]:
    """Read the sums of AGING, null where there is no open bill to sum."""
    return tuple(
        views.AgingBucket(
            low=low, high=high, amount=row[f"amount_{low}"] or 0, bills=row[f"bills_{low}"] or 0
        )
        for low, high in BUCKETS
    )


def brief(row: Any, ctx: Context) -> views.PartyBrief:
    """Read a row of BRIEF; what we owe is left out for who may not see it."""
    return views.PartyBrief(
        id=row["id"],
        name=row["name"],
        currency=row["currency"],
        net=row["receivable"],
        open_bills=row["open_bills"],
        on_account=row["on_account"],
        overdue=row["overdue"],
        overdue_days=row["overdue_days"],
        payable=row["payable"] if sees_payables(ctx) else 0,
        usual_days_late=row["usual_days_late"],
        promise_on=row["promise_on"],
        promise_broken=row["promise_broken"],
        phone=row["phone"],
        is_customer=row["is_customer"],
        is_vendor=row["is_vendor"],
        held=row["held"],
    )


def briefs(rows: Iterable[Any], ctx: Context) -> tuple[views.PartyBrief, ...]:
    """Read several rows of BRIEF."""
    return tuple(brief(row, ctx) for row in rows)
