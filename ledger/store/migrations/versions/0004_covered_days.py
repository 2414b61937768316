"""The days that a bank's statements show."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.add_column("source_news", sa.Column("covered_from", sa.Date(), nullable=True))
    op.add_column(
        "source_state",
        sa.Column(
            "covered",
            postgresql.DATEMULTIRANGE(),
            nullable=True,
            comment="bank files: the days that statements show",
        ),
    )
    # What was imported until now: from the first line of each source to the end of its last statement.
    for table in ("source_state", "external_events"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        """
        UPDATE source_state s SET covered = datemultirange(daterange(f.first, s.covered_until, '[]'))
        FROM (SELECT business_id, source, min((normalised->>'posted_on')::date) AS first
              FROM external_events WHERE kind = 'bank_line' GROUP BY 1, 2) f
        WHERE f.business_id = s.business_id AND f.source = s.source AND s.covered_until >= f.first
        """
    )
    for table in ("source_state", "external_events"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
