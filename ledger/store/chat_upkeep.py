"""What chats leave behind is forgotten in its time: a bounded number of rows a pass, over all tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from ledger.store.directory import all_businesses

_CHUNK = 500  # tenants in one transaction
_MOST = 5_000  # rows of one table that one transaction takes away


@dataclass(frozen=True, slots=True)
class _Old:
    """Rows of a table that may go, once `moment` (a column) lies further back than `kept`."""

    table: str
    moment: str
    kept: timedelta
    besides: str = "true"


_FORGOTTEN = (
    # A button of last month must still answer, and say kindly what has changed since.
    _Old("buttons", "created_at", timedelta(days=400)),
    _Old("dialogues", "changed_at", timedelta(days=400)),
    # Telegram delivers an update again for a day at the most.
    _Old("chat_updates", "taken_at", timedelta(days=7)),
    _Old("outbox", "sent_at", timedelta(days=30)),
    _Old("outbox", "queued_at", timedelta(days=30), "status = 'failed'"),
)


async def forget_old_traffic(engine: AsyncEngine, now: datetime) -> dict[str, int]:
    """Take away what is old; return how many rows of each table went (more may be left for the next pass)."""
    gone: dict[str, int] = {}
    businesses = await all_businesses(engine)
    for start in range(0, len(businesses), _CHUNK):
        for old in _FORGOTTEN:
            async with transaction(engine, businesses[start : start + _CHUNK]) as tx:
                # Names and conditions are ours (above); the row's address spares a second look for its key.
                count = await tx.run(
                    f"""
                    DELETE FROM {old.table} WHERE ctid = ANY (ARRAY(
                      SELECT ctid FROM {old.table} WHERE {old.moment} < $1 AND {old.besides} LIMIT {_MOST}))
                    """,
                    now - old.kept,
                )
            gone[old.table] = gone.get(old.table, 0) + count
    return {table: count for table, count in gone.items() if count}
