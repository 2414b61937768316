"""Facts about what the books (a `books:` source) have, and what they lack or contradict."""

from __future__ import annotations

from ledger.domain.roles import Permission
from ledger.reconcile.fact import Column, Fact

_SINCE = 31
"""Days before the books were connected from which we expect to find things in them."""
# The books that are connected and speak: until when they told of anything, and from when we expect things in them.
_BOOKS = f"""(SELECT max(t.last_event_at) AS heard_at, (min(s.created_at) AT TIME ZONE :zone)::date - {_SINCE} AS since,
             (SELECT coalesce(b.settings -> 'holidays', '[]') FROM businesses b WHERE b.business_id = :business)
               AS holidays
        FROM sources s JOIN source_state t ON t.business_id = s.business_id AND t.source = s.name
        WHERE s.business_id = :business AND s.enabled AND s.name LIKE 'books:%') h"""


def _by_books(row: str) -> str:
    """Whether the books claim a row."""
    return (
        f"EXISTS (SELECT FROM claims c WHERE c.business_id = {row}.business_id AND c.row_id = {row}.id"
        " AND c.source LIKE 'books:%')"
    )


# What the books don't claim; `k` is empty where it is so, and whatever names it is computed for those rows only.
_LACKING = (
    "LEFT JOIN claims k ON k.business_id = f.business_id AND k.row_id = f.id AND k.source LIKE 'books:%'"
)


def _ripe(day: str) -> str:
    """Return the day on which three working days are over: Sundays and the business's holidays are not counted."""
    return (
        f"CASE WHEN k.row_id IS NULL THEN (SELECT {day} + n FROM generate_series(1, 20) n WHERE extract(isodow FROM {day} + n) < 7"
        f" AND NOT h.holidays @> to_jsonb(({day} + n)::text) ORDER BY n OFFSET 2 LIMIT 1) END"
    )


TOOL_BILL = Fact(
    "tool_bill",
    "A customer's bill that the connected books don't have, and the books' bill of its number and amount, if any,"
    " under another customer.",
    f"""{_BOOKS} JOIN invoices f ON f.issued_on >= h.since
      {_LACKING}
      LEFT JOIN LATERAL (SELECT i.anchor, p.anchor AS party, p.name FROM invoices i
        JOIN parties p ON p.business_id = i.business_id AND p.id = i.party_id
        WHERE k.row_id IS NULL AND i.business_id = f.business_id AND i.number = f.number AND i.kind = f.kind AND i.amount = f.amount
          AND i.currency = f.currency AND i.party_id <> f.party_id AND {_by_books("i")}
          AND i.issued_on BETWEEN f.issued_on - 45 AND f.issued_on + 45
        ORDER BY i.anchor LIMIT 1) w ON true
      WHERE f.business_id = :business AND f.kind = 'invoice' AND k.row_id IS NULL""",
    {
        "anchor": Column("uuid", "f.anchor", "the identity that the bill stands on"),
        "party_id": Column("uuid", "f.party_id", "the customer, by the tool that made the bill"),
        "amount": Column("money", "f.amount", "total of the bill"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.issued_on", "bill date"),
        "number": Column("text", "f.number", "bill number"),
        "status": Column("text", "f.status", "invoice.issued, invoice.paid …"),
        "source": Column(
            "text",
            "(SELECT min(c.source) FROM claims c WHERE c.business_id = f.business_id AND c.row_id = f.id"
            " AND c.source <> 'operator')",
            "the tool that made it",
        ),
        "party": Column(
            "uuid",
            "(SELECT p.anchor FROM parties p WHERE p.business_id = f.business_id AND p.id = f.party_id)",
            "the identity that the customer stands on",
        ),
        "twin": Column("uuid", "w.anchor", "the identity of the books' bill under another customer"),
        "twin_party": Column("uuid", "w.party", "the identity of that customer"),
        "twin_name": Column("text", "w.name", "that customer's name"),
        "ripe_on": Column("date", _ripe("f.issued_on"), "three working days later"),
        "books_until": Column(
            "date", "(h.heard_at AT TIME ZONE :zone)::date", "the last day of which the books told anything"
        ),
    },
)
BOOKS_RECEIPT = Fact(
    "books_receipt",
    "Money that the books show in a bank account, where the bank's statement covers the days and doesn't show it.",
    """receipts f JOIN LATERAL (SELECT c.source, i.state FROM claims c
        JOIN identities i ON i.business_id = c.business_id AND i.subject = c.subject
        WHERE c.business_id = f.business_id AND c.row_id = f.id AND c.row_kind = 'receipt'
          AND split_part(c.source, ':', 1) IN ('books', 'standard') AND i.kind = 'payment'
          AND i.state ->> 'type' = 'payment.received' AND i.state -> 'data' ->> 'into' = 'bank'
        ORDER BY c.source, c.subject LIMIT 1) b ON true
      WHERE f.business_id = :business AND NOT f.arrived AND f.status = 'payment.received'""",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "the payer, if known"),
        "amount": Column("money", "f.amount", "received, by the books"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.received_on", "day of receipt, by the books"),
        "method": Column("text", "f.method", "upi, neft, cheque …"),
        "payer": Column("text", "f.payer", "who paid, in the books' words"),
        "reference": Column("text", "f.reference", "UTR or RRN"),
        "source": Column("text", "b.source", "books:tally …"),
        "account": Column("text", "b.state -> 'data' ->> 'account'", "bank account, as the books call it"),
    },
    permission=Permission.SEE_PAYABLES,
)
UNBOOKED_CREDIT = Fact(
    "unbooked_credit",
    "Money of a known customer that a bank shows and the connected books don't; only where the books tell of money.",
    f"""{_BOOKS} JOIN receipts f ON f.received_on >= h.since
      {_LACKING}
      JOIN LATERAL (SELECT c.source FROM claims c WHERE c.business_id = f.business_id AND c.row_id = f.id
        AND split_part(c.source, ':', 1) = 'bank' ORDER BY c.source LIMIT 1) b ON true
      WHERE f.business_id = :business AND f.arrived AND f.status = 'payment.received' AND f.party_id IS NOT NULL
        AND f.received_on + 3 <= (h.heard_at AT TIME ZONE :zone)::date
        AND k.row_id IS NULL
        AND EXISTS (SELECT FROM claims c JOIN sources s ON s.business_id = c.business_id AND s.name = c.source
                    WHERE s.business_id = :business AND s.enabled AND s.name LIKE 'books:%'
                      AND c.business_id = :business AND c.row_kind = 'receipt')""",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "the customer"),
        "amount": Column("money", "f.amount", "received"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.received_on", "day of receipt"),
        "payer": Column("text", "f.payer", "who paid, in the source's words"),
        "reference": Column("text", "f.reference", "UTR or RRN"),
        "source": Column("text", "b.source", "bank:icici …"),
        "ripe_on": Column("date", _ripe("f.received_on"), "three working days later"),
        "books_until": Column(
            "date", "(h.heard_at AT TIME ZONE :zone)::date", "the last day of which the books told anything"
        ),
    },
    permission=Permission.SEE_PAYABLES,
)
MONEY_OF_VOIDED = Fact(
    "money_of_voided_bill",
    "Money that came for a bill which is cancelled now, and that pays nothing since: it named the bill, or paid it.",
    """receipts f JOIN invoices i ON i.business_id = f.business_id AND i.party_id = f.party_id
        AND i.status = 'invoice.voided' AND i.currency = f.currency
      WHERE f.business_id = :business AND i.business_id = :business AND f.arrived AND f.status = 'payment.received'
        AND f.amount - f.refunded - f.allocated > 0
        AND (EXISTS (SELECT FROM postings p WHERE p.business_id = i.business_id AND p.document_id = i.id
                     AND p.kind = 'receipt' AND p.cause = f.anchor)
             OR EXISTS (SELECT FROM claims c
                JOIN identity_keys k ON k.business_id = c.business_id AND k.subject = c.subject
                WHERE c.business_id = f.business_id AND c.row_id = f.id
                  AND k.key = 'inv:' || regexp_replace(upper(i.number), '[^0-9A-Z]+', '', 'g')))""",
    {
        "anchor": Column("uuid", "f.anchor", "the identity that the money stands on"),
        "party_id": Column("uuid", "f.party_id", "the customer"),
        "amount": Column("money", "(f.amount - f.refunded - f.allocated)", "what of it pays nothing"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.received_on", "day of receipt"),
        "method": Column("text", "f.method", "upi, neft, cheque, cash …"),
        "reference": Column("text", "f.reference", "UTR or RRN"),
        "document": Column("uuid", "i.anchor", "the identity that the bill stands on"),
        "number": Column("text", "i.number", "number of the cancelled bill"),
        "bill_amount": Column("money", "i.amount", "what the bill was for"),
    },
)
