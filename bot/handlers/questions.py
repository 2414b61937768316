"""Questions in the chat: one by one, why, answers, undo, later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from bot.cards.audience import Audience
from bot.cards.card import Action, Card
from bot.cards.question import (
    ACCOUNTANT,
    Place,
    answered_card,
    kinds_card,
    later_card,
    more_card,
    noted_card,
    question_card,
    stale_notice,
    standing_card,
    undo_is_over,
    undo_over_card,
    why_card,
)
from bot.handlers.advice import ask_advisers
from bot.handlers.area import Area, Command, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from kit.errors import Stale
from ledger.commands import ReopenConflict, ResolveConflict, SnoozeConflict
from ledger.views import ConflictView

_ASK_AGAIN_AT = time(9, 0)


class Questions(Area):
    """What a member is asked."""

    commands = (Command("questions", {"do": "questions"}, "Entries that need my answer"),)
    decides = frozenset({"answer", "undo", "later"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "questions": self._questions,
            "question": self._question,
            "why": self._why,
            "kinds": self._kinds,
            "more": self._more,
            "answer": self._answer,
            "undo": self._undo,
            "later": self._later,
        }

    async def _questions(self, visitor: Visitor, action: Action) -> Reply:
        after = action.get("after")
        card = await self.scenes.next_question(visitor, Place.of_action(action), after=after)
        return Reply(edit=card) if after else Reply(cards=(card,))

    async def _question(self, visitor: Visitor, action: Action) -> Reply:
        return await self._shown(visitor, action, question_card)

    async def _why(self, visitor: Visitor, action: Action) -> Reply:
        return await self._shown(visitor, action, why_card)

    async def _kinds(self, visitor: Visitor, action: Action) -> Reply:
        return await self._shown(visitor, action, kinds_card)

    async def _more(self, visitor: Visitor, action: Action) -> Reply:
        return await self._shown(visitor, action, more_card)

    async def _shown(
        self, visitor: Visitor, action: Action, card: Callable[[ConflictView, Place, Audience], Card]
    ) -> Reply:
        view, place, to = await self._at(visitor, action)
        if view.status in ("resolved", "cleared"):
            return Reply(edit=standing_card(view, place, to), toast=stale_notice(view, to))
        return Reply(edit=card(view, place, to))

    async def _answer(self, visitor: Visitor, action: Action) -> Reply:
        command = ResolveConflict(UUID(action["conflict"]), action["answer"], version=action["version"])
        try:
            view: ConflictView = await self.door.execute(command, visitor.actor)
        except Stale:
            return await self._stale(visitor, action)
        place, to = Place.of_action(action), visitor.audience(self.door.clock())
        if view.status == "snoozed":
            asked = await ask_advisers(self.door, visitor, view) if action["answer"] == ACCOUNTANT else None
            return await self._onward(
                visitor, place, noted_card(view, action["answer"], place, to, asked=asked)
            )
        return await self._onward(visitor, place.settled(view), answered_card(view, place, to))

    async def _stale(self, visitor: Visitor, action: Action) -> Reply:
        """Say who answered what, or what is new; a second tap on the same answer changes nothing."""
        view, place, to = await self._at(visitor, action)
        notice = stale_notice(view, to)
        if view.status == "resolved" and view.answer == action.get("answer"):
            mine = view.answered_by == visitor.actor.name
            return Reply(toast=notice) if mine else Reply(edit=answered_card(view, place, to), toast=notice)
        return Reply(edit=standing_card(view, place, to), toast=notice)

    async def _onward(self, visitor: Visitor, place: Place, settled: Card) -> Reply:
        return Reply(edit=settled, cards=(await self.scenes.after(visitor, place),))

    async def _undo(self, visitor: Visitor, action: Action) -> Reply:
        view, place, to = await self._at(visitor, action)
        if view.status == "open":  # a second tap: the card says so already
            return Reply(toast=to.label("It is taken back already."))
        if view.version != action["version"]:
            return Reply(edit=standing_card(view, place, to), toast=stale_notice(view, to))
        if undo_is_over(view, to) and not action.get("late"):
            return Reply(edit=undo_over_card(view, place, to))
        reopened: ConflictView = await self.door.execute(ReopenConflict(view.id), visitor.actor)
        return Reply(edit=question_card(reopened, place, to, notice=to.say("↺ Taken back.")))

    async def _later(self, visitor: Visitor, action: Action) -> Reply:
        view, place, to = await self._at(visitor, action)
        if view.version != action["version"]:
            return Reply(edit=standing_card(view, place, to), toast=stale_notice(view, to))
        until = _tomorrow_morning(self.door.clock(), visitor.member.timezone)
        snoozed: ConflictView = await self.door.execute(SnoozeConflict(view.id, until), visitor.actor)
        words = to.label("tomorrow morning")
        return await self._onward(visitor, place, later_card(snoozed, words, place, to))

    async def _at(self, visitor: Visitor, action: Action) -> tuple[ConflictView, Place, Audience]:
        view = await self.scenes.question(visitor, UUID(action["conflict"]))
        return view, Place.of_action(action), visitor.audience(self.door.clock())


def _tomorrow_morning(now: datetime, timezone: str) -> datetime:
    local = now.astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date() + timedelta(days=1), _ASK_AGAIN_AT, tzinfo=ZoneInfo(timezone))
