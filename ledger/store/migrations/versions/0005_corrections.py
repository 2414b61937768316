"""Corrections of a CRM's status, sent once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "write_backs",
        sa.Column(
            "correction",
            postgresql.JSONB(),
            nullable=True,
            comment="id, word, qualifier: the status that it is to take over, once",
        ),
    )
    op.add_column(
        "write_backs",
        sa.Column(
            "correction_sent", sa.Text(), nullable=True, comment="id of the last correction that was sent"
        ),
    )
    op.alter_column(
        "write_backs",
        "status",
        comment="queued, sending, sent, refused, stopped",
        existing_comment="queued, sent, refused, stopped",
        existing_type=sa.Text(),
    )
