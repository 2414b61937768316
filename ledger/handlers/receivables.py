"""What customers owe, bill by bill: pages in three orders, and several bills in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from kit.clock import business_day
from ledger import queries, views
from ledger.domain.roles import Actor, Permission
from ledger.handlers.bills import BILL, RECEIVABLE, day_of, invoice, invoice_rows, open_bills
from ledger.handlers.find_party import parties_called
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order, cut, marks, order_named, page_size, place
from ledger.handlers.periods import signed
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties

V = TypeVar("V")
ORDERS = (
    Order("receivables:aging", ("coalesce(i.due_on, i.issued_on)", "i.id"), ("date", "uuid")),
    Order("receivables:amount", ("i.outstanding", "i.id"), ("bigint", "uuid"), descending=True),
    Order("receivables:newest", ("i.issued_on", "i.id"), ("date", "uuid"), descending=True),
)
TIMEZONE = "(SELECT b.timezone FROM businesses b WHERE b.business_id = $1) AS timezone"
_KEYS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "receivables:aging": lambda row: (row["due_on"] or row["issued_on"], row["id"]),
    "receivables:amount": lambda row: (row["outstanding"], row["id"]),
    "receivables:newest": lambda row: (row["issued_on"], row["id"]),
}


def _in_order(question: queries.Receivables, actor: Actor) -> bool:
    """Whether one index has the page's rows in their order, in any business, whatever the values: a plan to keep."""
    narrowed = question.search is not None or question.min_outstanding > 0 or actor.sees_own_customers_only
    return not narrowed and question.as_of is None and question.known_at is None


@handles(queries.Receivables, permission=Permission.SEE_RECEIVABLES, keeps_plans=_in_order)
async def receivables(question: queries.Receivables, ctx: Context) -> views.InvoicePage:
    """Answer with a page of open bills."""
    first, order = page_size(question.first), order_named(ORDERS, question.sort)
    after = place(order, question.after)
    where, source, today = await _wanted(question, ctx)
    where.seek(order, after)
    rows = await ctx.tx.fetch(
        f"SELECT {BILL}, {TIMEZONE} FROM {source} WHERE {where.sql} ORDER BY {order.by} LIMIT {first + 1}",
        *where.values,
    )
    if today is None:
        today = business_day(ctx.now, rows[0]["timezone"]) if rows else ctx.now.date()
    page, end, more = cut(rows, first, order, _KEYS[order.name])
    cursors = marks(page, order, _KEYS[order.name])
    return views.InvoicePage(end=end, more=more, cursors=cursors, rows=invoice_rows(page, today, cursors))


@counts(queries.Receivables)
async def count_receivables(question: queries.Receivables, ctx: Context) -> int:
    """Count the bills of all pages."""
    where, source, _ = await _wanted(question, ctx)
    found: int = await ctx.tx.value(f"SELECT count(*) FROM {source} WHERE {where.sql}", *where.values)
    return found


async def _wanted(question: queries.Receivables, ctx: Context) -> tuple[Conditions, str, date | None]:
    """Return the conditions of a question, the FROM that they are about, and the day that bills are aged on.

    None for that day where the statement needn't know it: its rows bring the timezone, which saves a statement.
    """
    today = await _day_needed(question, ctx)
    where = Conditions([ctx.actor.business_id])
    known_at, _ = await signed(ctx, question.as_of, question.known_at)
    source = open_bills(
        RECEIVABLE,
        where,
        as_of=question.as_of,
        known_at=known_at,
        alone=not ctx.actor.sees_own_customers_only,
    )
    own_parties(ctx, where)
    if question.overdue_only and today is not None:
        # The second condition follows from the first; it lets the scan in the order of aging stop.
        day = where.value(today)
        where.add(f"i.due_on < {day} AND coalesce(i.due_on, i.issued_on) < {day}")
    if question.party_id is not None:
        where.add("i.party_id = {}", question.party_id)
    if question.min_outstanding > 0:
        where.add("i.outstanding >= {}", question.min_outstanding)
    if question.search is not None and question.search.strip():
        ids = await parties_called(question.search, ctx)
        where.add("(i.party_id = ANY({}) OR i.number ILIKE {})", list(ids), _contains(question.search))
    return where, source, today


async def _day_needed(question: queries.Receivables, ctx: Context) -> date | None:
    if question.as_of is None and question.known_at is None and not question.overdue_only:
        return None
    return day_of(await business(ctx), as_of=question.as_of, known_at=question.known_at)


@handles(queries.InvoicesByIds, permission=Permission.SEE_RECEIVABLES)
async def invoices_by_ids(question: queries.InvoicesByIds, ctx: Context) -> dict[UUID, views.InvoiceView]:
    """Answer with those of the bills that the actor may see, each in full."""
    where = Conditions([ctx.actor.business_id])
    where.add("i.business_id = $1 AND i.id = ANY({})", list(question.ids))
    own_parties(ctx, where)
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        f"""
        SELECT {BILL} FROM invoices i
        LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id WHERE {where.sql}
        """,
        *where.values,
    )
    return {bill.id: bill for bill in await in_full([invoice(row, firm.today) for row in rows], ctx)}


async def in_full(bills: Sequence[views.InvoiceView], ctx: Context) -> tuple[views.InvoiceView, ...]:
    """Add dues, claims and allocations to bills, in three statements however many they are."""
    if not bills:
        return ()
    ids = [bill.id for bill in bills]
    dues = await _rows_of(ctx, _DUES, ids, _due)
    claims = await _rows_of(ctx, _CLAIMS, ids, claim)
    allocations = await _rows_of(ctx, _ALLOCATIONS, ids, allocation)
    return tuple(
        replace(
            bill,
            dues=tuple(dues[bill.id]),
            claims=tuple(claims[bill.id]),
            allocations=tuple(allocations[bill.id]),
        )
        for bill in bills
    )


# Each names the bill that its row belongs to `bill_id`, and is ordered as it is shown.
_DUES = """
SELECT invoice_id AS bill_id, number, due_on, label, amount, outstanding FROM dues
WHERE business_id = $1 AND invoice_id = ANY($2) ORDER BY invoice_id, number
"""
_CLAIMS = """
SELECT row_id AS bill_id, source, word, status, amount, currency, stated_at, source_event_id, url FROM claims
WHERE business_id = $1 AND row_id = ANY($2) ORDER BY row_id, stated_at NULLS FIRST, source, subject
"""
_ALLOCATIONS = """
SELECT a.document_id AS bill_id, a.receipt_id, a.amount, a.kind, a.why, coalesce(r.reference, n.number) AS reference,
       coalesce(r.received_on, n.issued_on,
         (SELECT max(effective_on) FROM postings s
          WHERE s.business_id = $1 AND s.document_id = d.id AND s.cause = a.receipt_id),
         d.issued_on) AS received_on
FROM allocations a
JOIN invoices d ON d.business_id = $1 AND d.id = a.document_id
LEFT JOIN receipts r ON r.business_id = $1 AND r.id = a.receipt_id
LEFT JOIN invoices n ON n.business_id = $1 AND n.id = a.receipt_id
WHERE a.business_id = $1 AND a.document_id = ANY($2)
ORDER BY a.document_id, received_on, a.receipt_id, a.kind
"""


async def _rows_of(ctx: Context, sql: str, ids: list[UUID], read: Callable[[Any], V]) -> dict[UUID, list[V]]:
    found: dict[UUID, list[V]] = defaultdict(list)
    for row in await ctx.tx.fetch(sql, ctx.actor.business_id, ids):
        found[row["bill_id"]].append(read(row))
    return found


def _due(row: Any) -> views.DueView:
    return views.DueView(row["number"], row["due_on"], row["label"], row["amount"], row["outstanding"])


def claim(row: Any) -> views.ClaimView:
    """Read a row of what a source says."""
    return views.ClaimView(
        source=row["source"],
        word=row["word"],
        status=row["status"],
        amount=row["amount"],
        currency=row["currency"],
        stated_at=row["stated_at"],
        source_event_id=row["source_event_id"],
        url=row["url"],
    )


def allocation(row: Any) -> views.AllocationView:
    """Read a row of what is set against a bill."""
    return views.AllocationView(
        receipt_id=row["receipt_id"],
        received_on=row["received_on"],
        amount=row["amount"],
        kind=row["kind"],
        why=row["why"],
        reference=row["reference"],
    )


def _contains(text: str) -> str:
    escaped = storable(text).strip()[:60].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
