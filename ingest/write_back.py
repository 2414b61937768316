"""Writing back: our state of customers and deals, in batches, onto the records of the CRM that they came from.

The outbox holds one row a record with the latest state. A batch is claimed, sent outside any transaction, and settled;
what was lost with its worker is sent again, which does no harm: the same state on the same record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Vendor, WriteBack, WritesBack, Written
from ingest.garbled import GARBLED, passing
from ingest.pauses import BROKEN_PAUSE, pause_after
from ingest.sources import Source
from kit.clock import Clock
from kit.database import transaction
from kit.errors import MunshiError, Rejected, Retryable, SourceBroken
from kit.logs import logger
from ledger.store import write_back as outbox

log = logger(__name__)
WRITTEN = Counter(
    "munshi_write_back_total",
    "Records written back, by connector and what came of them",
    ["connector", "outcome"],
)
BATCHES_AT_ONCE = 20


class Writer:
    """Sends what is due of a source's write-back."""

    def __init__(self, engine: AsyncEngine, *, clock: Clock, public_url: str) -> None:
        self._engine = engine
        self._clock = clock
        self._public_url = public_url.rstrip("/")
        self._prepared: set[tuple[Any, str]] = set()

    async def write(self, source: Source, call: Vendor) -> int:
        """Send what is due; return how many records the vendor took. Faults are noted with the records."""
        connector = source.connector
        if not source.write_back or not isinstance(connector, WritesBack):
            async with transaction(self._engine, [source.business_id]) as tx:
                await outbox.stop(tx, source.business_id, source.name, now=self._clock())
            return 0
        taken = 0
        for _ in range(BATCHES_AT_ONCE):
            now = self._clock()
            async with transaction(self._engine, [source.business_id]) as tx:
                rows = await outbox.claim(
                    tx, source.business_id, source.name, now=now, limit=source.manifest.batch
                )
            if not rows:
                break
            items = {(row["kind"], row["external_id"]): row for row in rows}
            try:
                written = await self._send(source, connector, call, [self._item(row) for row in rows])
            except Exception as error:
                await self._failed(source, rows, passing(error, source.manifest.label))
                break
            taken += await self._settle(source, items, written)
        return taken

    async def _send(
        self, source: Source, connector: WritesBack, call: Vendor, batch: Sequence[WriteBack]
    ) -> Sequence[Written]:
        key = (source.business_id, source.name)
        if key not in self._prepared:
            await connector.prepare(call, settings=source.settings)
            self._prepared.add(key)
        try:
            written = await connector.write_back(batch, call, settings=source.settings)
        except Rejected as refusal:  # somebody may have deleted our fields there
            if refusal.code in GARBLED:
                raise
            self._prepared.discard(key)
            await connector.prepare(call, settings=source.settings)
            written = await connector.write_back(batch, call, settings=source.settings)
        return [*written, *await self._without_corrections(source, connector, call, written)]

    async def _without_corrections(
        self, source: Source, connector: WritesBack, call: Vendor, written: Sequence[Written]
    ) -> Sequence[Written]:
        """Send the state alone where the CRM refused it together with a correction: what is owed is shown in any case."""
        alone = [
            replace(one.item, word=None, qualifier=None)
            for one in written
            if one.item.word is not None and isinstance(one.problem, Rejected)
        ]
        try:
            return await connector.write_back(alone, call, settings=source.settings) if alone else ()
        except MunshiError as problem:
            return [Written(item, problem) for item in alone]

    async def _settle(
        self, source: Source, rows: dict[tuple[str, str], Any], written: Sequence[Written]
    ) -> int:
        now = self._clock()
        told: dict[tuple[str, str], MunshiError | None] = {}
        alone: set[tuple[str, str]] = set()
        for one in written:
            named = (one.item.kind, one.item.external_id)
            if named not in told or isinstance(one.problem, Retryable):
                told[named] = one.problem
            elif one.problem is None:  # taken without the correction, of which the problem stays told
                alone.add(named)
        sent = [row for key, row in rows.items() if key in told and told[key] is None]
        async with transaction(self._engine, [source.business_id]) as tx:
            if sent:
                await outbox.settle_sent(tx, source.business_id, source.name, sent, now=now)
            for key, row in rows.items():
                problem = told.get(key, _UNTOLD)
                if problem is None:
                    continue
                passing = isinstance(problem, Retryable)
                await outbox.settle_not_sent(
                    tx,
                    source.business_id,
                    source.name,
                    [row],
                    status="queued" if passing else "refused",
                    due_at=now + pause_after(problem, failures=row["attempts"]),
                    error=str(problem),
                    state_taken=key in alone,
                )
        WRITTEN.labels(source.manifest.name, "sent").inc(len(sent))
        WRITTEN.labels(source.manifest.name, "not_sent").inc(len(rows) - len(sent))
        return len(sent)

    async def _failed(self, source: Source, rows: Sequence[Any], error: Exception) -> None:
        """The batch as a whole didn't go: it waits by the remedy of the fault; a refused one till its state changes."""
        if not isinstance(error, MunshiError):
            log.exception("write_back.failed", source=source.name)
            error = Retryable("connector.failed", f"Our writing failed ({type(error).__name__}).")
        log.warning("write_back.paused", source=source.name, code=error.code, records=len(rows))
        WRITTEN.labels(source.manifest.name, error.code).inc(len(rows))
        lasting = isinstance(error, Rejected)
        pause = BROKEN_PAUSE if isinstance(error, SourceBroken) else _pause(error, rows)
        async with transaction(self._engine, [source.business_id]) as tx:
            await outbox.settle_not_sent(
                tx,
                source.business_id,
                source.name,
                rows,
                status="refused" if lasting else "queued",
                due_at=self._clock() + pause,
                error=str(error),
            )

    def _item(self, row: Any) -> WriteBack:
        state, correction = row["desired"], row["correction"] or {}
        return WriteBack(
            kind=row["kind"],
            external_id=row["external_id"],
            currency=state["currency"],
            outstanding=state["outstanding"],
            overdue=state["overdue"],
            overdue_days=state["overdue_days"],
            status=state["status"],
            last_receipt_on=_day(state["last_receipt_on"]),
            last_receipt=state["last_receipt"],
            expected_on=_day(state["expected_on"]),
            url=f"{self._public_url}/c/{state['party']}",
            fingerprint=bytes(row["digest"]).hex(),
            word=correction.get("word"),
            qualifier=correction.get("qualifier"),
        )


_UNTOLD = Retryable("vendor.untold", "The vendor said nothing of it.")


def _pause(error: Exception, rows: Sequence[Any]) -> timedelta:
    return pause_after(error, failures=max(row["attempts"] for row in rows))


def _day(value: str | None) -> date | None:
    return datetime.fromisoformat(value).date() if value else None
