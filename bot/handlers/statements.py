"""Taps and words that ask for a document: a ledger, a balance letter, the picture of the morning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from bot import typed
from bot.cards.audience import Audience
from bot.cards.card import Action, Attachment
from bot.cards.statements import (
    LANGUAGES,
    Wish,
    days_of,
    ledger_card,
    letter_ask_card,
    letter_card,
    no_day_card,
    picture_card,
)
from bot.documents.ledger import ledger_filename, ledger_pdf
from bot.documents.letter import letter_filename, letter_pdf
from bot.documents.paper import filename
from bot.documents.picture import HUES, morning_picture
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import spoken
from kit.errors import NotFound
from ledger.domain.roles import Permission
from ledger.queries import Digest, PartiesByIds
from ledger.queries.cash import CashAhead
from ledger.queries.mornings import MySettings
from ledger.queries.statement import Statement
from ledger.views import PartyBrief
from ledger.views.mornings import SettingsView
from ledger.views.statement import StatementView


class Statements(Area):
    """The scenes of documents; each is sent as a file of its own, so that it can be passed on."""

    commands = (Command("picture", {"do": "picture"}, "The morning as a picture"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {"ledger": self._ledger, "letter": self._letter, "picture": self._picture}

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the day of a balance letter."""
        return {"letter_day": self._letter_day}

    async def _ledger(self, visitor: Visitor, action: Action) -> Reply:
        to = visitor.audience(self.door.clock())
        wish = Wish.of(action, to)
        since, until = days_of(wish.span, to.today)
        view: StatementView = await self.door.query(Statement(wish.party, since, until), visitor.actor)
        content = await asyncio.to_thread(ledger_pdf, view, _reader(to, wish.language))
        file = Attachment(ledger_filename(view), content)
        return Reply(cards=(ledger_card(view, wish, file, to),))

    async def _letter(self, visitor: Visitor, action: Action) -> Reply:
        to = visitor.audience(self.door.clock())
        party, language = UUID(action["party"]), _language(action, to)
        if "on" in action:
            return await self._written(visitor, party, date.fromisoformat(action["on"]), language)
        found: dict[UUID, PartyBrief] = await self.door.query(PartiesByIds((party,)), visitor.actor)
        if party not in found:
            raise NotFound("party.not_found", "There is no such customer or vendor.")
        asked = {"do": "letter_day", "party": str(party), "language": language}
        return Reply(cards=(letter_ask_card(found[party].name, party, language, to),), expect=asked)

    async def _letter_day(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        """Take a typed day; what is none is a question of its own."""
        to = visitor.audience(self.door.clock())
        on = typed.day(text, to.today, meant=typed.BEHIND)
        if on is None:
            return None
        return await self._written(visitor, UUID(action["party"]), on, _language(action, to))

    async def _written(self, visitor: Visitor, party: UUID, on: date, language: str) -> Reply:
        to = visitor.audience(self.door.clock())
        if on > to.today:
            asked = {"do": "letter_day", "party": str(party), "language": language}
            return Reply(cards=(no_day_card(on, to),), expect=asked)
        view: StatementView = await self.door.query(Statement(party, on, on), visitor.actor)
        content = await asyncio.to_thread(letter_pdf, view, _reader(to, language))
        file = Attachment(letter_filename(view), content)
        return Reply(cards=(letter_card(view, language, file, to),))

    async def _picture(self, visitor: Visitor, action: Action) -> Reply:
        to = visitor.audience(self.door.clock())
        async with self.door.reading(visitor.actor) as reader:
            view = await reader.query(Digest())
            cash = await reader.query(CashAhead()) if to.may(Permission.SEE_PAYABLES) else None
            own: SettingsView = await reader.query(MySettings())
        theme = next((one for one in (action.get("theme"), own.picture) if one in HUES), "light")
        content = await asyncio.to_thread(morning_picture, view, cash, theme, to)
        file = Attachment(filename("Morning", "", to.today, "png"), content, "photo")
        return Reply(cards=(picture_card(file, theme, to),))


def _language(action: Action, to: Audience) -> str:
    wanted = action.get("language")
    return wanted if wanted in LANGUAGES else to.language


def _reader(to: Audience, language: str) -> Audience:
    """Return for whom a document is written: the party, in the language that was chosen for it."""
    return replace(to, language=spoken(language))
