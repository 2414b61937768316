"""What areas about one customer have in common: who he is, what was said of him, and who may say more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from bot.cards.audience import Audience
from bot.cards.card import Action
from bot.handlers.area import Area
from bot.visit import Visitor
from kit.errors import Denied, NotFound
from ledger import queries
from ledger.domain.roles import Permission
from ledger.queries.customers import PartyTalk
from ledger.views import PartyBrief, PartyView
from ledger.views.customers import TalkView

_Area = TypeVar("_Area", bound="OfCustomer")
_Answer = TypeVar("_Answer")
_Step = Callable[..., Awaitable[_Answer]]


def needs(permission: Permission) -> Callable[[_Step[_Answer]], _Step[_Answer]]:
    """Refuse a step to who lacks a permission before it asks him anything; the door refuses the deed itself."""

    def guarded(step: _Step[_Answer]) -> _Step[_Answer]:
        @wraps(step)
        async def run(area: OfCustomer, visitor: Visitor, action: Action, *words: str) -> _Answer:
            if not visitor.actor.may(permission):
                raise Denied("permission.denied", "You may not say this.", remedy="Ask the owner.")
            return await step(area, visitor, action, *words)

        return run

    return guarded


class OfCustomer(Area):
    """An area whose actions name a `party`."""

    def to(self, visitor: Visitor) -> Audience:
        """For whom cards are written now."""
        return visitor.audience(self.door.clock())

    async def brief(self, visitor: Visitor, action: Action) -> PartyBrief:
        """Return the customer in one line; NotFound where the visitor may not see him."""
        party = UUID(action["party"])
        found: dict[UUID, PartyBrief] = await self.door.query(queries.PartiesByIds((party,)), visitor.actor)
        if party not in found:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        return found[party]

    async def in_full(self, visitor: Visitor, action: Action) -> PartyView:
        """Return the customer in full."""
        view: PartyView = await self.door.query(queries.PartyCard(UUID(action["party"])), visitor.actor)
        return view

    async def talk(self, visitor: Visitor, action: Action) -> TalkView:
        """Return what was said of him last."""
        view: TalkView = await self.door.query(PartyTalk(UUID(action["party"])), visitor.actor)
        return view

    async def say(self, visitor: Visitor, command: Any) -> Any:
        """Say something through the door."""
        return await self.door.execute(command, visitor.actor)
