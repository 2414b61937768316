"""Which open questions about money a change of bills concerns: only their proposals are looked at again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from kit.database import Tx
from ledger.reconcile.names import Known, Names

_ASKED = "SELECT id, amount, evidence FROM conflicts WHERE business_id = $1 AND id = ANY($2::uuid[])"
_BILLS = """
SELECT i.outstanding, i.amount, p.id, p.anchor, p.name
FROM invoices i JOIN parties p ON p.business_id = i.business_id AND p.id = i.party_id
WHERE i.business_id = $1 AND p.business_id = $1 AND i.anchor = ANY($2::uuid[]) AND i.kind <> 'credit_note'
"""


async def concerned(
    tx: Tx, business: UUID, rows: Sequence[asyncpg.Record], touched: Collection[UUID]
) -> list[asyncpg.Record]:
    """Return those of the questions `rows` for which a touched bill or its party is proposed, or may be now.

    A bill of just the amount, a party that is among the proposals, or one whose name the payer's may mean.
    """
    bills = await tx.fetch(_BILLS, business, list(touched))
    known = dict.fromkeys(Known(bill["id"], bill["anchor"], bill["name"]) for bill in bills)
    amounts = {bill[name] for bill in bills for name in ("outstanding", "amount")}
    names, parties = Names(known), {str(party.anchor) for party in known}
    asked = {row["id"]: row for row in await tx.fetch(_ASKED, business, [row["id"] for row in rows])}
    return [
        row
        for row in rows
        if (item := asked[row["id"]])["amount"] in amounts
        or _proposes(item["evidence"], parties)
        or names.similar(str(item["evidence"].get("payer") or item["evidence"].get("narration") or ""))
    ]


def _proposes(evidence: dict[str, Any], parties: Collection[str]) -> bool:
    proposed = (*evidence.get("candidates", ()), *evidence.get("parties", ()))
    return any(one.get("party") in parties for one in proposed)
