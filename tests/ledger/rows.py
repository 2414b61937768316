"""Rows of the read tables for tests of the questions, inserted as the derivation would leave them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import Tx, transaction
from kit.ids import digest, uuid7

TODAY = date(2026, 11, 20)
"""The day of the tests' clock in India."""
NOW = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)


def days_ago(days: int) -> date:
    """The day so many days before the tests' day."""
    return TODAY - timedelta(days=days)


@dataclass(slots=True)
class Rows:
    """Inserts into one business; money in paise."""

    tx: Tx
    business: UUID
    numbers: int = field(default=0)

    async def put(self, table: str, **columns: Any) -> None:
        """Insert one row."""
        columns = {"business_id": self.business, **columns}
        marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        await self.tx.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", *columns.values())

    async def party(self, name: str, **given: Any) -> UUID:
        """A customer with nothing open, unless said otherwise."""
        party = uuid7()
        row = {
            "id": party, "anchor": uuid7(), "name": name, "search_name": name.casefold(), "currency": "INR",
            "receivable": 0, "open_bills": 0, "on_account": 0, "payable": 0, "is_customer": True, **given,
        }  # fmt: skip
        await self.put("parties", **row)
        return party

    async def invoice(self, party: UUID, outstanding: int, **given: Any) -> UUID:
        """An open bill of ours; the party's cached sums move with it."""
        self.numbers += 1
        bill = uuid7()
        row = {
            "id": bill, "anchor": uuid7(), "party_id": party, "number": f"INV-{self.numbers}", "kind": "invoice",
            "status": "invoice.issued", "issued_on": days_ago(60), "due_on": None, "amount": outstanding,
            "outstanding": outstanding, "currency": "INR", **given,
        }  # fmt: skip
        await self.put("invoices", **row)
        await self.tx.run(
            """
            UPDATE parties SET receivable = receivable + $3, open_bills = open_bills + $3
            WHERE business_id = $1 AND id = $2 AND currency = $4
            """,
            self.business,
            party,
            outstanding,
            row["currency"],
        )
        return row["id"]

    async def payable(self, party: UUID, outstanding: int, **given: Any) -> UUID:
        """An open bill of a vendor; the party's cached sum moves with it."""
        self.numbers += 1
        row = {
            "id": uuid7(), "anchor": uuid7(), "party_id": party, "number": f"B-{self.numbers}", "kind": "bill",
            "status": "payable.due", "issued_on": days_ago(30), "due_on": None, "amount": outstanding,
            "outstanding": outstanding, "currency": "INR", **given,
        }  # fmt: skip
        await self.put("payables", **row)
        await self.tx.run(
            "UPDATE parties SET payable = payable + $3 WHERE business_id = $1 AND id = $2",
            self.business,
            party,
            outstanding,
        )
        return row["id"]

    async def on_account(self, party: UUID, amount: int) -> None:
        """Money of the party that is set against no bill."""
        await self.tx.run(
            """
            UPDATE parties SET receivable = receivable - $3, on_account = on_account + $3
            WHERE business_id = $1 AND id = $2
            """,
            self.business,
            party,
            amount,
        )

    async def posting(self, party: UUID, document: UUID, amount: int, **given: Any) -> None:
        """One posting, known since the beginning unless said otherwise."""
        row = {
            "id": uuid7(), "anchor": uuid7(), "party_id": party, "document_id": document, "side": "receivable",
            "kind": "invoice", "amount": amount, "currency": "INR", "effective_on": days_ago(60), "due_on": None,
            "cause": document, "known_from": datetime(2026, 1, 1, tzinfo=UTC), **given,
        }  # fmt: skip
        await self.put("postings", **row)

    async def source(self, name: str, *, state: dict[str, Any] | None = None, **given: Any) -> None:
        """A source, with its state if it ever delivered."""
        row = {
            "name": name, "connector": name.split(":")[0], "label": name.split(":")[-1].upper(),
            "key_hash": digest(name.encode()), **given,
        }  # fmt: skip
        await self.put("sources", **row)
        if state is not None:
            await self.put("source_state", source=name, **state)

    async def event(self, subject: UUID, event_type: str, data: dict[str, Any], **given: Any) -> UUID:
        """An event in the log."""
        self.numbers += 1
        row = {
            "id": uuid7(), "source": "books:tally", "source_event_id": f"e{self.numbers}", "delivery": b"d",
            "digest": digest(str(self.numbers).encode()), "event_type": event_type, "schema_version": "1",
            "kind": event_type.split(".")[0], "external_id": str(subject), "subject": subject,
            "normalised": orjson.dumps(data).decode(), "occurred_at": NOW - timedelta(days=1),
            "precision": "instant", "ingested_at": NOW, **given,
        }  # fmt: skip
        await self.put("external_events", **row)
        return row["id"]

    async def claim(self, subject: UUID, row: UUID, *, party: UUID, **given: Any) -> None:
        """What a source identity claims of a row."""
        claim = {
            "subject": subject, "row_id": row, "anchor": subject, "row_kind": "invoice", "party_id": party,
            "source": "books:tally", **given,
        }  # fmt: skip
        await self.put("claims", **claim)


@asynccontextmanager
async def rows_of(engine: AsyncEngine, business: UUID) -> AsyncIterator[Rows]:
    """Insert rows into a business in one transaction."""
    async with transaction(engine, [business]) as tx:
        yield Rows(tx, business)
