"""What each source says of one party now: in its own word and ours, with the page where it says so."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from ledger.domain.roles import Permission
from ledger.handlers.deciding import party_row
from ledger.handlers.events import OURS_TO_SEE
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import sees_payables
from ledger.handlers.summary import source_name
from ledger.queries.customers import SourcesOf
from ledger.views.customers import SaidOf, SourceSays

_LATEST = 3
_OURS = ("payable", "payout", "bank_line")
# One line a source and thing: the latest claim of a source on a row. `$3`: the reader sees what we owe, and the bank.
_CLAIMS = f"""
WITH said AS (
  SELECT DISTINCT ON (c.source, c.row_id) c.source, c.row_kind, c.row_id, c.word, c.status, c.amount, c.currency,
         c.stated_at, c.url
  FROM claims c LEFT JOIN identities t ON t.business_id = c.business_id AND t.subject = c.subject
  WHERE c.business_id = $1 AND c.party_id = $2 AND c.source <> 'operator' AND c.row_kind <> 'party'
    AND ($3 OR (c.row_kind <> ALL($4::text[]) AND coalesce(t.kind, '') <> ALL($5::text[])))
  ORDER BY c.source, c.row_id, c.stated_at DESC NULLS LAST, c.subject
), ranked AS (
  SELECT s.*, count(*) OVER (PARTITION BY source) AS of_source,
         row_number() OVER (PARTITION BY source ORDER BY stated_at DESC NULLS LAST, row_id) AS place
  FROM said s
)
SELECT r.*, coalesce(i.number, b.number, q.number, m.reference) AS number, coalesce(s.label, '') AS label
FROM ranked r
LEFT JOIN invoices i ON i.business_id = $1 AND i.id = r.row_id
LEFT JOIN payables b ON b.business_id = $1 AND b.id = r.row_id
LEFT JOIN cheques q ON q.business_id = $1 AND q.id = r.row_id
LEFT JOIN receipts m ON m.business_id = $1 AND m.id = r.row_id
LEFT JOIN sources s ON s.business_id = $1 AND s.name = r.source
WHERE r.place <= {_LATEST} ORDER BY r.source, r.place
"""
_NAMES = """
SELECT DISTINCT ON (source) source, name, url FROM party_identities WHERE business_id = $1 AND party_id = $2
  AND source <> 'operator' ORDER BY source, url IS NULL, name IS NULL, subject
"""
_LABELS = "SELECT name, label FROM sources WHERE business_id = $1 AND name = ANY($2)"


@handles(SourcesOf, permission=Permission.SEE_RECEIVABLES)
async def sources_of(question: SourcesOf, ctx: Context) -> tuple[SourceSays, ...]:
    """Answer by source; NotFound outside the actor's scope."""
    party = await party_row(ctx, question.party_id)
    sees = sees_payables(ctx)
    rows = await ctx.tx.fetch(
        _CLAIMS, ctx.actor.business_id, party["id"], sees, list(_OURS), list(OURS_TO_SEE)
    )
    names = await _names(ctx, party["id"])
    claims = {source: list(group) for source, group in groupby(rows, key=lambda row: row["source"])}
    known = sorted({*claims, *(name for name in names if sees or not name.startswith("bank:"))})
    labels = {row["name"]: row["label"] for row in await ctx.tx.fetch(_LABELS, ctx.actor.business_id, known)}
    return tuple(
        SourceSays(
            source=source,
            label=labels.get(source) or source_name(source),
            name=names[source]["name"] if source in names else None,
            url=names[source]["url"] if source in names else None,
            count=claims[source][0]["of_source"] if source in claims else 0,
            latest=tuple(_said(row) for row in claims.get(source, ())),
        )
        for source in known
    )


async def _names(ctx: Context, party_id: UUID) -> dict[str, asyncpg.Record]:
    rows = await ctx.tx.fetch(_NAMES, ctx.actor.business_id, party_id)
    return {row["source"]: row for row in rows}


def _said(row: Any) -> SaidOf:
    return SaidOf(
        kind=row["row_kind"],
        number=row["number"],
        word=row["word"],
        status=row["status"],
        amount=row["amount"],
        currency=row["currency"],
        at=row["stated_at"],
        url=row["url"],
    )
