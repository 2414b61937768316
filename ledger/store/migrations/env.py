"""Alembic's environment: runs on the connection that ledger.store.migrate hands over."""

from alembic import context

from ledger.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
