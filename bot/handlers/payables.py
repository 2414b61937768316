"""What must be paid, and whom: taps on the list of payables and on a vendor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from bot.cards.card import Action
from bot.cards.payables import PER_PAGE, payables_card, vendor_card
from bot.handlers.area import Area, Command, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from ledger.queries.payables import PayablesAhead, VendorCard


class Payables(Area):
    """The scenes of what the business owes."""

    commands = (Command("owe", {"do": "payables", "span": "week"}, "What I owe"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action; `owe` stands on cards of earlier days."""
        return {"payables": self._payables, "owe": self._payables, "vendor": self._vendor}

    async def _payables(self, visitor: Visitor, action: Action) -> Reply:
        until = date.fromisoformat(action["until"]) if action.get("until") else None
        question = PayablesAhead(
            action.get("span", "week"), until, first=PER_PAGE, skip=action.get("skip", 0)
        )
        view = await self.door.query(question, visitor.actor)
        card = payables_card(view, visitor.audience(self.door.clock()))
        return Reply(edit=card) if action.get("inplace") else Reply(cards=(card,))

    async def _vendor(self, visitor: Visitor, action: Action) -> Reply:
        view = await self.door.query(VendorCard(UUID(action["party"])), visitor.actor)
        return Reply(cards=(vendor_card(view, visitor.audience(self.door.clock())),))
