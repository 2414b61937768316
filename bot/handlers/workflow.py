"""Taps beyond one answer: all that are alike, questions given to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from bot.cards.card import Action
from bot.cards.question import Place, question_card
from bot.cards.workflow import (
    alike_card,
    assign_card,
    bulk_card,
    bulk_undone_card,
    withdraw_over_card,
)
from bot.handlers.area import Area, Tap
from bot.handlers.freshness import fresh, undo_is_late
from bot.handlers.reply import Reply
from bot.visit import Visitor
from ledger.commands.workflow import AssignConflict, ResolveAlike, UndoBulk
from ledger.queries.workflow import Alike, Colleagues
from ledger.views import ConflictView


class Workflow(Area):
    """The scenes of questions that concern more than one answer of one person."""

    decides = frozenset({"alike_answer", "bulk_undo"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "alike": self._alike,
            "alike_answer": self._alike_answer,
            "bulk_undo": self._bulk_undo,
            "assign": self._assign,
            "assigned": self._assigned,
        }

    async def _alike(self, visitor: Visitor, action: Action) -> Reply:
        view = await self.scenes.question(visitor, UUID(action["conflict"]))
        alike = await self.door.query(Alike(view.id), visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(edit=alike_card(view, alike, Place.of_action(action), to))

    async def _alike_answer(self, visitor: Visitor, action: Action) -> Reply:
        command = ResolveAlike(UUID(action["conflict"]), action["answer"], version=action["version"])
        made = await self.door.execute(command, visitor.actor)
        place = Place.of_action(action)
        following = replace(place, n=1, of=1, done=place.done + made.answered, further=None)
        nearest = await self.scenes.next_question(visitor, following)
        return Reply(edit=bulk_card(made, visitor.audience(self.door.clock())), cards=(nearest,))

    async def _bulk_undo(self, visitor: Visitor, action: Action) -> Reply:
        to = visitor.audience(self.door.clock())
        if undo_is_late(action, to):
            return Reply(edit=withdraw_over_card(action, to))
        undone = await self.door.execute(UndoBulk(UUID(action["bulk"])), visitor.actor)
        return Reply(edit=bulk_undone_card(undone, to))

    async def _assign(self, visitor: Visitor, action: Action) -> Reply:
        view, stale = await fresh(self.scenes, visitor, action)
        if stale is not None:
            return stale
        people = await self.door.query(Colleagues(), visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(edit=assign_card(view, people, Place.of_action(action), to))

    async def _assigned(self, visitor: Visitor, action: Action) -> Reply:
        member, had = (UUID(action[name]) if action.get(name) else None for name in ("member", "had"))
        command = AssignConflict(UUID(action["conflict"]), member, action["version"], had)
        view: ConflictView = await self.door.execute(command, visitor.actor)
        to = visitor.audience(self.door.clock())
        toast = (
            to.label("{name} is told.", name=view.assigned_name)
            if view.assigned_name
            else to.label("Taken back.")
        )
        return Reply(edit=question_card(view, Place.of_action(action), to), toast=toast)
