"""The statements of the tie-out: our postings beside the books' entries, thing by thing, and what differs in them."""

from __future__ import annotations

from datetime import datetime

from ledger.handlers.paging import Conditions

# What a posting is about, and by which identity the books' own entry of the same thing is found. A credit note
# stands on its bill and on itself, a bill that another opened again (a cheque bounced) on both: each is one thing.
OURS = """
SELECT p.party_id, p.side, p.currency,
       CASE WHEN p.kind = 'invoice' THEN 'bill'
            WHEN p.kind IN ('opening', 'credit_note', 'deduction', 'write_off', 'set_off') THEN p.kind
            WHEN p.side = 'payable' THEN 'payment' ELSE 'receipt' END AS thing,
       CASE WHEN p.kind = 'credit_note' AND p.amount > 0 THEN p.anchor
            WHEN p.kind = 'reversal' AND p.anchor <> p.cause AND p.cause IN (
              SELECT q.anchor FROM postings q WHERE q.business_id = $1 AND q.kind IN ('invoice', 'opening'))
            THEN least(p.anchor, p.cause) ELSE p.cause END AS key,
       p.kind, p.due_on, p.amount, p.effective_on, p.known_from, p.known_to
FROM postings p WHERE p.business_id = $1
"""
_THEIRS = """
SELECT e.party_id, e.side, e.currency,
       CASE WHEN e.kind = 'invoice' THEN 'bill'
            WHEN e.kind IN ('opening', 'credit_note', 'deduction') THEN e.kind
            WHEN e.side = 'payable' THEN 'payment' ELSE 'receipt' END AS thing,
       e.anchor AS key, e.amount, e.effective_on, e.number
FROM book_entries e WHERE e.business_id = $1 AND e.kind <> 'stated' AND {then}
"""

# $2 is the day. A pair is one thing of one party, as we have it and as the books do; `ever` counts later days too.
_PAIRS = """
told AS (
  SELECT party_id, side, currency, thing, key, amount AS ours, 0::bigint AS theirs, effective_on, NULL AS number
  FROM ({ours} AND {then}) o
  UNION ALL
  SELECT party_id, side, currency, thing, key, 0, amount, effective_on, number FROM ({theirs}) t
), pair AS MATERIALIZED (
  SELECT party_id, side, currency, thing, key,
         coalesce(sum(ours) FILTER (WHERE effective_on <= $2), 0)::bigint AS ours,
         coalesce(sum(theirs) FILTER (WHERE effective_on <= $2), 0)::bigint AS theirs,
         sum(ours) = sum(theirs) AS ever_alike,
         bool_or(ours <> 0 AND effective_on <= $2) AS ours_told,
         min(effective_on) AS first_on, max(number) AS number
  FROM told GROUP BY party_id, side, currency, thing, key
), differing AS MATERIALIZED (
  SELECT d.*,
         d.thing || '.' || CASE
           WHEN d.ours = 0 AND d.theirs = sum(d.ours) OVER whole THEN 'elsewhere'
           WHEN d.theirs = 0 AND d.ours = sum(d.theirs) OVER whole THEN 'elsewhere'
           WHEN d.ever_alike THEN 'other_day'
           WHEN d.ours = 0 AND d.ours_told THEN 'given_back'
           WHEN d.ours = 0 THEN 'not_here'
           WHEN d.theirs = 0 THEN 'not_in_books'
           ELSE 'differs' END AS kind
  FROM pair d WHERE d.ours <> d.theirs
  WINDOW whole AS (PARTITION BY d.side, d.currency, d.thing, d.key)
)"""

# Balances that the books state: of each ledger the statement of the day, else the nearest before it, else after it.
# Of several books (a year's new company brings the old one's balances along) the one with the latest entries counts.
_STATED = """
latest AS (
  SELECT source, max(effective_on) AS last_on FROM book_entries e
  WHERE e.business_id = $1 AND e.kind <> 'stated' AND e.effective_on <= $2 AND {then} GROUP BY source
), told_balance AS (
  SELECT e.anchor, e.side, e.currency, e.source, e.amount, e.effective_on, e.known_from,
         max(CASE WHEN {then} THEN e.party_id::text END) OVER (PARTITION BY e.anchor)::uuid AS party_id
  FROM book_entries e WHERE e.business_id = $1 AND e.kind = 'stated' AND {ever}
), said AS (
  SELECT DISTINCT ON (anchor) party_id, side, currency, source, amount, effective_on AS stated_on
  FROM told_balance WHERE party_id IS NOT NULL
  ORDER BY anchor, (effective_on <= $2) DESC, abs(effective_on - $2), known_from DESC
), chosen AS (
  SELECT DISTINCT ON (s.party_id, s.side, s.currency) s.party_id, s.side, s.currency, s.stated_on, s.amount
  FROM (SELECT party_id, side, currency, source, stated_on, sum(amount)::bigint AS amount FROM said
        GROUP BY party_id, side, currency, source, stated_on) s
  LEFT JOIN latest l ON l.source = s.source
  ORDER BY s.party_id, s.side, s.currency, (s.stated_on <= $2) DESC, l.last_on DESC NULLS LAST,
           abs(s.stated_on - $2), s.source DESC
), stated AS (
  SELECT c.party_id, c.side, c.currency, c.stated_on,
         (c.amount - coalesce(sum(e.amount), 0))::bigint AS unexplained
  FROM chosen c
  LEFT JOIN book_entries e ON e.business_id = $1 AND e.party_id = c.party_id AND e.side = c.side
    AND e.currency = c.currency AND e.kind <> 'stated' AND e.effective_on <= c.stated_on AND {then}
  GROUP BY c.party_id, c.side, c.currency, c.stated_on, c.amount
)"""

# One row a party, side and currency; the books' balance is what their entries come to and what those don't explain.
_ROWS = """
sums AS (
  SELECT party_id, side, currency, sum(ours)::bigint AS ours, sum(theirs)::bigint AS theirs
  FROM pair GROUP BY party_id, side, currency
), party_row AS MATERIALIZED (
  SELECT party_id, side, currency, s.stated_on, coalesce(u.ours, 0) AS ours,
         coalesce(u.theirs, 0) + coalesce(s.unexplained, 0) AS books, coalesce(s.unexplained, 0) AS unexplained,
         abs(coalesce(u.theirs, 0) + coalesce(s.unexplained, 0) - coalesce(u.ours, 0)) AS size,
         party_id::text || '/' || side || '/' || currency AS mark
  FROM sums u FULL JOIN stated s USING (party_id, side, currency)
  WHERE (coalesce(u.ours, 0) <> 0 OR coalesce(u.theirs, 0) + coalesce(s.unexplained, 0) <> 0) AND {only}
), kinds AS (
  SELECT party_id, side, currency, kind, count(*) AS n, sum(theirs - ours)::bigint AS amount
  FROM differing GROUP BY party_id, side, currency, kind
  UNION ALL
  SELECT party_id, side, currency, 'unexplained', 1, unexplained FROM party_row WHERE unexplained <> 0
)"""

_ANSWER = """
page AS MATERIALIZED (
  SELECT r.* FROM party_row r WHERE {where} ORDER BY r.size DESC, r.mark DESC LIMIT {limit}
), placed AS (
  SELECT d.*, row_number() OVER (PARTITION BY d.party_id, d.side, d.currency
                                 ORDER BY abs(d.theirs - d.ours) DESC, d.first_on, d.number, d.key, d.thing) AS place
  FROM page JOIN differing d USING (party_id, side, currency)
), entries AS (
  SELECT party_id, side, currency, count(*) AS n,
         jsonb_agg(jsonb_build_array(kind, first_on, number, ours, theirs, key) ORDER BY place)
           FILTER (WHERE place <= {lines}) AS entries
  FROM placed GROUP BY party_id, side, currency
), lines AS (
  SELECT k.party_id, k.side, k.currency,
         jsonb_agg(jsonb_build_array(k.kind, k.n, k.amount) ORDER BY abs(k.amount) DESC, k.kind) AS lines
  FROM page JOIN kinds k USING (party_id, side, currency) GROUP BY k.party_id, k.side, k.currency
)
SELECT
  (SELECT jsonb_agg(jsonb_build_array(side, currency, ours, books, parties, apart, unexplained)
                    ORDER BY side DESC, currency)
   FROM (SELECT side, currency, sum(ours)::bigint AS ours, sum(books)::bigint AS books, count(*) AS parties,
                count(*) FILTER (WHERE size <> 0) AS apart, sum(unexplained)::bigint AS unexplained
         FROM party_row GROUP BY side, currency) t) AS totals,
  (SELECT jsonb_agg(jsonb_build_array(side, currency, kind, n, amount) ORDER BY abs(amount) DESC, kind)
   FROM (SELECT k.side, k.currency, k.kind, sum(k.n)::bigint AS n, sum(k.amount)::bigint AS amount
         FROM kinds k JOIN party_row USING (party_id, side, currency)
         GROUP BY k.side, k.currency, k.kind) t) AS total_lines,
  (SELECT jsonb_agg(jsonb_build_object(
     'party_id', p.party_id, 'side', p.side, 'currency', p.currency, 'ours', p.ours, 'books', p.books,
     'stated_on', p.stated_on, 'size', p.size, 'mark', p.mark, 'lines', l.lines, 'entries', e.entries,
     'differing', e.n,
     'name', (SELECT n.name FROM parties n WHERE n.business_id = $1 AND n.id = p.party_id))
     ORDER BY p.size DESC, p.mark DESC)
   FROM page p LEFT JOIN lines l USING (party_id, side, currency)
   LEFT JOIN entries e USING (party_id, side, currency)) AS rows
"""

BOOKS = """
SELECT b.source, coalesce(s.label, b.source) AS label, t.last_delivery_at AS heard_at, b.last_entry_on, b.stated_on
FROM (SELECT source, max(effective_on) FILTER (WHERE kind <> 'stated' AND effective_on <= $2) AS last_entry_on,
             max(effective_on) FILTER (WHERE kind = 'stated' AND effective_on <= $2) AS stated_on
      FROM book_entries WHERE business_id = $1 AND known_to IS NULL GROUP BY source) b
LEFT JOIN sources s ON s.business_id = $1 AND s.name = b.source
LEFT JOIN source_state t ON t.business_id = $1 AND t.source = b.source
ORDER BY b.last_entry_on DESC NULLS LAST, b.source
"""

NUMBERS = """
SELECT anchor, number FROM invoices WHERE business_id = $1 AND anchor = ANY($2)
UNION ALL SELECT anchor, number FROM payables WHERE business_id = $1 AND anchor = ANY($2)
UNION ALL SELECT anchor, reference FROM receipts WHERE business_id = $1 AND anchor = ANY($2)
UNION ALL SELECT anchor, reference FROM payouts WHERE business_id = $1 AND anchor = ANY($2)
"""

# What changed in a closed period since: $2 its last day, $3 the moment of closing. What was known then and still
# is takes no part. Moving money between a bill and on account changes nothing.
CHANGES = f"""
SELECT c.party_id, c.side, c.currency, c.thing, c.key, min(c.effective_on) AS first_on,
       sum(CASE WHEN c.known_to IS NULL THEN c.amount ELSE -c.amount END)::bigint AS amount,
       max(coalesce(c.known_to, c.known_from)) AS known_at,
       c.party_id::text || '/' || c.side || '/' || c.currency || '/' || c.thing || '/' || c.key AS mark
FROM ({OURS}) c
WHERE c.effective_on <= $2 AND ((c.known_to IS NULL AND c.known_from > $3) OR (c.known_from <= $3 AND c.known_to > $3))
GROUP BY c.party_id, c.side, c.currency, c.thing, c.key
HAVING sum(CASE WHEN c.known_to IS NULL THEN c.amount ELSE -c.amount END) <> 0
"""


def known(alias: str, where: Conditions, known_at: datetime | None) -> str:
    """Return the condition that a posting or entry was known at a moment, None: is known now."""
    if known_at is None:
        return f"{alias}known_to IS NULL"
    moment = where.value(known_at)
    return f"({alias}known_from <= {moment} AND ({alias}known_to IS NULL OR {alias}known_to > {moment}))"


def tie_out_statement(
    where: Conditions, *, known_at: datetime | None, only: str, limit: int, lines: int
) -> str:
    """Return the statement of a page; `where` has the business as $1, the day as $2, and limits the page's rows."""
    then_p, then_e = known("p.", where, known_at), known("e.", where, known_at)
    ever = "true" if known_at is None else f"e.known_from <= {where.value(known_at)}"
    parts = (
        _PAIRS.format(ours=OURS, theirs=_THEIRS.format(then=then_e), then=then_p),
        _STATED.format(then=then_e, ever=ever),
        _ROWS.format(only=only),
        _ANSWER.format(where=where.sql, limit=limit, lines=lines),
    )
    return "WITH " + ",".join(parts)
