"""What stands behind money: what each source says of it, and what it is set against."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from kit.errors import Rejected
from ledger.domain.roles import Permission
from ledger.handlers.events import OURS_TO_SEE
from ledger.handlers.listing import need_payables, of_business
from ledger.handlers.receivables import claim
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import sees_payables
from ledger.queries.money_rows import AllotmentsOf, ClaimsOf
from ledger.views import ClaimView
from ledger.views.money_rows import Allotment

_OF_CUSTOMERS = {"receipt": "receipts", "cheque": "cheques"}
_OF_THE_FIRM = {"payout": "payouts", "settlement": "settlements", "bank_line": "bank_lines"}
_WITHOUT_PARTY = ("settlement", "bank_line")
# A bank line's own claim is made on the money that it brought, a cleared cheque's too: each is found by who says it.
_CLAIMS = """
SELECT DISTINCT ON (x.id, c.stated_at, c.source, c.subject) x.id AS row_id, c.source, c.word, c.status, c.amount,
       c.currency, c.stated_at, c.source_event_id, c.url
FROM {table} x
LEFT JOIN parties p ON p.business_id = $1 AND p.id = {party}
JOIN claims c ON c.business_id = $1 AND {told}
LEFT JOIN identities i ON i.business_id = $1 AND i.subject = c.subject
WHERE {where} ORDER BY x.id, c.stated_at NULLS FIRST, c.source, c.subject
"""
_ALLOTMENTS = """
SELECT a.receipt_id, a.document_id, a.amount, a.kind, a.why, x.currency, d.number, {side} AS side
FROM allocations a
JOIN {table} x ON x.business_id = $1 AND x.id = a.receipt_id
LEFT JOIN parties p ON p.business_id = $1 AND p.id = x.party_id
JOIN {documents} d ON d.business_id = $1 AND d.id = a.document_id
WHERE {where} AND a.business_id = $1 AND a.receipt_id = ANY({ids})
ORDER BY a.receipt_id, d.issued_on, d.number, a.document_id, a.kind
"""


@handles(ClaimsOf, permission=Permission.SEE_RECEIVABLES)
async def claims_of(question: ClaimsOf, ctx: Context) -> dict[UUID, tuple[ClaimView, ...]]:
    """Answer with the claims on rows that the actor may see; a bank line's own words only for who may see those."""
    table = _table(question.kind, ctx)
    where = of_business(ctx)
    where.add("x.id = ANY({})", list(question.ids))
    if not sees_payables(ctx):
        where.add("i.kind <> ALL({})", list(OURS_TO_SEE))
    sql = _CLAIMS.format(
        table=table,
        party="NULL" if question.kind in _WITHOUT_PARTY else "x.party_id",
        told="c.subject = x.anchor" if question.kind in ("bank_line", "cheque") else "c.row_id = x.id",
        where=where.sql,
    )
    found: dict[UUID, list[ClaimView]] = defaultdict(list)
    for row in await ctx.tx.fetch(sql, *where.values):
        found[row["row_id"]].append(claim(row))
    return {key: tuple(claims) for key, claims in found.items()}


@handles(AllotmentsOf, permission=Permission.SEE_RECEIVABLES)
async def allotments_of(question: AllotmentsOf, ctx: Context) -> dict[UUID, tuple[Allotment, ...]]:
    """Answer with what money is set against, document by document."""
    if question.kind not in ("receipt", "payout"):
        raise Rejected("money.kind", "Only receipts and payouts are set against documents.")
    table = _table(question.kind, ctx)
    incoming = question.kind == "receipt"
    where = of_business(ctx)
    ids = where.value(list(question.ids))
    sql = _ALLOTMENTS.format(
        table=table,
        documents="invoices" if incoming else "payables",
        side="'receivable'" if incoming else "'payable'",
        where=where.sql,
        ids=ids,
    )
    found: dict[UUID, list[Allotment]] = defaultdict(list)
    for row in await ctx.tx.fetch(sql, *where.values):
        found[row["receipt_id"]].append(
            Allotment(
                document_id=row["document_id"],
                side=row["side"],
                number=row["number"],
                amount=row["amount"],
                kind=row["kind"],
                why=row["why"],
                currency=row["currency"],
            )
        )
    return {key: tuple(parts) for key, parts in found.items()}


def _table(kind: str, ctx: Context) -> str:
    if kind in _OF_CUSTOMERS:
        return _OF_CUSTOMERS[kind]
    if kind not in _OF_THE_FIRM:
        raise Rejected("money.kind", f"{kind[:30]!r} is no kind of money.")
    need_payables(ctx)
    return _OF_THE_FIRM[kind]
