"""Questions, the audit trail, and what is on its way to the chat."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Computed,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from ledger.store.tables.columns import business, metadata, when

conflicts = Table(
    "conflicts",
    metadata,
    business(),
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
    when("opened_at", nullable=False),
    when("due_at", nullable=False),
    when("changed_at", nullable=False),
    Column("answer", Text, nullable=True),
    Column("answered_by", Uuid, nullable=True),
    when("answered_at"),
    Column("answered_digest", Text, nullable=True),
    Column("note", Text, nullable=True),
    Column("assigned_to", Uuid, nullable=True, comment="the member who is to answer it"),
    Column("assigned_by", Uuid, nullable=True, comment="the member who gave it to him"),
    Column(
        "alike",
        Text,
        nullable=True,
        comment="questions of a rule with the same key are alike: payer and words of the narration",
    ),
    Column("bulk", Uuid, nullable=True, comment="the answer that was given to all alike, this one with them"),
    Column(
        "rule_version",
        Integer,
        nullable=False,
        server_default="0",
        comment="the business's own text by which it was found last; 0: the shipped one",
    ),
    Index("conflicts_open", "business_id", "status", "due_at"),
    Index("conflicts_party", "business_id", "party_id"),
    Index("conflicts_opened", "business_id", "opened_at", postgresql_where=text("status = 'open'")),
    Index(
        "conflicts_alike",
        "business_id",
        "rule",
        "alike",
        postgresql_where=text("status = 'open' AND alike IS NOT NULL"),
    ),
    Index("conflicts_bulk", "business_id", "bulk", postgresql_where=text("bulk IS NOT NULL")),
    Index(
        "conflicts_assigned",
        "business_id",
        "assigned_to",
        postgresql_where=text("assigned_to IS NOT NULL"),
    ),
    Index(
        "conflicts_blocking",
        "business_id",
        "party_id",
        postgresql_where=text("status = 'open' AND severity = 'block'"),
    ),
)

AUDIT_PARTY = "coalesce(entry ->> 'party', CASE WHEN subject LIKE 'party:%' THEN substr(subject, 7) END)"
"""Of which customer or vendor an entry tells: a column, since row-level security bars indexes on expressions of JSON."""
audit = Table(
    "audit",
    metadata,
    business(),
    Column("sequence", BigInteger, primary_key=True),
    when("at", nullable=False),
    Column("actor", Text, nullable=False, comment="member:<uuid>, system:<name>, source:<name>"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=True),
    Column("entry", JSONB, nullable=False, comment="reason, before, after, causing events"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False, comment="SHA-256(previous ‖ canonical JSON of this entry)"),
    Column("party", Text, Computed(AUDIT_PARTY, persisted=True), nullable=True),
    Index("audit_action", "business_id", "action", "sequence"),
    Index("audit_actor", "business_id", "actor", "sequence"),
    Index(
        "audit_subject", "business_id", "subject", "sequence", postgresql_where=text("subject IS NOT NULL")
    ),
    Index("audit_party", "business_id", "party", "sequence", postgresql_where=text("party IS NOT NULL")),
    Index("audit_at", "business_id", "at"),
)
audit_words = Table(
    "audit_words",
    metadata,
    business(),
    Column("id", Uuid, primary_key=True, comment="the entry names it"),
    Column("salt", LargeBinary, nullable=True, comment="so that nobody guesses the words by the hash"),
    Column("words", Text, nullable=True, comment="null: erased; the entry's hash of them stands"),
    comment="Free text in entries of the trail: the chain holds SHA-256(salt ‖ words), so that a person can be erased.",
)
outbox = Table(
    "outbox",
    metadata,
    business(),
    Column("id", Uuid, primary_key=True),
    Column("channel", Text, nullable=False, comment="telegram"),
    Column("chat_id", BigInteger, nullable=False),
    Column("member_id", Uuid, nullable=True),
    Column("kind", Text, nullable=False, comment="digest, alert, answer"),
    Column("once_key", Text, nullable=True, comment="digest:<member>:<day>: at most once"),
    Column("card", JSONB, nullable=False, comment="text, buttons, attachments"),
    Column("edit_message", BigInteger, nullable=True, comment="message to edit in place"),
    Column(
        "edit_of", Uuid, nullable=True, comment="earlier row whose message is to be edited, once it is sent"
    ),
    Column("status", Text, nullable=False, server_default="queued", comment="queued, sending, sent, failed"),
    Column("message_id", BigInteger, nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=True),
    when("queued_at", nullable=False, now=True),
    when("due_at", nullable=False, now=True),
    when("sent_at"),
    Index("outbox_queue", "business_id", "status", "due_at"),
    Index("outbox_sent", "sent_at", postgresql_where=text("sent_at IS NOT NULL")),
    Index("outbox_failed", "queued_at", postgresql_where=text("status = 'failed'")),
    Index(
        "outbox_once", "business_id", "once_key", unique=True, postgresql_where=text("once_key IS NOT NULL")
    ),
)
buttons = Table(
    "buttons",
    metadata,
    business(),
    Column("id", Text, primary_key=True, comment="short id in callback data"),
    Column("action", JSONB, nullable=False),
    when("created_at", nullable=False, now=True),
    Index("buttons_created", "created_at", postgresql_using="brin"),
)
dialogues = Table(
    "dialogues",
    metadata,
    business(),
    Column("chat_id", BigInteger, primary_key=True),
    Column("state", JSONB, nullable=False),
    when("changed_at", nullable=False, now=True),
    comment="Which business a chat speaks for, and the answer that is expected of it in words.",
)
chat_updates = Table(
    "chat_updates",
    metadata,
    business(),
    Column("update_id", BigInteger, primary_key=True),
    when("taken_at", nullable=False, now=True),
    Index("chat_updates_taken", "taken_at"),
    comment="Messages and taps that were taken up: what a channel delivers twice is done once.",
)
alerts_told = Table(
    "alerts_told",
    metadata,
    business(),
    Column("member_id", Uuid, primary_key=True),
    Column("subject", Text, primary_key=True, comment="receipt:<id>, conflict:<id>:<version> …"),
    Column("kind", Text, nullable=False),
    when("told_at", nullable=False),
    Index("alerts_told_at", "business_id", "told_at"),
    comment="What a member was told, or chose not to be told: nothing twice.",
)
chat_files = Table(
    "chat_files",
    metadata,
    business(),
    Column("id", Uuid, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("message", Uuid, nullable=True, comment="row of the outbox that shows how far it is"),
    Column("file_id", Text, nullable=False, comment="the channel's name of the file, to fetch it again"),
    Column("filename", Text, nullable=False),
    Column("source", Text, nullable=True),
    Column("digest", LargeBinary, nullable=True, comment="the delivery that it became"),
    Column("status", Text, nullable=False, comment="reading, derived, told, refused"),
    Column("counts", JSONB, nullable=False, server_default="{}"),
    when("taken_at", nullable=False),
    when("changed_at", nullable=False),
    Index(
        "chat_files_open", "business_id", "status", postgresql_where=text("status IN ('reading', 'derived')")
    ),
    comment="Files sent to a chat, from the first byte to the summary of what they explained.",
)
pay_links = Table(
    "pay_links",
    metadata,
    business(),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("party_anchor", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="what was asked for, in minor units"),
    Column("currency", Text, nullable=False),
    Column("language", Text, nullable=False, server_default="en"),
    Column("made_by", Uuid, nullable=True, comment="member"),
    when("created_at", nullable=False),
    when("expires_at", nullable=False),
    when("opened_at"),
    Index("pay_links_party", "business_id", "party_anchor", "created_at"),
    comment="Pages on which a customer sees what he owes and how to pay it.",
)
write_backs = Table(
    "write_backs",
    metadata,
    business(),
    Column("source", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="party, deal"),
    Column("external_id", Text, primary_key=True),
    Column("subject", Uuid, nullable=False, comment="the source identity that it is written to"),
    Column("desired", JSONB, nullable=False, comment="the latest state; older ones are not sent"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of desired"),
    Column("sent_digest", LargeBinary, nullable=True),
    Column(
        "correction",
        JSONB,
        nullable=True,
        comment="id, word, qualifier: the status that it is to take over, once",
    ),
    Column("correction_sent", Text, nullable=True, comment="id of the last correction that was sent"),
    Column("status", Text, nullable=False, comment="queued, sending, sent, refused, stopped"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=True),
    when("changed_at", nullable=False),
    when("due_at", nullable=False),
    when("sent_at"),
    Index("write_backs_due", "business_id", "source", "status", "due_at"),
    Index(
        "write_backs_waiting",
        "due_at",
        "business_id",
        "source",
        postgresql_where=text("status IN ('queued', 'sending')"),
    ),
)
done_once = Table(
    "done_once",
    metadata,
    business(),
    Column("actor", Text, primary_key=True, comment="as in the audit trail"),
    Column("key", Text, primary_key=True, comment="the caller's own"),
    Column("step", Integer, primary_key=True, comment="which command of the call"),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the command"),
    Column("result", JSONB, nullable=True, comment="null: it holds a secret, which is shown once"),
    when("done_at", nullable=False),
    Index("done_once_at", "business_id", "done_at"),
    comment="Commands that a caller named by a key of his own: told again, they answer and do nothing.",
)
