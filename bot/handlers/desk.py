"""The desk: leads a tap, a command or typed words to the area that answers, and puts its reply into the chat."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from telegram import CallbackQuery, Update
from telegram.error import TelegramError

from bot.cards.asking import unread_answer_card
from bot.cards.audience import unescaped
from bot.cards.card import Action
from bot.cards.plain import error_card
from bot.handlers.area import Command, Tap, Typed
from bot.handlers.areas import AREAS
from bot.handlers.failures import HasDoor, by_remedy
from bot.handlers.reply import Reply
from bot.scenes import Scenes
from bot.visit import Visit, Visitor, answer
from ingest.door import Ring
from kit.errors import MunshiError, NotFound
from kit.logs import logger
from ledger.commands import ExpectWords
from ledger.commands.delivery import NoteTap
from ledger.dispatch import Door
from ledger.queries import Button

log = logger(__name__)
_DATA = re.compile(r"([A-Za-z0-9_\-]{6,32}):(\d{1,9})")
_LONGEST_TOAST = 200
_SAME_TAP_SECONDS = 0.7
"""A tap on the same button within this of the one before is the same impatient thumb."""


class Desk(HasDoor):
    """What members tap and type, on one door."""

    def __init__(self, door: Door, *, ring: Ring | None = None) -> None:
        """`ring` is told which business has something new to fold."""
        super().__init__(door)
        self._ring = ring
        scenes = Scenes(door)
        self._taps: dict[str, Tap] = {}
        self._typed: dict[str, Typed] = {}
        self._decides: set[str] = set()
        self.commands: list[Command] = []
        for area in (make(door, scenes) for make in AREAS):
            _only_once(self._taps, area.taps)
            _only_once(self._typed, area.typed)
            self._taps |= area.taps
            self._typed |= area.typed
            self._decides |= area.decides
            self.commands += area.commands
        self._by_command = {command.name: command for command in self.commands}

    @by_remedy
    async def command(self, update: Update, visit: Visit) -> None:
        """Answer a command; one that we don't have leads to the help."""
        assert update.message is not None
        words = (update.message.text or "").split(maxsplit=1)
        name = words[0].removeprefix("/").split("@")[0].casefold() if words else ""
        command = self._by_command.get(name, self._by_command["help"])
        action = {**command.action, "text": words[1]} if len(words) > 1 else command.action
        await self._say(visit.guest, await self.act(visit.guest, action))

    @by_remedy
    async def words(self, update: Update, visit: Visit) -> None:
        """Take typed words: what a card asked for, else a question."""
        assert update.message is not None
        text = update.message.text or ""
        visitor, expected = _expecting(visit.guest)
        reply = None
        if expected is not None and expected["do"] in self._typed:
            reply = await self._typed[expected["do"]](visitor, expected, text)
            if reply is not None and reply.lead is not None:
                reply = await self.act(visitor, reply.lead)
            await self._rung(visitor, expected)
        if reply is None:
            asked = await self.act(visit.guest, {"do": "ask", "text": text})
            if expected is None or not asked.unknown:
                visitor, reply = visit.guest, asked
            else:
                again = unread_answer_card(text, visitor.audience(self.door.clock()))
                reply = Reply(cards=(again,), expect=expected)
        elif reply.unknown:  # no answer; but whoever types a name has turned to somebody else
            named = await self.act(visit.guest, {"do": "named", "text": text})
            visitor, reply = (visitor, reply) if named.unknown else (visit.guest, named)
        await self._say(visitor, reply)

    async def tap(self, update: Update, visit: Visit) -> None:
        """Answer one tap; a forged, foreign or stale button gets a kind word."""
        query = update.callback_query
        assert query is not None
        visitor = visit.guest
        try:
            visitor, button, action = await self._action(visitor, query.data or "")
            if await self._tapped_again(visitor, button, action):
                await _confirm(query, "", loud=False)
                return
            reply = await self.act(visitor, action)
        except MunshiError as error:
            log.info("bot.tap_refused", code=error.code)
            to = visitor.audience(self.door.clock())
            await _confirm(query, unescaped(error_card(error, to).text), loud=True)
            return
        place = query.message.message_id if query.message is not None else None
        await self._say(visitor, reply, place=place)
        if reply.cards and action["do"] not in self._decides:  # a decision knows by itself that it was made
            await self.door.execute(NoteTap(button, time.time()), visitor.actor)
        await _confirm(query, reply.toast, loud=False)

    async def act(self, visitor: Visitor, action: Action) -> Reply:
        """Do what an action says; NotFound where nothing of ours does it any more."""
        tap = self._taps.get(action["do"])
        if tap is None:
            raise NotFound("button.unknown", "I don't know that button.")
        reply = await tap(visitor, action)
        await self._rung(visitor, action)
        return reply if reply.lead is None else await self.act(visitor, reply.lead)

    async def _tapped_again(self, visitor: Visitor, button: str, action: Action) -> bool:
        """Whether this is one of ten taps in a second: what the button brings is there already."""
        now, before = time.time(), action.pop("tapped_at", None)
        if before is None or not 0 <= now - before < _SAME_TAP_SECONDS:
            return False
        await self.door.execute(NoteTap(button, now), visitor.actor)
        return True

    async def _rung(self, visitor: Visitor, action: Action) -> None:
        if self._ring is not None and action["do"] in self._decides:
            await self._ring({visitor.actor.business_id})

    async def _say(self, visitor: Visitor, reply: Reply, *, place: int | None = None) -> None:
        """Queue the cards of a reply, the first in `place` of the tapped one, and note what is expected now."""
        if reply.expect is not None or visitor.member.expects is not None:
            expected = {"card": place, **reply.expect} if reply.expect is not None else None
            await self.door.execute(ExpectWords(visitor.chat_id, expected), visitor.actor)
        if reply.edit is not None:
            await answer(self.door, visitor, [reply.edit], edit_message=place)
        await answer(self.door, visitor, reply.cards)

    async def _action(self, visitor: Visitor, data: str) -> tuple[Visitor, str, Action]:
        """Return the button, its stored action and as whom it acts: it belongs to one business and one chat."""
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
            return visitor.speaking_as(member), found[1], action
        raise NotFound("button.unknown", "I don't know that button.")


def _expecting(visitor: Visitor) -> tuple[Visitor, Action | None]:
    """Return what was asked last in this chat, and as whom it is answered."""
    waiting = [m for m in (visitor.member, *visitor.others) if m.expects is not None]
    if not waiting:
        return visitor, None
    latest = max(waiting, key=lambda member: str(member.expects and member.expects.get("at")))
    return visitor.speaking_as(latest), dict(latest.expects or {})


def _only_once(known: Mapping[str, object], more: Mapping[str, object]) -> None:
    if twice := known.keys() & more.keys():
        raise RuntimeError(f"two areas answer {', '.join(sorted(twice))}")


async def _confirm(query: CallbackQuery, text: str, *, loud: bool) -> None:
    # A tap must be confirmed even without words, else the button spins; a late confirmation is refused, no matter.
    try:
        await query.answer(text[:_LONGEST_TOAST] or None, show_alert=loud and bool(text))
    except TelegramError as fault:
        log.info("bot.tap_not_confirmed", reason=type(fault).__name__)
