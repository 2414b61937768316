"""Money that members say came and nobody else has confirmed: what the owner is to look for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from ledger.domain.roles import Permission, Role
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.talk import reported
from ledger.queries.customers import ReportedPayments
from ledger.views.customers import Reported

_MOST = 200
# What was said of it since and isn't folded yet (confirmed, taken back) is on its way out of the list.
_REPORTED = f"""
SELECT i.external_id, i.state, coalesce(m.name, 'Somebody who left') AS by_name, p.id AS party_id, p.name AS party_name
FROM identities i
LEFT JOIN claims c ON c.business_id = i.business_id AND c.subject = i.subject AND c.row_kind = 'receipt'
LEFT JOIN receipts r ON r.business_id = c.business_id AND r.id = c.row_id
LEFT JOIN parties p ON p.business_id = i.business_id AND p.id = coalesce(r.party_id, c.party_id)
LEFT JOIN members m ON m.business_id = i.business_id AND m.id::text = i.state -> 'data' ->> 'by'
WHERE {{where}} AND i.source = 'operator' AND i.kind = 'payment' AND i.state ->> 'type' = 'payment.reported'
  AND NOT coalesce(r.arrived, false)
  AND NOT EXISTS (SELECT FROM pending w WHERE w.business_id = i.business_id AND w.subject = i.subject)
ORDER BY i.state -> 'data' ->> 'paid_on', i.subject LIMIT {_MOST}
"""


@handles(ReportedPayments, permission=Permission.SEE_RECEIVABLES)
async def reported_payments(_: ReportedPayments, ctx: Context) -> tuple[Reported, ...]:
    """Answer with what is reported and not here, the oldest first."""
    where = Conditions([ctx.actor.business_id])
    where.add("i.business_id = $1")
    if ctx.actor.role is Role.SALES:
        where.add("i.state -> 'data' ->> 'by' = {}", str(ctx.actor.member_id))
    rows = await ctx.tx.fetch(_REPORTED.format(where=where.sql), *where.values)
    return tuple(_payment(ctx, row) for row in rows)


def _payment(ctx: Context, row: asyncpg.Record) -> Reported:
    data = row["state"]["data"]
    return reported(
        data,
        payment=UUID(row["external_id"]),
        party=(row["party_id"], row["party_name"]),
        at=datetime.fromisoformat(row["state"]["at"]),
        by=row["by_name"],
        own=data.get("by") is not None and data.get("by") == str(ctx.actor.member_id),
    )
