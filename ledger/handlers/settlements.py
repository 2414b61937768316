"""What gateways paid out to our bank, and the payments within. Not for sales: a settlement is of many customers."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit.errors import NotFound
from ledger.domain.events import subject_id
from ledger.domain.keys import utr_key
from ledger.domain.roles import Permission
from ledger.handlers.listing import Listing, of_business, one_of, period
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions, Order
from ledger.handlers.registry import Context, counts, handles
from ledger.queries.money_rows import (
    SettledPayments,
    Settlements,
    SettlementsByIds,
    SettlementsOfReceipts,
)
from ledger.views.money_rows import RowPage, SettledPayment, SettlementView

_COLUMNS = """
  x.id, x.source, i.external_id, x.status, x.amount, x.fee, x.tax, x.currency, x.utr, x.settled_on, x.bank_line_id,
  x.bank_amount, (i.state -> 'data' ->> 'captured')::bigint AS captured,
  (i.state -> 'data' ->> 'refunded')::bigint AS refunded, (i.state -> 'data' ->> 'adjusted')::bigint AS adjusted
"""
_FIELDS = tuple(SettlementView.__dataclass_fields__)


def _settlement(row: Any) -> SettlementView:
    return SettlementView(**{name: row[name] for name in _FIELDS})


_LIST = Listing(
    _COLUMNS,
    "settlements x JOIN identities i ON i.business_id = $1 AND i.subject = x.anchor",
    Order("settlements:newest", ("x.settled_on", "x.id"), ("date", "uuid"), descending=True),
    lambda row: (row["settled_on"], row["id"]),
    _settlement,
)
# A payment within is known by the settlement that the gateway names beside it.
_WITHIN = Listing(
    """
    x.kind, x.external_id, x.subject, x.state ->> 'type' AS type, x.state -> 'data' AS data, c.row_id AS receipt_id
    """,
    """identities x LEFT JOIN LATERAL (
      SELECT c.row_id FROM claims c WHERE c.business_id = $1 AND c.subject = x.subject AND c.row_kind = 'receipt'
      ORDER BY c.row_id LIMIT 1) c ON true""",
    Order("settlement:payments", ("x.kind", "x.external_id"), ("text", "text")),
    lambda row: (row["kind"], row["external_id"]),
    lambda row: _payment(row),
)
_NAMED = """
SELECT DISTINCT c.row_id, i.source, i.settlement FROM claims c
JOIN identities i ON i.business_id = $1 AND i.subject = c.subject AND i.settlement IS NOT NULL AND i.kind = 'payment'
JOIN receipts x ON x.business_id = $1 AND x.id = c.row_id
LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id
WHERE {where} AND c.business_id = $1 AND c.row_kind = 'receipt' AND c.row_id = ANY({ids})
"""


@handles(Settlements, permission=Permission.SEE_PAYABLES)
async def settlements(question: Settlements, ctx: Context) -> RowPage[SettlementView]:
    """Answer with a page of settlements."""
    return await _LIST.page(ctx, _wanted(question, ctx), first=question.first, after=question.after)


@counts(Settlements)
async def count_settlements(question: Settlements, ctx: Context) -> int:
    """Count the settlements of all pages."""
    return await _LIST.count(ctx, _wanted(question, ctx))


@handles(SettlementsByIds, permission=Permission.SEE_PAYABLES)
async def settlements_by_ids(question: SettlementsByIds, ctx: Context) -> dict[UUID, SettlementView]:
    """Answer with those of the settlements that there are."""
    return await _LIST.by_ids(ctx, question.ids, _all(ctx))


@handles(SettledPayments, permission=Permission.SEE_PAYABLES)
async def settled_payments(question: SettledPayments, ctx: Context) -> RowPage[SettledPayment]:
    """Answer with a page of what is within a settlement; NotFound without such a settlement."""
    return await _WITHIN.page(ctx, await _within(question, ctx), first=question.first, after=question.after)


@counts(SettledPayments)
async def count_settled_payments(question: SettledPayments, ctx: Context) -> int:
    """Count what is within a settlement."""
    return await _WITHIN.count(ctx, await _within(question, ctx))


@handles(SettlementsOfReceipts, permission=Permission.SEE_PAYABLES)
async def settlements_of_receipts(
    question: SettlementsOfReceipts, ctx: Context
) -> dict[UUID, tuple[UUID, ...]]:
    """Answer with the settlements that brought receipts, as far as they are known here."""
    where = of_business(ctx)
    ids = where.value(list(question.ids))
    named = await ctx.tx.fetch(_NAMED.format(where=where.sql, ids=ids), *where.values)
    of = [(row["row_id"], subject_id(row["source"], "settlement", row["settlement"])) for row in named]
    rows = await ctx.tx.fetch(
        "SELECT id, anchor FROM settlements WHERE business_id = $1 AND anchor = ANY($2)",
        ctx.actor.business_id,
        sorted({anchor for _, anchor in of}),
    )
    known = {row["anchor"]: row["id"] for row in rows}
    found: dict[UUID, set[UUID]] = {}
    for receipt, anchor in of:
        if anchor in known:
            found.setdefault(receipt, set()).add(known[anchor])
    return {receipt: tuple(sorted(brought)) for receipt, brought in found.items()}


def _all(ctx: Context) -> Conditions:
    where = Conditions([ctx.actor.business_id])
    where.add("x.business_id = $1")
    return where


def _wanted(question: Settlements, ctx: Context) -> Conditions:
    where = _all(ctx)
    if question.source is not None:
        where.add("x.source = {}", question.source)
    period(where, "x.settled_on", question.since, question.until)
    one_of(where, "x.status", question.statuses)
    if question.missing_in_bank:
        where.add("x.bank_line_id IS NULL")
    if question.utr is not None:
        where.add("upper(x.utr) = {}", utr_key(storable(question.utr))[:60])
    return where


async def _within(question: SettledPayments, ctx: Context) -> Conditions:
    row = await ctx.tx.row(
        """
        SELECT i.source, i.external_id FROM settlements s
        JOIN identities i ON i.business_id = $1 AND i.subject = s.anchor
        WHERE s.business_id = $1 AND s.id = $2
        """,
        ctx.actor.business_id,
        question.settlement_id,
    )
    if row is None:
        raise NotFound("settlement.not_found", "There is no such settlement.")
    where = _all(ctx)
    where.add("x.settlement = {} AND x.source = {}", row["external_id"], row["source"])
    return where


def _payment(row: Any) -> SettledPayment:
    data = row["data"]
    return SettledPayment(
        kind=row["kind"],
        external_id=row["external_id"],
        status=data.get("status") or row["type"],
        on=date.fromisoformat(data["paid_on"]) if data.get("paid_on") else None,
        amount=data["amount"],
        fee=data.get("fee"),
        tax=data.get("tax"),
        currency=data["currency"],
        method=data.get("method"),
        receipt_id=row["receipt_id"],
    )
