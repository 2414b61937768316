"""TDS and GST-TDS awaited, per customer and quarter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.money import format_minor
from ledger.domain.roles import Permission
from ledger.domain.tax_credits import Credit, Customer, Cut, Sums, compared, span, whose, year_of
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.queries.tds import TdsAwaited
from ledger.views.tds import TdsRow, TdsSectionView, TdsView
from ledger.words import say

_KINDS = ("tds", "gst_tds")
ROUNDING = 100
"""Paise a row by which cut and credit may differ: deductors round to the rupee."""
# What receipts were short by, our books' own word among it, and deductions that were accepted without money.
_CUTS = """
SELECT p.id AS party, k.kind, k.day, sum(k.amount)::bigint AS amount FROM (
  SELECT r.party_id, a.kind, r.received_on AS day, a.amount
  FROM allocations a JOIN receipts r ON r.business_id = $1 AND r.id = a.receipt_id
  WHERE a.business_id = $1 AND a.kind = ANY($2) AND r.received_on BETWEEN $3 AND $4
  UNION ALL
  SELECT o.party_id, i.state->'data'->>'kind', o.effective_on, -o.amount
  FROM postings o JOIN identities i ON i.business_id = $1 AND i.subject = o.cause AND i.kind = 'decision'
  WHERE o.business_id = $1 AND o.known_to IS NULL AND o.kind = 'deduction' AND o.side = 'receivable'
    AND o.effective_on BETWEEN $3 AND $4 AND i.state->'data'->>'kind' = ANY($2)
) k JOIN parties p ON p.business_id = $1 AND p.id = k.party_id
WHERE {where} GROUP BY p.id, k.kind, k.day
"""
_CREDITS = """
SELECT c.party_id, i.state->'data' AS data
FROM claims c JOIN identities i ON i.business_id = $1 AND i.subject = c.subject
WHERE c.business_id = $1 AND c.row_kind = 'tax_credit'
  AND c.source IN (SELECT name FROM sources WHERE business_id = $1)
  AND (i.state->'data'->>'on')::date BETWEEN $2 AND $3
ORDER BY c.subject
"""
_CUSTOMERS = """
SELECT p.id, p.name, p.pan, (
  SELECT array_agg(DISTINCT n.name) FROM party_identities n
  WHERE n.business_id = $1 AND n.party_id = p.id AND n.name IS NOT NULL) AS names
FROM parties p WHERE p.business_id = $1
"""


@handles(TdsAwaited, permission=Permission.SEE_RECEIVABLES)
async def tds_awaited(question: TdsAwaited, ctx: Context) -> TdsView:
    """Answer with what was cut and what is shown; a sales rep sees his own customers."""
    firm = await business(ctx)
    fy = question.fy or year_of(firm.today)
    first, last = span(fy, question.quarter)
    tenant = ctx.actor.business_id
    where = Conditions([tenant, list(_KINDS), first, last])
    own_parties(ctx, where)
    if question.party_id is not None:
        where.add("p.id = {}", question.party_id)
    rows = await ctx.tx.fetch(_CUTS.format(where=where.sql), *where.values)
    cuts = [Cut(row["party"], row["kind"], row["day"], row["amount"]) for row in rows]
    told = await ctx.tx.fetch(_CREDITS, tenant, first, last)
    people = await ctx.tx.fetch(_CUSTOMERS, tenant) if told or cuts else []
    credits_ = [_credit(row) for row in told]
    customers = [Customer(p["id"], tuple({p["name"], *(p["names"] or ())}), p["pan"]) for p in people]
    owners = whose(credits_, customers)
    names = {p["id"]: p["name"] for p in people}
    sums = compared(cuts, credits_, owners)
    visible = await _visible(question, ctx)
    found = [
        _row(who, kind, quarter, one, names, credits_, owners, stated=bool(told), language=ctx.actor.language)
        for (who, kind, quarter), one in sums.items()
        if visible is None or who in visible
    ]
    found.sort(key=lambda row: (-row.missing, row.name, row.kind, row.quarter))
    return TdsView(
        fy=year_of(first),
        currency=firm.currency,
        cut=sum(row.cut for row in found),
        credited=sum(row.credited for row in found),
        pending=sum(row.pending for row in found),
        missing=sum(max(row.missing, 0) for row in found),
        rows=tuple(found),
        stated=bool(told),
    )


async def _visible(question: TdsAwaited, ctx: Context) -> set[UUID] | None:
    """Return the parties that the question and the actor's scope leave; None: all, and unknown deductors too."""
    if question.party_id is None and not ctx.actor.sees_own_customers_only:
        return None
    where = Conditions([ctx.actor.business_id])
    where.add("p.business_id = $1")
    own_parties(ctx, where)
    if question.party_id is not None:
        where.add("p.id = {}", question.party_id)
    rows = await ctx.tx.fetch(f"SELECT p.id FROM parties p WHERE {where.sql}", *where.values)
    return {row["id"] for row in rows}


def _credit(row: Any) -> Credit:
    data = row["data"]
    party = data.get("party") or {}
    return Credit(
        party=row["party_id"],
        name=party.get("name") or party.get("tan") or "",
        tan=party.get("tan"),
        pan=party.get("pan"),
        kind=data.get("kind") or "tds",
        section=data.get("section") or "",
        on=date.fromisoformat(data["on"]),
        amount=data["amount"],
        status=data.get("status"),
    )


def _row(
    who: UUID | str,
    kind: str,
    quarter: str,
    sums: Sums,
    names: dict[UUID, str],
    credits_: Sequence[Credit],
    owners: dict[int, UUID],
    *,
    stated: bool,
    language: str,
) -> TdsRow:
    mine = [one for place, one in enumerate(credits_) if (owners.get(place) or one.tan or one.name) == who]
    name = names.get(who, "—") if isinstance(who, UUID) else mine[0].name
    state = _state(sums)
    return TdsRow(
        party_id=who if isinstance(who, UUID) else None,
        name=name,
        tan=next((one.tan for one in mine if one.tan), None),
        kind=kind,
        quarter=quarter,
        cut=sums.cut,
        credited=sums.credited,
        pending=sums.pending,
        missing=sums.missing,
        state=state,
        words=_words(sums, state, language, known=isinstance(who, UUID), stated=stated),
        sections=tuple(TdsSectionView(section, amount) for section, amount in sorted(sums.sections.items())),
    )


def _state(sums: Sums) -> str:
    if not sums.cut:
        return "not_known"
    if abs(sums.missing) <= ROUNDING:
        return "agrees"
    return "missing" if sums.missing > 0 else "more"


def _words(sums: Sums, state: str, language: str, *, known: bool, stated: bool) -> str:
    cut = say(language, "cut {amount}", amount=format_minor(sums.cut))
    if not stated:
        return cut
    shown = say(language, "in 26AS {amount}", amount=format_minor(sums.credited))
    said = [cut, shown] if sums.cut else [shown]
    match state:
        case "missing":
            said.append(say(language, "missing {amount}", amount=format_minor(sums.missing)))
        case "more":
            said.append(say(language, "{amount} more than we know of", amount=format_minor(-sums.missing)))
        case "not_known" if known:
            said.append(say(language, "no deduction of theirs is known here"))
        case "not_known":
            said.append(say(language, "we don't know whose TAN this is"))
    if sums.pending:
        said.append(say(language, "{amount} shown but not final yet", amount=format_minor(sums.pending)))
    return ", ".join(said)
