"""Bills of both sides in every state, and what stands behind them: what moved them, when they were paid, who says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger import views
from ledger.domain.roles import Permission
from ledger.handlers.bills import BILL, invoice, payable
from ledger.handlers.find_party import parties_called
from ledger.handlers.listing import containing, need_payables, one_of, period
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order, cursors, cut, order_named, page_size, place
from ledger.handlers.receivables import allocation, claim
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties
from ledger.queries.documents import BillEntries, Invoices, PaidOn, PayablesInFull, VendorBills
from ledger.views.documents import BillEntry, PayableParts
from ledger.views.money_rows import RowPage

_SIDES = {"receivable": "invoices", "payable": "payables"}
_ORDERS = (
    Order("bills:newest", ("i.issued_on", "i.id"), ("date", "uuid"), descending=True),
    Order("bills:amount", ("i.amount", "i.id"), ("bigint", "uuid"), descending=True),
)
_KEYS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "bills:newest": lambda row: (row["issued_on"], row["id"]),
    "bills:amount": lambda row: (row["amount"], row["id"]),
}
_JOIN = "LEFT JOIN parties p ON p.business_id = $1 AND p.id = i.party_id"
_INVOICES = f"invoices i {_JOIN}"
_PAYABLES = f"(SELECT *, NULL::text AS url FROM payables) i {_JOIN}"
_ENTRIES = """
SELECT s.document_id, s.effective_on, s.kind, sum(s.amount)::bigint AS amount
FROM {table} i {join} JOIN postings s ON s.business_id = $1 AND s.document_id = i.id AND s.known_to IS NULL
WHERE {where} GROUP BY s.document_id, s.effective_on, s.kind HAVING sum(s.amount) <> 0
ORDER BY s.document_id, s.effective_on, sum(s.amount) DESC, s.kind
"""
_CLAIMS = """
SELECT row_id AS bill_id, source, word, status, amount, currency, stated_at, source_event_id, url FROM claims
WHERE business_id = $1 AND row_id = ANY($2) ORDER BY row_id, stated_at NULLS FIRST, source, subject
"""
_ALLOCATIONS = """
SELECT a.document_id AS bill_id, a.receipt_id, a.amount, a.kind, a.why, o.reference,
       greatest(o.paid_on, d.issued_on) AS received_on
FROM allocations a
JOIN payables d ON d.business_id = $1 AND d.id = a.document_id
JOIN payouts o ON o.business_id = $1 AND o.id = a.receipt_id
WHERE a.business_id = $1 AND a.document_id = ANY($2) ORDER BY a.document_id, received_on, a.receipt_id, a.kind
"""


@handles(Invoices, permission=Permission.SEE_RECEIVABLES)
async def invoices(question: Invoices, ctx: Context) -> views.InvoicePage:
    """Answer with a page of customers' bills; a sales rep's own customers' alone."""
    today = (await business(ctx)).today
    rows, end, more, marks = await _page(question, ctx, _INVOICES)
    return views.InvoicePage(end=end, more=more, cursors=marks, rows=tuple(invoice(r, today) for r in rows))


@counts(Invoices)
async def count_invoices(question: Invoices, ctx: Context) -> int:
    """Count the bills of all pages."""
    return await _count(question, ctx, _INVOICES)


@handles(VendorBills, permission=Permission.SEE_PAYABLES)
async def vendor_bills(question: VendorBills, ctx: Context) -> RowPage[views.PayableView]:
    """Answer with a page of vendors' bills."""
    today = (await business(ctx)).today
    rows, end, more, marks = await _page(question, ctx, _PAYABLES)
    return RowPage(end=end, more=more, cursors=marks, rows=tuple(payable(row, today) for row in rows))


@counts(VendorBills)
async def count_vendor_bills(question: VendorBills, ctx: Context) -> int:
    """Count the bills of all pages."""
    return await _count(question, ctx, _PAYABLES)


async def _page(
    question: Invoices | VendorBills, ctx: Context, source: str
) -> tuple[list[Any], str | None, bool, tuple[str, ...]]:
    first, order = page_size(question.first), order_named(_ORDERS, question.sort)
    where = await _wanted(question, ctx)
    where.seek(order, place(order, question.after))
    rows = await ctx.tx.fetch(
        f"SELECT {BILL} FROM {source} WHERE {where.sql} ORDER BY {order.by} LIMIT {first + 1}", *where.values
    )
    page, end, more = cut(rows, first, order, _KEYS[order.name])
    return page, end, more, cursors(page, order, _KEYS[order.name])


async def _count(question: Invoices | VendorBills, ctx: Context, source: str) -> int:
    where = await _wanted(question, ctx)
    found: int = await ctx.tx.value(f"SELECT count(*) FROM {source} WHERE {where.sql}", *where.values)
    return found


async def _wanted(question: Invoices | VendorBills, ctx: Context) -> Conditions:
    where = _own(ctx)
    one_of(where, "i.kind", question.kinds)
    one_of(where, "i.status", question.statuses)
    if question.party_id is not None:
        where.add("i.party_id = {}", question.party_id)
    if question.number is not None:
        where.add("lower(i.number) = lower({})", storable(question.number).strip()[:60])
    period(where, "i.issued_on", question.since, question.until)
    period(where, "i.due_on", question.due_since, question.due_until)
    if isinstance(question, Invoices):
        period(where, "i.paid_on", question.paid_since, question.paid_until)
    if question.search is not None and question.search.strip():
        ids = await parties_called(question.search, ctx)
        where.add("(i.party_id = ANY({}) OR i.number ILIKE {})", list(ids), containing(question.search))
    return where


def _own(ctx: Context, ids: Sequence[UUID] | None = None) -> Conditions:
    where = Conditions([ctx.actor.business_id])
    where.add("i.business_id = $1")
    own_parties(ctx, where)
    if ids is not None:
        where.add("i.id = ANY({})", list(ids))
    return where


@handles(PaidOn, permission=Permission.SEE_RECEIVABLES)
async def paid_on(question: PaidOn, ctx: Context) -> dict[UUID, Any]:
    """Answer with the days on which bills that the actor may see became fully paid."""
    where = _own(ctx, question.ids)
    rows = await ctx.tx.fetch(
        f"SELECT i.id, i.paid_on FROM {_INVOICES} WHERE {where.sql} AND i.paid_on IS NOT NULL", *where.values
    )
    return {row["id"]: row["paid_on"] for row in rows}


@handles(BillEntries, permission=Permission.SEE_RECEIVABLES)
async def bill_entries(question: BillEntries, ctx: Context) -> dict[UUID, tuple[BillEntry, ...]]:
    """Answer with what moved bills that the actor may see, each day's parts of a kind together."""
    if question.side not in _SIDES:
        raise Rejected("side.unknown", "A side is receivable or payable.")
    if question.side == "payable":
        need_payables(ctx)
    where = _own(ctx, question.ids)
    sql = _ENTRIES.format(table=_SIDES[question.side], join=_JOIN, where=where.sql)
    found: dict[UUID, list[BillEntry]] = defaultdict(list)
    for row in await ctx.tx.fetch(sql, *where.values):
        found[row["document_id"]].append(BillEntry(row["effective_on"], row["kind"], row["amount"]))
    return {key: tuple(entries) for key, entries in found.items()}


@handles(PayablesInFull, permission=Permission.SEE_PAYABLES)
async def payables_in_full(question: PayablesInFull, ctx: Context) -> dict[UUID, PayableParts]:
    """Answer with kind, claims and payments of vendors' bills."""
    kinds = await ctx.tx.fetch(
        "SELECT id, kind FROM payables WHERE business_id = $1 AND id = ANY($2)",
        ctx.actor.business_id,
        list(question.ids),
    )
    ids = [row["id"] for row in kinds]
    claims: dict[UUID, list[views.ClaimView]] = defaultdict(list)
    for row in await ctx.tx.fetch(_CLAIMS, ctx.actor.business_id, ids):
        claims[row["bill_id"]].append(claim(row))
    paid: dict[UUID, list[views.AllocationView]] = defaultdict(list)
    for row in await ctx.tx.fetch(_ALLOCATIONS, ctx.actor.business_id, ids):
        paid[row["bill_id"]].append(allocation(row))
    return {
        row["id"]: PayableParts(row["kind"], tuple(claims[row["id"]]), tuple(paid[row["id"]]))
        for row in kinds
    }
