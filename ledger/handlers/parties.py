"""Customers and vendors in one line each: who owes us most urgently, all by name, several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from kit.errors import Denied, Rejected
from ledger import queries, views
from ledger.domain.keys import gstin_key, number_key
from ledger.domain.roles import Permission
from ledger.handlers.bills import day_of
from ledger.handlers.find_party import parties_called
from ledger.handlers.paging import Conditions, Order, cursors, cut, order_named, page_size, place
from ledger.handlers.periods import signed
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties, sees_payables
from ledger.handlers.standing import BRIEF, STANDING, brief, briefs
from ledger.handlers.standing_then import standing_then

ORDERS = (
    Order(
        "owing:urgency",
        ("w.urgency", "w.receivable", "w.id"),
        ("text::numeric", "bigint", "uuid"),
        descending=True,
    ),
    Order("owing:amount", ("w.receivable", "w.id"), ("bigint", "uuid"), descending=True),
    Order("owing:name", ("w.search_name", "w.id"), ("text", "uuid")),
)
_KEYS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "owing:urgency": lambda row: (int(row["urgency"]), row["receivable"], row["id"]),
    "owing:amount": lambda row: (row["receivable"], row["id"]),
    "owing:name": lambda row: (row["search_name"], row["id"]),
}
LISTED = (
    Order("parties:name", ("p.search_name", "p.id"), ("text", "uuid")),
    Order("parties:receivable", ("p.receivable", "p.id"), ("bigint", "uuid"), descending=True),
    Order("parties:payable", ("p.payable", "p.id"), ("bigint", "uuid"), descending=True),
)
_LISTED_KEYS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "parties:name": lambda row: (row["search_name"], row["id"]),
    "parties:receivable": lambda row: (row["receivable"], row["id"]),
    "parties:payable": lambda row: (row["payable"], row["id"]),
}
_KINDS = {"customer": "p.is_customer", "vendor": "p.is_vendor"}
_BALANCES = {
    "us": "p.receivable > 0",
    "them": "p.payable > 0",
    "any": "(p.receivable <> 0 OR p.payable <> 0)",
}
_OF_OTHERS = frozenset({"them", "any"})


@handles(queries.WhoOwesMe, permission=Permission.SEE_RECEIVABLES)
async def who_owes_me(question: queries.WhoOwesMe, ctx: Context) -> views.PartyPage:
    """Answer with a page of customers whose net is above zero; totals are in the business's currency."""
    first, order = page_size(question.first), order_named(ORDERS, question.sort)
    after = place(order, question.after)
    firm = await business(ctx)
    where, owing = await _owing(question, ctx)
    page = Conditions(where.values)
    page.seek(order, after)
    rows = await ctx.tx.fetch(
        f"""
        {owing}, whole AS (
          SELECT count(*) AS parties,
                 coalesce(sum(receivable) FILTER (WHERE currency = {page.value(firm.currency)}), 0)::bigint AS total,
                 coalesce(sum(overdue) FILTER (WHERE currency = ${len(page.values)}), 0)::bigint AS late
          FROM owing
        )
        SELECT w.*, whole.* FROM whole
        LEFT JOIN (SELECT * FROM owing w WHERE {page.sql} ORDER BY {order.by} LIMIT {first + 1}) w ON true
        ORDER BY {order.by}
        """,
        *page.values,
    )
    shown, end, more = cut([row for row in rows if row["id"] is not None], first, order, _KEYS[order.name])
    return views.PartyPage(
        end=end,
        more=more,
        cursors=cursors(shown, order, _KEYS[order.name]),
        rows=briefs(shown, ctx),
        total=rows[0]["total"],
        overdue=rows[0]["late"],
        count=rows[0]["parties"],
    )


@counts(queries.WhoOwesMe)
async def count_who_owes(question: queries.WhoOwesMe, ctx: Context) -> int:
    """Count the customers of all pages."""
    where, owing = await _owing(question, ctx)
    found: int = await ctx.tx.value(f"{owing} SELECT count(*) FROM owing", *where.values)
    return found


async def _owing(question: queries.WhoOwesMe, ctx: Context) -> tuple[Conditions, str]:
    """Return the conditions of a question and the WITH text that ends in `owing`, the customers who owe."""
    firm = await business(ctx)
    today = day_of(firm, as_of=question.as_of, known_at=question.known_at)
    known_at, _ = await signed(ctx, question.as_of, question.known_at)
    where = Conditions([ctx.actor.business_id, today])
    where.add("p.receivable > 0")
    if question.owner is not None:
        where.add("p.owner = {}", question.owner)
    own_parties(ctx, where)
    then = question.as_of is not None or known_at is not None
    standing = (
        standing_then(where, as_of=question.as_of, known_at=known_at)
        if then
        else STANDING.format(where=where.sql)
    )
    overdue_only = "WHERE l.overdue > 0" if question.overdue_only else ""
    return (
        where,
        f"""
    {standing}, owing AS MATERIALIZED (
      SELECT {BRIEF}, coalesce(l.days, 0)::numeric * p.receivable AS urgency
      FROM party p LEFT JOIN late l ON l.party_id = p.id {overdue_only}
    )""",
    )


@handles(queries.Parties, permission=Permission.SEE_RECEIVABLES)
async def parties(question: queries.Parties, ctx: Context) -> views.PartyPage:
    """Answer with a page of parties; totals over those of them that owe, in the business's currency."""
    first, order = page_size(question.first), order_named(LISTED, question.sort)
    after = place(order, question.after)
    firm = await business(ctx)
    tenant = ctx.actor.business_id
    scope = await _wanted(question, ctx, Conditions([tenant]))
    whole = await ctx.tx.row(
        f"""
        SELECT count(*) AS parties,
               coalesce(sum(p.receivable) FILTER (WHERE p.receivable > 0 AND p.currency = {scope.value(firm.currency)}), 0)
               ::bigint AS total
        FROM parties p WHERE p.business_id = $1 AND {scope.sql}
        """,
        *scope.values,
    )
    assert whole is not None
    late = await _wanted(question, ctx, Conditions([tenant, firm.today, firm.currency]))
    late.add("p.receivable > 0 AND p.currency = $3")
    overdue = await ctx.tx.value(
        f"{STANDING.format(where=late.sql)} SELECT coalesce(sum(overdue), 0)::bigint FROM late", *late.values
    )
    where = await _wanted(question, ctx, Conditions([tenant, firm.today]))
    where.seek(order, after)
    page = f"""p.id IN (SELECT p.id FROM parties p WHERE p.business_id = $1 AND {where.sql}
               ORDER BY {order.by} LIMIT {first + 1})"""
    rows = await ctx.tx.fetch(
        f"{STANDING.format(where=page)} SELECT {BRIEF} FROM party p LEFT JOIN late l ON l.party_id = p.id "
        f"ORDER BY {order.by}",
        *where.values,
    )
    shown, end, more = cut(rows, first, order, _LISTED_KEYS[order.name])
    return views.PartyPage(
        end=end,
        more=more,
        cursors=cursors(shown, order, _LISTED_KEYS[order.name]),
        rows=briefs(shown, ctx),
        total=whole["total"],
        overdue=overdue,
        count=whole["parties"],
    )


@counts(queries.Parties)
async def count_parties(question: queries.Parties, ctx: Context) -> int:
    """Count the parties of all pages."""
    where = await _wanted(question, ctx, Conditions([ctx.actor.business_id]))
    found: int = await ctx.tx.value(
        f"SELECT count(*) FROM parties p WHERE p.business_id = $1 AND {where.sql}", *where.values
    )
    return found


async def _wanted(question: queries.Parties, ctx: Context, where: Conditions) -> Conditions:
    """Add what a question asks of parties; what we owe them decides nothing for who may not see it."""
    if not sees_payables(ctx) and (question.sort == "payable" or question.balance in _OF_OTHERS):
        raise Denied("permission.denied", "You may not see what we owe.", remedy="Ask by what they owe us.")
    for chosen, kinds in ((question.kind, _KINDS), (question.balance, _BALANCES)):
        if chosen is not None and chosen not in kinds:
            raise Rejected(
                "parties.filter", f"{chosen[:20]!r} is none of {', '.join(kinds)}.", remedy="Use one of them."
            )
        if chosen is not None:
            where.add(kinds[chosen])
    if question.owner is not None:
        where.add("p.owner = {}", question.owner)
    if question.pan is not None:
        where.add("p.pan = {}", number_key(question.pan))
    if question.gstin is not None:
        where.add("p.gstin = {}", gstin_key(question.gstin))
    if question.search is not None and question.search.strip():
        where.add("p.id = ANY({})", list(await parties_called(question.search, ctx)))
    own_parties(ctx, where)
    return where


@handles(queries.PartiesByIds, permission=Permission.SEE_RECEIVABLES)
async def parties_by_ids(question: queries.PartiesByIds, ctx: Context) -> dict[UUID, views.PartyBrief]:
    """Answer with those of the parties that the actor may see."""
    firm = await business(ctx)
    where = Conditions([ctx.actor.business_id, firm.today])
    where.add("p.id = ANY({})", list(question.ids))
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        f"{STANDING.format(where=where.sql)} SELECT {BRIEF} FROM party p LEFT JOIN late l ON l.party_id = p.id",
        *where.values,
    )
    return {row["id"]: brief(row, ctx) for row in rows}
