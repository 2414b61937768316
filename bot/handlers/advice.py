"""Asking the accountant: the question goes into his chat, his word comes back to who asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from bot.asking.understanding import understand
from bot.cards.advice import advise_card, advised_card, asked_card, passed_on_card
from bot.cards.card import Action
from bot.handlers.area import Area, Tap, Typed
from bot.handlers.reply import Reply
from bot.telling import reachable, tell
from bot.visit import Visitor
from kit.ids import digest
from ledger.commands.advice import AdviseOnConflict
from ledger.dispatch import Door
from ledger.domain.roles import Role
from ledger.queries import Conflict
from ledger.views import ChatMemberView, ConflictView

_LONGEST = 400
_ADVISERS = (Role.FINANCE, Role.VIEW)


async def ask_advisers(door: Door, visitor: Visitor, view: ConflictView) -> list[str]:
    """Put a question into the chats of those who know the books; return the names of those who were asked."""
    asker, asker_id = visitor.actor.name, str(visitor.actor.member_id or "")
    asked = []
    for member in await reachable(door, visitor.actor.business_id):
        if member.actor.role not in _ADVISERS or member.actor.member_id == visitor.actor.member_id:
            continue
        seen: ConflictView = await door.query(Conflict(view.id), member.actor)
        once = f"asked:{view.id}:{view.version}:{member.actor.member_id}"
        await tell(door, member, partial(asked_card, seen, asker, asker_id), once=once)
        asked.append(member.actor.name)
    return asked


class Advice(Area):
    """The scenes of a word on a question by who doesn't answer it himself."""

    decides = frozenset({"advised"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {"advise": self._advise, "advised": self._advised}

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the word as it is written."""
        return {"advise": self._written}

    async def _advise(self, visitor: Visitor, action: Action) -> Reply:
        view = await self.scenes.question(visitor, UUID(action["conflict"]))
        card = advise_card(view, action, visitor.audience(self.door.clock()))
        kept = {name: action.get(name) for name in ("conflict", "version", "asker", "asker_name")}
        return Reply(cards=(card,), expect={"do": "advise", **kept})

    async def _advised(self, visitor: Visitor, action: Action) -> Reply:
        return await self._said(visitor, action, str(action["text"]), edit=True)

    async def _written(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        if not text.strip() or understand(text, visitor.audience(self.door.clock()).today).intent == "help":
            return None
        return await self._said(visitor, action, text.strip()[:_LONGEST], edit=False)

    async def _said(self, visitor: Visitor, action: Action, text: str, *, edit: bool) -> Reply:
        command = AdviseOnConflict(UUID(action["conflict"]), text)
        view: ConflictView = await self.door.execute(command, visitor.actor)
        told = []
        for member in await self._askers(visitor, action):
            seen: ConflictView = await self.door.query(Conflict(view.id), member.actor)
            card = partial(advised_card, seen, visitor.actor.name, text)
            said = digest(text.encode("utf-8", "replace")).hex()[:16]
            once = (
                f"advised:{view.id}:{view.version}:{visitor.actor.member_id}:{said}:{member.actor.member_id}"
            )
            await tell(self.door, member, card, once=once)
            told.append(member.actor.name)
        to = visitor.audience(self.door.clock())
        passed = passed_on_card(view, text, ", ".join(told) or None, to)
        return Reply(edit=passed) if edit else Reply(cards=(passed,))

    async def _askers(self, visitor: Visitor, action: Action) -> list[ChatMemberView]:
        """Return who asked, else the owners."""
        linked = await reachable(self.door, visitor.actor.business_id)
        others = [one for one in linked if one.actor.member_id != visitor.actor.member_id]
        asked = [one for one in others if str(one.actor.member_id) == action.get("asker")]
        return asked or [one for one in others if one.actor.role is Role.OWNER]
