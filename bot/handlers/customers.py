"""Taps about one customer: further things, notes, who says what, and taking back what was just said."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from bot.cards.card import Action
from bot.cards.customer import long_ago, more_card, note_card, noted_card, unsaid_card
from bot.cards.history import sources_of_card
from bot.cards.lists import Turn
from bot.handlers.area import Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import Stale
from ledger.commands.workflow import AddNote, WithdrawDecision
from ledger.domain.roles import Permission
from ledger.queries.customers import SourcesOf


class Customers(OfCustomer):
    """The scenes of one customer."""

    decides = frozenset({"note_words", "unsay"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "party_more": self._more,
            "note": self._note,
            "sources_of": self._sources_of,
            "history": self._history,
            "unsay": self._unsay,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the words of a note."""
        return {"note_words": self._noted}

    @needs(Permission.REPORT)
    async def _more(self, visitor: Visitor, action: Action) -> Reply:
        view, talk = await self.in_full(visitor, action), await self.talk(visitor, action)
        return Reply(edit=more_card(view, talk, self.to(visitor)))

    @needs(Permission.REPORT)
    async def _note(self, visitor: Visitor, action: Action) -> Reply:
        brief = await self.brief(visitor, action)
        expect = {"do": "note_words", "party": action["party"]}
        return Reply(edit=note_card(brief, self.to(visitor)), expect=expect)

    @needs(Permission.REPORT)
    async def _noted(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        words = clean(text)
        if not words:
            return Reply(
                cards=(note_card(await self.brief(visitor, action), self.to(visitor)),), expect=action
            )
        made = await self.say(visitor, AddNote(words, UUID(action["party"])))
        brief = await self.brief(visitor, action)
        return Reply(cards=(noted_card(brief, words, made.id, self.to(visitor)),))

    async def _sources_of(self, visitor: Visitor, action: Action) -> Reply:
        brief = await self.brief(visitor, action)
        said = await self.door.query(SourcesOf(brief.id), visitor.actor)
        return Reply(edit=sources_of_card(brief, said, self.to(visitor)))

    async def _history(self, visitor: Visitor, action: Action) -> Reply:
        source = (action["source"], action["label"]) if action.get("source") else None
        card = await self.scenes.history(visitor, UUID(action["party"]), Turn.of(action), source=source)
        return Reply(edit=card)

    async def _unsay(self, visitor: Visitor, action: Action) -> Reply:
        """Take back what was said within a day; a second tap changes nothing."""
        to = self.to(visitor)
        if long_ago(action["at"], self.door.clock()):
            return Reply(toast=to.label("That was more than a day ago. Write a note instead."))
        brief = await self.brief(visitor, action)
        try:
            await self.say(visitor, WithdrawDecision(UUID(action["decision"])))
        except Stale:
            return Reply(edit=unsaid_card(brief, to), toast=to.label("It is taken back already."))
        return Reply(edit=unsaid_card(brief, to))
