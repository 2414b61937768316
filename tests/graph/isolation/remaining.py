"""A row in every table in which a firm's story left none, so that whatever is kept of a firm could be told."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Integer, LargeBinary, SmallInteger, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import Tx
from kit.ids import digest
from ledger.store.tables import metadata
from tests.graph.isolation.marks import empty
from tests.ledger.rows import NOW, TODAY, rows_of

REAL = {
    "member_id": "SELECT id FROM members ORDER BY name LIMIT 1",
    "invoice_id": "SELECT id FROM invoices WHERE outstanding > 0 ORDER BY number LIMIT 1",
    "event_id": "SELECT id FROM external_events WHERE source <> 'operator' ORDER BY id LIMIT 1",
    "webhook_id": "SELECT id FROM webhooks LIMIT 1",
    "delivery": "SELECT digest FROM deliveries ORDER BY digest LIMIT 1",
    "party_anchor": "SELECT anchor FROM parties ORDER BY name LIMIT 1",
    "made_by": "SELECT id FROM members ORDER BY name LIMIT 1",
    "subject": "SELECT subject FROM identities ORDER BY subject LIMIT 1",
}
"""Of which row of the firm a column is, by its name."""
FIXED: dict[str, Any] = {
    "source": "crm:hubspot", "currency": "INR", "stream": "deals", "lane": "live", "event_type": "deal.status_reported",
    "precision": "instant", "kind of interpretations": "deal", "kind of status_mappings": "deal", "event": "money.received",
    "channel": "telegram", "status of replays": "done", "status of chat_files": "told", "status of outbox": "sent",
    "status of write_backs": "done", "status of status_mappings": "deal.won", "because": "new", "language": "en",
    "scope": {}, "counts": {}, "state of dialogues": {}, "permissions": [], "error_code": None, "leased_until": None,
    "lease": None, "due_at of webhook_wishes": datetime(2027, 1, 1, tzinfo=NOW.tzinfo), "kind of alerts_told": "money",
    "position": None, "resolution": None, "flag": None, "retires_at": None, "settings": {},
}  # fmt: skip


async def fill(engine: AsyncEngine, business: UUID, word: str, salt: int) -> None:
    """Put them in."""
    missing = await empty(engine, business)
    async with rows_of(engine, business) as rows:
        for table in metadata.sorted_tables:
            if table.name in missing:
                columns = {
                    one.name: await _value(rows.tx, table, one, word, salt)
                    for one in table.columns
                    if one.name != "business_id"
                }
                await rows.put(table.name, **columns)


async def _value(tx: Tx, table: Table, column: Column[Any], word: str, salt: int) -> Any:
    here = f"{column.name} of {table.name}"
    for name in (here, column.name):
        if name in FIXED:
            return FIXED[name] if not isinstance(column.type, JSONB) else _json(FIXED[name])
    real = REAL.get(column.name)
    if real is not None and not (column.name == "subject" and column.type.python_type is str):
        return await tx.value(real)
    match column.type:
        case Boolean():
            return True
        case BigInteger():
            return salt * 1_000 + len(table.name)
        case Integer() | SmallInteger():
            return 1
        case LargeBinary():
            return digest(f"{word}{here}".encode())
        case JSONB():
            return _json({"word": word})
        case ARRAY():
            return [word]
    made: dict[type, Any] = {
        str: f"{word} {column.name}", UUID: uuid5(UUID(int=salt), here), datetime: NOW, date: TODAY, time: time(9),
    }  # fmt: skip
    return made[column.type.python_type]


def _json(value: Any) -> str | None:
    return None if value is None else str(value).replace("'", '"')
