"""Word to a colleague: a card in another member's chat, in his language, at most once."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from bot.cards.audience import Audience, audience_of
from bot.cards.card import Card
from kit.errors import NotFound
from ledger.commands import QueueMessage
from ledger.dispatch import Door
from ledger.domain.roles import Role, system
from ledger.queries import ChatMember, Members
from ledger.store.directory import members_of_chat
from ledger.views import ChatMemberView, MemberView


async def reachable(door: Door, business_id: UUID, role: Role | None = None) -> list[ChatMemberView]:
    """Return the members whose chat is linked, of one role or of all."""
    clerk = system(business_id, "chat")
    listed: tuple[MemberView, ...] = await door.query(Members(), clerk)
    found = []
    for one in listed:
        if one.active and one.linked and role in (None, Role(one.role)):
            try:
                member: ChatMemberView = await door.query(ChatMember(one.id), clerk)
            except NotFound:  # he left since the list was made
                continue
            if member.chat_id is not None:
                found.append(member)
    return found


async def tell(door: Door, member: ChatMemberView, card: Callable[[Audience], Card], *, once: str) -> bool:
    """Queue a card written for a member; False if `once` names one that he had."""
    assert member.chat_id is not None
    several = len(await members_of_chat(door.engine, member.chat_id)) > 1
    made = card(audience_of(member, door.clock(), several=several))
    queued = await door.execute(
        QueueMessage(
            chat_id=member.chat_id,
            member_id=member.actor.member_id,
            kind="alert",
            card={**made.stored(), "language": member.actor.language},
            once_key=once,
        ),
        system(member.actor.business_id, "chat"),
    )
    return queued is not None
