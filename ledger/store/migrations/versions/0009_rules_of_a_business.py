"""A business's own rules, each published text kept; which rule asked a question; who is held back by one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rule_versions",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False, comment="TOML as it was published; empty: withdrawn"),
        sa.Column("state", sa.Text(), nullable=False, comment="published, withdrawn"),
        sa.Column(
            "permissions",
            postgresql.ARRAY(sa.Text()),
            nullable=False,
            comment="what seeing its questions needs",
        ),
        sa.Column(
            "shipped_digest",
            sa.Text(),
            nullable=True,
            comment="SHA-256 of the shipped text that it overrides",
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False, comment="member:<uuid>, system:<name>"),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "rule", "version"),
    )
    for name, comment in (
        ("version", "own text in force; 0: the shipped one"),
        ("revision", "grows with every change that is to be judged"),
        ("judged", "the revision by which everything was judged last"),
    ):
        op.add_column(
            "rule_switches",
            sa.Column(name, sa.Integer(), nullable=False, server_default="0", comment=comment),
        )
    op.add_column(
        "rule_switches",
        sa.Column("place", sa.Integer(), nullable=True, comment="order of asking; null: 1000"),
    )
    op.add_column(
        "rule_switches",
        sa.Column("problem", sa.Text(), nullable=True, comment="why it could not be judged, and rests"),
    )
    op.alter_column("rule_switches", "enabled", existing_type=sa.Boolean(), server_default="true")
    op.add_column(
        "conflicts",
        sa.Column(
            "rule_version",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="the business's own text by which it was found last; 0: the shipped one",
        ),
    )
    op.create_index(
        "conflicts_blocking",
        "conflicts",
        ["business_id", "party_id"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND severity = 'block'"),
    )
