"""What the books themselves say of each party, and how it tied out day by day."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "book_entries",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False, comment="derived from what it says and from known_from"),
        sa.Column("anchor", sa.Uuid(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False, comment="the party by the books' own word"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False, comment="receivable, payable"),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="as of postings; stated: the whole balance at the end of effective_on, by the books",
        ),
        sa.Column(
            "amount",
            sa.BigInteger(),
            nullable=False,
            comment="positive: they (or, payable, we) owe more",
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index(
        "book_entries_anchor",
        "book_entries",
        ["business_id", "anchor"],
        unique=False,
        postgresql_where=sa.text("known_to IS NULL"),
    )
    op.create_index(
        "book_entries_party",
        "book_entries",
        ["business_id", "party_id", "side", "effective_on"],
        unique=False,
    )
    op.create_table(
        "tie_outs",
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("books", sa.Text(), nullable=False, comment="names of the sources, joined by +"),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ours", sa.BigInteger(), nullable=False),
        sa.Column("theirs", sa.BigInteger(), nullable=False),
        sa.Column(
            "unexplained",
            sa.BigInteger(),
            nullable=False,
            comment="of theirs − ours, what no line names",
        ),
        sa.Column("parties", sa.Integer(), nullable=False),
        sa.Column("apart", sa.Integer(), nullable=False, comment="parties whose balances differ"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "on_day", "books", "side", "currency"),
        comment="Kept by the daily sweep: since when the books and we no longer say the same.",
    )
    op.create_index(
        "external_events_periods",
        "external_events",
        ["business_id", "external_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'period'"),
    )
    # What the books have said until now is derived anew.
    tables = ("identities", "dirty", "pending")
    for table in tables:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        WITH marked AS (
          INSERT INTO dirty (business_id, subject, since)
          SELECT business_id, subject, now() FROM identities
          WHERE source LIKE 'books:%' OR source LIKE 'standard:%'
          ON CONFLICT DO NOTHING RETURNING business_id
        )
        INSERT INTO pending (business_id, id, wake, due_at)
        SELECT DISTINCT business_id, gen_random_uuid(), 'derive', now()
        FROM (SELECT DISTINCT business_id FROM marked) m
        """
    )
    for table in tables:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
