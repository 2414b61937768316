"""Taps: a button's short id leads to its stored action; forged, foreign and stale ones get a kind answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from telegram import CallbackQuery, Update
from telegram.error import TelegramError

from bot.cards.audience import Audience, unescaped
from bot.cards.card import Action, Card
from bot.cards.lists import Turn
from bot.cards.plain import error_card
from bot.cards.question import (
    Place,
    answered_card,
    kinds_card,
    later_card,
    more_card,
    noted_card,
    question_card,
    stale_notice,
    standing_card,
    why_card,
)
from bot.handlers.cash_taps import CashTaps
from bot.handlers.failures import HasDoor
from bot.handlers.reply import Reply
from bot.handlers.workflow_taps import WorkflowTaps
from bot.scenes import Scenes
from bot.visit import Visit, Visitor, answer
from ingest.door import Ring
from kit.errors import Denied, MunshiError, NotFound, Stale
from kit.logs import logger
from ledger.commands import ChooseBusiness, ReopenConflict, ResolveConflict, SnoozeConflict
from ledger.dispatch import Door
from ledger.queries import Button
from ledger.views import ConflictView

log = logger(__name__)
_DATA = re.compile(r"([A-Za-z0-9_\-]{6,32}):(\d{1,9})")
_DECIDES = frozenset({"answer", "undo", "later", "promised"}) | WorkflowTaps.DECIDES | CashTaps.DECIDES
_ASK_AGAIN_AT = time(9, 0)
_LONGEST_TOAST = 200


class Taps(HasDoor):
    """What a member taps."""

    def __init__(self, door: Door, *, ring: Ring | None = None) -> None:
        """`ring` is told which business has something new to fold."""
        super().__init__(door)
        self._ring = ring
        self.scenes = Scenes(door)
        self._scenes: dict[str, Callable[[Visitor, Action], Awaitable[Reply]]] = {
            "digest": self._digest,
            "owes": self._owes,
            "owe": self._owe,
            "party": self._party,
            "promise": self._promise,
            "promised": self._promised,
            "history": self._history,
            "sources": self._sources,
            "to_enter_file": self._to_enter_file,
            "questions": self._questions,
            "question": self._question,
            "why": self._why,
            "kinds": self._kinds,
            "more": self._more,
            "answer": self._answer,
            "undo": self._undo,
            "later": self._later,
            "firm": self._firm,
        }
        self._scenes |= WorkflowTaps(door, self.scenes).by_name
        self._scenes |= CashTaps(door, self.scenes).by_name

    async def tap(self, update: Update, visit: Visit) -> None:
        """Answer one tap."""
        query = update.callback_query
        assert query is not None
        visitor = visit.guest
        try:
            visitor, action = await self._action(visitor, query.data or "")
            reply = await self._scenes[action["do"]](visitor, action)
        except MunshiError as error:
            log.info("bot.tap_refused", code=error.code)
            to = visitor.audience(self.door.clock())
            await _confirm(query, unescaped(error_card(error, to).text), loud=True)
            return
        if self._ring is not None and action["do"] in _DECIDES:
            await self._ring({visitor.actor.business_id})
        await self._show(query, visitor, reply)

    async def _show(self, query: CallbackQuery, visitor: Visitor, reply: Reply) -> None:
        if reply.edit is not None:
            place = query.message.message_id if query.message is not None else None
            await answer(self.door, visitor, [reply.edit], edit_message=place)
        await answer(self.door, visitor, reply.cards)
        await _confirm(query, reply.toast, loud=False)

    async def _action(self, visitor: Visitor, data: str) -> tuple[Visitor, Action]:
        """Return the stored action and as whom it acts: a button belongs to one business and one chat."""
        found = _DATA.fullmatch(data)
        if found is None:
            raise NotFound("button.forged", "I don't know that button.")
        members = (visitor.member, *visitor.others)
        for member in members:
            try:
                action: Action = await self.door.query(Button(found[1]), member.actor)
            except NotFound:
                continue
            if action.get("chat") != visitor.chat_id or str(action.get("version", 0)) != found[2]:
                raise NotFound("button.foreign", "I don't know that button.")
            others = tuple(other for other in members if other is not member)
            return replace(visitor, member=member, others=others), action
        raise NotFound("button.unknown", "I don't know that button.")

    async def _digest(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(await self.scenes.digest(visitor),))

    async def _owes(self, visitor: Visitor, action: Action) -> Reply:
        return _turned(await self.scenes.who_owes(visitor, Turn.of(action)), action)

    async def _owe(self, visitor: Visitor, action: Action) -> Reply:
        return _turned(await self.scenes.what_i_owe(visitor, Turn.of(action)), action)

    async def _party(self, visitor: Visitor, action: Action) -> Reply:
        return _turned(await self.scenes.party(visitor, UUID(action["party"])), action)

    async def _promise(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(edit=await self.scenes.promise(visitor, UUID(action["party"])))

    async def _promised(self, visitor: Visitor, action: Action) -> Reply:
        on = date.fromisoformat(action["on"])
        card = await self.scenes.promised(visitor, UUID(action["party"]), on)
        to = visitor.audience(self.door.clock())
        return Reply(edit=card, toast=to.label("Noted: {day}.", day=to.day(on)))

    async def _history(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(edit=await self.scenes.history(visitor, UUID(action["party"]), Turn.of(action)))

    async def _sources(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(await self.scenes.sources(visitor),))

    async def _to_enter_file(self, visitor: Visitor, action: Action) -> Reply:
        return Reply(cards=(await self.scenes.to_enter_file(visitor, action["format"]),))

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
            return await self._onward(visitor, place, noted_card(view, action["answer"], place, to))
        settled = answered_card(view, place, to)
        return await self._onward(visitor, replace(place, done=place.done + 1), settled)

    async def _stale(self, visitor: Visitor, action: Action) -> Reply:
        """Say who answered what, or what is new; a second tap on the same answer changes nothing."""
        view, place, to = await self._at(visitor, action)
        notice = stale_notice(view, to)
        if view.status == "resolved" and view.answer == action.get("answer"):
            mine = view.answered_by == visitor.actor.name
            return Reply(toast=notice) if mine else Reply(edit=answered_card(view, place, to), toast=notice)
        return Reply(edit=standing_card(view, place, to), toast=notice)

    async def _onward(self, visitor: Visitor, place: Place, settled: Card) -> Reply:
        following = replace(place, n=place.n + 1, further=None)
        return Reply(edit=settled, cards=(await self.scenes.next_question(visitor, following),))

    async def _undo(self, visitor: Visitor, action: Action) -> Reply:
        view, place, to = await self._at(visitor, action)
        if view.status == "open":  # a second tap: the card says so already
            return Reply(toast=to.label("It is taken back already."))
        if view.version != action["version"]:
            return Reply(edit=standing_card(view, place, to), toast=stale_notice(view, to))
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

    async def _firm(self, visitor: Visitor, action: Action) -> Reply:
        for member in (visitor.member, *visitor.others):
            if str(member.actor.business_id) == action["firm"]:
                await self.door.execute(ChooseBusiness(visitor.chat_id), member.actor)
                others = tuple(m for m in (visitor.member, *visitor.others) if m is not member)
                chosen = replace(visitor, member=member, others=others)
                return Reply(cards=(await self.scenes.digest(chosen),))
        raise Denied("firm.foreign", "You are not of that firm.")

    async def _at(self, visitor: Visitor, action: Action) -> tuple[ConflictView, Place, Any]:
        view = await self.scenes.question(visitor, UUID(action["conflict"]))
        return view, Place.of_action(action), visitor.audience(self.door.clock())


def _turned(card: Card, action: Action) -> Reply:
    # A page turned takes the place of the page before; a list opened from elsewhere is a message of its own.
    return Reply(edit=card) if "number" in action or action.get("inplace") else Reply(cards=(card,))


def _tomorrow_morning(now: datetime, timezone: str) -> datetime:
    local = now.astimezone(ZoneInfo(timezone))
    return datetime.combine(local.date() + timedelta(days=1), _ASK_AGAIN_AT, tzinfo=ZoneInfo(timezone))


async def _confirm(query: CallbackQuery, text: str, *, loud: bool) -> None:
    # A tap must be confirmed even without words, else the button spins; a late confirmation is refused, no matter.
    try:
        await query.answer(text[:_LONGEST_TOAST] or None, show_alert=loud and bool(text))
    except TelegramError as fault:
        log.info("bot.tap_not_confirmed", reason=type(fault).__name__)
