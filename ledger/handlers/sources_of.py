"""What each source says of parties now: in its own word and ours, with the page where it says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ledger.domain.roles import Permission
from ledger.handlers.deciding import party_rows, the_one
from ledger.handlers.events import OURS_TO_SEE
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import sees_payables
from ledger.handlers.summary import source_name
from ledger.queries.customers import SourcesByIds, SourcesOf
from ledger.views.customers import SaidOf, SourceSays

_LATEST = 3
_OURS = ("payable", "payout", "bank_line")
# One line a source and thing: the latest claim of a source on a row. `$3`: the reader sees what we owe, and the bank.
_CLAIMS = f"""
WITH said AS (
  SELECT DISTINCT ON (c.party_id, c.source, c.row_id) c.party_id, c.source, c.row_kind, c.row_id, c.word, c.status,
         c.amount, c.currency, c.stated_at, c.url
  FROM claims c LEFT JOIN identities t ON t.business_id = c.business_id AND t.subject = c.subject
  WHERE c.business_id = $1 AND c.party_id = ANY($2) AND c.source <> 'operator' AND c.row_kind <> 'party'
    AND ($3 OR (c.row_kind <> ALL($4::text[]) AND coalesce(t.kind, '') <> ALL($5::text[])))
  ORDER BY c.party_id, c.source, c.row_id, c.stated_at DESC NULLS LAST, c.subject
), ranked AS (
  SELECT s.*, count(*) OVER (PARTITION BY party_id, source) AS of_source,
         row_number() OVER (PARTITION BY party_id, source ORDER BY stated_at DESC NULLS LAST, row_id) AS place
  FROM said s
)
SELECT r.*, coalesce(i.number, b.number, q.number, m.reference) AS number, coalesce(s.label, '') AS label
FROM ranked r
LEFT JOIN invoices i ON i.business_id = $1 AND i.id = r.row_id
LEFT JOIN payables b ON b.business_id = $1 AND b.id = r.row_id
LEFT JOIN cheques q ON q.business_id = $1 AND q.id = r.row_id
LEFT JOIN receipts m ON m.business_id = $1 AND m.id = r.row_id
LEFT JOIN sources s ON s.business_id = $1 AND s.name = r.source
WHERE r.place <= {_LATEST} ORDER BY r.party_id, r.source, r.place
"""
_NAMES = """
SELECT DISTINCT ON (party_id, source) party_id, source, name, url FROM party_identities
WHERE business_id = $1 AND party_id = ANY($2) AND source <> 'operator' ORDER BY party_id, source, url IS NULL, name IS NULL, subject
"""
_LABELS = "SELECT name, label FROM sources WHERE business_id = $1 AND name = ANY($2)"


@handles(SourcesOf, permission=Permission.SEE_RECEIVABLES)
async def sources_of(question: SourcesOf, ctx: Context) -> tuple[SourceSays, ...]:
    """Answer by source; NotFound outside the actor's scope."""
    return the_one(await _said_of(ctx, [question.party_id]), question.party_id)


@handles(SourcesByIds, permission=Permission.SEE_RECEIVABLES)
async def sources_by_ids(question: SourcesByIds, ctx: Context) -> dict[UUID, tuple[SourceSays, ...]]:
    """Answer for those of the parties that the actor may see."""
    return await _said_of(ctx, question.ids)


async def _said_of(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, tuple[SourceSays, ...]]:
    parties = list(await party_rows(ctx, ids))
    if not parties:
        return {}
    tenant, sees = ctx.actor.business_id, sees_payables(ctx)
    claims: dict[tuple[UUID, str], list[Any]] = defaultdict(list)
    for row in await ctx.tx.fetch(_CLAIMS, tenant, parties, sees, list(_OURS), list(OURS_TO_SEE)):
        claims[row["party_id"], row["source"]].append(row)
    names = {(row["party_id"], row["source"]): row for row in await ctx.tx.fetch(_NAMES, tenant, parties)}
    known = sorted({*claims, *(key for key in names if sees or not key[1].startswith("bank:"))})
    labels = await ctx.tx.fetch(_LABELS, tenant, sorted({source for _, source in known}))
    called = {row["name"]: row["label"] for row in labels}
    found: dict[UUID, tuple[SourceSays, ...]] = dict.fromkeys(parties, ())
    for key in known:
        party, source = key
        told, name = claims.get(key, ()), names.get(key)
        says = SourceSays(
            source=source,
            label=called.get(source) or source_name(source),
            name=name["name"] if name is not None else None,
            url=name["url"] if name is not None else None,
            count=told[0]["of_source"] if told else 0,
            latest=tuple(_said(row) for row in told),
        )
        found[party] = (*found[party], says)
    return found


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
