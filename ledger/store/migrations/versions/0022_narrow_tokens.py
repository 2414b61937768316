"""Tokens that may do less than their member, and memberships that end by themselves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "members",
        sa.Column(
            "ends_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="from here on nothing opens for him; null: no end is set",
        ),
    )
    op.add_column(
        "members",
        sa.Column(
            "end_told_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the owners were told that it is near",
        ),
    )
    for column in (
        sa.Column("hint", sa.Text(), nullable=False, server_default="", comment="its last characters"),
        sa.Column("read_only", sa.Boolean(), nullable=False, server_default="false"),
        sa.Column("permissions", ARRAY(sa.Text()), nullable=True, comment="null: all that its member has"),
        sa.Column("customers_of", sa.Text(), nullable=True, comment="only this sales owner's customers"),
        sa.Column("made_by", sa.Text(), nullable=True, comment="as in the audit trail"),
    ):
        op.add_column("tokens", column)


def downgrade() -> None:
    """Take back."""
    for name in ("made_by", "customers_of", "permissions", "read_only", "hint"):
        op.drop_column("tokens", name)
    for name in ("end_told_at", "ends_at"):
        op.drop_column("members", name)
