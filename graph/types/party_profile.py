"""Who a party is: people, addresses, sales owner, parent and branches, terms, each with since when and by which source."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeAlias
from uuid import UUID

import strawberry

from graph.types import parties as to_parties
from graph.types.basics import Info, Money, money, resolved
from graph.types.identity import PartyAttribute, attribute
from kit.errors import NotFound
from ledger.queries.profiles import PartyProfiles
from ledger.views.profiles import PartyProfile

if TYPE_CHECKING:
    from graph.types.parties import Party

LazyParty: TypeAlias = Annotated["Party", strawberry.lazy("graph.types.parties")]
On = Annotated[date | None, strawberry.argument(description="What held on that day; null: today.")]
Kind = Annotated[str | None, strawberry.argument(description="Only of this kind.")]


@strawberry.type(description="Somebody of a party, as a source states him.")
class PartyContact:
    """A contact."""

    kind: str = strawberry.field(
        description="primary, billing, purchase, sales, technical, management or other."
    )
    name: str | None = strawberry.field(description="His name.")
    designation: str | None = strawberry.field(description="What he is there, in the source's words.")
    phone: str | None = strawberry.field(description="His telephone.")
    email: str | None = strawberry.field(description="His e-mail address.")
    source: str = strawberry.field(description="Which source says so.")
    since: date | None = strawberry.field(
        description="Since when that source's list stands so; null: as long as is known."
    )


@strawberry.type(description="An address of a party, as a source states it.")
class PartyAddress:
    """An address."""

    kind: str = strawberry.field(description="billing, shipping, registered or other.")
    lines: str | None = strawberry.field(
        description="Street and area; all of it where its source keeps it in one."
    )
    city: str | None = strawberry.field(description="City.")
    state: str | None = strawberry.field(description="State, as the source writes it.")
    pin: str | None = strawberry.field(description="PIN code.")
    country: str | None = strawberry.field(description="Country.")
    source: str = strawberry.field(description="Which source says so.")
    since: date | None = strawberry.field(
        description="Since when that source's list stands so; null: as long as is known."
    )


@strawberry.type(description="Who looks after a customer.")
class SalesOwner:
    """A sales owner."""

    key: str = strawberry.field(description="What the CRM calls him.")
    member_id: strawberry.ID | None = strawberry.field(
        description="Our member of that name; null: nobody of ours."
    )
    member_name: str | None = strawberry.field(description="That member's name.")
    source: str | None = strawberry.field(description="Which source says so.")
    since: date | None = strawberry.field(description="Since which day; null: as long as is known.")


@strawberry.type
class PartyWho:
    """Fields of a party that say who it is."""

    key: strawberry.Private[UUID]

    async def _profile(self, info: Info, on: date | None = None) -> PartyProfile:
        found: PartyProfile | None = await info.context.by_ids(PartyProfiles, on).load(self.key)
        if found is None:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        return found

    @resolved("Its people, as each source states them.")
    async def contacts(self, info: Info, kind: Kind = None, on: On = None) -> list[PartyContact]:
        """Return the people."""
        return [
            PartyContact(
                kind=one.kind,
                name=one.name,
                designation=one.designation,
                phone=one.phone,
                email=one.email,
                source=one.source,
                since=one.since,
            )
            for one in (await self._profile(info, on)).contacts
            if kind is None or one.kind == kind
        ]

    @resolved("Its addresses, as each source states them.")
    async def addresses(self, info: Info, kind: Kind = None, on: On = None) -> list[PartyAddress]:
        """Return the addresses."""
        return [
            PartyAddress(
                kind=one.kind,
                lines=one.lines,
                city=one.city,
                state=one.state,
                pin=one.pin,
                country=one.country,
                source=one.source,
                since=one.since,
            )
            for one in (await self._profile(info, on)).addresses
            if kind is None or one.kind == kind
        ]

    @resolved("Who looks after it, by the source that is believed.")
    async def sales_owner(self, info: Info, on: On = None) -> SalesOwner | None:
        """Return the owner."""
        owner = (await self._profile(info, on)).owner
        if owner is None:
            return None
        return SalesOwner(
            key=owner.key,
            member_id=strawberry.ID(str(owner.member_id)) if owner.member_id is not None else None,
            member_name=owner.member_name,
            source=owner.source,
            since=owner.since,
        )

    @resolved("What was agreed with it or said of it that day, one value an attribute.")
    async def attributes(self, info: Info, on: On = None) -> list[PartyAttribute]:
        """Return the values."""
        return [attribute(one) for one in (await self._profile(info, on)).attributes]

    @resolved("Of which it is a branch, by a CRM's word; null: none that the member may see.")
    async def parent(self, info: Info, on: On = None) -> LazyParty | None:
        """Return the parent."""
        parent = (await self._profile(info, on)).parent_id
        brief = await info.context.parties.load(parent) if parent is not None else None
        return to_parties.party(brief) if brief is not None else None

    @resolved("Its branches, by a CRM's word.")
    async def branches(self, info: Info) -> list[LazyParty]:
        """Return the branches."""
        found = await info.context.parties.load_many((await self._profile(info)).branches)
        return [to_parties.party(brief) for brief in found if brief is not None]

    @resolved("How it pays: bill_wise, oldest_first or on_account; null: not known.")
    async def habit(self, info: Info) -> str | None:
        """Return the habit."""
        return (await self._profile(info)).habit

    @resolved("The day of its last payment that lasted.")
    async def last_receipt_on(self, info: Info) -> date | None:
        """Return the day."""
        return (await self._profile(info)).last_receipt_on

    @resolved("How much it promised to pay; null: no promise, or all of it.")
    async def promise_amount(self, info: Info) -> Money | None:
        """Return the amount."""
        profile, brief = await self._profile(info), await info.context.parties.load(self.key)
        if profile.promise_amount is None or brief is None:
            return None
        return money(profile.promise_amount, brief.currency)
