"""What can be asked at a glance: the digest, lists, one customer, the books, the sources."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from bot.cards.card import Action, Card
from bot.cards.lists import Turn
from bot.cards.plain import firms_card, help_card, one_firm_card
from bot.handlers.area import Area, Command, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from kit.errors import Denied
from ledger.commands import ChooseBusiness


class Overview(Area):
    """What a member looks at."""

    commands = (
        Command("digest", {"do": "digest"}, "Today at a glance"),
        Command("owes", {"do": "owes"}, "Who owes me"),
        Command("tally", {"do": "tally"}, "Do the books say the same"),
        Command("enter", {"do": "enter"}, "What is to be entered in the books"),
        Command("fix", {"do": "fix"}, "What is missing about customers"),
        Command("tds", {"do": "tds"}, "TDS that is not in 26AS yet"),
        Command("sources", {"do": "sources"}, "Where the news comes from"),
        Command("help", {"do": "help"}, "What I can ask"),
        Command("firm", {"do": "firms"}),
    )

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "digest": _shows(self.scenes.digest),
            "tally": _shows(self.scenes.tie_out),
            "enter": _shows(self.scenes.to_enter),
            "fix": _shows(self.scenes.quality),
            "tds": _shows(self.scenes.tds),
            "sources": _shows(self.scenes.sources),
            "owes": self._owes,
            "party": self._party,
            "to_enter_file": self._to_enter_file,
            "help": self._help,
            "firms": self._firms,
            "firm": self._firm,
        }

    async def _owes(self, visitor: Visitor, action: Action) -> Reply:
        return _turned(await self.scenes.who_owes(visitor, Turn.of(action)), action)

    async def _party(self, visitor: Visitor, action: Action) -> Reply:
        return _turned(await self.scenes.party(visitor, UUID(action["party"])), action)

    async def _to_enter_file(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(cards=(await self.scenes.to_enter_file(visitor, action["format"]),))

    async def _help(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(help_card(visitor.audience(self.door.clock())),))

    async def _firms(self, visitor: Visitor, _: Action) -> Reply:
        """Which business the chat speaks for, where it serves several."""
        if not visitor.others:
            card = one_firm_card(visitor.member.business_name, visitor.audience(self.door.clock()))
            return Reply(cards=(card,))
        firms = tuple(
            (str(member.actor.business_id), member.business_name)
            for member in (visitor.member, *visitor.others)
        )
        return Reply(cards=(firms_card(firms, visitor.audience(self.door.clock())),))

    async def _firm(self, visitor: Visitor, action: Action) -> Reply:
        for member in (visitor.member, *visitor.others):
            if str(member.actor.business_id) == action["firm"]:
                await self.door.execute(ChooseBusiness(visitor.chat_id), member.actor)
                return Reply(cards=(await self.scenes.digest(visitor.speaking_as(member)),))
        raise Denied("firm.foreign", "You are not of that firm.")


def _shows(scene: Callable[[Visitor], Awaitable[Card]]) -> Tap:
    async def shown(visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(await scene(visitor),))

    return shown


def _turned(card: Card, action: Action) -> Reply:
    # A page turned takes the place of the page before; a list opened from elsewhere is a message of its own.
    return Reply(edit=card) if "number" in action or action.get("inplace") else Reply(cards=(card,))
