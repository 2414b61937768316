"""Customers and vendors in one line each: who owes us most urgently, all by name, several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, order_named, page_size, place
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.handlers.standing import BRIEF, STANDING, brief, briefs

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
BY_NAME = Order("parties:name", ("p.search_name", "p.id"), ("text", "uuid"))


@handles(queries.WhoOwesMe, permission=Permission.SEE_RECEIVABLES)
async def who_owes_me(question: queries.WhoOwesMe, ctx: Context) -> views.PartyPage:
    """Answer with a page of customers whose net is above zero; totals are in the business's currency."""
    first, order = page_size(question.first), order_named(ORDERS, question.sort)
    after = place(order, question.after)
    firm = await business(ctx)
    where = Conditions([ctx.actor.business_id, firm.today])
    where.add("p.receivable > 0")
    own_parties(ctx, where)
    page = Conditions(where.values)
    page.seek(order, after)
    overdue_only = "WHERE l.overdue > 0" if question.overdue_only else ""
    owing = f"""
    {STANDING.format(where=where.sql)}, owing AS MATERIALIZED (
      SELECT {BRIEF}, coalesce(l.days, 0)::numeric * p.receivable AS urgency
      FROM party p LEFT JOIN late l ON l.party_id = p.id {overdue_only}
    )"""
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


@handles(queries.Parties, permission=Permission.SEE_RECEIVABLES)
async def parties(question: queries.Parties, ctx: Context) -> views.PartyPage:
    """Answer with a page of all parties by name; totals over those that owe, in the business's currency."""
    first, after = page_size(question.first), place(BY_NAME, question.after)
    firm = await business(ctx)
    tenant = ctx.actor.business_id
    scope = Conditions([tenant])
    scope.add("p.business_id = $1")
    own_parties(ctx, scope)
    whole = await ctx.tx.row(
        f"""
        SELECT count(*) AS parties,
               coalesce(sum(p.receivable) FILTER (WHERE p.receivable > 0 AND p.currency = {scope.value(firm.currency)}), 0)
               ::bigint AS total
        FROM parties p WHERE {scope.sql}
        """,
        *scope.values,
    )
    assert whole is not None
    late = Conditions([tenant, firm.today, firm.currency])
    late.add("p.receivable > 0 AND p.currency = $3")
    own_parties(ctx, late)
    overdue = await ctx.tx.value(
        f"{STANDING.format(where=late.sql)} SELECT coalesce(sum(overdue), 0)::bigint FROM late", *late.values
    )
    where = Conditions([tenant, firm.today])
    own_parties(ctx, where)
    where.seek(BY_NAME, after)
    page = f"""p.id IN (SELECT p.id FROM parties p WHERE p.business_id = $1 AND {where.sql}
               ORDER BY {BY_NAME.by} LIMIT {first + 1})"""
    rows = await ctx.tx.fetch(
        f"{STANDING.format(where=page)} SELECT {BRIEF} FROM party p LEFT JOIN late l ON l.party_id = p.id "
        f"ORDER BY {BY_NAME.by}",
        *where.values,
    )
    shown, end, more = cut(rows, first, BY_NAME, _KEYS["owing:name"])
    return views.PartyPage(
        end=end,
        more=more,
        cursors=cursors(shown, BY_NAME, _KEYS["owing:name"]),
        rows=briefs(shown, ctx),
        total=whole["total"],
        overdue=overdue,
        count=whole["parties"],
    )


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
