"""Find a party as people ask for it: part of the name, misspelt, a phone number, a GSTIN, a bill's number."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ledger import queries, views
from ledger.domain.roles import Permission
from ledger.handlers.names import fit, sounds, storable
from ledger.handlers.paging import Conditions
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.handlers.standing import BRIEF, STANDING, briefs

GOOD = 72.0
"""A fit below this is another name."""
SPREAD = 22.0
"""A fit that far below the best one is noise beside it."""
MAX_TEXT = 200
_KEPT_BUSINESSES = 256
_KEPT_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Listed:
    id: UUID
    owner: str | None
    names: tuple[tuple[str, ...], ...]
    phone: str
    gstin: str


@dataclass(frozen=True, slots=True)
class _Listing:
    version: tuple[int, int]
    read_at: datetime
    parties: tuple[_Listed, ...]


_LISTINGS: OrderedDict[UUID, _Listing] = OrderedDict()
"""A business's names in memory: row-level security bars trigram indexes, and PostgreSQL extensions are not used."""


@handles(queries.FindParty, permission=Permission.SEE_RECEIVABLES)
async def find_party(question: queries.FindParty, ctx: Context) -> tuple[views.PartyBrief, ...]:
    """Answer with the parties that fit best, best first; none if nothing comes near."""
    text = storable(question.text).strip()[:MAX_TEXT]
    limit = max(1, min(question.limit, 50))
    if not text:
        return ()
    best = [*await _by_bill(text, ctx), *_ranked(text, await _listed(ctx))]
    ids = list(dict.fromkeys(best))[:limit]
    if not ids:
        return ()
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        STANDING.format(where="p.id = ANY($3)")
        + f"SELECT {BRIEF} FROM party p LEFT JOIN late l ON l.party_id = p.id ORDER BY array_position($3, p.id)",
        ctx.actor.business_id,
        firm.today,
        ids,
    )
    return briefs(rows, ctx)


async def parties_called(text: str, ctx: Context) -> tuple[UUID, ...]:
    """Return the parties whose name, phone or GSTIN fits, for a list's search (at most 200)."""
    return tuple(_ranked(storable(text).strip()[:MAX_TEXT], await _listed(ctx))[:200])


async def _by_bill(text: str, ctx: Context) -> list[UUID]:
    """Return the parties of bills with exactly this number, as typed or in capitals."""
    if not any(c.isdigit() for c in text):
        return []
    where = Conditions([ctx.actor.business_id])
    where.add("i.number = ANY({})", [text, text.upper(), re.sub(r"\s+", "-", text.upper())])
    if ctx.actor.sees_own_customers_only:
        where.add("p.owner = {}", ctx.actor.owner_key or None)
    rows = await ctx.tx.fetch(
        f"""
        SELECT DISTINCT i.party_id FROM invoices i
        JOIN parties p ON p.business_id = i.business_id AND p.id = i.party_id
        WHERE i.business_id = $1 AND {where.sql} LIMIT 20
        """,
        *where.values,
    )
    return [row["party_id"] for row in rows]


def _ranked(text: str, listed: list[_Listed]) -> list[UUID]:
    digits, capitals = re.sub(r"\D", "", text), re.sub(r"\s", "", text).upper()
    query = sounds(text)
    scored: list[tuple[float, str, UUID]] = []
    for party in listed:
        score = max((fit(query, name) for name in party.names), default=0.0)
        if len(digits) >= 6 and party.phone.endswith(digits[-10:]):
            score = 200.0
        if len(capitals) >= 10 and (capitals == party.gstin or capitals == party.gstin[2:12]):
            score = 200.0
        if score >= GOOD:
            scored.append((-score, " ".join(party.names[0]) if party.names else "", party.id))
    scored.sort()
    return [party for score, _, party in scored if score <= scored[0][0] + SPREAD]


async def _listed(ctx: Context) -> list[_Listed]:
    listing = await _listing(ctx)
    if not ctx.actor.sees_own_customers_only:
        return list(listing.parties)
    mine = ctx.actor.owner_key
    return [party for party in listing.parties if mine and party.owner == mine]


async def _listing(ctx: Context) -> _Listing:
    """Return the names of the business, read again when the audit trail or the number of parties has moved."""
    tenant = ctx.actor.business_id
    mark = await ctx.tx.row(
        """
        SELECT coalesce((SELECT max(sequence) FROM audit WHERE business_id = $1), 0) AS sequence,
               (SELECT count(*) FROM parties WHERE business_id = $1) AS parties
        """,
        tenant,
    )
    assert mark is not None
    version = (mark["sequence"], mark["parties"])
    kept = _LISTINGS.get(tenant)
    if kept is not None and kept.version == version and abs(ctx.now - kept.read_at) < _KEPT_FOR:
        _LISTINGS.move_to_end(tenant)
        return kept
    rows = await ctx.tx.fetch(
        """
        SELECT p.id, p.owner, p.name, p.phone, p.gstin,
               ARRAY(SELECT DISTINCT n.name FROM party_identities n
                     WHERE n.business_id = $1 AND n.party_id = p.id AND n.name IS NOT NULL AND n.name <> p.name
                     ORDER BY n.name LIMIT 8) AS others
        FROM parties p WHERE p.business_id = $1
        """,
        tenant,
    )
    parties = tuple(
        _Listed(
            id=row["id"],
            owner=row["owner"],
            names=tuple(dict.fromkeys(sounds(name) for name in (row["name"], *row["others"]))),
            phone=re.sub(r"\D", "", row["phone"] or ""),
            gstin=(row["gstin"] or "").upper(),
        )
        for row in rows
    )
    listing = _Listing(version=version, read_at=ctx.now, parties=parties)
    _LISTINGS[tenant] = listing
    _LISTINGS.move_to_end(tenant)
    while len(_LISTINGS) > _KEPT_BUSINESSES:
        _LISTINGS.popitem(last=False)
    return listing
