"""Tenants, people and the sources that they connect; `directory` serves look-ups made before the tenant is known."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Time,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATEMULTIRANGE, JSONB

from ledger.store.tables.columns import business, metadata, when

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
    business(),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="Asia/Kolkata"),
    Column("currency", Text, nullable=False, server_default="INR"),
    Column(
        "settings", JSONB, nullable=False, server_default="{}", comment="round_off_limit (paise), holidays …"
    ),
    when("created_at", nullable=False, now=True),
)
members = Table(
    "members",
    metadata,
    business(),
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False, comment="owner, finance, sales, view"),
    Column("language", Text, nullable=False, server_default="en"),
    Column("digest_at", Time, nullable=True, comment="local hour of the morning digest; null: none"),
    Column("digest_sent_on", Date, nullable=True),
    Column("evening_at", Time, nullable=True, comment="local hour of the evening close; null: none"),
    Column("evening_sent_on", Date, nullable=True),
    Column("picture", Text, nullable=False, server_default="off", comment="of the morning: off, light, dark"),
    Column(
        "quiet_from", Time, nullable=False, server_default="21:00", comment="no alerts from this local hour"
    ),
    Column("quiet_until", Time, nullable=False, server_default="08:00", comment="until this one"),
    Column(
        "alerts",
        JSONB,
        nullable=False,
        server_default="{}",
        comment="kind of alert: false where he wants none",
    ),
    Column(
        "crm_owner", Text, nullable=True, comment="the member's identity in the CRM: whose customers are his"
    ),
    Column("chat_id", BigInteger, nullable=True),
    Column("active", Boolean, nullable=False, server_default="true"),
    when("created_at", nullable=False, now=True),
    Column(
        "ends_at",
        DateTime(timezone=True),
        nullable=True,
        comment="from here on nothing opens for him; null: no end is set",
    ),
    Column(
        "end_told_at",
        DateTime(timezone=True),
        nullable=True,
        comment="when the owners were told that it is near",
    ),
)
link_codes = Table(
    "link_codes",
    metadata,
    business(),
    Column("code_hash", LargeBinary, primary_key=True),
    Column("member_id", Uuid, nullable=False),
    when("expires_at", nullable=False),
    when("used_at"),
)
tokens = Table(
    "tokens",
    metadata,
    business(),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("id", Uuid, nullable=False),
    Column("member_id", Uuid, nullable=False),
    Column("label", Text, nullable=False),
    when("created_at", nullable=False, now=True),
    when("expires_at"),
    when("last_used_at"),
    when("revoked_at"),
    Column("hint", Text, nullable=False, server_default="", comment="its last characters"),
    Column("read_only", Boolean, nullable=False, server_default="false"),
    Column("permissions", ARRAY(Text), nullable=True, comment="null: all that its member has"),
    Column("customers_of", Text, nullable=True, comment="only this sales owner's customers"),
    Column("made_by", Text, nullable=True, comment="as in the audit trail"),
)
sources = Table(
    "sources",
    metadata,
    business(),
    Column("name", Text, primary_key=True, comment="payment:razorpay, bank:icici, standard:crm …"),
    Column("connector", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column(
        "key_hash", LargeBinary, nullable=False, comment="SHA-256 of the source key in the webhook's address"
    ),
    Column("secrets", LargeBinary, nullable=True, comment="sealed JSON list, newest first"),
    Column(
        "credentials", LargeBinary, nullable=True, comment="sealed JSON object: what our own calls to it need"
    ),
    Column(
        "write_back", Boolean, nullable=False, server_default="false", comment="our state goes back to it"
    ),
    Column("settings", JSONB, nullable=False, server_default="{}"),
    Column("silence_hours", Integer, nullable=False, server_default="0"),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    when("created_at", nullable=False, now=True),
)
source_state = Table(
    "source_state",
    metadata,
    business(),
    Column("source", Text, primary_key=True),
    when("last_delivery_at"),
    when("last_event_at"),
    Column("covered", DATEMULTIRANGE, nullable=True, comment="bank files: the days that statements show"),
    Column("covered_until", Date, nullable=True, comment="bank files: the last day that a statement covers"),
    Column("balance", BigInteger, nullable=True, comment="bank: closing balance on covered_until"),
    Column("account", Text, nullable=True),
    when("silent_since"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("quarantined", BigInteger, nullable=False, server_default="0"),
    Column("duplicates", BigInteger, nullable=False, server_default="0"),
)
pulls = Table(
    "pulls",
    metadata,
    business(),
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("lane", Text, primary_key=True, comment="live, backfill"),
    when("watermark"),
    when("window_from"),
    when("window_to"),
    Column(
        "position",
        JSONB,
        nullable=True,
        comment="the connector's place within the window; null: at its start",
    ),
    when("due_at"),
    Column("lease", Uuid, nullable=True, comment="who reads it now; a page commits only under it"),
    when("leased_until"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error_code", Text, nullable=True),
    Column("error", Text, nullable=True),
    when("started_at"),
    when("done_at"),
    Column("pages", BigInteger, nullable=False, server_default="0"),
    Column("items", BigInteger, nullable=False, server_default="0"),
    comment="Where the reading of each stream of a source stands.",
)
wanted = Table(
    "wanted",
    metadata,
    business(),
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    when("due_at", nullable=False),
    Index("wanted_due", "due_at", "business_id", "source"),
    Index("wanted_of_stream", "business_id", "source", "stream", "due_at"),
    comment="Objects to be fetched by their id: named by a thin message, or still open when last seen.",
)
