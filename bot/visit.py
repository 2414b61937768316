"""Who speaks in a chat: the member that it stands for, in the business that it speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from telegram import Update
from telegram.ext import CallbackContext, ExtBot

from bot.cards.audience import Audience, audience_of
from bot.cards.card import Card
from bot.words import spoken
from kit.errors import NotFound
from ledger.commands import QueueMessage
from ledger.commands.delivery import NoteChatBack
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries import ChatMember
from ledger.store.directory import members_of_chat
from ledger.views import ChatMemberView


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member in his chat: as whom he acts, and the other businesses that the chat serves."""

    chat_id: int
    member: ChatMemberView
    others: tuple[ChatMemberView, ...] = ()

    @property
    def actor(self) -> Actor:
        """As whom he acts."""
        return self.member.actor

    def speaking_as(self, member: ChatMemberView) -> Visitor:
        """Return the same visitor as the member of another of his businesses."""
        if member is self.member:
            return self
        others = tuple(one for one in (self.member, *self.others) if one is not member)
        return replace(self, member=member, others=others)

    @property
    def heard_before(self) -> bool:
        """Whether the update in which he speaks was worked on already."""
        return any(member.update_taken for member in (self.member, *self.others))

    def audience(self, now: datetime) -> Audience:
        """For whom cards are written."""
        return audience_of(self.member, now, several=bool(self.others))


def language_of(update: Update) -> str:
    """Return the language of somebody whom we don't know: what his Telegram speaks, if we speak it too."""
    code = update.effective_user.language_code if update.effective_user is not None else None
    return spoken((code or "en").partition("-")[0])


async def visitor_of(door: Door, chat_id: int, *, update_id: int | None = None) -> Visitor | None:
    """Return who speaks in a chat, None for a stranger; a member who had blocked us counts as back."""
    members: list[ChatMemberView] = []
    for listed in await members_of_chat(door.engine, chat_id):
        clerk = system(listed.business_id, "chat")
        try:
            member: ChatMemberView = await door.query(ChatMember(listed.member_id, chat_id, update_id), clerk)
        except NotFound:  # he left this business; its other members don't concern this chat
            continue
        if member.chat_id is None:
            await door.execute(NoteChatBack(chat_id, listed.member_id), clerk)
        members.append(member)
    if not members:
        return None
    members.sort(key=lambda m: (m.chosen_at, m.business_name, str(m.actor.business_id)), reverse=True)
    return Visitor(chat_id, members[0], tuple(members[1:]))


class Visit(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """The context of one update; the gate sets who it comes from before any handler runs."""

    visitor: Visitor | None = None

    @property
    def guest(self) -> Visitor:
        """The member whom the gate let in."""
        assert self.visitor is not None, "the gate lets no stranger through"
        return self.visitor


async def answer(
    door: Door,
    visitor: Visitor,
    cards: Sequence[Card],
    *,
    edit_message: int | None = None,
    edit_of: UUID | None = None,
) -> list[UUID]:
    """Queue cards as answers in a member's chat and return their rows in the outbox.

    The first one takes the place of `edit_message`, or of what an earlier row of the outbox became (`edit_of`).
    """
    made = []
    for card in cards:
        row = await door.execute(
            QueueMessage(
                chat_id=visitor.chat_id,
                member_id=visitor.actor.member_id,
                kind="answer",
                card={**card.stored(), "language": visitor.actor.language},
                edit_message=edit_message,
                edit_of=edit_of,
            ),
            visitor.actor,
        )
        made.append(row)
        edit_message = edit_of = None
    return made
