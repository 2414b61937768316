"""/language: a member chooses the language that is spoken with him."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.cards.card import Action
from bot.cards.language import NAMES, language_card, spoken_card
from bot.handlers.area import Area, Command, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from ledger.commands.preferences import SetLanguage
from ledger.views import ChatMemberView

_CALLED = {
    "english": "en",
    "angrezi": "en",
    "अंग्रेज़ी": "en",
    "अंग्रेजी": "en",
    "hindi": "hi",
    "हिंदी": "hi",
    "हिन्दी": "hi",
}


class Language(Area):
    """The choice of a language; one chat speaks one language, whichever of its businesses it is about."""

    commands = (Command("language", {"do": "language"}, "English or हिन्दी"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {"language": self._language}

    async def _language(self, visitor: Visitor, action: Action) -> Reply:
        """Ask, or set the language that `to` names or that was typed behind the command."""
        typed = str(action.get("text") or "").strip(" .!").casefold()
        wanted = action.get("to") or _CALLED.get(typed, typed if typed in NAMES else None)
        if wanted is None:
            return Reply(cards=(language_card(visitor.audience(self.door.clock())),))
        for member in (visitor.member, *visitor.others):
            await self.door.execute(SetLanguage(wanted), member.actor)
        now_speaking = replace(
            visitor,
            member=_speaking(visitor.member, wanted),
            others=tuple(_speaking(m, wanted) for m in visitor.others),
        )
        return Reply(edit=spoken_card(now_speaking.audience(self.door.clock())))


def _speaking(member: ChatMemberView, language: str) -> ChatMemberView:
    return replace(member, actor=replace(member.actor, language=language))
