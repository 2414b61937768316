"""Find money by its reference: the receipt, payout or settlement, where the bank shows it, and what it paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.keys import utr_key
from ledger.domain.roles import Permission
from ledger.handlers.names import storable
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import own_parties, sees_payables
from ledger.queries.money import FindMoney
from ledger.views.money import MoneyFound, PaidBill

SHOWN = 5
SHORTEST, LONGEST = 6, 40
_LINES = """
SELECT l.id, l.anchor, l.source, l.posted_on, l.amount, l.currency, l.narration, l.reference, l.payer,
       l.explained_by, l.explained_id, s.label
FROM bank_lines l LEFT JOIN sources s ON s.business_id = $1 AND s.name = l.source
WHERE l.business_id = $1 AND ($2::text IS NOT NULL AND (upper(l.reference) = $2 OR strpos(upper(l.narration), $2) > 0)
  OR l.amount IN ($3::bigint, -$3::bigint))
ORDER BY l.posted_on DESC, l.id LIMIT 10
"""
_RECEIPTS = """
SELECT r.id, r.anchor, r.received_on AS on_day, r.amount, r.allocated, r.currency, r.status, r.arrived, r.reference,
       r.party_id, p.name AS party_name, r.payer, r.classified
FROM receipts r LEFT JOIN parties p ON p.business_id = $1 AND p.id = r.party_id
WHERE {where} ORDER BY r.received_on DESC, r.id LIMIT 5
"""
_PAYOUTS = """
SELECT o.id, o.anchor, o.paid_on AS on_day, o.amount, o.allocated, o.currency, o.status, o.reference, o.party_id,
       p.name AS party_name, o.payee AS payer, o.bank_line_id
FROM payouts o LEFT JOIN parties p ON p.business_id = $1 AND p.id = o.party_id
WHERE o.business_id = $1 AND (upper(o.reference) = $2 OR o.amount = $3 OR o.bank_line_id = ANY($4))
ORDER BY o.paid_on DESC, o.id LIMIT 5
"""
_SETTLEMENTS = """
SELECT s.id, s.anchor, s.settled_on AS on_day, s.amount, s.currency, s.status, s.utr AS reference, s.bank_line_id,
       coalesce(n.label, s.source) AS payer
FROM settlements s LEFT JOIN sources n ON n.business_id = $1 AND n.name = s.source
WHERE s.business_id = $1 AND (upper(s.utr) = $2 OR s.amount = $3 OR s.bank_line_id = ANY($4))
ORDER BY s.settled_on DESC, s.id LIMIT 5
"""
_OF_LINES = """
SELECT DISTINCT c.row_id, c.subject FROM claims c
WHERE c.business_id = $1 AND c.row_kind = 'receipt' AND c.subject = ANY($2)
"""
_LINES_OF = """
SELECT c.row_id, l.id, l.posted_on, s.label, l.source FROM claims c
JOIN bank_lines l ON l.business_id = $1 AND l.anchor = c.subject
LEFT JOIN sources s ON s.business_id = $1 AND s.name = l.source
WHERE c.business_id = $1 AND c.row_kind = 'receipt' AND c.row_id = ANY($2)
"""
_PAID = """
SELECT a.receipt_id, i.number, a.amount, a.kind FROM allocations a
LEFT JOIN invoices i ON i.business_id = $1 AND i.id = a.document_id
WHERE a.business_id = $1 AND a.receipt_id = ANY($2) ORDER BY i.issued_on, i.number, a.kind
"""
_ASKED = """
SELECT DISTINCT ON (s.subject) s.subject, c.id, c.version FROM conflicts c, unnest(c.subjects) s(subject)
WHERE c.business_id = $1 AND c.status = 'open' AND c.subjects && $2::uuid[] AND s.subject = ANY($2)
ORDER BY s.subject, c.opened_at
"""


@handles(FindMoney, permission=Permission.SEE_RECEIVABLES)
async def find_money(question: FindMoney, ctx: Context) -> tuple[MoneyFound, ...]:
    """Answer with the money that has this reference, or is this amount; bank lines only to who may see them."""
    wanted = _reference(question)
    whole = sees_payables(ctx)
    key = (ctx.actor.business_id, wanted, question.amount)
    lines = await ctx.tx.fetch(_LINES, *key) if whole else []
    found, seen = await _receipts(ctx, wanted, question.amount, lines)
    if whole:
        ids = [line["id"] for line in lines]
        by_id = {line["id"]: line for line in lines}
        for sql, kind in ((_PAYOUTS, "payout"), (_SETTLEMENTS, "settlement")):
            for row in await ctx.tx.fetch(sql, *key, ids):
                found.append(_other(row, kind, by_id.get(row["bank_line_id"])))
                seen.add(row["bank_line_id"])
        found += [_line(line) for line in lines if line["id"] not in seen]
    asked = await _asked(ctx, found) if ctx.actor.may(Permission.ANSWER) else {}
    found.sort(key=lambda one: one[0].on, reverse=True)
    return tuple(_with(one, asked.get(anchor)) for one, anchor in found[:SHOWN])


_Found = tuple[MoneyFound, UUID]


def _reference(question: FindMoney) -> str | None:
    if (question.reference is None) == (question.amount is None):
        raise Rejected("money.what", "Name either a reference or an amount.")
    if question.reference is None:
        return None
    wanted = utr_key(storable(question.reference))
    if not SHORTEST <= len(wanted) <= LONGEST:
        raise Rejected("money.reference", f"A reference has {SHORTEST} to {LONGEST} letters and digits.")
    return wanted


async def _receipts(
    ctx: Context, wanted: str | None, amount: int | None, lines: Sequence[Any]
) -> tuple[list[_Found], set[UUID | None]]:
    """Return the receipts with the reference, or that such a line brought, and the lines they are told by."""
    brought = await ctx.tx.fetch(_OF_LINES, ctx.actor.business_id, [line["anchor"] for line in lines])
    told = {line["explained_id"] for line in lines if line["explained_by"] == "receipt"}
    where = Conditions([ctx.actor.business_id])
    ids = where.value([row["row_id"] for row in brought] + [key for key in told if key is not None])
    sum_ = where.value(amount)
    where.add(
        f"r.business_id = $1 AND (upper(r.reference) = {{}} OR r.amount = {sum_}::bigint OR r.id = ANY({ids}))",
        wanted,
    )
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(_RECEIPTS.format(where=where.sql), *where.values)
    keys = [row["id"] for row in rows]
    paid: dict[UUID, list[PaidBill]] = {}
    for row in await ctx.tx.fetch(_PAID, ctx.actor.business_id, keys):
        paid.setdefault(row["receipt_id"], []).append(PaidBill(row["number"], row["amount"], row["kind"]))
    shown = {row["row_id"]: row for row in await ctx.tx.fetch(_LINES_OF, ctx.actor.business_id, keys)}
    seen: set[UUID | None] = {row["id"] for row in shown.values()}
    seen |= {line["id"] for line in lines if line["explained_id"] in keys}
    return [
        (_receipt(row, paid.get(row["id"], []), shown.get(row["id"])), row["anchor"]) for row in rows
    ], seen


async def _asked(ctx: Context, found: Sequence[_Found]) -> dict[UUID, tuple[UUID, int]]:
    rows = await ctx.tx.fetch(_ASKED, ctx.actor.business_id, [anchor for _, anchor in found])
    return {row["subject"]: (row["id"], row["version"]) for row in rows}


def _with(money: MoneyFound, asked: tuple[UUID, int] | None) -> MoneyFound:
    if asked is None:
        return money
    return replace(money, question=asked[0], question_version=asked[1])


def _receipt(row: Any, paid: Sequence[PaidBill], line: Any) -> MoneyFound:
    placed = sum(one.amount for one in paid if one.kind == "receipt")
    here = row["status"] not in ("payment.failed", "payment.reversed") and row["classified"] is None
    return MoneyFound(
        id=row["id"],
        kind="receipt",
        out=False,
        on=row["on_day"],
        amount=row["amount"],
        currency=row["currency"],
        status=row["status"],
        reference=row["reference"],
        party_id=row["party_id"],
        party_name=row["party_name"],
        payer=row["payer"],
        bank=(line["label"] or line["source"]) if line is not None else None,
        bank_on=line["posted_on"] if line is not None else None,
        paid=tuple(paid),
        on_account=row["amount"] - placed if here and row["party_id"] is not None else 0,
        classified=row["classified"],
    )


def _other(row: Any, kind: str, line: Any) -> _Found:
    money = MoneyFound(
        id=row["id"],
        kind=kind,
        out=kind == "payout",
        on=row["on_day"],
        amount=row["amount"],
        currency=row["currency"],
        status=row["status"],
        reference=row["reference"],
        party_id=row["party_id"] if kind == "payout" else None,
        party_name=row["party_name"] if kind == "payout" else None,
        payer=row["payer"],
        bank=(line["label"] or line["source"]) if line is not None else None,
        bank_on=line["posted_on"] if line is not None else None,
    )
    return money, row["anchor"]


def _line(line: Any) -> _Found:
    told = line["explained_by"]
    money = MoneyFound(
        id=line["id"],
        kind="bank_line",
        out=line["amount"] < 0,
        on=line["posted_on"],
        amount=abs(line["amount"]),
        currency=line["currency"],
        status=None,
        reference=line["reference"],
        party_id=None,
        party_name=None,
        payer=line["payer"],
        bank=line["label"] or line["source"],
        bank_on=line["posted_on"],
        classified=told if told not in (None, "receipt", "payout", "settlement") else None,
    )
    return money, line["anchor"]
