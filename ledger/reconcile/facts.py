"""The facts that rules may speak of: documented views over the read tables, each with typed columns.

A fact is written as a FROM clause and one expression per column, so that a rule pays only for the columns it
names. `:business`, `:now` and `:zone` are filled in by the compiler. Every fact has `anchor`, `party_id`,
`amount`, `currency` and `day`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ledger.domain.roles import Permission
from ledger.reconcile.fact import COMMON, Column, ColumnKind, Fact
from ledger.reconcile.facts_of_books import BOOKS_RECEIPT, MONEY_OF_VOIDED, TOOL_BILL, UNBOOKED_CREDIT
from ledger.reconcile.facts_of_log import EVENT_FLAG, QUARANTINE, SOURCE
from ledger.reconcile.facts_of_money import (
    MUCH_CASH,
    PAYOUT,
    REPORTED_CASH,
    REPORTED_TRANSFER,
    RETURNED_CHEQUE,
)
from ledger.reconcile.facts_of_parties import PARTY_PAIR, PROMISE, TWO_SIDED

__all__ = ["COMMON", "FACTS", "Column", "ColumnKind", "Fact"]

_INVOICE = Fact(
    "invoice",
    "A bill to a customer (or an opening balance, or a credit note) with what is still to come.",
    "invoices f WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "the customer"),
        "amount": Column("money", "f.amount", "total of the bill; a credit note's is negative"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.issued_on", "bill date"),
        "number": Column("text", "f.number", "bill number"),
        "kind": Column("text", "f.kind", "invoice, opening or credit_note"),
        "status": Column("text", "f.status", "invoice.issued, invoice.paid …"),
        "due_on": Column("date", "f.due_on", "oldest open due; empty: no credit days agreed"),
        "base": Column("money", "f.base", "taxable value, if known"),
        "outstanding": Column("money", "f.outstanding", "still to come"),
        "paid_on": Column("date", "f.paid_on", "day on which it became fully paid"),
        "received": Column(
            "money",
            "(SELECT coalesce(sum(a.amount), 0)::bigint FROM allocations a"
            " JOIN receipts r ON r.business_id = a.business_id AND r.id = a.receipt_id"
            " WHERE a.business_id = f.business_id AND a.document_id = f.id AND a.kind = 'receipt' AND r.arrived)",
            "money that has arrived and is set against it",
        ),
    },
)
_RECEIPT = Fact(
    "receipt",
    "Money received, or claimed to be: one row however many sources speak of it.",
    "receipts f WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "the payer, if known"),
        "amount": Column("money", "f.amount", "received"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.received_on", "day of receipt"),
        "status": Column("text", "f.status", "payment.received, payment.reversed …"),
        "arrived": Column("flag", "f.arrived", "captured, credited, or confirmed by owner or finance"),
        "refunded": Column("money", "f.refunded", "given back"),
        "allocated": Column("money", "f.allocated", "set against bills"),
        "unallocated": Column(
            "money", "(f.amount - f.refunded - f.allocated)", "neither given back nor set against bills"
        ),
        "method": Column("text", "f.method", "upi, neft, cheque, cash …"),
        "payer": Column("text", "f.payer", "who paid, in the source's words"),
        "reference": Column("text", "f.reference", "UTR or RRN"),
        "classified": Column("text", "f.classified", "not a sale payment: own_transfer, loan …"),
        "why": Column(
            "text", "f.why", "by what it was matched by itself, or `decided`; empty: a source says it"
        ),
        "meant_on_account": Column(
            "flag",
            "(coalesce(f.why, '') IN ('decided', 'on_account', 'oldest_first'))",
            "a person, or the party's habit, says that what is left of it stands on account",
        ),
    },
)
_BANK_LINE = Fact(
    "bank_line",
    "A credit on a bank statement.",
    "bank_lines f WHERE f.business_id = :business AND f.amount > 0",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column(
            "uuid",
            "(SELECT r.party_id FROM receipts r WHERE r.business_id = f.business_id AND r.id = f.explained_id)",
            "the payer, if known",
        ),
        "amount": Column("money", "f.amount", "credited"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.posted_on", "day of posting"),
        "source": Column("text", "f.source", "bank:icici …"),
        "account": Column("text", "f.account", "account number as the statement writes it"),
        "narration": Column("text", "f.narration", "the bank's words"),
        "channel": Column("text", "f.channel", "neft, upi, cheque …"),
        "reference": Column("text", "f.reference", "UTR or RRN"),
        "payer": Column("text", "f.payer", "payer as cut from the narration"),
        "explained_by": Column(
            "text", "f.explained_by", "settlement, receipt, payout or decision; empty: nothing"
        ),
    },
    permission=Permission.SEE_PAYABLES,
)
_SETTLEMENT = Fact(
    "settlement",
    "A gateway's pay-out to our bank: payments − refunds − fee − tax.",
    "settlements f WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "NULL::uuid", "always empty"),
        "amount": Column("money", "f.amount", "net amount that should reach the bank"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.settled_on", "day of settlement"),
        "source": Column("text", "f.source", "payment:razorpay …"),
        "status": Column("text", "f.status", "settlement.processed, settlement.failed"),
        "fee": Column("money", "f.fee", "the gateway's fee"),
        "tax": Column("money", "f.tax", "GST on the fee"),
        "utr": Column("text", "f.utr", "reference under which it reaches the bank"),
        "bank_line_id": Column("uuid", "f.bank_line_id", "the bank credit with its reference"),
        "bank_amount": Column("money", "f.bank_amount", "what that credit brought"),
        "covered_until": Column(
            "date",
            "(SELECT min(t.covered_until) FROM sources o"
            " JOIN source_state t ON t.business_id = o.business_id AND t.source = o.name"
            " WHERE o.business_id = f.business_id AND o.enabled AND split_part(o.name, ':', 1) = 'bank'"
            " AND t.covered_until >= f.settled_on - 30)",
            "day that the statements of every bank account in use have reached (in use: a statement reaches to"
            " 30 days before the settlement, or later)",
        ),
    },
    permission=Permission.SEE_PAYABLES,
)
_CLAIM = Fact(
    "claim",
    "What one source says of a row, in its word and in ours.",
    "claims f LEFT JOIN invoices b ON b.business_id = f.business_id AND b.id = f.row_id"
    " WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.subject", "the source identity that claims"),
        "anchor": Column("uuid", "f.anchor", "the same"),
        "party_id": Column("uuid", "f.party_id", "whom it is about"),
        "amount": Column("money", "coalesce(f.amount, b.amount)", "amount that it states, else the bill's"),
        "currency": Column("text", "coalesce(f.currency, b.currency)", "ISO 4217"),
        "day": Column("date", "(f.stated_at AT TIME ZONE :zone)::date", "day on which it was stated"),
        "bill": Column("uuid", "b.anchor", "the identity that the bill stands on, where it speaks of a bill"),
        "number": Column("text", "b.number", "number of that bill"),
        "bill_status": Column("text", "b.status", "status of that bill by the money that came"),
        "outstanding": Column("money", "b.outstanding", "what is still to come for that bill"),
        "received": Column(
            "money",
            "(SELECT coalesce(sum(a.amount), 0)::bigint FROM allocations a"
            " JOIN receipts r ON r.business_id = a.business_id AND r.id = a.receipt_id"
            " WHERE a.business_id = b.business_id AND a.document_id = b.id AND a.kind = 'receipt' AND r.arrived)",
            "money that has arrived and is set against that bill",
        ),
        "row_kind": Column(
            "text", "f.row_kind", "invoice, receipt, settlement, bank_line, payable, payout …"
        ),
        "row_id": Column("uuid", "f.row_id", "the row that it speaks of"),
        "source": Column("text", "f.source", "crm:hubspot …"),
        "family": Column("text", "split_part(f.source, ':', 1)", "crm, payment, bank, books or standard"),
        "word": Column("text", "f.word", "the source's own word"),
        "status": Column("text", "f.status", "ours: invoice.paid …"),
        "stated_at": Column("instant", "f.stated_at", "when it was stated"),
    },
)
_ALLOCATION = Fact(
    "allocation",
    "Money set against a customer's bill.",
    "allocations a JOIN receipts r ON r.business_id = a.business_id AND r.id = a.receipt_id"
    " JOIN invoices i ON i.business_id = a.business_id AND i.id = a.document_id"
    " WHERE a.business_id = :business AND r.business_id = :business AND i.business_id = :business"
    " AND a.kind = 'receipt'",
    {
        "anchor": Column("uuid", "a.anchor", "the identity that the receipt stands on"),
        "document": Column("uuid", "i.anchor", "the identity that the bill stands on"),
        "party_id": Column("uuid", "i.party_id", "the customer"),
        "amount": Column("money", "r.amount", "the receipt's amount"),
        "currency": Column("text", "r.currency", "ISO 4217"),
        "day": Column("date", "r.received_on", "day of receipt"),
        "allocated": Column("money", "a.amount", "part of the receipt that is set against this bill"),
        "why": Column("text", "a.why", "evidence: decided, invoice_number, gateway_invoice …"),
        "arrived": Column("flag", "r.arrived", "the money has arrived"),
        "receipt_status": Column("text", "r.status", "payment.received, payment.reversed …"),
        "reference": Column("text", "r.reference", "UTR or RRN"),
        "payer": Column("text", "r.payer", "who paid, in the source's words"),
        "method": Column("text", "r.method", "upi, neft, cheque …"),
        "number": Column("text", "i.number", "bill number"),
        "bill_amount": Column("money", "i.amount", "total of the bill"),
        "bill_base": Column("money", "i.base", "taxable value of the bill, if known"),
        "bill_status": Column("text", "i.status", "invoice.partially_paid …"),
        "short": Column("money", "i.outstanding", "what the bill still lacks after all receipts"),
        "short_percent": Column(
            "integer",
            "(CASE WHEN i.amount > 0 THEN i.outstanding * 100 / i.amount ELSE 0 END)",
            "the same in whole per cent of the bill, rounded down",
        ),
        "over": Column("money", "(r.amount - r.refunded - r.allocated)", "what the receipt leaves over"),
        "bills": Column(
            "integer",
            "(SELECT count(DISTINCT o.document_id) FROM allocations o"
            " WHERE o.business_id = a.business_id AND o.receipt_id = a.receipt_id)",
            "bills that the receipt is set against",
        ),
        "latest": Column(
            "flag",
            "(NOT EXISTS (SELECT FROM allocations o"
            " JOIN receipts n ON n.business_id = o.business_id AND n.id = o.receipt_id"
            " WHERE o.business_id = a.business_id AND o.document_id = a.document_id AND o.kind = 'receipt'"
            " AND (n.received_on, n.anchor) > (r.received_on, r.anchor)))",
            "no later receipt is set against the bill",
        ),
    },
)
_PAYABLE = Fact(
    "payable",
    "A vendor's bill with what is still to pay.",
    "payables f WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.party_id", "the vendor"),
        "amount": Column("money", "f.amount", "total of the bill"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.issued_on", "bill date"),
        "number": Column("text", "f.number", "the vendor's bill number"),
        "kind": Column("text", "f.kind", "bill or opening"),
        "status": Column("text", "f.status", "payable.due …"),
        "due_on": Column("date", "f.due_on", "due date"),
        "outstanding": Column("money", "f.outstanding", "still to pay"),
    },
    permission=Permission.SEE_PAYABLES,
)
_PARTY = Fact(
    "party",
    "A customer or vendor with its balance.",
    "parties f WHERE f.business_id = :business",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that it stands on"),
        "party_id": Column("uuid", "f.id", "itself"),
        "amount": Column("money", "f.receivable", "net receivable"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column("date", "f.last_receipt_on", "day of the last receipt"),
        "name": Column("text", "f.name", "name"),
        "is_customer": Column("flag", "f.is_customer", "buys from us"),
        "is_vendor": Column("flag", "f.is_vendor", "sells to us"),
        "credit_limit": Column("money", "f.credit_limit", "credit limit, if agreed"),
        "over_limit": Column("money", "(f.receivable - f.credit_limit)", "what it owes beyond the limit"),
        "limit_quarters": Column(
            "integer",
            "(CASE WHEN f.credit_limit > 0 THEN f.receivable * 4 / f.credit_limit END)",
            "what it owes in whole quarters of the limit, rounded down",
        ),
        "open_bills": Column("money", "f.open_bills", "open bills, before what is on account"),
        "on_account": Column("money", "f.on_account", "money on account"),
        "payable": Column("money", "f.payable", "what we owe it"),
        "promise_on": Column("date", "f.promise_on", "day on which it promised to pay"),
        "promise_amount": Column("money", "f.promise_amount", "amount that it promised"),
    },
)
_CHANGED_BILL = Fact(
    "changed_bill",
    "A bill that was fully paid, as far as we knew, when a source changed its amount; not one that was cancelled.",
    """invoices f CROSS JOIN LATERAL (
        SELECT p.amount AS was, p.known_to AS changed_at FROM postings p
        WHERE p.business_id = f.business_id AND p.document_id = f.id AND p.kind IN ('invoice', 'opening')
          AND p.known_to IS NOT NULL
          AND (SELECT sum(q.amount) <= 0 AND bool_or(q.kind = 'receipt') FROM postings q
               WHERE q.business_id = p.business_id AND q.document_id = p.document_id AND q.known_from < p.known_to
                 AND (q.known_to IS NULL OR q.known_to >= p.known_to))
        ORDER BY p.known_to LIMIT 1) h
      WHERE f.business_id = :business AND f.amount <> h.was AND f.status <> 'invoice.voided'""",
    {
        "id": Column("uuid", "f.id", "row id"),
        "anchor": Column("uuid", "f.anchor", "the source identity that the bill stands on"),
        "party_id": Column("uuid", "f.party_id", "the customer"),
        "amount": Column("money", "f.amount", "total of the bill as it is now"),
        "currency": Column("text", "f.currency", "ISO 4217"),
        "day": Column(
            "date", "(h.changed_at AT TIME ZONE :zone)::date", "day on which we learnt of the change"
        ),
        "number": Column("text", "f.number", "bill number"),
        "was": Column("money", "h.was", "its total when it was first known to be paid"),
        "outstanding": Column("money", "f.outstanding", "what is to come now"),
        "source": Column(
            "text",
            "(SELECT e.source FROM claims c JOIN LATERAL ("
            " SELECT source, ingested_at FROM external_events WHERE business_id = c.business_id AND subject = c.subject"
            " UNION ALL"
            " SELECT source, ingested_at FROM event_rewrites WHERE business_id = c.business_id AND subject = c.subject"
            ") e ON e.ingested_at <= h.changed_at WHERE c.business_id = f.business_id AND c.row_id = f.id"
            " ORDER BY e.ingested_at DESC, e.source LIMIT 1)",
            "who spoke last of it before the change was known",
        ),
    },
)

FACTS: Mapping[str, Fact] = {
    fact.name: fact
    for fact in (
        _INVOICE, _RECEIPT, _BANK_LINE, _SETTLEMENT, _CLAIM, _ALLOCATION, _PAYABLE, _PARTY, _CHANGED_BILL, PARTY_PAIR, PROMISE,
        TWO_SIDED, PAYOUT, RETURNED_CHEQUE, REPORTED_CASH, REPORTED_TRANSFER, MUCH_CASH, TOOL_BILL, BOOKS_RECEIPT, UNBOOKED_CREDIT,
        MONEY_OF_VOIDED, EVENT_FLAG, SOURCE, QUARANTINE,
    )
}  # fmt: skip
"""Every fact by its name."""
