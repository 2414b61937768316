"""When each open bill is expected to be paid: made each morning, never a source of truth."""

from __future__ import annotations

from sqlalchemy import Column, Date, Table, Uuid

from ledger.store.tables.columns import business, metadata

expectations = Table(
    "expectations",
    metadata,
    business(),
    Column("invoice_id", Uuid, primary_key=True),
    Column("expected_on", Date, nullable=False),
    Column("from_on", Date, nullable=False, comment="with to_on: four payments of five fall within"),
    Column("to_on", Date, nullable=False),
    Column("made_on", Date, nullable=False),
)
