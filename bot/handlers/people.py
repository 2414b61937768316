"""The people of the firm in the chat, for its owner: who, invite, change, let go."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from bot.address import start_link
from bot.cards.card import Action, Card
from bot.cards.people import (
    invited_card,
    member_card,
    name_card,
    owners_card,
    people_card,
    remove_card,
    roles_card,
)
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import Html, clean
from kit.errors import NotFound, Rejected
from ledger.commands import AddMember, CreateLinkCode
from ledger.commands.people import ChangeMember, RemoveMember
from ledger.domain.roles import Role
from ledger.queries import Members
from ledger.queries.people import SalesOwners
from ledger.views import MemberView

_LINK_MINUTES = 24 * 60


class People(Area):
    """Who belongs to the firm."""

    commands = (Command("people", {"do": "people"}, "Who works with me here"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "people": self._people,
            "member": self._member,
            "member_link": self._link,
            "member_role": self._role,
            "member_rolled": self._rolled,
            "member_owner": self._owner,
            "member_owned": self._owned,
            "member_remove": self._remove,
            "member_removed": self._removed,
            "invite": self._invite,
            "invite_role": self._invite_role,
            "invite_made": self._invite_made,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the name that an invitation asked for."""
        return {"invite_name": self._invite_name}

    async def _people(self, visitor: Visitor, action: Action) -> Reply:
        card = people_card(await self._members(visitor), visitor.audience(self.door.clock()))
        return Reply(edit=card) if action.get("inplace") else Reply(cards=(card,))

    async def _members(self, visitor: Visitor) -> tuple[MemberView, ...]:
        found: tuple[MemberView, ...] = await self.door.query(Members(), visitor.actor)
        return found

    async def _one(self, visitor: Visitor, member_id: str) -> MemberView:
        for member in await self._members(visitor):
            if str(member.id) == member_id and member.active:
                return member
        raise NotFound("member.unknown", "There is no such member.")

    async def _member(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(edit=self._shown(visitor, await self._one(visitor, action["member"])))

    def _shown(self, visitor: Visitor, member: MemberView) -> Card:
        own = member.id == visitor.actor.member_id
        return member_card(member, visitor.audience(self.door.clock()), own=own)

    # ---- inviting ------------------------------------------------------------------------------------
    async def _invite(self, visitor: Visitor, _: Action) -> Reply:
        await self._members(visitor)  # only the owner may
        card = roles_card(visitor.audience(self.door.clock()), then={"do": "invite_role"})
        return Reply(edit=card)

    async def _invite_role(self, visitor: Visitor, action: Action) -> Reply:
        card = name_card(action["role"], visitor.audience(self.door.clock()))
        return Reply(edit=card, expect={"do": "invite_name", "role": action["role"]})

    async def _invite_name(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        if text.startswith("/"):
            return None
        name, role = " ".join(clean(text).split()), action["role"]
        to = visitor.audience(self.door.clock())
        if not 1 <= len(name) <= 80:
            notice = to.say("A name has 1 to 80 letters.")
            return Reply(cards=(name_card(role, to, notice=notice),), expect=dict(action))
        if role == Role.SALES:
            owners = await self.door.query(SalesOwners(), visitor.actor)
            then = {"do": "invite_made", "role": role, "name": name}
            return Reply(cards=(owners_card(owners, name, to, then=then),))
        return await self._made(visitor, name, role, None)

    async def _invite_made(self, visitor: Visitor, action: Action) -> Reply:
        made = await self._made(visitor, action["name"], action["role"], action["owner"] or None)
        return Reply(edit=made.cards[0])

    async def _made(self, visitor: Visitor, name: str, role: str, owner: str | None) -> Reply:
        """Add the person once, and make the link; a second tap on the same choice makes a new link for him."""
        waiting = [
            m
            for m in await self._members(visitor)
            if m.active and not m.linked and (m.name, m.role) == (name, role)
        ]
        language = visitor.actor.language
        member = (
            waiting[0].id
            if waiting
            else await self.door.execute(AddMember(name, role, language, crm_owner=owner), visitor.actor)
        )
        return Reply(cards=(await self._linked(visitor, member, name),))

    async def _linked(self, visitor: Visitor, member: UUID, name: str) -> Card:
        code = await self.door.execute(CreateLinkCode(member, valid_minutes=_LINK_MINUTES), visitor.actor)
        firm = visitor.member.business_name
        return invited_card(name, firm, code, start_link(code), visitor.audience(self.door.clock()))

    async def _link(self, visitor: Visitor, action: Action) -> Reply:
        member = await self._one(visitor, action["member"])
        return Reply(edit=await self._linked(visitor, member.id, member.name))

    # ---- changing ------------------------------------------------------------------------------------
    async def _role(self, visitor: Visitor, action: Action) -> Reply:
        member = await self._one(visitor, action["member"])
        then = {"do": "member_rolled", "member": action["member"]}
        to = visitor.audience(self.door.clock())
        return Reply(edit=roles_card(to, then=then, name=member.name, former=member.role))

    async def _rolled(self, visitor: Visitor, action: Action) -> Reply:
        return await self._changed(visitor, ChangeMember(UUID(action["member"]), role=action["role"]))

    async def _owner(self, visitor: Visitor, action: Action) -> Reply:
        member = await self._one(visitor, action["member"])
        owners = await self.door.query(SalesOwners(), visitor.actor)
        then = {"do": "member_owned", "member": action["member"]}
        to = visitor.audience(self.door.clock())
        return Reply(edit=owners_card(owners, member.name, to, then=then))

    async def _owned(self, visitor: Visitor, action: Action) -> Reply:
        return await self._changed(visitor, ChangeMember(UUID(action["member"]), crm_owner=action["owner"]))

    async def _changed(self, visitor: Visitor, command: ChangeMember) -> Reply:
        try:
            member: MemberView = await self.door.execute(command, visitor.actor)
        except Rejected as refusal:
            return self._refused(visitor, refusal)
        return Reply(edit=self._shown(visitor, member))

    async def _remove(self, visitor: Visitor, action: Action) -> Reply:
        member = await self._one(visitor, action["member"])
        return Reply(edit=remove_card(member, visitor.audience(self.door.clock())))

    async def _removed(self, visitor: Visitor, action: Action) -> Reply:
        try:
            member: MemberView = await self.door.execute(RemoveMember(UUID(action["member"])), visitor.actor)
        except Rejected as refusal:
            return self._refused(visitor, refusal)
        to = visitor.audience(self.door.clock())
        notice: Html = to.say("{name} is removed.\n", name=clean(member.name))
        return Reply(edit=people_card(await self._members(visitor), to, notice=notice))

    def _refused(self, visitor: Visitor, refusal: Rejected) -> Reply:
        to = visitor.audience(self.door.clock())
        if refusal.code == "member.last_owner":
            return Reply(
                toast=to.label("A firm always has an owner here. Make somebody else an owner first.")
            )
        raise refusal
