"""What is kept with a customer: whose it is, and seeing it again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from bot.cards.card import Action
from bot.cards.kept import ask_whose_card, kept_card, left_card, shown_card, whose_card
from bot.handlers.area import Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import Stale
from ledger.commands.attachments import AttachToParty
from ledger.dispatch import Door
from ledger.domain.roles import Permission
from ledger.queries import FindParty
from ledger.queries.attachments import KeptAttachment
from ledger.queries.first_run import LookedAt
from ledger.views import PartyBrief
from ledger.views.attachments import AttachmentView

_CHOICES = 4
_LONGEST_NAME = 60
_CARRIED = ("attachment", "media_type", "text")


class Kept(OfCustomer):
    """The scenes of photos, voice notes and the like."""

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "keep": self._keep,
            "keep_other": self._other,
            "keep_nobody": self._nobody,
            "kept": self._kept,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the name of whose it is."""
        return {"keep_name": self._named}

    @needs(Permission.REPORT)
    async def _keep(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(edit=(await self._attached(visitor, action)).cards[0])

    async def _attached(self, visitor: Visitor, action: Action) -> Reply:
        brief, to = await self.brief(visitor, action), self.to(visitor)
        with suppress(Stale):  # a second tap, or the same photo once more: it is kept
            await self.say(visitor, AttachToParty(brief.id, action["attachment"], action.get("text") or ""))
        card = kept_card(action["media_type"], brief, action.get("text") or "", action["attachment"], to)
        return Reply(cards=(card,))

    @needs(Permission.REPORT)
    async def _other(self, visitor: Visitor, action: Action) -> Reply:
        keep = {name: action[name] for name in _CARRIED if name in action}
        card = ask_whose_card(action["media_type"], self.to(visitor))
        return Reply(edit=card, expect={**keep, "do": "keep_name"})

    @needs(Permission.REPORT)
    async def _named(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        parties = await _called(self.door, visitor, text)
        if not parties:
            return None
        keep = {name: action[name] for name in _CARRIED if name in action}
        if len(parties) == 1:
            return await self._attached(visitor, {**keep, "party": str(parties[0].id)})
        card = whose_card(action["media_type"], keep, parties, self.to(visitor))
        return Reply(cards=(card,), expect={**keep, "do": "keep_name"})

    async def _nobody(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(edit=left_card(self.to(visitor)))

    async def _kept(self, visitor: Visitor, action: Action) -> Reply:
        question = KeptAttachment(UUID(action["party"]), action["attachment"])
        view: AttachmentView = await self.door.query(question, visitor.actor)
        brief = await self.brief(visitor, action)
        return Reply(cards=(shown_card(view, brief, self.to(visitor)),))


async def likely_owners(door: Door, visitor: Visitor, text: str) -> list[PartyBrief]:
    """Return to whom something most likely belongs: whom the chat looked at last, and whom its words name."""
    last: PartyBrief | None = await door.query(LookedAt(visitor.chat_id), visitor.actor)
    named = await _called(door, visitor, text)
    found = {brief.id: brief for brief in (*([last] if last is not None else []), *named)}
    return list(found.values())[:_CHOICES]


async def _called(door: Door, visitor: Visitor, text: str) -> tuple[PartyBrief, ...]:
    wanted = clean(text)[:_LONGEST_NAME]
    if len(wanted) < 2:
        return ()
    found: tuple[PartyBrief, ...] = await door.query(FindParty(wanted, limit=_CHOICES), visitor.actor)
    return found
