"""Forged calls in the audit trail: at most one entry per source and hour, so that a stranger can't flood it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.sources import OUTAGE, Source
from kit.database import transaction
from kit.errors import Denied
from kit.logs import logger
from ledger.store.audit import Entry, append_audit

log = logger(__name__)
ACTION = "ingest.refused"

# Another process may have written this hour's entry; the newest entries tell, and the lock makes one of two wait.
_WRITTEN = """
SELECT EXISTS (
  SELECT FROM (SELECT action, subject, at FROM audit WHERE business_id = $1 ORDER BY sequence DESC LIMIT 10000) recent
  WHERE action = $2 AND subject = $3 AND at >= $4)
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('audit:' || $1::text, 0))"


class RejectionTrail:
    """Writes the first refusal of each source and hour into the audit trail; the rest are only counted."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._written: dict[tuple[UUID, str], datetime] = {}

    async def note(self, source: Source, denial: Denied, *, now: datetime) -> None:
        """Note a refused call; a database that is away costs the entry, never the answer."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        key = (source.business_id, source.name)
        if self._written.get(key) == hour:
            return
        self._written[key] = hour
        entry = Entry(f"source:{source.name}", ACTION, source.name, {"code": denial.code})
        try:
            async with transaction(self._engine, [source.business_id]) as tx:
                await tx.run(_LOCK, str(source.business_id))
                if not await tx.value(_WRITTEN, source.business_id, ACTION, source.name, hour):
                    await append_audit(tx, source.business_id, [entry], at=now)
        except OUTAGE as error:
            self._written.pop(key, None)
            log.warning("ingest.trail_unwritten", source=source.name, error=type(error).__name__)
