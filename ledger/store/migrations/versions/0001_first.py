"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "allocations",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="receipt, or a deduction's kind: tds, round_off …"
        ),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, comment="decided, invoice_number, gateway_invoice …"),
        sa.PrimaryKeyConstraint("business_id", "receipt_id", "document_id", "kind"),
    )
    op.create_index("allocations_anchor", "allocations", ["business_id", "anchor"], unique=False)
    op.create_index("allocations_document", "allocations", ["business_id", "document_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="member:<uuid>, system:<name>, source:<name>"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column(
            "entry",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="reason, before, after, causing events",
        ),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column(
            "hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256(previous ‖ canonical JSON of this entry)",
        ),
        sa.PrimaryKeyConstraint("business_id", "sequence"),
    )
    op.create_table(
        "bank_lines",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="credits positive, debits negative"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("narration", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column(
            "explained_by",
            sa.Text(),
            nullable=True,
            comment="settlement, receipt, payout, decision; null: not explained",
        ),
        sa.Column("explained_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("bank_lines_anchor", "bank_lines", ["business_id", "anchor"], unique=False)
    op.create_index("bank_lines_day", "bank_lines", ["business_id", "posted_on"], unique=False)
    op.create_table(
        "businesses",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), server_default="Asia/Kolkata", nullable=False),
        sa.Column("currency", sa.Text(), server_default="INR", nullable=False),
        sa.Column(
            "settings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="round_off_limit (paise), holidays …",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("business_id"),
    )
    op.create_table(
        "buttons",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False, comment="short id in callback data"),
        sa.Column("action", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_table(
        "cheques",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("dated_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("cheques_anchor", "cheques", ["business_id", "anchor"], unique=False)
    op.create_index("cheques_party", "cheques", ["business_id", "party_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False, comment="the source identity that claims"),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column(
            "row_kind",
            sa.Text(),
            nullable=False,
            comment="party, invoice, receipt, settlement, bank_line, payable, payout, cheque",
        ),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_event_id", sa.Text(), nullable=True, comment="the event that the claim stands on"),
        sa.Column("word", sa.Text(), nullable=True, comment="the vendor's word"),
        sa.Column("status", sa.Text(), nullable=True, comment="ours"),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "subject", "row_id"),
    )
    op.create_index("claims_anchor", "claims", ["business_id", "anchor"], unique=False)
    op.create_index("claims_party", "claims", ["business_id", "party_id"], unique=False)
    op.create_index("claims_row", "claims", ["business_id", "row_id"], unique=False)
    op.create_table(
        "conflicts",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="uuid5(rule, identities): the fingerprint"),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False, comment="info, warn, block"),
        sa.Column("status", sa.Text(), nullable=False, comment="waiting, open, snoozed, cleared, resolved"),
        sa.Column(
            "subjects",
            sa.ARRAY(sa.Uuid()),
            nullable=False,
            comment="anchors: the source identities that it is about",
        ),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence_digest", sa.Text(), nullable=False),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="grows with every change; buttons carry it"
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_digest", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("conflicts_open", "conflicts", ["business_id", "status", "due_at"], unique=False)
    op.create_index("conflicts_party", "conflicts", ["business_id", "party_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 over kept headers and body"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False, comment="webhook, file, chat, pull, operator"),
        sa.Column("version", sa.Text(), nullable=True, comment="payload version that it was pinned to"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source", "digest"),
    )
    op.create_table(
        "dialogues",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "chat_id"),
    )
    op.create_table(
        "directory",
        sa.Column("kind", sa.Text(), nullable=False, comment="business, chat"),
        sa.Column("key", sa.Text(), nullable=False, comment="chat:<id> → one row per business of that chat"),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.Uuid(), nullable=True, comment="member of a chat"),
        sa.PrimaryKeyConstraint("kind", "key", "business_id"),
        comment="The exempt table: which tenant a chat or a sweep has to look at.",
    )
    op.create_table(
        "dirty",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject", sa.Uuid(), nullable=False, comment="folded; what depends on it is not derived yet"
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "subject"),
    )
    op.create_index("dirty_since", "dirty", ["business_id", "since"], unique=False)
    op.create_table(
        "dues",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "invoice_id", "number"),
    )
    op.create_index("dues_anchor", "dues", ["business_id", "anchor"], unique=False)
    op.create_table(
        "event_rewrites",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_event_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery", sa.LargeBinary(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("word", sa.Text(), nullable=True),
        sa.Column("qualifier", sa.Text(), nullable=True),
        sa.Column("flag", sa.Text(), nullable=True),
        sa.Column("normalised", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source", "source_event_id", "digest"),
    )
    op.create_index("event_rewrites_subject", "event_rewrites", ["business_id", "subject"], unique=False)
    op.create_table(
        "external_events",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="UUIDv7"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_event_id", sa.Text(), nullable=False),
        sa.Column("delivery", sa.LargeBinary(), nullable=False),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the reading: type, identity, time, data",
        ),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False, comment="uuid5(source, kind, external_id)"),
        sa.Column("word", sa.Text(), nullable=True, comment="the vendor's status word"),
        sa.Column("qualifier", sa.Text(), nullable=True),
        sa.Column("flag", sa.Text(), nullable=True, comment="unmapped, future: kept, not applied"),
        sa.Column("normalised", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index(
        "external_events_flag",
        "external_events",
        ["business_id", "flag"],
        unique=False,
        postgresql_where=sa.text("flag IS NOT NULL"),
    )
    op.create_index(
        "external_events_once", "external_events", ["business_id", "source", "source_event_id"], unique=True
    )
    op.create_index("external_events_subject", "external_events", ["business_id", "subject"], unique=False)
    op.create_table(
        "identities",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column(
            "state",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="fold of all events of this source identity",
        ),
        sa.PrimaryKeyConstraint("business_id", "subject"),
    )
    op.create_table(
        "identity_keys",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "key", "subject"),
    )
    op.create_index("identity_keys_subject", "identity_keys", ["business_id", "subject"], unique=False)
    op.create_table(
        "interpretations",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("normaliser_version", sa.Text(), nullable=False),
        sa.Column("mapping_version", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=True),
        sa.Column("normalised", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "event_id", "number"),
    )
    op.create_index("interpretations_subject", "interpretations", ["business_id", "subject"], unique=False)
    op.create_table(
        "invoices",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False, comment="invoice, opening, credit_note"),
        sa.Column("status", sa.Text(), nullable=False, comment="invoice.issued …"),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True, comment="oldest open due; null: no credit days agreed"),
        sa.Column("amount", sa.BigInteger(), nullable=False, comment="credit notes negative"),
        sa.Column("base", sa.BigInteger(), nullable=True, comment="taxable value, for TDS"),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True, comment="day on which it became fully paid"),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("invoices_anchor", "invoices", ["business_id", "anchor"], unique=False)
    op.create_index(
        "invoices_by_age",
        "invoices",
        ["business_id", sa.literal_column("(COALESCE(due_on, issued_on))"), "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index(
        "invoices_by_amount",
        "invoices",
        ["business_id", "outstanding", "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index(
        "invoices_by_issue",
        "invoices",
        ["business_id", "issued_on", "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index("invoices_number", "invoices", ["business_id", "number"], unique=False)
    op.create_index(
        "invoices_of_party",
        "invoices",
        ["business_id", "party_id", sa.literal_column("(COALESCE(due_on, issued_on))"), "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index(
        "invoices_open",
        "invoices",
        ["business_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index("invoices_party", "invoices", ["business_id", "party_id"], unique=False)
    op.create_table(
        "link_codes",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "code_hash"),
    )
    op.create_table(
        "members",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False, comment="owner, finance, sales, view"),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "digest_at", sa.Time(), nullable=True, comment="local hour of the morning digest; null: none"
        ),
        sa.Column("digest_sent_on", sa.Date(), nullable=True),
        sa.Column(
            "crm_owner",
            sa.Text(),
            nullable=True,
            comment="the member's identity in the CRM: whose customers are his",
        ),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_table(
        "outbox",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="telegram"),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False, comment="digest, alert, answer"),
        sa.Column("once_key", sa.Text(), nullable=True, comment="digest:<member>:<day>: at most once"),
        sa.Column(
            "card",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="text, buttons, attachments",
        ),
        sa.Column("edit_message", sa.BigInteger(), nullable=True, comment="message to edit in place"),
        sa.Column(
            "status",
            sa.Text(),
            server_default="queued",
            nullable=False,
            comment="queued, sending, sent, failed",
        ),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index(
        "outbox_once",
        "outbox",
        ["business_id", "once_key"],
        unique=True,
        postgresql_where=sa.text("once_key IS NOT NULL"),
    )
    op.create_index("outbox_queue", "outbox", ["business_id", "status", "due_at"], unique=False)
    op.create_table(
        "parties",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("gstin", sa.Text(), nullable=True),
        sa.Column("pan", sa.Text(), nullable=True, comment="same PAN: a group of separate ledgers"),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True, comment="sales owner: a CRM identity"),
        sa.Column("terms_days", sa.Integer(), nullable=True),
        sa.Column("credit_limit", sa.BigInteger(), nullable=True),
        sa.Column("is_customer", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_vendor", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column(
            "receivable",
            sa.BigInteger(),
            nullable=False,
            comment="net: open bills − on account − credit notes",
        ),
        sa.Column("open_bills", sa.BigInteger(), nullable=False),
        sa.Column("on_account", sa.BigInteger(), nullable=False),
        sa.Column("payable", sa.BigInteger(), nullable=False),
        sa.Column(
            "usual_days_late",
            sa.Integer(),
            nullable=True,
            comment="median days from due date to payment, paid bills",
        ),
        sa.Column("last_receipt_on", sa.Date(), nullable=True),
        sa.Column("promise_on", sa.Date(), nullable=True),
        sa.Column("promise_amount", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("parties_anchor", "parties", ["business_id", "anchor"], unique=False)
    op.create_index("parties_by_name", "parties", ["business_id", "search_name", "id"], unique=False)
    op.create_index("parties_owner", "parties", ["business_id", "owner"], unique=False)
    op.create_index("parties_receivable", "parties", ["business_id", "receivable"], unique=False)
    op.create_table(
        "party_identities",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column(
            "subject", sa.Uuid(), nullable=False, comment="source identity, or a mention of one in a document"
        ),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "subject"),
    )
    op.create_index("party_identities_anchor", "party_identities", ["business_id", "anchor"], unique=False)
    op.create_index("party_identities_party", "party_identities", ["business_id", "party_id"], unique=False)
    op.create_table(
        "payables",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False, comment="bill, opening"),
        sa.Column("status", sa.Text(), nullable=False, comment="payable.due …"),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("payables_anchor", "payables", ["business_id", "anchor"], unique=False)
    op.create_index(
        "payables_by_age",
        "payables",
        ["business_id", sa.literal_column("(COALESCE(due_on, issued_on))"), "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index(
        "payables_open",
        "payables",
        ["business_id", "due_on", "id"],
        unique=False,
        postgresql_where=sa.text("outstanding > 0"),
    )
    op.create_index("payables_party", "payables", ["business_id", "party_id"], unique=False)
    op.create_table(
        "payouts",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("payee", sa.Text(), nullable=True),
        sa.Column("bank_line_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("payouts_anchor", "payouts", ["business_id", "anchor"], unique=False)
    op.create_table(
        "pending",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=True, comment="identity to fold; null: only wake the rules"),
        sa.Column("wake", sa.Text(), nullable=True, comment="rule or reason of a wake-up"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("pending_due", "pending", ["business_id", "due_at"], unique=False)
    op.create_table(
        "postings",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="derived from what it says and from known_from"),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False, comment="receivable, payable"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="invoice, credit_note, receipt, advance, deduction, write_off, opening, reversal, set_off",
        ),
        sa.Column(
            "amount", sa.BigInteger(), nullable=False, comment="positive: they (or, payable, we) owe more"
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column(
            "cause", sa.Uuid(), nullable=False, comment="receipt, document or decision that it comes from"
        ),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index(
        "postings_anchor",
        "postings",
        ["business_id", "anchor"],
        unique=False,
        postgresql_where=sa.text("known_to IS NULL"),
    )
    op.create_index("postings_document", "postings", ["business_id", "document_id"], unique=False)
    op.create_index(
        "postings_party", "postings", ["business_id", "party_id", "side", "effective_on"], unique=False
    )
    op.create_table(
        "quarantine",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="derived from source, delivery and place"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("delivery", sa.LargeBinary(), nullable=False),
        sa.Column(
            "place", sa.Text(), nullable=False, comment="row or part of the delivery; empty: all of it"
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_table(
        "receipts",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Text(),
            nullable=False,
            comment="payment.received, .authorised, .failed, .refunded, .reversed",
        ),
        sa.Column(
            "arrived",
            sa.Boolean(),
            nullable=False,
            comment="gateway captured, bank credited, or confirmed by owner or finance",
        ),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True, comment="UTR or RRN"),
        sa.Column(
            "classified",
            sa.Text(),
            nullable=True,
            comment="not a sale payment: own_transfer, loan, interest …",
        ),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("receipts_anchor", "receipts", ["business_id", "anchor"], unique=False)
    op.create_index("receipts_party", "receipts", ["business_id", "party_id"], unique=False)
    op.create_table(
        "rule_switches",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "rule"),
    )
    op.create_table(
        "settlements",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("utr", sa.Text(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=False),
        sa.Column("bank_line_id", sa.Uuid(), nullable=True),
        sa.Column("bank_amount", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("settlements_anchor", "settlements", ["business_id", "anchor"], unique=False)
    op.create_table(
        "source_news",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("covered_until", sa.Date(), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
        comment="Mailbox: what each commit brought, gathered into source_state by the drainer.",
    )
    op.create_table(
        "source_state",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("last_delivery_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "covered_until",
            sa.Date(),
            nullable=True,
            comment="bank files: the last day that a statement covers",
        ),
        sa.Column(
            "balance", sa.BigInteger(), nullable=True, comment="bank: closing balance on covered_until"
        ),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("events", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("quarantined", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duplicates", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source"),
    )
    op.create_table(
        "sources",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="payment:razorpay, bank:icici, standard:crm …"),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column(
            "key_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the source key in the webhook's address",
        ),
        sa.Column("secrets", sa.LargeBinary(), nullable=True, comment="sealed JSON list, newest first"),
        sa.Column("settings", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("silence_hours", sa.Integer(), server_default="0", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "name"),
    )
    op.create_table(
        "status_mappings",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("qualifier", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), server_default="100", nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source", "kind", "word", "qualifier"),
    )
    op.create_table(
        "tokens",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "token_hash"),
    )
