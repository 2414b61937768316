"""Every table as metadata: the log, what is derived from it, the workflow, the outboxes.

Every primary key and unique constraint begins with `business_id`, so that Citus can shard by it and row-level
security isolates it. The only exempt table is `directory`, for look-ups made before the tenant is known.
Money columns are minor units (paise) as bigint, with a currency beside them.
"""

from ledger.store.tables import books, derived, forecast, log, pages, people, rules, webhooks, workflow
from ledger.store.tables.columns import metadata

EXEMPT = ("directory",)

__all__ = [
    "EXEMPT",
    "books",
    "derived",
    "forecast",
    "log",
    "metadata",
    "pages",
    "people",
    "rules",
    "webhooks",
    "workflow",
]
