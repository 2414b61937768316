"""The audit trail as those who follow it read it: on from a place, in order, only what they are told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.database import Tx
from ledger.domain.told import Told

# Whose it is, by what is known today: a document may have come to another party since, and a question names none itself.
_TOLD = """
SELECT a.sequence, a.at, a.action, split_part('x:' || a.subject, ':', -1)::uuid AS subject, a.entry,
  coalesce(CASE
    WHEN a.action LIKE 'conflict.%' THEN (SELECT d.party_id FROM conflicts d
      WHERE d.business_id = $1 AND d.id = split_part('x:' || a.subject, ':', -1)::uuid)
    WHEN a.action = 'party.changed' THEN split_part(a.subject, ':', 2)::uuid
    WHEN a.action = 'invoice.changed' THEN (SELECT d.party_id FROM invoices d
      WHERE d.business_id = $1 AND d.id = split_part(a.subject, ':', 2)::uuid)
    WHEN a.action = 'receipt.changed' THEN (SELECT d.party_id FROM receipts d
      WHERE d.business_id = $1 AND d.id = split_part(a.subject, ':', 2)::uuid)
    WHEN a.action = 'cheque.changed' THEN (SELECT d.party_id FROM cheques d
      WHERE d.business_id = $1 AND d.id = split_part(a.subject, ':', 2)::uuid)
    WHEN a.action = 'payable.changed' THEN (SELECT d.party_id FROM payables d
      WHERE d.business_id = $1 AND d.id = split_part(a.subject, ':', 2)::uuid)
    END, (a.entry ->> 'party')::uuid) AS party
FROM audit a
WHERE a.business_id = $1 AND a.sequence > $2 AND a.sequence <= $3 AND a.action = ANY($4)
ORDER BY a.sequence LIMIT $5
"""
_LAST = "SELECT sequence FROM audit WHERE business_id = $1 ORDER BY sequence DESC LIMIT 1"
_BEFORE = "SELECT sequence FROM audit WHERE business_id = $1 AND at < $2 ORDER BY sequence DESC LIMIT 1"


async def told_after(
    tx: Tx, business: UUID, after: int, *, until: int, actions: Sequence[str], limit: int
) -> list[Told]:
    """Return at most `limit` entries of these actions behind `after`, up to `until`, in order."""
    rows = await tx.fetch(_TOLD, business, after, until, list(actions), limit)
    return [_told(row) for row in rows]


async def last_sequence(tx: Tx, business: UUID) -> int:
    """Return the sequence of the newest entry, 0 where there is none."""
    return int(await tx.value(_LAST, business) or 0)


async def sequence_before(tx: Tx, business: UUID, moment: datetime) -> int:
    """Return the sequence of the last entry before a moment, 0 where there is none."""
    return int(await tx.value(_BEFORE, business, moment) or 0)


def _told(row: Any) -> Told:
    return Told(
        sequence=row["sequence"],
        at=row["at"],
        action=row["action"],
        subject=UUID(bytes=row["subject"].bytes),
        entry=row["entry"],
        party=UUID(bytes=row["party"].bytes) if row["party"] is not None else None,
    )
