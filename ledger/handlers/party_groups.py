"""Ledgers of one PAN: they stay separate, and are shown beside each other; and what held of a party when."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from ledger.domain.derive.attributes import history
from ledger.domain.derive.model import Identity, Terms
from ledger.domain.derive.parties import by_belief
from ledger.domain.folds import DATED
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions, Order, cursors, cut, page_size, place
from ledger.handlers.registry import Context, counts, handles
from ledger.handlers.scope import business, own_parties
from ledger.queries.identity import PartyGroups
from ledger.views.identity import PartyGroupPage
from ledger.views.party_group import AttributeView, GroupMember, PartyGroupView

LARGEST = Order("groups:total", ("g.total", "g.pan"), ("bigint", "text"), descending=True)
MOST_MEMBERS = 50
ATTRIBUTES = tuple(name for name in DATED if name not in ("contacts", "addresses", "parent"))
"""What is agreed with a party or said of it in one word; people, addresses and the parent are shown as such."""
_PAN = re.compile("[A-Z]{5}[0-9]{4}[A-Z]")
IS_PAN = f"p.pan ~ '^{_PAN.pattern}$'"


@handles(PartyGroups, permission=Permission.SEE_RECEIVABLES)
async def party_groups(question: PartyGroups, ctx: Context) -> PartyGroupPage:
    """Answer with a page of groups; a sales rep sees those that his own customers make."""
    first, after = page_size(question.first), place(LARGEST, question.after)
    firm = await business(ctx)
    where = Conditions([ctx.actor.business_id, firm.currency])
    where.add(IS_PAN.replace("{", "{{").replace("}", "}}"))
    own_parties(ctx, where)
    scope = where.sql
    page = Conditions(where.values)
    page.seek(LARGEST, after)
    rows = await ctx.tx.fetch(
        f"""
        WITH g AS MATERIALIZED (
          SELECT p.pan, coalesce(sum(p.receivable) FILTER (WHERE p.currency = $2), 0)::bigint AS total
          FROM parties p WHERE p.business_id = $1 AND {scope} GROUP BY p.pan HAVING count(*) > 1
        )
        SELECT g.*, w.count FROM (SELECT count(*) FROM g) w
        LEFT JOIN (SELECT * FROM g WHERE {page.sql} ORDER BY {LARGEST.by} LIMIT {first + 1}) g ON true
        ORDER BY {LARGEST.by}
        """,
        *page.values,
    )
    shown, end, more = cut([row for row in rows if row["pan"] is not None], first, LARGEST, _keys)
    members = await _members(ctx, [row["pan"] for row in shown])
    return PartyGroupPage(
        end=end,
        more=more,
        cursors=cursors(shown, LARGEST, _keys),
        rows=tuple(
            PartyGroupView(row["pan"], row["total"], firm.currency, members.get(row["pan"], ()))
            for row in shown
        ),
        count=rows[0]["count"],
    )


@counts(PartyGroups)
async def count_groups(_: PartyGroups, ctx: Context) -> int:
    """Count the groups."""
    page: PartyGroupPage = await party_groups(PartyGroups(first=1), ctx)
    return page.count


def _keys(row: Any) -> Sequence[Any]:
    return row["total"], row["pan"]


async def _members(ctx: Context, pans: list[str]) -> dict[str, tuple[GroupMember, ...]]:
    where = Conditions([ctx.actor.business_id, pans])
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        f"""
        SELECT p.pan, p.id, p.name, p.gstin, p.receivable, p.currency FROM parties p
        WHERE p.business_id = $1 AND p.pan = ANY($2) AND {where.sql} ORDER BY p.receivable DESC, p.id
        """,
        *where.values,
    )
    found: dict[str, tuple[GroupMember, ...]] = {}
    for row in rows:
        member = GroupMember(row["id"], row["name"], row["gstin"], row["receivable"], row["currency"])
        found[row["pan"]] = (*found.get(row["pan"], ()), member)[:MOST_MEMBERS]
    return found


async def groups_of(ctx: Context, pans: Collection[str]) -> dict[str, PartyGroupView]:
    """Return the groups of PANs as the actor may see them, by PAN; those of one ledger only are none."""
    wanted = sorted({pan for pan in pans if _PAN.fullmatch(pan)})
    if not wanted:
        return {}
    firm = await business(ctx)
    return {
        pan: PartyGroupView(
            pan, sum(one.net for one in members if one.currency == firm.currency), firm.currency, members
        )
        for pan, members in (await _members(ctx, wanted)).items()
        if len(members) > 1
    }


async def party_histories(ctx: Context, parties: Sequence[UUID]) -> dict[UUID, tuple[AttributeView, ...]]:
    """Return what was agreed with parties since when, by the source that is believed now; the oldest first."""
    firm = await business(ctx)
    rows = await ctx.tx.fetch(
        """
        SELECT n.party_id, i.subject, i.source, i.kind, i.external_id, i.state FROM party_identities n
        JOIN identities i ON i.business_id = n.business_id AND i.subject = n.subject
        WHERE n.business_id = $1 AND n.party_id = ANY($2) AND i.kind = 'party'
        """,
        ctx.actor.business_id,
        list(parties),
    )
    told: dict[UUID, list[Identity]] = defaultdict(list)
    for party, *identity in rows:
        told[party].append(Identity(*identity))
    terms = Terms(timezone=firm.timezone)
    return {party: tuple(_history(identities, terms)) for party, identities in told.items()}


def _history(identities: Sequence[Identity], terms: Terms) -> Iterator[AttributeView]:
    ranked = by_belief(identities)
    for name in ATTRIBUTES:
        teller = next((identity for identity in ranked if identity.data.get(name) is not None), None)
        if teller is not None:
            yield from (
                AttributeView(name, held.value, held.since, teller.source)
                for held in history(teller, name, terms)
            )
