"""A ledger written by hand: rows of the read tables, and the judge over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.ids import derived, uuid7
from ledger.reconcile.runner import judge
from ledger.store.audit import Entry
from tests.ledger.reconcile.firms import Firm

NOON = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


@dataclass(slots=True)
class Books:
    """Writes facts of one business and judges them; remembers nothing but the last audit entries."""

    engine: AsyncEngine
    business: UUID
    now: datetime = NOON
    entries: list[Entry] = field(default_factory=list)

    async def insert(self, table: str, **row: Any) -> UUID:
        """Insert a row; its anchor is new unless it is given."""
        names = ", ".join(row)
        marks = ", ".join(f"${n}" for n in range(2, len(row) + 2))
        async with transaction(self.engine, [self.business]) as tx:
            await tx.run(
                f"INSERT INTO {table} (business_id, {names}) VALUES ($1, {marks})",
                self.business,
                *row.values(),
            )
        return row.get("anchor", row.get("id"))

    async def set(self, table: str, anchor: UUID, **row: Any) -> None:
        """Change columns of the rows that stand on an anchor."""
        names = ", ".join(f"{name} = ${n}" for n, name in enumerate(row, start=3))
        async with transaction(self.engine, [self.business]) as tx:
            await tx.run(
                f"UPDATE {table} SET {names} WHERE business_id = $1 AND anchor = $2",
                self.business,
                anchor,
                *row.values(),
            )

    async def rows(self, sql: str, *args: Any) -> list[Any]:
        """Read rows; $1 is the business."""
        async with transaction(self.engine, [self.business]) as tx:
            return await tx.fetch(sql, self.business, *args)

    async def party(self, name: str, **row: Any) -> UUID:
        """Add a customer and return the row's id."""
        anchor = uuid4()
        made = {
            "id": derived("row", "party", str(anchor)), "anchor": anchor, "name": name, "search_name": name.casefold(),
            "is_customer": True, "currency": "INR", "receivable": 0, "open_bills": 0, "on_account": 0, "payable": 0,
        }  # fmt: skip
        await self.insert("parties", **(made | row))
        return made["id"]

    async def invoice(self, party: UUID, number: str, amount: int, **row: Any) -> UUID:
        """Add a bill and return its anchor."""
        anchor = row.pop("anchor", None) or uuid4()
        made = {
            "id": derived("row", "invoice", str(anchor)), "anchor": anchor, "party_id": party, "number": number,
            "kind": "invoice", "status": "invoice.issued", "issued_on": date(2026, 10, 15), "due_on": date(2026, 11, 14),
            "amount": amount, "outstanding": amount, "currency": "INR",
        }  # fmt: skip
        await self.insert("invoices", **(made | row))
        return anchor

    async def receipt(self, party: UUID | None, amount: int, **row: Any) -> UUID:
        """Add money that arrived, set against nothing, and return its anchor."""
        anchor = row.pop("anchor", None) or uuid4()
        made = {
            "id": derived("row", "receipt", str(anchor)), "anchor": anchor, "party_id": party,
            "status": "payment.received", "arrived": True, "received_on": date(2026, 11, 18), "amount": amount,
            "refunded": 0, "allocated": 0, "currency": "INR", "method": "neft",
        }  # fmt: skip
        await self.insert("receipts", **(made | row))
        return anchor

    async def allocate(
        self, receipt: UUID, invoice: UUID, amount: int, *, why: str = "invoice_number"
    ) -> None:
        """Set a receipt against a bill, and change both rows as the derivation would."""
        await self.insert(
            "allocations",
            receipt_id=derived("row", "receipt", str(receipt)),
            document_id=derived("row", "invoice", str(invoice)),
            kind="receipt",
            anchor=receipt,
            amount=amount,
            why=why,
        )
        async with transaction(self.engine, [self.business]) as tx:
            await tx.run(
                "UPDATE receipts SET allocated = allocated + $3 WHERE business_id = $1 AND anchor = $2",
                self.business, receipt, amount,
            )  # fmt: skip
            await tx.run(
                "UPDATE invoices SET outstanding = outstanding - $3 WHERE business_id = $1 AND anchor = $2",
                self.business, invoice, amount,
            )  # fmt: skip

    async def bank_line(self, amount: int, **row: Any) -> UUID:
        """Add a credit that nothing explains and return its anchor."""
        anchor = row.pop("anchor", None) or uuid4()
        made = {
            "id": derived("row", "bank_line", str(anchor)), "anchor": anchor, "source": "bank:icici",
            "account": "000405004421", "posted_on": date(2026, 11, 18), "amount": amount, "currency": "INR",
            "narration": "NEFT-HDFCN52026111800-SHARMA TRADERS", "payer": "SHARMA TRADERS", "channel": "NEFT",
        }  # fmt: skip
        await self.insert("bank_lines", **(made | row))
        return anchor

    async def settlement(self, amount: int, **row: Any) -> UUID:
        """Add a gateway's settlement and return its anchor."""
        anchor = uuid4()
        made = {
            "id": derived("row", "settlement", str(anchor)), "anchor": anchor, "source": "payment:razorpay",
            "status": "settlement.processed", "amount": amount, "fee": 2_000, "tax": 360, "currency": "INR",
            "utr": "AXISN52026111800", "settled_on": date(2026, 11, 16),
        }  # fmt: skip
        await self.insert("settlements", **(made | row))
        return anchor

    async def claim(self, row_kind: str, row_id: UUID, **row: Any) -> UUID:
        """Add what a CRM says of a row and return the claim's anchor."""
        anchor = uuid4()
        made = {
            "subject": anchor, "anchor": anchor, "row_kind": row_kind, "row_id": row_id, "source": "crm:hubspot",
            "word": "closedwon", "status": "invoice.paid", "amount": None, "currency": "INR",
            "stated_at": self.now - timedelta(hours=1),
        }  # fmt: skip
        await self.insert("claims", **(made | row))
        return anchor

    async def source(self, name: str, **row: Any) -> None:
        """Connect a source with its state."""
        state = {key: row.pop(key) for key in ("last_delivery_at", "covered_until") if key in row}
        made = {"name": name, "connector": "standard", "label": name, "key_hash": b"", "created_at": self.now}
        await self.insert("sources", **(made | row))
        await self.insert("source_state", source=name, **state)

    async def flagged(self, word: str, **row: Any) -> UUID:
        """Add an event that waits for the meaning of its word."""
        made = {
            "id": uuid7(), "source": "crm:hubspot", "source_event_id": uuid4().hex, "delivery": b"", "digest": b"",
            "event_type": "status.unmapped", "schema_version": "1", "kind": "deal", "external_id": "D-1",
            "subject": uuid4(), "word": word, "qualifier": "", "flag": "unmapped", "normalised": "{}",
            "occurred_at": self.now, "precision": "instant", "ingested_at": self.now,
        }  # fmt: skip
        return await self.insert("external_events", **(made | row))

    async def reading(self, event: UUID, number: int, **row: Any) -> None:
        """Read an event that waits anew."""
        made = {
            "event_id": event, "number": number, "normaliser_version": "1", "mapping_version": str(number),
            "source": "crm:hubspot", "source_event_id": "e", "schema_version": "1", "kind": "deal",
            "external_id": "D-1", "word": "won", "qualifier": "", "normalised": "{}", "occurred_at": self.now,
            "precision": "instant", "sequence": 0, "digest": b"", "subject": event, "made_at": self.now,
        }  # fmt: skip
        await self.insert("interpretations", **(made | row))

    async def unread(
        self,
        source: str,
        code: str = "schema.field_missing",
        *,
        via: str = "webhook",
        parts: int = 1,
        **row: Any,
    ) -> bytes:
        """Add a delivery of which so many parts could not be read, and return its digest."""
        delivery = uuid4().bytes * 2
        await self.insert(
            "deliveries", source=source, digest=delivery, body=b"{}", via=via, received_at=self.now
        )
        made = {
            "source": source, "delivery": delivery, "place": "", "code": code, "reason": "A member is missing.",
            "diff": None, "received_at": self.now,
        }  # fmt: skip
        for number in range(parts):
            place = {} if parts == 1 else {"place": f"row {number + 7}"}
            await self.insert("quarantine", id=uuid4(), **(made | place | row))
        return delivery

    async def judge(self, *touched: UUID, whole: bool = False) -> list[str]:
        """Judge what was touched (or all) and return the actions of the audit entries."""
        async with transaction(self.engine, [self.business]) as tx:
            scope = None if whole else frozenset(touched)
            self.entries = await judge(tx, self.business, touched=scope, now=self.now)
        return [entry.action for entry in self.entries]

    async def after(self, *touched: UUID, **span: float) -> list[str]:
        """Let time pass, then judge."""
        self.now += timedelta(**span)
        return await self.judge(*touched)

    async def conflicts(self, rule: str = "%") -> list[dict[str, Any]]:
        """Return the questions, oldest first, with their evidence read."""
        rows = await self.rows(
            "SELECT * FROM conflicts WHERE business_id = $1 AND rule LIKE $2 ORDER BY opened_at, id", rule
        )
        return [dict(row) for row in rows]

    async def only(self, rule: str) -> dict[str, Any]:
        """Return the one question of a rule."""
        found = await self.conflicts(rule)
        assert len(found) == 1, found
        return found[0]

    async def alarms(self) -> Sequence[tuple[str, datetime]]:
        """Return the wake-ups that stand in the mailbox."""
        rows = await self.rows(
            "SELECT wake, due_at FROM pending WHERE business_id = $1 AND subject IS NULL ORDER BY due_at, wake"
        )
        return [(row["wake"], row["due_at"]) for row in rows]

    async def answer(self, conflict: UUID, answer: str) -> None:
        """Mark a question as answered for its present evidence, as the handler does."""
        async with transaction(self.engine, [self.business]) as tx:
            await tx.run(
                "UPDATE conflicts SET status = 'resolved', version = version + 1, answer = $3, answered_at = $4,"
                " answered_digest = evidence_digest WHERE business_id = $1 AND id = $2",
                self.business, conflict, answer, self.now,
            )  # fmt: skip


@pytest.fixture
def books(engine: AsyncEngine, business: UUID) -> Books:
    """An empty ledger at noon on Friday, 20 November 2026 in India."""
    return Books(engine, business)


def actions(entries: Iterable[Entry]) -> list[str]:
    """Return what audit entries say was done."""
    return [entry.action for entry in entries]


@pytest.fixture
def firm(door: Any, engine: AsyncEngine, clock: Any, owner: Any) -> Firm:
    """A firm by its log, on the morning of Friday, 20 November 2026."""
    return Firm(door, engine, clock, owner)
