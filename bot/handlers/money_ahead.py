"""Taps about the money ahead: the weeks, what falls due each month, small vendors."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cards.card import Action
from bot.cards.cash import noted_toast
from bot.handlers.area import Area, Command, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from ledger.commands.cash import RefuseDue, StateDue


class MoneyAhead(Area):
    """The scenes of the money ahead."""

    commands = (
        Command("cash", {"do": "cash"}, "Will the money be enough"),
        Command("dues", {"do": "dues"}, "What falls due besides bills"),
    )
    decides = frozenset({"due_yes", "due_no"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "cash": self._cash,
            "dues": self._dues,
            "msmed": self._msmed,
            "due_yes": self._yes,
            "due_no": self._no,
        }

    async def _cash(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(await self.scenes.cash(visitor),))

    async def _dues(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(await self.scenes.dues(visitor),))

    async def _msmed(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(await self.scenes.small_vendors(visitor),))

    async def _yes(self, visitor: Visitor, action: Action) -> Reply:
        due = action["due"]
        made = await self.door.execute(StateDue(**{**due, "months": tuple(due["months"])}), visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(edit=await self.scenes.dues(visitor), toast=noted_toast(made.name, made.next_on, to))

    async def _no(self, visitor: Visitor, action: Action) -> Reply:
        await self.door.execute(RefuseDue(action["key"]), visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(edit=await self.scenes.dues(visitor), toast=to.label("I won't ask that again."))
