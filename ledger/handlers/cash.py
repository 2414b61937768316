"""Cash: what the law says to so much of it, and what is still with those who took it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from kit.errors import Rejected
from kit.money import format_minor
from ledger.domain.cash.limits import cash_limit
from ledger.domain.roles import Permission, Role
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.queries.workflow import CashWithReps
from ledger.views.workflow import HeldPayment, RepCash

WITH_SOMEBODY = ("cash", "cheque")
"""What a rep holds in his hand until he hands it in."""
# Cash of this party on this day, and what was reported a moment ago and isn't in the tables yet.
_ON_DAY = """
SELECT coalesce((
  SELECT sum(r.amount - r.refunded) FROM receipts r
  WHERE r.business_id = $1 AND r.party_id = $2 AND r.method = 'cash' AND r.received_on = $3 AND r.currency = 'INR'
    AND r.status IN ('payment.received', 'payment.authorised') AND r.anchor <> ALL($5::uuid[])), 0)
+ coalesce((
  SELECT sum((e.normalised ->> 'amount')::bigint) FROM external_events e
  JOIN pending p ON p.business_id = e.business_id AND p.subject = e.subject
  WHERE e.business_id = $1 AND e.event_type = 'payment.reported' AND e.normalised -> 'party' ->> 'id' = $4
    AND e.normalised ->> 'method' = 'cash' AND e.normalised ->> 'paid_on' = $3::date::text
    AND e.subject <> ALL($5::uuid[])), 0)
"""
_FOR_BILL = """
SELECT coalesce(sum(a.amount), 0)::bigint FROM allocations a
JOIN receipts r ON r.business_id = a.business_id AND r.id = a.receipt_id
WHERE a.business_id = $1 AND a.document_id = $2 AND a.kind = 'receipt' AND r.method = 'cash' AND r.currency = 'INR'
  AND r.anchor <> ALL($3::uuid[])
"""
_HELD = """
SELECT i.external_id, i.state, m.id AS member_id, coalesce(m.name, 'Somebody who left') AS member_name,
       p.id AS party_id, p.name AS party_name
FROM identities i
JOIN claims c ON c.business_id = i.business_id AND c.subject = i.subject AND c.row_kind = 'receipt'
JOIN receipts r ON r.business_id = c.business_id AND r.id = c.row_id
LEFT JOIN parties p ON p.business_id = r.business_id AND p.id = r.party_id
LEFT JOIN members m ON m.business_id = i.business_id AND m.id::text = i.state -> 'data' ->> 'by'
WHERE {where} AND i.source = 'operator' AND i.kind = 'payment' AND i.state ->> 'type' = 'payment.reported'
  AND NOT r.arrived
ORDER BY m.name NULLS LAST, m.id, i.state -> 'data' ->> 'currency', i.state -> 'data' ->> 'paid_on', i.subject
LIMIT 1000
"""


async def check_cash(
    ctx: Context,
    party: Any,
    *,
    amount: int,
    day: date,
    bill: asyncpg.Record | None = None,
    besides: Sequence[UUID] = (),
) -> None:
    """Raise Rejected (`cash.needs_acknowledgement`) if so much cash is against the law; `besides`: counted already."""
    limit = cash_limit(day)
    if limit is None or party["currency"] != "INR":
        return
    known = list(besides)
    before = await ctx.tx.value(_ON_DAY, ctx.actor.business_id, party["id"], day, str(party["anchor"]), known)
    for_bill = (
        await ctx.tx.value(_FOR_BILL, ctx.actor.business_id, bill["id"], known) if bill is not None else 0
    )
    if max(int(before), int(for_bill)) + amount < limit.amount:
        return
    that_day = int(before) + amount >= limit.amount
    total = (int(before) if that_day else int(for_bill)) + amount
    what = (
        f"on {day:%a} {day.day} {day:%b}" if that_day else f"for bill {bill['number'] or ''}" if bill else ""
    )
    raise Rejected(
        "cash.needs_acknowledgement",
        f"That makes {format_minor(total, 'INR')} in cash from {party['name']} {what.strip()}."
        f" {format_minor(limit.amount, 'INR')} or more in cash from one person in a day, or for one bill, is"
        f" penalised with the amount itself ({limit.law}).",
        remedy="Speak with your accountant. To enter what has happened, say that you have read this.",
    )


@handles(CashWithReps, permission=Permission.SEE_RECEIVABLES)
async def cash_with_reps(_: CashWithReps, ctx: Context) -> tuple[RepCash, ...]:
    """Answer with what members took and haven't handed in, by member; a sales rep sees his own."""
    where = Conditions([ctx.actor.business_id])
    where.add("i.business_id = $1 AND i.state -> 'data' ->> 'method' = ANY({})", list(WITH_SOMEBODY))
    if ctx.actor.role is Role.SALES:
        where.add("i.state -> 'data' ->> 'by' = {}", str(ctx.actor.member_id))
    rows = await ctx.tx.fetch(_HELD.format(where=where.sql), *where.values)
    found = []
    for key, group in groupby(rows, key=lambda row: (row["member_id"], row["member_name"], _money(row)[1])):
        payments = tuple(_held(row) for row in group)
        found.append(RepCash(*key, sum(payment.amount for payment in payments), payments))
    return tuple(found)


def _money(row: asyncpg.Record) -> tuple[int, str]:
    data = row["state"]["data"]
    return data["amount"], data["currency"]


def _held(row: asyncpg.Record) -> HeldPayment:
    data = row["state"]["data"]
    amount, currency = _money(row)
    return HeldPayment(
        payment_id=UUID(row["external_id"]),
        party_id=row["party_id"],
        party_name=row["party_name"],
        amount=amount,
        currency=currency,
        method=data.get("method"),
        paid_on=date.fromisoformat(data["paid_on"]),
        number=next(iter((data.get("references") or {}).get("utr") or ()), data.get("description")),
        note=data.get("note"),
        reported_at=datetime.fromisoformat(row["state"]["at"]),
    )
