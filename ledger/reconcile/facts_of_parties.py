"""Facts about parties: who may be there twice, what was promised, and who is customer and vendor at once."""

from __future__ import annotations

from ledger.domain.roles import Permission
from ledger.reconcile.fact import Column, Fact

_CROWD = 5
"""A telephone number, address, PAN or sound that more parties share tells nothing of who is who (the accountant's)."""


def _alike(key: str, *, telling: str = "true") -> str:
    """Select the other parties with the same key, unless a crowd shares it."""
    return (
        f"SELECT p.id FROM parties p WHERE p.business_id = f.business_id AND p.{key} = f.{key} AND p.id <> f.id"
        f" AND {telling} AND (SELECT count(*) FROM (SELECT FROM parties q WHERE q.business_id = f.business_id"
        f" AND q.{key} = f.{key} LIMIT {_CROWD + 1}) n) <= {_CROWD}"
    )


_ELSEWHERE = """NOT EXISTS (SELECT FROM party_identities x JOIN party_identities y
  ON y.business_id = x.business_id AND y.source = x.source
  WHERE x.business_id = f.business_id AND x.party_id = f.id AND y.party_id = o.id)"""
_SAME_BILLS = """EXISTS (SELECT x.number, x.amount, x.currency FROM invoices x
  WHERE x.business_id = f.business_id AND x.party_id = f.id AND x.number IS NOT NULL
  INTERSECT SELECT y.number, y.amount, y.currency FROM invoices y
  WHERE y.business_id = f.business_id AND y.party_id = o.id AND y.number IS NOT NULL)"""
_TELLING_BILLS = 2
"""So many bills of the same number, day and amount under two names are no chance: a sheet knows the name, the books an id."""
_BILLS_OF_BOTH = """FROM invoices x JOIN invoices y
  ON y.business_id = x.business_id AND y.number = x.number AND y.amount = x.amount AND y.currency = x.currency
  AND y.issued_on = x.issued_on AND y.party_id <> x.party_id
  WHERE x.business_id = f.business_id AND x.party_id = f.id AND x.kind = 'invoice' AND y.kind = 'invoice'"""
# Found by the claims' index over operators' decisions on parties, which are few: a key made of text and uuid would be
# compared for every row, since row-level security bars such conditions from an index.
_PARTED = """EXISTS (SELECT FROM claims c
  JOIN identities d ON d.business_id = c.business_id AND d.subject = c.subject
  WHERE c.business_id = f.business_id AND c.source = 'operator' AND c.row_kind = 'decision'
    AND d.state ->> 'type' = 'parties.unlinked'
    AND EXISTS (SELECT FROM party_identities x WHERE x.business_id = f.business_id AND x.party_id = f.id
                AND d.state -> 'data' -> 'subjects' ? x.subject::text)
    AND EXISTS (SELECT FROM party_identities y WHERE y.business_id = f.business_id AND y.party_id = o.id
                AND d.state -> 'data' -> 'subjects' ? y.subject::text))"""

# The other one is looked up by itself (OFFSET 0): else all parties would be read for each.
PARTY_PAIR = Fact(
    "party_pair",
    "Two parties that may be one: the same telephone, e-mail or PAN, a name that sounds the same, or the same bills;"
    " each pair twice, once from each side. Not told apart by their GSTIN, nor by a person.",
    f"""parties f
      CROSS JOIN LATERAL ({_alike("phone_key")} UNION {_alike("email_key")} UNION {_alike("pan")}
        UNION {_alike("sound_key")}
        UNION SELECT y.party_id {_BILLS_OF_BOTH} GROUP BY y.party_id HAVING count(*) >= {_TELLING_BILLS}) k
      CROSS JOIN LATERAL (SELECT * FROM parties x WHERE x.business_id = f.business_id AND x.id = k.id OFFSET 0) o
      CROSS JOIN LATERAL (SELECT coalesce(f.phone_key = o.phone_key, false) AS phone,
                                 coalesce(f.email_key = o.email_key, false) AS email,
                                 coalesce(f.pan = o.pan, false) AS pan,
                                 coalesce(f.sound_key = o.sound_key, false) AS name,
                                 (SELECT count(*) {_BILLS_OF_BOTH} AND y.party_id = o.id)::int AS bills) s
      WHERE f.business_id = :business AND (f.gstin IS NULL OR o.gstin IS NULL OR f.gstin = o.gstin)
        AND (f.pan IS NULL OR o.pan IS NULL OR f.pan = o.pan)
        AND (s.phone OR s.email OR s.bills >= {_TELLING_BILLS}
             OR (s.pan AND (s.name OR left(f.sound_key, 5) = left(o.sound_key, 5)))
             OR (s.name AND ({_ELSEWHERE} OR {_SAME_BILLS})))
        AND NOT {_PARTED}""",
    {
        "anchor": Column("uuid", "f.anchor", "the identity that this side stands on"),
        "party_id": Column("uuid", "CASE WHEN f.anchor < o.anchor THEN f.id ELSE o.id END", "the one"),
        "amount": Column("money", "(f.receivable + o.receivable)", "net receivable of both together"),
        "currency": Column(
            "text", "CASE WHEN f.anchor < o.anchor THEN f.currency ELSE o.currency END", "ISO 4217"
        ),
        "day": Column("date", "(:now AT TIME ZONE :zone)::date", "today"),
        "one": Column("uuid", "least(f.anchor, o.anchor)", "the smaller of the two identities"),
        "other": Column("uuid", "greatest(f.anchor, o.anchor)", "the greater one"),
        "one_name": Column("text", "CASE WHEN f.anchor < o.anchor THEN f.name ELSE o.name END", "its name"),
        "other_name": Column("text", "CASE WHEN f.anchor < o.anchor THEN o.name ELSE f.name END", "its name"),
        "same_phone": Column("text", "CASE WHEN s.phone THEN f.phone_key END", "telephone that both have"),
        "same_email": Column("text", "CASE WHEN s.email THEN f.email_key END", "e-mail that both have"),
        "same_pan": Column("text", "CASE WHEN s.pan THEN f.pan END", "PAN that both have"),
        "same_bills": Column(
            "integer",
            f"CASE WHEN s.bills >= {_TELLING_BILLS} THEN s.bills END",
            "bills of the same number, day and amount that stand under both",
        ),
        "same_name": Column("flag", "s.name", "the names sound the same"),
        "one_source": Column(
            "text",
            "(SELECT min(x.source) FROM party_identities x WHERE x.business_id = f.business_id"
            " AND x.party_id = CASE WHEN f.anchor < o.anchor THEN f.id ELSE o.id END)",
            "a source that knows the one",
        ),
        "other_source": Column(
            "text",
            "(SELECT min(x.source) FROM party_identities x WHERE x.business_id = f.business_id"
            " AND x.party_id = CASE WHEN f.anchor < o.anchor THEN o.id ELSE f.id END)",
            "a source that knows the other",
        ),
    },
)
PROMISE = Fact(
    "promise",
    "The latest promise of a customer, and what has come since he gave it.",
    """parties f
      CROSS JOIN LATERAL (SELECT (c.stated_at AT TIME ZONE :zone)::date AS given_on FROM claims c
        WHERE c.business_id = f.business_id AND c.party_id = f.id AND c.row_kind = 'promise'
        ORDER BY c.stated_at DESC, c.subject DESC LIMIT 1) g
      CROSS JOIN LATERAL (SELECT coalesce(sum(r.amount - r.refunded), 0)::bigint AS since FROM receipts r
        WHERE r.business_id = f.business_id AND r.party_id = f.id AND r.arrived AND r.currency = f.currency
          AND r.received_on >= g.given_on) m
      WHERE f.business_id = :business AND f.promise_on IS NOT NULL""",
    {
        "anchor": Column("uuid", "f.anchor", "the identity that the customer stands on"),
        "party_id": Column("uuid", "f.id", "the customer"),
        "amount": Column(
            "money",
            "greatest(least(CASE WHEN f.promise_amount IS NOT NULL THEN f.promise_amount - m.since"
            " WHEN m.since > 0 THEN 0 ELSE f.receivable END, f.receivable), 0)",
            "what of the promise has not come; a promise without an amount is kept by any money",
        ),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.promise_on", "the promised day"),
        "promised": Column("money", "f.promise_amount", "promised amount, if one was named"),
        "given_on": Column("date", "g.given_on", "day on which it was given"),
        "since": Column("money", "m.since", "money that has come since"),
        "receivable": Column("money", "f.receivable", "net receivable now"),
        "covered_until": Column(
            "date",
            "(SELECT min(t.covered_until) FROM sources o"
            " JOIN source_state t ON t.business_id = o.business_id AND t.source = o.name"
            " WHERE o.business_id = f.business_id AND o.enabled AND split_part(o.name, ':', 1) = 'bank'"
            " AND t.covered_until >= f.promise_on - 30)",
            "day that the statements of every bank account in use have reached; empty: no bank is connected",
        ),
    },
)
TWO_SIDED = Fact(
    "two_sided_party",
    "A party that is customer and vendor at once.",
    "parties f WHERE f.business_id = :business AND f.is_customer AND f.is_vendor",
    {
        "anchor": Column("uuid", "f.anchor", "the identity that it stands on"),
        "party_id": Column("uuid", "f.id", "itself"),
        "amount": Column("money", "least(f.receivable, f.payable)", "what can be set off"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.last_receipt_on", "day of the last receipt"),
        "receivable": Column("money", "f.receivable", "what it owes us, net"),
        "payable": Column("money", "f.payable", "what we owe it"),
    },
    permission=Permission.SEE_PAYABLES,
)
