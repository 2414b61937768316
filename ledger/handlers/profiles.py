"""Who parties are on a day: people, addresses, terms, sales owner, parent and branches, in a few statements for many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from ledger.domain.derive.attributes import Held, history
from ledger.domain.derive.model import Identity, Terms
from ledger.domain.derive.parties import by_belief
from ledger.domain.events import subject_id
from ledger.domain.roles import Permission
from ledger.handlers.paging import Conditions
from ledger.handlers.party_groups import ATTRIBUTES
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business, own_parties
from ledger.queries.profiles import PartyProfiles
from ledger.views.party_group import AttributeView
from ledger.views.profiles import AddressView, ContactView, PartyProfile, SalesOwnerView

_IDENTITIES = """
SELECT n.party_id, i.subject, i.source, i.kind, i.external_id, i.state FROM party_identities n
JOIN identities i ON i.business_id = n.business_id AND i.subject = n.subject
WHERE n.business_id = $1 AND n.party_id = ANY($2) AND i.kind = 'party'
"""
# `p` is the party whose branches or parents these are to be seen with.
_BRANCHES = """
SELECT DISTINCT u.party_id AS parent_id, p.id, p.search_name
FROM party_identities u
JOIN party_identities d ON d.business_id = $1 AND d.parent = u.subject AND d.party_id <> u.party_id
JOIN parties p ON p.business_id = $1 AND p.id = d.party_id
WHERE u.business_id = $1 AND u.party_id = ANY($2) AND {where} ORDER BY p.search_name, p.id
"""
_PARENTS = """
SELECT n.subject, n.party_id FROM party_identities n JOIN parties p ON p.business_id = $1 AND p.id = n.party_id
WHERE n.business_id = $1 AND n.subject = ANY($2) AND {where}
"""
_OWNERS = "SELECT crm_owner, id, name FROM members WHERE business_id = $1 AND active AND crm_owner = ANY($2)"


class _Word(NamedTuple):
    """What one source's record of a party says of one attribute on the day."""

    value: Any
    since: date | None
    source: str


class _Told:
    """What the sources say of one party on a day, the most believed first."""

    def __init__(self, identities: Sequence[Identity], day: date, terms: Terms) -> None:
        self._ranked = by_belief(identities)
        self._day, self._terms = day, terms

    def words(self, name: str) -> Iterator[_Word]:
        """Yield what each source says of an attribute."""
        for identity in self._ranked:
            held = _held(history(identity, name, self._terms), self._day)
            if held is not None and held.value not in (None, [], ""):
                yield _Word(held.value, held.since, identity.source)

    def best(self, name: str) -> _Word | None:
        """Return the word that is believed."""
        return next(self.words(name), None)

    def parents(self) -> list[UUID]:
        """Return the records that are named as its parent."""
        return [subject_id(word.source, "party", word.value) for word in self.words("parent")]


def _held(told: Sequence[Held], day: date) -> Held | None:
    standing = [one for one in told if one.since is None or one.since <= day]
    return standing[-1] if standing else None


@handles(PartyProfiles, permission=Permission.SEE_RECEIVABLES)
async def party_profiles(question: PartyProfiles, ctx: Context) -> dict[UUID, PartyProfile]:
    """Answer with those of the parties that the actor may see; six statements, however many they are."""
    firm = await business(ctx)
    day = question.on or firm.today
    where = Conditions([ctx.actor.business_id, list(question.ids)])
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(
        "SELECT p.id, p.owner, p.habit, p.last_receipt_on, p.promise_amount FROM parties p "
        f"WHERE p.business_id = $1 AND p.id = ANY($2) AND {where.sql}",
        *where.values,
    )
    ids = [row["id"] for row in rows]
    told = await _told(ctx, ids, day, Terms(timezone=firm.timezone))
    owners = await _owners(ctx, told)
    parents = await _parents(ctx, told)
    branches = await _branches(ctx, ids)
    return {
        row["id"]: PartyProfile(
            party_id=row["id"],
            on=day,
            attributes=_attributes(told[row["id"]]),
            contacts=_contacts(told[row["id"]]),
            addresses=_addresses(told[row["id"]]),
            owner=_owner(told[row["id"]], owners),
            parent_id=next(
                (
                    parents[one]
                    for one in told[row["id"]].parents()
                    if parents.get(one, row["id"]) != row["id"]
                ),
                None,
            ),
            branches=tuple(branches[row["id"]]),
            habit=row["habit"],
            last_receipt_on=row["last_receipt_on"],
            promise_amount=row["promise_amount"],
        )
        for row in rows
    }


async def _told(ctx: Context, ids: list[UUID], day: date, terms: Terms) -> dict[UUID, _Told]:
    found: dict[UUID, list[Identity]] = defaultdict(list)
    for party, *identity in await ctx.tx.fetch(_IDENTITIES, ctx.actor.business_id, ids):
        found[party].append(Identity(*identity))
    return {party: _Told(found[party], day, terms) for party in ids}


async def _owners(ctx: Context, told: Mapping[UUID, _Told]) -> dict[str, tuple[UUID, str]]:
    keys = sorted({word.value for one in told.values() if (word := one.best("owner")) is not None})
    rows = await ctx.tx.fetch(_OWNERS, ctx.actor.business_id, keys) if keys else []
    return {row["crm_owner"]: (row["id"], row["name"]) for row in rows}


async def _parents(ctx: Context, told: Mapping[UUID, _Told]) -> dict[UUID, UUID]:
    subjects = sorted({subject for one in told.values() for subject in one.parents()})
    if not subjects:
        return {}
    where = Conditions([ctx.actor.business_id, subjects])
    own_parties(ctx, where)
    rows = await ctx.tx.fetch(_PARENTS.format(where=where.sql), *where.values)
    return {row["subject"]: row["party_id"] for row in rows}


async def _branches(ctx: Context, ids: list[UUID]) -> dict[UUID, list[UUID]]:
    where = Conditions([ctx.actor.business_id, ids])
    own_parties(ctx, where)
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for row in await ctx.tx.fetch(_BRANCHES.format(where=where.sql), *where.values):
        found[row["parent_id"]].append(row["id"])
    return found


def _attributes(told: _Told) -> tuple[AttributeView, ...]:
    found = ((name, told.best(name)) for name in ATTRIBUTES)
    return tuple(
        AttributeView(name, word.value, word.since, word.source) for name, word in found if word is not None
    )


def _contacts(told: _Told) -> tuple[ContactView, ...]:
    return tuple(
        ContactView(
            kind=one["kind"],
            name=one.get("name"),
            designation=one.get("designation"),
            phone=one.get("phone"),
            email=one.get("email"),
            source=word.source,
            since=word.since,
        )
        for word in told.words("contacts")
        for one in word.value
    )


def _addresses(told: _Told) -> tuple[AddressView, ...]:
    """Return the addresses in parts; of a source that states only one line of text, that line."""
    found: list[AddressView] = []
    typed: set[str] = set()
    for word in told.words("addresses"):
        typed.add(word.source)
        found += [_address(one, word) for one in word.value]
    states = {word.source: word.value for word in told.words("state")}
    found += [
        _address({"kind": "other", "lines": word.value, "state": states.get(word.source)}, word)
        for word in told.words("address")
        if word.source not in typed
    ]
    return tuple(found)


def _address(one: Mapping[str, str | None], word: _Word) -> AddressView:
    return AddressView(
        kind=str(one["kind"]),
        lines=one.get("lines"),
        city=one.get("city"),
        state=one.get("state"),
        pin=one.get("pin"),
        country=one.get("country"),
        source=word.source,
        since=word.since,
    )


def _owner(told: _Told, owners: Mapping[str, tuple[UUID, str]]) -> SalesOwnerView | None:
    word = told.best("owner")
    if word is None:
        return None
    member_id, name = owners.get(word.value, (None, None))
    return SalesOwnerView(word.value, member_id, name, word.source, word.since)
