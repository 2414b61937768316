"""What is missing or odd about customers and vendors, the most money first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit.catalogues import N_
from ledger.domain.gstin import odd_gstin
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import own_parties, sees_payables
from ledger.queries.identity import DataQuality
from ledger.views.identity import PROBLEMS, DataQualityPage, PartyGaps
from ledger.words import Phrases

_ODD = Phrases(
    (
        N_("it has {n} characters, not {wanted}"),
        N_("no state has the code {state}"),
        N_("{pan} is no PAN"),
        N_("its last character doesn't fit the others, so one is mistyped"),
    )
)
"""What is odd about a GSTIN, as `odd_gstin` says it."""

WORST = Order("quality:money", ("l.weight", "l.id"), ("bigint", "uuid"), descending=True)
_GSTINS = """
SELECT n.party_id, min(i.state->'data'->>'gstin') AS gstin
FROM party_identities n
JOIN identities i ON i.business_id = n.business_id AND i.subject = n.subject
JOIN parties p ON p.business_id = n.business_id AND p.id = n.party_id
WHERE n.business_id = $1 AND i.kind = 'party' AND i.state->'data'->>'gstin' <> '' AND {where}
GROUP BY n.party_id, i.state->'data'->>'gstin' ORDER BY 1, 2
"""
# $1 business · $2 parties with an odd GSTIN. A GSTIN tells the state; of tax deductors and embassies it holds no PAN.
_LIST = """
WITH p AS MATERIALIZED (
  SELECT p.*, {weight} AS weight, p.id = ANY($2) AS odd, count(*) OVER (PARTITION BY p.phone_key) AS sharing
  FROM parties p WHERE p.business_id = $1 AND {where}
), told AS (
  SELECT n.party_id, count(DISTINCT lower(btrim(regexp_replace(n.name, '\\s+', ' ', 'g')))) AS spellings,
         coalesce(bool_or(i.state->'data'->>'address' <> ''), false)
         AND NOT coalesce(bool_or(i.state->'data'->>'state' <> ''), false) AS stateless
  FROM party_identities n
  LEFT JOIN identities i ON i.business_id = n.business_id AND i.subject = n.subject AND i.kind = 'party'
  WHERE n.business_id = $1 GROUP BY n.party_id
), listed AS MATERIALIZED (
  SELECT p.id, p.name, p.receivable AS net, p.currency, p.weight, p.gstin, array_remove(ARRAY[
    CASE WHEN coalesce(p.phone, '') = '' THEN 'no_phone' END,
    CASE WHEN p.odd THEN 'odd_gstin' END,
    CASE WHEN p.gstin ~ '^[0-9]{{2}}[A-Z]{{5}}[0-9]{{4}}[A-Z]' AND substr(p.gstin, 3, 10) <> p.pan THEN 'pan_differs' END,
    CASE WHEN p.gstin IS NULL AND NOT p.odd THEN 'no_gstin' END,
    CASE WHEN p.is_customer AND p.terms_days IS NULL THEN 'no_terms' END,
    CASE WHEN t.stateless AND (p.gstin IS NULL OR p.odd) THEN 'no_state' END,
    CASE WHEN p.phone_key IS NOT NULL AND p.sharing > 1 THEN 'same_phone' END,
    CASE WHEN t.spellings > 1 THEN 'spellings' END,
    CASE WHEN coalesce(p.email, '') = '' THEN 'no_email' END], NULL) AS problems
  FROM p LEFT JOIN told t ON t.party_id = p.id
), whole AS (
  SELECT (SELECT count(*) FROM listed) AS parties,
         (SELECT count(*) FROM listed WHERE problems <> '{{}}') AS faulty,
         (SELECT jsonb_object_agg(c.problem, c.n) FROM
           (SELECT problem, count(*) AS n FROM listed, unnest(problems) AS problem GROUP BY 1) c) AS counts
)
SELECT l.*, whole.* FROM whole
LEFT JOIN (SELECT l.* FROM listed l WHERE l.problems <> '{{}}' AND {page} ORDER BY {by} LIMIT {limit}) l ON true
ORDER BY {by}
"""
_NAMES = """
SELECT party_id, array_agg(DISTINCT btrim(name) ORDER BY btrim(name)) AS names FROM party_identities
WHERE business_id = $1 AND party_id = ANY($2) AND name IS NOT NULL GROUP BY party_id
"""


@handles(DataQuality, permission=Permission.SEE_RECEIVABLES)
async def data_quality(question: DataQuality, ctx: Context) -> DataQualityPage:
    """Answer with a page of parties about which something is missing; of a sales rep only his own customers."""
    first, after = page_size(question.first), place(WORST, question.after)
    odd = await _odd(ctx)
    where = Conditions([ctx.actor.business_id, list(odd)])
    own_parties(ctx, where)
    scope = where.sql
    page = Conditions(where.values)
    page.seek(WORST, after)
    weight = "greatest(p.receivable, p.payable)" if sees_payables(ctx) else "p.receivable"
    rows = await ctx.tx.fetch(
        _LIST.format(weight=weight, where=scope, page=page.sql, by=WORST.by, limit=first + 1), *page.values
    )
    shown, end, more = cut([row for row in rows if row["id"] is not None], first, WORST, _keys)
    names = await _names(ctx, [row["id"] for row in shown if "spellings" in row["problems"]])
    return DataQualityPage(
        end=end,
        more=more,
        cursors=cursors(shown, WORST, _keys),
        rows=tuple(_gaps(row, odd, names) for row in shown),
        counts={name: n for name in PROBLEMS if (n := (rows[0]["counts"] or {}).get(name))},
        count=rows[0]["faulty"],
        parties=rows[0]["parties"],
    )


@counts(DataQuality)
async def count_gaps(_: DataQuality, ctx: Context) -> int:
    """Count the parties about which something is missing or odd."""
    page: DataQualityPage = await data_quality(DataQuality(first=1), ctx)
    return page.count


def _keys(row: Any) -> Sequence[Any]:
    return row["weight"], row["id"]


async def _odd(ctx: Context) -> dict[UUID, tuple[str, str]]:
    """Return the parties with an odd GSTIN: how it was typed, and what is odd about it."""
    where = Conditions([ctx.actor.business_id])
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(_GSTINS.format(where=where.sql), *where.values)
    language = ctx.actor.language
    return {
        row["party_id"]: (row["gstin"], _ODD.told(language, why))
        for row in rows
        if (why := odd_gstin(row["gstin"]))
    }


async def _names(ctx: Context, parties: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    rows = await ctx.tx.fetch(_NAMES, ctx.actor.business_id, parties) if parties else []
    return {row["party_id"]: tuple(row["names"][:4]) for row in rows}


def _gaps(row: Any, odd: dict[UUID, tuple[str, str]], names: dict[UUID, tuple[str, ...]]) -> PartyGaps:
    typed, why = odd.get(row["id"], (row["gstin"], None))
    return PartyGaps(
        party_id=row["id"],
        name=row["name"],
        net=row["net"],
        currency=row["currency"],
        problems=tuple(row["problems"]),
        gstin=typed,
        odd_gstin=why,
        names=names.get(row["id"], ()),
    )
