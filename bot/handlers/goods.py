"""May goods go to a customer: the answer, a rep's question to the owner, and the owner's word back to the rep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bot import typed
from bot.cards.audience import Audience
from bot.cards.card import Action, Card
from bot.cards.customer import amount_hint, hint_card
from bot.cards.goods import asked_card, goods_card, order_card, sent_to_owner_card, told_card, word_card
from bot.handlers.area import Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.telling import reachable, tell
from bot.visit import Visitor
from kit.errors import Stale
from ledger.commands.goods import HoldGoods, ReleaseGoods
from ledger.domain.roles import Permission, Role
from ledger.queries.customers import MayGoodsGo
from ledger.views.customers import GoodsView
from ledger.views.workflow import DecisionView


class Goods(OfCustomer):
    """The scenes of sending goods on credit."""

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "goods": self._goods,
            "goods_order": self._order,
            "goods_ask": self._ask,
            "goods_say": self._say,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the order's value."""
        return {"goods_words": self._order_typed}

    async def _answer(self, visitor: Visitor, action: Action) -> GoodsView:
        view: GoodsView = await self.door.query(
            MayGoodsGo(UUID(action["party"]), action.get("order", action.get("amount"))), visitor.actor
        )
        return view

    async def _goods(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(edit=goods_card(await self._answer(visitor, action), self.to(visitor)))

    @needs(Permission.REPORT)
    async def _order(self, visitor: Visitor, action: Action) -> Reply:
        expect = {"do": "goods_words", "party": action["party"]}
        return Reply(edit=order_card(await self.brief(visitor, action), self.to(visitor)), expect=expect)

    @needs(Permission.REPORT)
    async def _order_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        to, brief = self.to(visitor), await self.brief(visitor, action)
        order = typed.minor(text, brief.currency)
        if order is None:
            return Reply(cards=(hint_card(brief, amount_hint(to), to),), expect=action, unknown=True)
        return Reply(cards=(goods_card(await self._answer(visitor, {**action, "order": order}), to),))

    @needs(Permission.REPORT)
    async def _ask(self, visitor: Visitor, action: Action) -> Reply:
        """Put the question into the owners' chats, once; where no owner is in the chat, into the accounts person's."""
        view, asker = await self._answer(visitor, action), visitor.actor
        say = {"party": action["party"], "by": str(asker.member_id), "seen": action["at"]}
        say |= {"order": view.order} if view.order is not None else {}

        def asked(to: Audience) -> Card:
            return asked_card(view, asker.name, say, to)

        told: list[str] = []
        for role in (Role.OWNER, Role.FINANCE):
            for member in await reachable(self.door, asker.business_id, role):
                once = f"goods:{asker.member_id}:{action['party']}:{action['at']}:{member.actor.member_id}"
                await tell(self.door, member, asked, once=once)
                told.append(member.actor.name)
            if told:
                break
        return Reply(edit=sent_to_owner_card(view, told, self.to(visitor)))

    @needs(Permission.ANSWER)
    async def _say(self, visitor: Visitor, action: Action) -> Reply:
        """Say yes or no, and tell who asked; who comes second sees what was said."""
        to, party, word = self.to(visitor), UUID(action["party"]), action["say"]
        seen = datetime.fromisoformat(action["seen"])
        command = (
            HoldGoods(party, seen=seen)
            if word == "hold"
            else ReleaseGoods(party, up_to=action.get("order"), seen=seen)
        )
        try:
            made: DecisionView = await self.say(visitor, command)
        except Stale:
            card = goods_card(await self._answer(visitor, action), to)
            return Reply(edit=card, toast=to.label("It is answered already."))
        view = replace(await self._answer(visitor, action), order=action.get("order"))
        told = await self._tell_asker(visitor, action, view, made)
        return Reply(edit=word_card(view, word, told, made.id, to))

    async def _tell_asker(
        self, visitor: Visitor, action: Action, view: GoodsView, made: DecisionView
    ) -> str | None:
        asker = action.get("by")
        if asker is None or asker == str(visitor.actor.member_id):
            return None
        by, word = visitor.actor.name, action["say"]

        def told(to: Audience) -> Card:
            return told_card(view.brief, by, word, view.order, to)

        for member in await reachable(self.door, visitor.actor.business_id):
            if str(member.actor.member_id) == asker:
                await tell(self.door, member, told, once=f"goods:{made.id}:{asker}")
                return member.actor.name
        return None
