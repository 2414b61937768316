"""Every table as metadata: the log, what is derived from it, the workflow, the outboxes.

Every primary key and unique constraint begins with `business_id`, so that Citus can shard by it and row-level
security isolates it. The only exempt table is `directory`, for look-ups made before the tenant is known.
Money columns are minor units (paise) as bigint, with a currency beside them.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Time,
    Uuid,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_NOW = text("now()")


def _business() -> Column:  # type: ignore[type-arg]
    return Column("business_id", Uuid, primary_key=True)


def _when(name: str, *, nullable: bool = True, now: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=_NOW if now else None)


# ---- tenants and people --------------------------------------------------------------------------
directory = Table(
    "directory",
    metadata,
    Column("kind", Text, primary_key=True, comment="business, chat"),
    Column("key", Text, primary_key=True, comment="chat:<id> → one row per business of that chat"),
    Column("business_id", Uuid, primary_key=True),
    Column("ref", Uuid, nullable=True, comment="member of a chat"),
    comment="The exempt table: which tenant a chat or a sweep has to look at.",
)
businesses = Table(
    "businesses",
    metadata,
    _business(),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="Asia/Kolkata"),
    Column("currency", Text, nullable=False, server_default="INR"),
    Column(
        "settings", JSONB, nullable=False, server_default="{}", comment="round_off_limit (paise), holidays …"
    ),
    _when("created_at", nullable=False, now=True),
)
members = Table(
    "members",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="owner, finance, sales, view"),
    Column("language", Text, nullable=False, server_default="en"),
    Column("digest_at", Time, nullable=True, comment="local hour of the morning digest; null: none"),
    Column("digest_sent_on", Date, nullable=True),
    Column(
        "crm_owner", Text, nullable=True, comment="the member's identity in the CRM: whose customers are his"
    ),
    Column("chat_id", BigInteger, nullable=True),
    Column("active", Boolean, nullable=False, server_default="true"),
    _when("created_at", nullable=False, now=True),
)
link_codes = Table(
    "link_codes",
    metadata,
    _business(),
    Column("code_hash", LargeBinary, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
)
tokens = Table(
    "tokens",
    metadata,
    _business(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("label", Text, nullable=False),
    _when("created_at", nullable=False, now=True),
    _when("expires_at"),
    _when("last_used_at"),
    _when("revoked_at"),
)
sources = Table(
    "sources",
    metadata,
    _business(),
    Column("name", Text, primary_key=True, comment="payment:razorpay, bank:icici, standard:crm …"),
    Column("connector", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column(
        "key_hash", LargeBinary, nullable=False, comment="SHA-256 of the source key in the webhook's address"
    ),
    Column("secrets", LargeBinary, nullable=True, comment="sealed JSON list, newest first"),
    Column("settings", JSONB, nullable=False, server_default="{}"),
    Column("silence_hours", Integer, nullable=False, server_default="0"),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    _when("created_at", nullable=False, now=True),
)
source_state = Table(
    "source_state",
    metadata,
    _business(),
    Column("source", Text, primary_key=True),
    _when("last_delivery_at"),
    _when("last_event_at"),
    Column("covered_until", Date, nullable=True, comment="bank files: the last day that a statement covers"),
    Column("balance", BigInteger, nullable=True, comment="bank: closing balance on covered_until"),
    Column("account", Text, nullable=True),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("quarantined", BigInteger, nullable=False, server_default="0"),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),
)

# ---- the log ---------------------------------------------------------------------------------------
deliveries = Table(
    "deliveries",
    metadata,
    _business(),
    Column("source", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True, comment="SHA-256 over kept headers and body"),
    Column("body", LargeBinary, nullable=False),
    Column("headers", JSONB, nullable=False, server_default="{}"),
    Column("filename", Text, nullable=True),
    Column("via", Text, nullable=False, comment="webhook, file, chat, pull, operator"),
    Column("version", Text, nullable=True, comment="payload version that it was pinned to"),
    _when("received_at", nullable=False),
)
external_events = Table(
    "external_events",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True, comment="UUIDv7"),
    Column("source", Text, nullable=False),
    Column("source_event_id", Text, nullable=False),
    Column("delivery", LargeBinary, nullable=False),
    Column(
        "digest", LargeBinary, nullable=False, comment="SHA-256 of the reading: type, identity, time, data"
    ),
    Column("event_type", Text, nullable=False),
    Column("schema_version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("subject", Uuid, nullable=False, comment="uuid5(source, kind, external_id)"),
    Column("word", Text, nullable=True, comment="the vendor's status word"),
    Column("qualifier", Text, nullable=True),
    Column("flag", Text, nullable=True, comment="unmapped, future: kept, not applied"),
    Column("normalised", JSONB, nullable=False),
    _when("occurred_at", nullable=False),
    Column("precision", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    _when("ingested_at", nullable=False),
    Index("external_events_once", "business_id", "source", "source_event_id", unique=True),
    Index("external_events_subject", "business_id", "subject"),
    Index("external_events_flag", "business_id", "flag", postgresql_where=text("flag IS NOT NULL")),
)
event_rewrites = Table(
    "event_rewrites",
    metadata,
    _business(),
    Column("source", Text, primary_key=True),
    Column("source_event_id", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("delivery", LargeBinary, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("schema_version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("word", Text, nullable=True),
    Column("qualifier", Text, nullable=True),
    Column("flag", Text, nullable=True),
    Column("normalised", JSONB, nullable=False),
    _when("occurred_at", nullable=False),
    Column("precision", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False, server_default="0"),
    _when("ingested_at", nullable=False),
    Index("event_rewrites_subject", "business_id", "subject"),
)
interpretations = Table(
    "interpretations",
    metadata,
    _business(),
    Column("event_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("normaliser_version", Text, nullable=False),
    Column("mapping_version", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("flag", Text, nullable=True),
    Column("normalised", JSONB, nullable=False),
    Column("subject", Uuid, nullable=False),
    _when("made_at", nullable=False),
    Index("interpretations_subject", "business_id", "subject"),
)
source_news = Table(
    "source_news",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    _when("received_at", nullable=False),
    _when("last_event_at"),
    Column("added", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("covered_until", Date, nullable=True),
    Column("balance", BigInteger, nullable=True),
    Column("account", Text, nullable=True),
    comment="Mailbox: what each commit brought, gathered into source_state by the drainer.",
)
pending = Table(
    "pending",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    Column("subject", Uuid, nullable=True, comment="identity to fold; null: only wake the rules"),
    Column("wake", Text, nullable=True, comment="rule or reason of a wake-up"),
    _when("due_at", nullable=False),
    Index("pending_due", "business_id", "due_at"),
)
dirty = Table(
    "dirty",
    metadata,
    _business(),
    Column("subject", Uuid, primary_key=True, comment="folded; what depends on it is not derived yet"),
    _when("since", nullable=False),
    Index("dirty_since", "business_id", "since"),
)
quarantine = Table(
    "quarantine",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True, comment="derived from source, delivery and place"),
    Column("source", Text, nullable=False),
    Column("delivery", LargeBinary, nullable=False),
    Column("place", Text, nullable=False, comment="row or part of the delivery; empty: all of it"),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _when("received_at", nullable=False),
    _when("resolved_at"),
)
status_mappings = Table(
    "status_mappings",
    metadata,
    _business(),
    Column("source", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("word", Text, primary_key=True),
    Column("qualifier", Text, primary_key=True, server_default=""),
    Column("status", Text, nullable=False),
    Column("confidence", SmallInteger, nullable=False, server_default="100"),
    Column("notes", Text, nullable=False, server_default=""),
)

# ---- derived: stage one ------------------------------------------------------------------------------
identities = Table(
    "identities",
    metadata,
    _business(),
    Column("subject", Uuid, primary_key=True),
    Column("source", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("state", JSONB, nullable=False, comment="fold of all events of this source identity"),
)
identity_keys = Table(
    "identity_keys",
    metadata,
    _business(),
    Column("key", Text, primary_key=True),
    Column("subject", Uuid, primary_key=True),
    Index("identity_keys_subject", "business_id", "subject"),
)


# ---- derived: stage two. `anchor` is the identity whose component owns the row -------------------------
def _anchor() -> Column:  # type: ignore[type-arg]
    return Column("anchor", Uuid, nullable=False)


parties = Table(
    "parties",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("name", Text, nullable=False),
    Column("search_name", Text, nullable=False),
    Column("gstin", Text, nullable=True),
    Column("pan", Text, nullable=True, comment="same PAN: a group of separate ledgers"),
    Column("phone", Text, nullable=True),
    Column("email", Text, nullable=True),
    Column("owner", Text, nullable=True, comment="sales owner: a CRM identity"),
    Column("terms_days", Integer, nullable=True),
    Column("credit_limit", BigInteger, nullable=True),
    Column("is_customer", Boolean, nullable=False, server_default="false"),
    Column("is_vendor", Boolean, nullable=False, server_default="false"),
    Column("currency", Text, nullable=False),
    Column("receivable", BigInteger, nullable=False, comment="net: open bills − on account − credit notes"),
    Column("open_bills", BigInteger, nullable=False),
    Column("on_account", BigInteger, nullable=False),
    Column("payable", BigInteger, nullable=False),
    Column(
        "usual_days_late", Integer, nullable=True, comment="median days from due date to payment, paid bills"
    ),
    Column("last_receipt_on", Date, nullable=True),
    Column("promise_on", Date, nullable=True),
    Column("promise_amount", BigInteger, nullable=True),
    Index("parties_anchor", "business_id", "anchor"),
    Index("parties_receivable", "business_id", "receivable"),
    Index("parties_by_name", "business_id", "search_name", "id"),
    Index("parties_owner", "business_id", "owner"),
)
party_identities = Table(
    "party_identities",
    metadata,
    _business(),
    Column("subject", Uuid, primary_key=True, comment="source identity, or a mention of one in a document"),
    Column("party_id", Uuid, nullable=False),
    _anchor(),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", Text, nullable=True),
    Column("url", Text, nullable=True),
    Index("party_identities_party", "business_id", "party_id"),
    Index("party_identities_anchor", "business_id", "anchor"),
)
invoices = Table(
    "invoices",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("party_id", Uuid, nullable=False),
    Column("number", Text, nullable=True),
    Column("kind", Text, nullable=False, comment="invoice, opening, credit_note"),
    Column("status", Text, nullable=False, comment="invoice.issued …"),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=True, comment="oldest open due; null: no credit days agreed"),
    Column("amount", BigInteger, nullable=False, comment="credit notes negative"),
    Column("base", BigInteger, nullable=True, comment="taxable value, for TDS"),
    Column("outstanding", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("url", Text, nullable=True),
    Column("description", Text, nullable=True),
    Column("paid_on", Date, nullable=True, comment="day on which it became fully paid"),
    Index("invoices_anchor", "business_id", "anchor"),
    Index("invoices_party", "business_id", "party_id"),
    Index("invoices_open", "business_id", "due_on", "id", postgresql_where=text("outstanding > 0")),
    # One index for each order in which open bills are paged, so that a page costs the same at any size.
    Index(
        "invoices_by_age",
        "business_id",
        text("(COALESCE(due_on, issued_on))"),
        "id",
        postgresql_where=text("outstanding > 0"),
    ),
    Index("invoices_by_amount", "business_id", "outstanding", "id", postgresql_where=text("outstanding > 0")),
    Index("invoices_by_issue", "business_id", "issued_on", "id", postgresql_where=text("outstanding > 0")),
    Index(
        "invoices_of_party",
        "business_id",
        "party_id",
        text("(COALESCE(due_on, issued_on))"),
        "id",
        postgresql_where=text("outstanding > 0"),
    ),
    Index("invoices_number", "business_id", "number"),
)
dues = Table(
    "dues",
    metadata,
    _business(),
    Column("invoice_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    _anchor(),
    Column("due_on", Date, nullable=True),
    Column("label", Text, nullable=True),
    Column("amount", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Index("dues_anchor", "business_id", "anchor"),
)
receipts = Table(
    "receipts",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("party_id", Uuid, nullable=True),
    Column(
        "status", Text, nullable=False, comment="payment.received, .authorised, .failed, .refunded, .reversed"
    ),
    Column(
        "arrived",
        Boolean,
        nullable=False,
        comment="gateway captured, bank credited, or confirmed by owner or finance",
    ),
    Column("received_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("allocated", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("method", Text, nullable=True),
    Column("payer", Text, nullable=True),
    Column("reference", Text, nullable=True, comment="UTR or RRN"),
    Column("classified", Text, nullable=True, comment="not a sale payment: own_transfer, loan, interest …"),
    Index("receipts_anchor", "business_id", "anchor"),
    Index("receipts_party", "business_id", "party_id"),
)
allocations = Table(
    "allocations",
    metadata,
    _business(),
    Column("receipt_id", Uuid, primary_key=True),
    Column("document_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True, comment="receipt, or a deduction's kind: tds, round_off …"),
    _anchor(),
    Column("amount", BigInteger, nullable=False),
    Column("why", Text, nullable=False, comment="decided, invoice_number, gateway_invoice …"),
    Index("allocations_anchor", "business_id", "anchor"),
    Index("allocations_document", "business_id", "document_id"),
)
settlements = Table(
    "settlements",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("source", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("utr", Text, nullable=True),
    Column("settled_on", Date, nullable=False),
    Column("bank_line_id", Uuid, nullable=True),
    Column("bank_amount", BigInteger, nullable=True),
    Index("settlements_anchor", "business_id", "anchor"),
)
bank_lines = Table(
    "bank_lines",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("source", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("posted_on", Date, nullable=False),
    Column("value_on", Date, nullable=True),
    Column("amount", BigInteger, nullable=False, comment="credits positive, debits negative"),
    Column("currency", Text, nullable=False),
    Column("narration", Text, nullable=False),
    Column("channel", Text, nullable=True),
    Column("reference", Text, nullable=True),
    Column("payer", Text, nullable=True),
    Column("balance", BigInteger, nullable=True),
    Column(
        "explained_by",
        Text,
        nullable=True,
        comment="settlement, receipt, payout, decision; null: not explained",
    ),
    Column("explained_id", Uuid, nullable=True),
    Index("bank_lines_anchor", "business_id", "anchor"),
    Index("bank_lines_day", "business_id", "posted_on"),
)
payables = Table(
    "payables",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("party_id", Uuid, nullable=False),
    Column("number", Text, nullable=True),
    Column("kind", Text, nullable=False, comment="bill, opening"),
    Column("status", Text, nullable=False, comment="payable.due …"),
    Column("issued_on", Date, nullable=False),
    Column("due_on", Date, nullable=True),
    Column("amount", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("description", Text, nullable=True),
    Index("payables_anchor", "business_id", "anchor"),
    Index("payables_party", "business_id", "party_id"),
    Index("payables_open", "business_id", "due_on", "id", postgresql_where=text("outstanding > 0")),
    Index(
        "payables_by_age",
        "business_id",
        text("(COALESCE(due_on, issued_on))"),
        "id",
        postgresql_where=text("outstanding > 0"),
    ),
)
payouts = Table(
    "payouts",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("party_id", Uuid, nullable=True),
    Column("status", Text, nullable=False),
    Column("paid_on", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("allocated", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("reference", Text, nullable=True),
    Column("payee", Text, nullable=True),
    Column("bank_line_id", Uuid, nullable=True),
    Index("payouts_anchor", "business_id", "anchor"),
)
cheques = Table(
    "cheques",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    _anchor(),
    Column("party_id", Uuid, nullable=True),
    Column("status", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("bank", Text, nullable=True),
    Column("dated_on", Date, nullable=True),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("receipt_id", Uuid, nullable=True),
    Index("cheques_anchor", "business_id", "anchor"),
    Index("cheques_party", "business_id", "party_id"),
)
claims = Table(
    "claims",
    metadata,
    _business(),
    Column("subject", Uuid, primary_key=True, comment="the source identity that claims"),
    Column("row_id", Uuid, primary_key=True),
    _anchor(),
    Column(
        "row_kind",
        Text,
        nullable=False,
        comment="party, invoice, receipt, settlement, bank_line, payable, payout, cheque",
    ),
    Column("party_id", Uuid, nullable=True),
    Column("source", Text, nullable=False),
    Column("source_event_id", Text, nullable=True, comment="the event that the claim stands on"),
    Column("word", Text, nullable=True, comment="the vendor's word"),
    Column("status", Text, nullable=True, comment="ours"),
    Column("amount", BigInteger, nullable=True),
    Column("currency", Text, nullable=True),
    _when("stated_at"),
    Column("url", Text, nullable=True),
    Index("claims_anchor", "business_id", "anchor"),
    Index("claims_row", "business_id", "row_id"),
    Index("claims_party", "business_id", "party_id"),
)
postings = Table(
    "postings",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True, comment="derived from what it says and from known_from"),
    _anchor(),
    Column("party_id", Uuid, nullable=False),
    Column("document_id", Uuid, nullable=False),
    Column("side", Text, nullable=False, comment="receivable, payable"),
    Column(
        "kind",
        Text,
        nullable=False,
        comment="invoice, credit_note, receipt, advance, deduction, write_off, opening, reversal, set_off",
    ),
    Column("amount", BigInteger, nullable=False, comment="positive: they (or, payable, we) owe more"),
    Column("currency", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("due_on", Date, nullable=True),
    Column("cause", Uuid, nullable=False, comment="receipt, document or decision that it comes from"),
    _when("known_from", nullable=False),
    _when("known_to"),
    Index("postings_anchor", "business_id", "anchor", postgresql_where=text("known_to IS NULL")),
    Index("postings_party", "business_id", "party_id", "side", "effective_on"),
    Index("postings_document", "business_id", "document_id"),
)

# ---- workflow --------------------------------------------------------------------------------------
conflicts = Table(
    "conflicts",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True, comment="uuid5(rule, identities): the fingerprint"),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False, comment="info, warn, block"),
    Column("status", Text, nullable=False, comment="waiting, open, snoozed, cleared, resolved"),
    Column(
        "subjects", ARRAY(Uuid), nullable=False, comment="anchors: the source identities that it is about"
    ),
    Column("party_id", Uuid, nullable=True),
    Column("amount", BigInteger, nullable=True),
    Column("currency", Text, nullable=True),
    Column("evidence", JSONB, nullable=False),
    Column("evidence_digest", Text, nullable=False),
    Column("version", Integer, nullable=False, comment="grows with every change; buttons carry it"),
    _when("opened_at", nullable=False),
    _when("due_at", nullable=False),
    _when("changed_at", nullable=False),
    Column("answer", Text, nullable=True),
    Column("answered_by", Uuid, nullable=True),
    _when("answered_at"),
    Column("answered_digest", Text, nullable=True),
    Column("note", Text, nullable=True),
    Index("conflicts_open", "business_id", "status", "due_at"),
    Index("conflicts_party", "business_id", "party_id"),
)
rule_switches = Table(
    "rule_switches",
    metadata,
    _business(),
    Column("rule", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
)

# ---- audit and outboxes ----------------------------------------------------------------------------
audit = Table(
    "audit",
    metadata,
    _business(),
    Column("sequence", BigInteger, primary_key=True),
    _when("at", nullable=False),
    Column("actor", Text, nullable=False, comment="member:<uuid>, system:<name>, source:<name>"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=True),
    Column("entry", JSONB, nullable=False, comment="reason, before, after, causing events"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256(previous ‖ canonical JSON of this entry)"),
)
outbox = Table(
    "outbox",
    metadata,
    _business(),
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False, comment="telegram"),
    Column("chat_id", BigInteger, nullable=False),
    Column("member_id", Uuid, nullable=True),
    Column("kind", Text, nullable=False, comment="digest, alert, answer"),
    Column("once_key", Text, nullable=True, comment="digest:<member>:<day>: at most once"),
    Column("card", JSONB, nullable=False, comment="text, buttons, attachments"),
    Column("edit_message", BigInteger, nullable=True, comment="message to edit in place"),
    Column("status", Text, nullable=False, server_default="queued", comment="queued, sending, sent, failed"),
    Column("message_id", BigInteger, nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=True),
    _when("queued_at", nullable=False, now=True),
    _when("due_at", nullable=False, now=True),
    _when("sent_at"),
    Index("outbox_queue", "business_id", "status", "due_at"),
    Index(
        "outbox_once", "business_id", "once_key", unique=True, postgresql_where=text("once_key IS NOT NULL")
    ),
)
buttons = Table(
    "buttons",
    metadata,
    _business(),
    Column("id", Text, primary_key=True, comment="short id in callback data"),
    Column("action", JSONB, nullable=False),
    _when("created_at", nullable=False, now=True),
)
dialogues = Table(
    "dialogues",
    metadata,
    _business(),
    Column("chat_id", BigInteger, primary_key=True),
    Column("state", JSONB, nullable=False),
    _when("changed_at", nullable=False, now=True),
)

LOG = ("deliveries", "external_events", "event_rewrites", "interpretations")
DERIVED = (
    "identities", "identity_keys", "parties", "party_identities", "invoices", "dues", "receipts", "allocations",
    "settlements", "bank_lines", "payables", "payouts", "cheques", "claims", "postings",
)  # fmt: skip
EXEMPT = ("directory",)
