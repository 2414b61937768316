"""Links to pages for people without a client, and when each of them looked last."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "page_links",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("key_hash", sa.LargeBinary(), primary_key=True, comment="SHA-256 of the key in the link"),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "member_id",
            sa.Uuid(),
            nullable=False,
            comment="by whose eyes the page is seen, as he is that day",
        ),
        sa.Column("page", sa.Text(), nullable=False, comment="customer, ledger, tie_out, front"),
        sa.Column(
            "party_anchor",
            sa.Uuid(),
            nullable=True,
            comment="customer, ledger: of whom; such a link shows only him",
        ),
        sa.Column("since", sa.Date(), nullable=True, comment="ledger: the period that it opens with"),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False, server_default="en"),
        sa.Column(
            "token_id",
            sa.Uuid(),
            nullable=True,
            comment="made with it: as narrow as it, and gone with it",
        ),
        sa.Column(
            "chat_id",
            sa.BigInteger(),
            nullable=True,
            comment="front: whose firms it shows; null: this one alone",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened", sa.BigInteger(), nullable=False, server_default="0", comment="how often"),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        comment="Links to pages that a member made for himself, by the hash of their keys.",
    )
    op.create_index("page_links_member", "page_links", ["business_id", "member_id", "created_at"])
    op.create_table(
        "page_looks",
        sa.Column("business_id", sa.Uuid(), primary_key=True),
        sa.Column("member_id", sa.Uuid(), primary_key=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=True),
        comment="When a member looked at the front page last, and the time before: what is new is counted from there.",
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("page_looks")
    op.drop_table("page_links")
