"""Taps beyond one answer: all that are alike, bills picked by hand, questions given to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from bot.cards.card import Action
from bot.cards.question import Place, question_card, stale_notice, standing_card
from bot.cards.workflow import (
    alike_card,
    assign_card,
    bill_name,
    bulk_card,
    bulk_undone_card,
    decided_card,
    pick_card,
    shared,
    withdrawn_card,
)
from bot.handlers.area import Area, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from ledger.commands.workflow import (
    AllocateReceipt,
    AssignConflict,
    BillShare,
    ResolveAlike,
    UndoBulk,
    WithdrawDecision,
)
from ledger.queries.workflow import Alike, Colleagues, PickBills
from ledger.views import ConflictView
from ledger.views.workflow import PickView


class Workflow(Area):
    """The scenes of questions that concern more than one answer of one person."""

    decides = frozenset({"alike_answer", "bulk_undo", "picked", "withdraw"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "alike": self._alike,
            "alike_answer": self._alike_answer,
            "bulk_undo": self._bulk_undo,
            "pick": self._pick,
            "picked": self._picked,
            "withdraw": self._withdraw,
            "assign": self._assign,
            "assigned": self._assigned,
        }

    async def _fresh(self, visitor: Visitor, action: Action) -> tuple[ConflictView, Reply | None]:
        """Return the question, and what to say instead if it isn't as it was seen."""
        view = await self.scenes.question(visitor, UUID(action["conflict"]))
        to = visitor.audience(self.door.clock())
        if view.status in ("open", "snoozed") and view.version == action["version"]:
            return view, None
        return view, Reply(
            edit=standing_card(view, Place.of_action(action), to), toast=stale_notice(view, to)
        )

    async def _alike(self, visitor: Visitor, action: Action) -> Reply:
        view = await self.scenes.question(visitor, UUID(action["conflict"]))
        alike = await self.door.query(Alike(view.id), visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(edit=alike_card(view, alike, Place.of_action(action), to))

    async def _alike_answer(self, visitor: Visitor, action: Action) -> Reply:
        command = ResolveAlike(UUID(action["conflict"]), action["answer"], version=action["version"])
        made = await self.door.execute(command, visitor.actor)
        place = Place.of_action(action)
        following = Place(n=1, of=1, done=place.done + made.answered, party=place.party)
        nearest = await self.scenes.next_question(visitor, following)
        return Reply(edit=bulk_card(made, visitor.audience(self.door.clock())), cards=(nearest,))

    async def _bulk_undo(self, visitor: Visitor, action: Action) -> Reply:
        undone = await self.door.execute(UndoBulk(UUID(action["bulk"])), visitor.actor)
        return Reply(edit=bulk_undone_card(undone, visitor.audience(self.door.clock())))

    async def _pick(self, visitor: Visitor, action: Action) -> Reply:
        view, stale = await self._fresh(visitor, action)
        if stale is not None:
            return stale
        found: PickView = await self.door.query(PickBills(view.id), visitor.actor)
        to = visitor.audience(self.door.clock())
        chosen = action.get("chosen") or []
        return Reply(edit=pick_card(view, found, chosen, Place.of_action(action), to))

    async def _picked(self, visitor: Visitor, action: Action) -> Reply:
        view, stale = await self._fresh(visitor, action)
        if stale is not None:
            return stale
        found: PickView = await self.door.query(PickBills(view.id), visitor.actor)
        shares = shared(found, action["chosen"])
        lines = tuple(BillShare(bill.id, amount) for bill, amount in shares)
        rest = found.amount - sum(share.amount for share in lines)
        command = AllocateReceipt(found.receipt_id, lines, rest, party_id=found.party_id, conflict_id=view.id)
        made = await self.door.execute(command, visitor.actor)
        to = visitor.audience(self.door.clock())
        names = [bill_name(bill, to) for bill, _ in shares]
        said = " + ".join([*names, *([to.label("rest on account")] if rest else [])])
        return Reply(edit=decided_card(view.title, made, said, to))

    async def _withdraw(self, visitor: Visitor, action: Action) -> Reply:
        await self.door.execute(WithdrawDecision(UUID(action["decision"])), visitor.actor)
        return Reply(edit=withdrawn_card(visitor.audience(self.door.clock())))

    async def _assign(self, visitor: Visitor, action: Action) -> Reply:
        view, stale = await self._fresh(visitor, action)
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
