"""Interpretations are whole readings; what a delivery gave is found by the delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_COLUMNS = (
    sa.Column("source", sa.Text(), nullable=True),
    sa.Column("source_event_id", sa.Text(), nullable=True),
    sa.Column("schema_version", sa.Text(), nullable=True),
    sa.Column("kind", sa.Text(), nullable=True),
    sa.Column("external_id", sa.Text(), nullable=True),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("precision", sa.Text(), nullable=True),
    sa.Column("sequence", sa.BigInteger(), nullable=True),
    sa.Column("digest", sa.LargeBinary(), nullable=True, comment="SHA-256 of the reading, as of an event"),
)
_OPTIONAL = (
    sa.Column("word", sa.Text(), nullable=True),
    sa.Column("qualifier", sa.Text(), nullable=True),
)
# Readings made until now were of status words only: the rest of them is what the event itself says.
_FILL = """
UPDATE interpretations i SET source = e.source, source_event_id = e.source_event_id,
  schema_version = e.schema_version, kind = e.kind, external_id = e.external_id, word = e.word,
  qualifier = e.qualifier, occurred_at = e.occurred_at, precision = e.precision, sequence = e.sequence,
  digest = e.digest
FROM {table} e WHERE e.business_id = i.business_id AND e.id = i.event_id
"""


def upgrade() -> None:
    """Apply."""
    for column in _COLUMNS + _OPTIONAL:
        op.add_column("interpretations", column)
    # The owner of the schema is bound by the policies too, and there is none for him.
    op.execute("ALTER TABLE interpretations NO FORCE ROW LEVEL SECURITY")
    for table in ("external_events", "event_rewrites"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(_FILL.format(table=table))
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE interpretations FORCE ROW LEVEL SECURITY")
    for column in _COLUMNS:
        op.alter_column("interpretations", column.name, nullable=False)
    op.alter_column(
        "interpretations",
        "flag",
        comment="unmapped, future, withdrawn: kept, not applied",
        existing_type=sa.Text(),
    )
    op.create_table_comment(
        "interpretations",
        "Later readings of an event or rewrite, each complete; the newest number is in force.",
    )
    op.create_index(
        "interpretations_flag",
        "interpretations",
        ["business_id", "flag"],
        unique=False,
        postgresql_where=sa.text("flag IS NOT NULL"),
    )
    op.create_index("external_events_delivery", "external_events", ["business_id", "delivery"], unique=False)
    op.create_index("event_rewrites_delivery", "event_rewrites", ["business_id", "delivery"], unique=False)
    op.create_index("quarantine_delivery", "quarantine", ["business_id", "delivery"], unique=False)
