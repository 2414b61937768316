"""Outgoing webhooks: where to, how far each has been told, what was asked for besides, and every try."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)

from ledger.store.tables.columns import business, metadata, when

webhooks = Table(
    "webhooks",
    metadata,
    business(),
    Column("id", Uuid, primary_key=True),
    Column("label", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False, comment="question.opened, money.received …"),
    Column("secrets", LargeBinary, nullable=False, comment="sealed JSON list, newest first"),
    when("retires_at"),
    Column("enabled", Boolean, nullable=False, server_default="true"),
    Column("off_because", Text, nullable=True, comment="code of what switched it off"),
    Column(
        "position", BigInteger, nullable=False, comment="audit sequence up to which it was told, in order"
    ),
    Column(
        "failures", Integer, nullable=False, server_default="0", comment="of the message whose turn it is"
    ),
    when("failing_since"),
    when("due_at", nullable=False, now=True),
    Column("lease", Uuid, nullable=True, comment="who sends now; its position moves only under it"),
    when("leased_until"),
    when("created_at", nullable=False, now=True),
    comment="Endpoints that are told what happens, each from its own place in the audit sequence.",
)
webhook_wishes = Table(
    "webhook_wishes",
    metadata,
    business(),
    Column("webhook_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("sequence", BigInteger, nullable=True, comment="the audit entry to tell again; null: a test"),
    Column("tries", Integer, nullable=False, server_default="0"),
    when("due_at", nullable=False, now=True),
    Index("webhook_wishes_due", "due_at", "business_id", "webhook_id"),
    comment="Messages that somebody asked for besides their turn.",
)
webhook_tries = Table(
    "webhook_tries",
    metadata,
    business(),
    Column("webhook_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("message", Text, nullable=False, comment="webhook-id: the same at every try of one message"),
    Column("sequence", BigInteger, nullable=True, comment="the audit entry told; null: a test"),
    Column("event", Text, nullable=False),
    Column("because", Text, nullable=False, comment="turn, replay, test"),
    Column("number", Integer, nullable=False, comment="which try of the message, from 1"),
    when("at", nullable=False),
    Column("took", Integer, nullable=False, comment="milliseconds"),
    Column("status", Integer, nullable=True, comment="of the answer; null: there was none"),
    Column("error", Text, nullable=True, comment="code of what went wrong; null: taken"),
    Index("webhook_tries_at", "at", postgresql_using="brin"),
    comment="Every call that we made, kept for thirty days.",
)
