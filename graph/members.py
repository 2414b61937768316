"""The people of the firm over GraphQL: added, changed, let go, and given the code that links their chat."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

import strawberry

from graph.ids import split_id
from graph.types.basics import Info, plain, told
from graph.types.workflow import plain_key
from kit.errors import Rejected
from kit.settings import settings
from ledger.commands import AddMember, CreateLinkCode
from ledger.commands.people import ChangeMember, LimitMembership, RemoveMember
from ledger.views import MemberView

MORNING = time(8, 30)
DAY_OF_MINUTES = 24 * 60
MemberId = Annotated[strawberry.ID, strawberry.argument(description="The member.")]


@strawberry.input(description="A person to add.")
class AddMemberInput:
    """A person."""

    name: str = strawberry.field(description="His name, 1 to 80 characters.")
    role: str = strawberry.field(description="owner, finance, sales or view.")
    language: str = strawberry.field(default="en", description="en or hi: what is spoken with him.")
    digest_at: time | None = strawberry.field(
        default=MORNING, description="Local hour of his morning digest; null: none."
    )
    crm_owner: str | None = strawberry.field(
        default=None, description="A sales rep's identity in the CRM: he sees the customers of it."
    )
    until: date | None = strawberry.field(
        default=None, description="The last day of his membership, as for an accountant; null: no end."
    )


@strawberry.input(description="What changes about a member; what is left out or null stays as it is.")
class ChangeMemberInput:
    """A change."""

    member_id: strawberry.ID = strawberry.field(description="The member.")
    name: str | None = strawberry.field(default=None, description="What he is called from now on.")
    role: str | None = strawberry.field(default=None, description="owner, finance, sales or view.")
    crm_owner: str | None = strawberry.field(
        default=None, description="His identity in the CRM; empty: none any more."
    )


@strawberry.type(description="A member as he is now.")
class MemberPayload:
    """The outcome."""

    member_id: strawberry.ID = strawberry.field(description="Pass it wherever a member is named.")
    name: str = strawberry.field(description="His name.")
    role: str = strawberry.field(description="owner, finance, sales or view.")
    crm_owner: str | None = strawberry.field(description="His identity in the CRM.")
    active: bool = strawberry.field(description="False: he was let go.")


@strawberry.type(description="The person who was added; createLinkCode lets him into the chat.")
class AddMemberPayload:
    """The outcome."""

    member_id: strawberry.ID = strawberry.field(description="Pass it wherever a member is named.")


@strawberry.type(description="A one-time code, shown here only. Earlier unused codes of the member are void.")
class LinkCodePayload:
    """The outcome."""

    code: str = strawberry.field(description="The member sends it to the chat, once.")
    link: str | None = strawberry.field(
        description="Opened on his phone, it does so itself; null where the chat's address isn't set."
    )


@strawberry.type(description="Commands about the people of the firm. All are the owner's.")
class MemberMutations:
    """Fields of the root of commands."""

    @told("Add a person with a role. For the owner.")
    async def add_member(self, info: Info, input: AddMemberInput) -> AddMemberPayload:
        """Add him."""
        command = AddMember(
            plain(input.name) or "",
            plain(input.role) or "",
            plain(input.language) or "",
            input.digest_at,
            plain(input.crm_owner),
            input.until,
        )
        return AddMemberPayload(member_id=strawberry.ID(str(await info.context.execute(command))))

    @told("Change a member's name, role or identity in the CRM. For the owner.")
    async def change_member(self, info: Info, input: ChangeMemberInput) -> MemberPayload:
        """Change him."""
        command = ChangeMember(
            member_key(input.member_id), plain(input.name), plain(input.role), plain(input.crm_owner)
        )
        return payload(await info.context.execute(command))

    @told("Let a membership end by itself after a day, or (null) not. For the owner.")
    async def limit_membership(
        self,
        info: Info,
        member_id: MemberId,
        until: Annotated[
            date | None, strawberry.argument(description="Its last day; null: it has no end.")
        ] = None,
    ) -> MemberPayload:
        """Set its end."""
        return payload(await info.context.execute(LimitMembership(member_key(member_id), until)))

    @told("Let a member go: his chat, codes and tokens stop working at once. For the owner.")
    async def remove_member(self, info: Info, member_id: MemberId) -> MemberPayload:
        """Let him go."""
        return payload(await info.context.execute(RemoveMember(member_key(member_id))))

    @told("Make a one-time code by which a member links his chat. For the owner.")
    async def create_link_code(
        self,
        info: Info,
        member_id: MemberId,
        valid_minutes: Annotated[
            int, strawberry.argument(description="How long it is good for, at most 43,200.")
        ] = DAY_OF_MINUTES,
    ) -> LinkCodePayload:
        """Make it."""
        code = await info.context.execute(CreateLinkCode(member_key(member_id), valid_minutes))
        chat = settings().chat_url.rstrip("/")
        return LinkCodePayload(code=code, link=f"{chat}?start={quote(code)}" if chat else None)


def member_key(text: str) -> UUID:
    """Return the member that an id names: a global id, or the bare one that older answers hold."""
    try:
        kind, key = split_id(text)
    except Rejected:
        return plain_key(text)
    if kind != "Member":
        raise Rejected("id.wrong_type", f"This is the id of a {kind}, not of a Member.", given=text)
    return key


def payload(view: MemberView) -> MemberPayload:
    """Return a member as the outcome."""
    return MemberPayload(
        member_id=strawberry.ID(str(view.id)),
        name=view.name,
        role=view.role,
        crm_owner=view.crm_owner,
        active=view.active,
    )
