"""Facts about single pieces of money: payouts, cheques that came back, cash on its way, and much cash."""

from __future__ import annotations

from ledger.domain.roles import Permission
from ledger.reconcile.fact import Column, Fact

_CLAIMABLE = 90
"""Days after which nothing can be done about a cheque that came back: 30 for the notice, 15 to pay, a month to sue."""

PAYOUT = Fact(
    "payout",
    "Money that we paid to a vendor.",
    "payouts f WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "the vendor, if known"),
        "amount": Column("money", "f.amount", "paid"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.paid_on", "day of payment"),
        "status": Column("text", "f.status", "payout.processed, payout.reversed …"),
        "unallocated": Column("money", "(f.amount - f.allocated)", "not set against bills"),
        "payee": Column("text", "f.payee", "to whom, in the source's words"),
        "reference": Column("text", "f.reference", "UTR"),
    },
    permission=Permission.SEE_PAYABLES,
)
RETURNED_CHEQUE = Fact(
    "returned_cheque",
    f"A cheque that came back within the last {_CLAIMABLE} days and was not replaced.",
    f"""cheques f JOIN identities i ON i.business_id = f.business_id AND i.subject = f.anchor
      JOIN parties p ON p.business_id = f.business_id AND p.id = f.party_id
      CROSS JOIN LATERAL (SELECT coalesce((i.state -> 'data' ->> 'on')::date,
        ((i.state ->> 'at')::timestamptz AT TIME ZONE :zone)::date) AS returned_on) r
      WHERE f.business_id = :business AND f.status = 'cheque.returned'
        AND r.returned_on >= (:now AT TIME ZONE :zone)::date - {_CLAIMABLE}""",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "who gave it"),
        "amount": Column("money", "f.amount", "what it was for"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "r.returned_on", "day of the bank's memo"),
        "number": Column("text", "f.number", "cheque number"),
        "bank": Column("text", "f.bank", "bank on which it is drawn"),
        "reason": Column("text", "i.state -> 'data' ->> 'reason'", "why, in the bank's words"),
        "notice_by": Column("date", "(r.returned_on + 30)", "last day for a notice by law"),
        "receivable": Column("money", "p.receivable", "what the customer owes us now, net"),
    },
)


def _reported(methods: str) -> str:
    """Return receipts that somebody of ours reported by one of `methods` and that have not arrived, with the reporter."""
    return f"""receipts f JOIN LATERAL (SELECT i.external_id, i.state -> 'data' ->> 'by' AS by FROM claims c
        JOIN identities i ON i.business_id = c.business_id AND i.subject = c.subject
        WHERE c.business_id = f.business_id AND c.row_id = f.id AND c.source = 'operator' AND i.kind = 'payment'
          AND i.state ->> 'type' = 'payment.reported' ORDER BY c.subject LIMIT 1) b ON true
      LEFT JOIN members m ON m.business_id = f.business_id AND m.id::text = b.by
      WHERE f.business_id = :business AND NOT f.arrived AND f.status = 'payment.authorised' AND f.method IN ({methods})"""


_REPORT = {
    "id": Column("uuid", "f.id", "row id"),
    "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
    "party_id": Column("uuid", "f.party_id", "who paid"),
    "amount": Column("money", "f.amount", "reported"),
    "currency": Column("text", "f.currency", "ISO 4217"),
    "day": Column("date", "f.received_on", "day on which it was given"),
    "payment": Column("text", "b.external_id", "the report's own name"),
    "by": Column("text", "b.by", "the member who reported it"),
    "reporter": Column("text", "coalesce(m.name, 'somebody of yours')", "his name"),
}
REPORTED_CASH = Fact(
    "reported_cash",
    "Cash that somebody of ours says he was given, and that nobody else has confirmed.",
    _reported("'cash'"),
    _REPORT,
)
# The second working day after it was paid, once a bank (if there is one) is known till then; Sundays and listed holidays
# are no working days.
_MISSED = """(SELECT d.day FROM (
      SELECT f.received_on + n AS day FROM generate_series(1, 20) n, businesses b
      WHERE b.business_id = f.business_id AND extract(isodow FROM f.received_on + n) < 7
        AND NOT coalesce(b.settings -> 'holidays', '[]') @> to_jsonb((f.received_on + n)::text)
      ORDER BY n OFFSET 1 LIMIT 1) d
    WHERE d.day <= coalesce((SELECT max(t.covered_until) FROM source_state t
      WHERE t.business_id = f.business_id AND t.source LIKE 'bank:%'), d.day))"""
REPORTED_TRANSFER = Fact(
    "reported_transfer",
    "A transfer or UPI payment that a customer is said to have made, and that hasn't arrived.",
    _reported("'bank', 'upi'"),
    {
        **_REPORT,
        "reference": Column("text", "f.reference", "UTR, if it was told"),
        "missed_on": Column("date", _MISSED, "second working day after it, once the bank is known till then"),
    },
)
_CASH = (
    "r.method = 'cash' AND r.status IN ('payment.received', 'payment.authorised') AND r.classified IS NULL"
)
MUCH_CASH = Fact(
    "cash",
    "Cash of one person in a day, and cash of several days for one bill; received, or reported and on its way.",
    f"""parties f CROSS JOIN LATERAL (
        SELECT md5('cash' || f.anchor || r.received_on)::uuid AS what, NULL::text AS number, r.received_on AS day,
               r.currency, sum(r.amount - r.refunded)::bigint AS amount, count(*) AS times
        FROM receipts r WHERE r.business_id = f.business_id AND r.party_id = f.id AND {_CASH} GROUP BY 3, 4
        UNION ALL
        SELECT i.anchor, coalesce(i.number, 'without a number'), max(r.received_on), r.currency, sum(a.amount)::bigint,
               count(*)
        FROM receipts r JOIN allocations a ON a.business_id = r.business_id AND a.receipt_id = r.id AND a.kind = 'receipt'
        JOIN invoices i ON i.business_id = a.business_id AND i.id = a.document_id
        WHERE r.business_id = f.business_id AND r.party_id = f.id AND {_CASH} AND r.arrived
        GROUP BY i.anchor, i.number, r.currency HAVING count(DISTINCT r.received_on) > 1) g
      WHERE f.business_id = :business""",
    {
        "anchor": Column("uuid", "f.anchor", "the identity that the person stands on"),
        "party_id": Column("uuid", "f.id", "the person"),
        "amount": Column("money", "g.amount", "in cash, given back apart"),
        "currency": Column("text", "g.currency", "ISO 4217"),
        "day": Column("date", "g.day", "the day; of a bill, the last one"),
        "what": Column("uuid", "g.what", "the bill's identity, or one derived from person and day"),
        "number": Column("text", "g.number", "the bill; empty: all cash of that day"),
        "times": Column("integer", "g.times", "payments"),
    },
    permission=Permission.SEE_PAYABLES,
)
