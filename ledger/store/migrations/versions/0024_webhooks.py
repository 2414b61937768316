"""Outgoing webhooks: endpoints with their place in the audit sequence, wishes besides it, and every try."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "webhooks",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.ARRAY(sa.Text()), nullable=False, comment="question.opened, money.received …"),
        sa.Column("secrets", sa.LargeBinary(), nullable=False, comment="sealed JSON list, newest first"),
        sa.Column("retires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default="true"),
        sa.Column("off_because", sa.Text(), nullable=True, comment="code of what switched it off"),
        sa.Column(
            "position",
            sa.BigInteger(),
            nullable=False,
            comment="audit sequence up to which it was told, in order",
        ),
        sa.Column(
            "failures",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="of the message whose turn it is",
        ),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column(
            "lease", sa.Uuid(), nullable=True, comment="who sends now; its position moves only under it"
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        comment="Endpoints that are told what happens, each from its own place in the audit sequence.",
    )
    op.create_table(
        "webhook_wishes",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("webhook_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "sequence", sa.BigInteger(), nullable=True, comment="the audit entry to tell again; null: a test"
        ),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        comment="Messages that somebody asked for besides their turn.",
    )
    op.create_index("webhook_wishes_due", "webhook_wishes", ["due_at", "business_id", "webhook_id"])
    op.create_table(
        "webhook_tries",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("webhook_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "message",
            sa.Text(),
            nullable=False,
            comment="webhook-id: the same at every try of one message",
        ),
        sa.Column("sequence", sa.BigInteger(), nullable=True, comment="the audit entry told; null: a test"),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False, comment="turn, replay, test"),
        sa.Column("number", sa.Integer(), nullable=False, comment="which try of the message, from 1"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("took", sa.Integer(), nullable=False, comment="milliseconds"),
        sa.Column("status", sa.Integer(), nullable=True, comment="of the answer; null: there was none"),
        sa.Column("error", sa.Text(), nullable=True, comment="code of what went wrong; null: taken"),
        comment="Every call that we made, kept for thirty days.",
    )
    op.create_index("webhook_tries_at", "webhook_tries", ["at"], postgresql_using="brin")


def downgrade() -> None:
    """Take back."""
    op.drop_table("webhook_tries")
    op.drop_table("webhook_wishes")
    op.drop_table("webhooks")
