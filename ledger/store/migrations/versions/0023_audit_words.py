"""What people said, beside the trail instead of in it, and the trail found by action, actor, subject and party."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_PARTY = "coalesce(entry ->> 'party', CASE WHEN subject LIKE 'party:%' THEN substr(subject, 7) END)"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_words",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True, comment="the entry names it"),
        sa.Column(
            "salt", sa.LargeBinary(), nullable=True, comment="so that nobody guesses the words by the hash"
        ),
        sa.Column("words", sa.Text(), nullable=True, comment="null: erased; the entry's hash of them stands"),
        comment="Free text in entries of the trail: the chain holds SHA-256(salt ‖ words), so that a person can be erased.",
    )
    op.add_column("audit", sa.Column("party", sa.Text(), sa.Computed(_PARTY, persisted=True), nullable=True))
    op.create_index("audit_action", "audit", ["business_id", "action", "sequence"])
    op.create_index("audit_actor", "audit", ["business_id", "actor", "sequence"])
    op.create_index(
        "audit_subject",
        "audit",
        ["business_id", "subject", "sequence"],
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_index(
        "audit_party",
        "audit",
        ["business_id", "party", "sequence"],
        postgresql_where=sa.text("party IS NOT NULL"),
    )
    op.create_index("audit_at", "audit", ["business_id", "at"])


def downgrade() -> None:
    """Take back."""
    for name in ("audit_at", "audit_party", "audit_subject", "audit_actor", "audit_action"):
        op.drop_index(name, "audit")
    op.drop_column("audit", "party")
    op.drop_table("audit_words")
