"""What we owe: open bills of vendors, oldest due first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.bills import BILL, PAYABLE, day_of, open_bills, payable
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.periods import signed
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties

AGING = Order("payables:aging", ("coalesce(i.due_on, i.issued_on)", "i.id"), ("date", "uuid"))


def _key(row: Any) -> Sequence[Any]:
    return row["due_on"] or row["issued_on"], row["id"]


@handles(queries.Payables, permission=Permission.SEE_PAYABLES)
async def payables(question: queries.Payables, ctx: Context) -> views.PayablePage:
    """Answer with a page of open bills, and what all of them leave to pay in the business's currency.

    Under `until` only bills with a due day count: where no credit days were agreed, no day makes it due.
    """
    first, after = page_size(question.first), place(AGING, question.after)
    firm = await business(ctx)
    where, source, today = await _wanted(question, ctx)
    count = len(where.values)
    total = await ctx.tx.row(
        f"""
        SELECT coalesce(sum(i.outstanding), 0)::bigint AS total,
               coalesce(sum(i.outstanding) FILTER (WHERE i.due_on < ${count + 1}), 0)::bigint AS overdue
        FROM {source} WHERE {where.sql} AND i.currency = ${count + 2}
        """,
        *where.values,
        today,
        firm.currency,
    )
    assert total is not None
    where.seek(AGING, after)
    rows = await ctx.tx.fetch(
        f"SELECT {BILL} FROM {source} WHERE {where.sql} ORDER BY {AGING.by} LIMIT {first + 1}", *where.values
    )
    page, end, more = cut(rows, first, AGING, _key)
    return views.PayablePage(
        end=end,
        more=more,
        cursors=cursors(page, AGING, _key),
        rows=tuple(payable(row, today) for row in page),
        total=total["total"],
        overdue=total["overdue"],
    )


@counts(queries.Payables)
async def count_payables(question: queries.Payables, ctx: Context) -> int:
    """Count the bills of all pages."""
    where, source, _ = await _wanted(question, ctx)
    found: int = await ctx.tx.value(f"SELECT count(*) FROM {source} WHERE {where.sql}", *where.values)
    return found


async def _wanted(question: queries.Payables, ctx: Context) -> tuple[Conditions, str, date]:
    """Return the conditions of a question, the FROM that they are about, and the day that bills are aged on."""
    firm = await business(ctx)
    today = day_of(firm, as_of=question.as_of, known_at=question.known_at)
    where = Conditions([ctx.actor.business_id])
    known_at, _ = await signed(ctx, question.as_of, question.known_at)
    source = open_bills(PAYABLE, where, as_of=question.as_of, known_at=known_at)
    own_parties(ctx, where)
    if question.until is not None:
        where.add("i.due_on <= {}", question.until)
    if question.party_id is not None:
        where.add("i.party_id = {}", question.party_id)
    return where, source, today


@handles(queries.PayablesByIds, permission=Permission.SEE_PAYABLES)
async def payables_by_ids(question: queries.PayablesByIds, ctx: Context) -> dict[UUID, views.PayableView]:
    """Answer with those of the bills that the actor may see."""
    firm = await business(ctx)
    where = Conditions([ctx.actor.business_id])
    where.add("i.business_id = $1 AND i.id = ANY({})", list(question.ids))
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        f"""
        SELECT {BILL} FROM (SELECT *, NULL::text AS url FROM payables) i
        LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id WHERE {where.sql}
        """,
        *where.values,
    )
    return {row["id"]: payable(row, firm.today) for row in rows}
