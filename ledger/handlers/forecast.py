"""When will they pay: worked out anew each morning, asked for bills, for a customer, and for the days ahead."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median_low
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.commands.forecast import RefreshExpectations
from ledger.domain.forecast.expect import expect
from ledger.domain.forecast.history import Bill
from ledger.domain.roles import Permission
from ledger.handlers.deciding import the_one
from ledger.handlers.expected import EXPECTED
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.handlers.standing import STANDING
from ledger.queries.forecast import ExpectedBills, ExpectedMoney, OutlooksByIds, PartyOutlook
from ledger.views import forecast as views

HISTORY = timedelta(days=1100)
MOST_BILLS = 30_000
"""Paid bills of a business that a forecast learns from, the latest: some seconds' work, and habits older than that are gone."""
MOST_DAYS = 366
IN_HAND = ("cheque.received", "cheque.deposited")

# Open bills, and those that money has paid; what a credit note or a write-off closed says nothing of habits. A bill
# without a due day is due by the customer's terms.
_BILLS = """
SELECT * FROM (
  SELECT i.id, i.party_id, i.issued_on, coalesce(i.due_on, i.issued_on + coalesce(p.terms_days, 0)) AS due_on,
         i.amount, i.paid_on
  FROM invoices i LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id
  WHERE i.business_id = $1 AND i.kind = 'invoice' AND i.outstanding <= 0 AND i.paid_on IS NOT NULL
    AND i.issued_on BETWEEN $2 AND $3 AND i.status <> 'invoice.voided'
    AND EXISTS (SELECT FROM allocations a WHERE a.business_id = $1 AND a.document_id = i.id AND a.kind = 'receipt')
  ORDER BY i.issued_on DESC, i.id LIMIT $4
) paid
UNION ALL
SELECT i.id, i.party_id, i.issued_on, coalesce(i.due_on, i.issued_on + coalesce(p.terms_days, 0)), i.amount, NULL
FROM invoices i LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id
WHERE i.business_id = $1 AND i.kind IN ('invoice', 'opening') AND i.outstanding > 0 AND i.issued_on <= $3
"""
_KEEP = """
WITH fresh AS (SELECT * FROM unnest($2::uuid[], $3::date[], $4::date[], $5::date[]) AS f(invoice_id, on_day, low, high)),
gone AS (
  DELETE FROM expectations e WHERE e.business_id = $1
    AND NOT EXISTS (SELECT FROM fresh f WHERE f.invoice_id = e.invoice_id)
)
INSERT INTO expectations (business_id, invoice_id, expected_on, from_on, to_on, made_on)
SELECT $1, f.invoice_id, f.on_day, f.low, f.high, $6 FROM fresh f
ON CONFLICT (business_id, invoice_id) DO UPDATE
SET expected_on = excluded.expected_on, from_on = excluded.from_on, to_on = excluded.to_on, made_on = excluded.made_on
"""


@handles(RefreshExpectations, permission=Permission.SYSTEM)
async def refresh(_: RefreshExpectations, ctx: Context) -> int:
    """Work out every open bill's day from all that was paid until today."""
    firm = await business(ctx)
    rows = await ctx.tx.fetch(_BILLS, firm.id, firm.today - HISTORY, firm.today, MOST_BILLS)
    made = await asyncio.to_thread(_expected, rows, firm.today)
    columns = [list(column) for column in zip(*made, strict=True)] if made else [[], [], [], []]
    await ctx.tx.run(_KEEP, firm.id, *columns, firm.today)
    return len(made)


def _expected(rows: Sequence[Any], today: date) -> list[tuple[UUID, date, date, date]]:
    ordered = sorted(rows, key=lambda row: (row["issued_on"], row["id"]))
    bills = [
        Bill(
            row["party_id"], row["issued_on"].toordinal(), row["due_on"].toordinal(), row["amount"],
            row["paid_on"].toordinal() if row["paid_on"] else None,
        )
        for row in ordered
    ]  # fmt: skip
    found = expect(bills, today.toordinal())
    return [(ordered[place]["id"], _day(f.expected), _day(f.low), _day(f.high)) for place, f in found.items()]


def _day(number: int) -> date:
    return date.fromordinal(min(max(number, 1), date.max.toordinal()))


@handles(ExpectedBills, permission=Permission.SEE_RECEIVABLES)
async def expected_bills(question: ExpectedBills, ctx: Context) -> dict[UUID, views.BillExpectation]:
    """Answer for those of the bills that are open and that the actor may see."""
    firm = await business(ctx)
    where = Conditions([firm.id, firm.today])
    wanted = where.value(list(question.ids))
    where.add(
        f"p.id IN (SELECT i.party_id FROM invoices i WHERE i.business_id = $1 AND i.id = ANY({wanted}))"
    )
    own_parties(ctx, where)
    return {
        bill.invoice_id: bill
        for bill in await _bills(where, ctx)
        if bill.invoice_id in frozenset(question.ids)
    }


@handles(PartyOutlook, permission=Permission.SEE_RECEIVABLES)
async def party_outlook(question: PartyOutlook, ctx: Context) -> views.PartyOutlookView:
    """Answer with the customer's habit, promises and cheques, and what they make of each open bill."""
    return the_one(await outlooks_of(ctx, [question.party_id]), question.party_id)


@handles(OutlooksByIds, permission=Permission.SEE_RECEIVABLES)
async def outlooks_by_ids(question: OutlooksByIds, ctx: Context) -> dict[UUID, views.PartyOutlookView]:
    """Answer for those of the customers that the actor may see."""
    return await outlooks_of(ctx, question.ids)


async def outlooks_of(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, views.PartyOutlookView]:
    """Return when customers will pay, of those that the actor may see; six statements, however many they are."""
    firm = await business(ctx)
    where = Conditions([firm.id, firm.today])
    where.add("p.id = ANY({})", list(ids))
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        f"""
        {STANDING.format(where=where.sql)}
        SELECT p.id, p.currency, p.usual_days_late, p.promise_on, p.promise_amount, p.promise_broken FROM party p
        """,
        *where.values,
    )
    parties = [row["id"] for row in rows]
    bills: dict[UUID, list[views.BillExpectation]] = {party: [] for party in parties}
    for bill in await _bills(where, ctx):
        bills[bill.party_id].append(bill)
    promises, cheques = await _promises(parties, ctx), await _cheques(parties, ctx)
    late = await _last_three(parties, ctx)
    return {
        row["id"]: _outlook(
            row, bills[row["id"]], promises.get(row["id"], (0, 0)), cheques[row["id"]], late.get(row["id"])
        )
        for row in rows
    }


def _outlook(
    row: Any,
    bills: Sequence[views.BillExpectation],
    promises: tuple[int, int],
    cheques: Any,
    late: int | None,
) -> views.PartyOutlookView:
    days: dict[date, int] = defaultdict(int)
    for bill in bills:
        for part in bill.parts:
            if part.on is not None:
                days[part.on] += part.amount
    next_on = min(days, default=None)
    return views.PartyOutlookView(
        party_id=row["id"],
        currency=row["currency"],
        usual_days_late=row["usual_days_late"],
        last_three_days_late=late,
        promise_on=row["promise_on"],
        promise_amount=row["promise_amount"],
        promise_broken=row["promise_broken"],
        promises_kept=promises[0],
        promises_broken=promises[1],
        cheques=cheques["count"],
        cheques_amount=cheques["amount"],
        cheque_on=cheques["next_on"],
        next_on=next_on,
        next_amount=days[next_on] if next_on is not None else 0,
        bills=tuple(bills),
    )


@handles(ExpectedMoney, permission=Permission.SEE_RECEIVABLES)
async def expected_money(question: ExpectedMoney, ctx: Context) -> tuple[views.ExpectedDay, ...]:
    """Answer with the days on which something is expected, in order."""
    if not 1 <= question.days <= MOST_DAYS:
        raise Rejected("forecast.days", f"Ask for 1 to {MOST_DAYS} days.")
    firm = await business(ctx)
    where = Conditions([firm.id, firm.today, firm.currency])
    where.add("p.receivable > 0 AND p.currency = $3")
    own_parties(ctx, where)
    last = where.value(firm.today + timedelta(days=question.days - 1))
    rows = await ctx.tx.fetch(
        f"""
        {STANDING.format(where=where.sql)} {EXPECTED}
        SELECT on_day, sum(amount)::bigint AS amount, count(DISTINCT party_id) AS parties FROM coming
        WHERE on_day <= {last} GROUP BY on_day ORDER BY on_day
        """,
        *where.values,
    )
    return tuple(views.ExpectedDay(row["on_day"], row["amount"], row["parties"]) for row in rows)


async def _bills(where: Conditions, ctx: Context) -> tuple[views.BillExpectation, ...]:
    """Return the open bills of the parties, oldest first, also those that money on account covers."""
    rows = await ctx.tx.fetch(
        f"""
        {STANDING.format(where=where.sql)} {EXPECTED}
        SELECT s.id, s.party_id, c.why, c.on_day, c.low, c.high, coalesce(c.amount, 0) AS amount
        FROM (SELECT id, party_id, min(coalesce(due_on, issued_on)) AS since FROM standing GROUP BY id, party_id) s
        LEFT JOIN coming c ON c.id = s.id
        ORDER BY s.since, s.id, c.on_day NULLS LAST, c.why, c.amount
        """,
        *where.values,
    )
    parts: dict[tuple[UUID, UUID], list[views.ExpectedPart]] = {}
    for row in rows:
        held = parts.setdefault((row["id"], row["party_id"]), [])
        if row["why"] is not None:
            held.append(views.ExpectedPart(row["amount"], row["on_day"], row["low"], row["high"], row["why"]))
    return tuple(_whole(bill, party, tuple(held)) for (bill, party), held in parts.items())


def _whole(bill: UUID, party: UUID, parts: tuple[views.ExpectedPart, ...]) -> views.BillExpectation:
    amount = sum(part.amount for part in parts)
    if not parts:
        return views.BillExpectation(bill, party, 0, None, None, None, views.ON_ACCOUNT, ())
    last = parts[-1]
    if last.on is None:
        return views.BillExpectation(bill, party, amount, None, None, None, last.why, parts)
    return views.BillExpectation(bill, party, amount, last.on, last.low, last.high, last.why, parts)


async def _last_three(parties: Sequence[UUID], ctx: Context) -> dict[UUID, int]:
    """Return the median days late of each customer's last three paid bills, of those who paid three."""
    rows = await ctx.tx.fetch(
        """
        SELECT v.party_id, l.late FROM unnest($2::uuid[]) AS v(party_id) CROSS JOIN LATERAL (
          SELECT i.paid_on - i.due_on AS late FROM invoices i
          WHERE i.business_id = $1 AND i.party_id = v.party_id AND i.paid_on IS NOT NULL AND i.due_on IS NOT NULL
            AND i.kind = 'invoice' AND i.outstanding <= 0
            AND EXISTS (SELECT FROM allocations a
                        WHERE a.business_id = $1 AND a.document_id = i.id AND a.kind = 'receipt')
          ORDER BY i.paid_on DESC, i.id DESC LIMIT 3
        ) l
        """,
        ctx.actor.business_id,
        list(parties),
    )
    found: dict[UUID, list[int]] = defaultdict(list)
    for row in rows:
        found[row["party_id"]].append(row["late"])
    return {party: median_low(late) for party, late in found.items() if len(late) == 3}


async def _promises(parties: Sequence[UUID], ctx: Context) -> dict[UUID, tuple[int, int]]:
    """Return how many promises whose day has passed were kept, and broken: by whether any money came meanwhile."""
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        """
        SELECT party_id, count(*) FILTER (WHERE kept) AS kept, count(*) FILTER (WHERE NOT kept) AS broken
        FROM (
          SELECT DISTINCT ON (q.party_id, q.on_day) q.party_id, EXISTS (
            SELECT FROM receipts r WHERE r.business_id = $1 AND r.party_id = q.party_id AND r.arrived
              AND r.received_on BETWEEN q.given_on AND q.on_day) AS kept
          FROM (
            SELECT c.party_id, (n.state->'data'->>'on')::date AS on_day,
                   (c.stated_at AT TIME ZONE $4)::date AS given_on
            FROM claims c JOIN identities n ON n.business_id = $1 AND n.subject = c.subject AND n.kind = 'promise'
            WHERE c.business_id = $1 AND c.party_id = ANY($2) AND c.row_kind = 'promise'
          ) q
          WHERE q.on_day < $3 ORDER BY q.party_id, q.on_day, q.given_on
        ) told GROUP BY party_id
        """,
        ctx.actor.business_id,
        list(parties),
        firm.today,
        firm.timezone,
    )
    return {row["party_id"]: (row["kept"], row["broken"]) for row in rows}


async def _cheques(parties: Sequence[UUID], ctx: Context) -> dict[UUID, Any]:
    """Return how many cheques in hand each customer has given, in his currency, what they come to, and the next day."""
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        """
        SELECT p.id, count(c.id) AS count, coalesce(sum(c.amount), 0)::bigint AS amount,
               min(c.dated_on) FILTER (WHERE c.dated_on >= $4) AS next_on
        FROM parties p
        LEFT JOIN cheques c ON c.business_id = $1 AND c.party_id = p.id AND c.currency = p.currency
          AND c.status = ANY($3)
        WHERE p.business_id = $1 AND p.id = ANY($2) GROUP BY p.id
        """,
        ctx.actor.business_id,
        list(parties),
        list(IN_HAND),
        firm.today,
    )
    return {row["id"]: row for row in rows}
