"""Pulled sources: cursors, wanted objects, write-back, replays, drift."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pulls",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False, comment="live, backfill"),
        sa.Column("watermark", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("window_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "position",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the connector's place within the window; null: at its start",
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "lease", sa.Uuid(), nullable=True, comment="who reads it now; a page commits only under it"
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("items", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source", "stream", "lane"),
        comment="Where the reading of each stream of a source stands.",
    )
    op.create_table(
        "replays",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "scope",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="source, event_type, since, until, quarantine",
        ),
        sa.Column("status", sa.Text(), nullable=False, comment="running, done, stopped"),
        sa.Column(
            "position",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="the last delivery that is done",
        ),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
        comment="Readings of the log made anew, so that one that was interrupted goes on where it stopped.",
    )
    op.create_table(
        "source_fields",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column(
            "path", sa.Text(), nullable=False, comment="a member that the accepted version doesn't know"
        ),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="text, integer, decimal, flag, object, list, null"
        ),
        sa.Column("delivery", sa.LargeBinary(), nullable=False, comment="the first that had it"),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source", "version", "path"),
        comment="New optional members of payloads: noted, not refused.",
    )
    op.create_table(
        "wanted",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "source", "stream", "external_id"),
        comment="Objects to be fetched by their id: named by a thin message, or still open when last seen.",
    )
    op.create_table(
        "write_backs",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="party, deal"),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Uuid(), nullable=False, comment="the source identity that it is written to"),
        sa.Column(
            "desired",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="the latest state; older ones are not sent",
        ),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of desired"),
        sa.Column("sent_digest", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False, comment="queued, sent, refused, stopped"),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "source", "kind", "external_id"),
    )
    op.create_index(
        "write_backs_due", "write_backs", ["business_id", "source", "status", "due_at"], unique=False
    )
    op.add_column(
        "deliveries",
        sa.Column(
            "stream", sa.Text(), nullable=True, comment="pulled pages: the stream of the source that it is of"
        ),
    )
    op.create_index(
        "deliveries_received", "deliveries", ["business_id", "source", "received_at"], unique=False
    )
    op.add_column(
        "quarantine",
        sa.Column(
            "diff",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="missing, new, retyped: how it differs from the accepted version",
        ),
    )
    op.add_column(
        "quarantine", sa.Column("resolution", sa.Text(), nullable=True, comment="replayed, set_aside")
    )
    op.create_index(
        "quarantine_open",
        "quarantine",
        ["business_id", "source"],
        unique=False,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.add_column(
        "sources",
        sa.Column(
            "credentials",
            sa.LargeBinary(),
            nullable=True,
            comment="sealed JSON object: what our own calls to it need",
        ),
    )
    op.add_column(
        "sources",
        sa.Column(
            "write_back",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="our state goes back to it",
        ),
    )
