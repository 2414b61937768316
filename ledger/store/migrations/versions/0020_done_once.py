"""What a caller named by a key of his own and has had done, so that asking again does nothing twice."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "done_once",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("actor", sa.Text(), primary_key=True, comment="as in the audit trail"),
        sa.Column("key", sa.Text(), primary_key=True, comment="the caller's own"),
        sa.Column("step", sa.Integer(), primary_key=True, comment="which command of the call"),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the command"),
        sa.Column("result", JSONB(), nullable=True, comment="null: it holds a secret, which is shown once"),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        comment="Commands that a caller named by a key of his own: told again, they answer and do nothing.",
    )
    op.create_index("done_once_at", "done_once", ["business_id", "done_at"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("done_once")
