"""/start: a one-time code links the chat to its member; then the first digest."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from telegram import Update

from bot.cards import strangers
from bot.cards.card import Card
from bot.cards.plain import help_card, welcome_card
from bot.digest import queue_digest
from bot.gate import Gate
from bot.handlers.failures import HasDoor, by_remedy
from bot.handlers.first_run import still_to_set_up
from bot.scenes import Scenes
from bot.visit import Visit, Visitor, answer, language_of, visitor_of
from bot.words import Html
from kit.errors import Rejected
from kit.logs import logger
from ledger.commands import ChooseBusiness, LinkChat
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.handlers.chat import code_hash
from ledger.store.directory import business_of_code

log = logger(__name__)


def linked_party(code: str) -> UUID | None:
    """Return the customer that a link from a CRM's record names (`c_` and his id), None for any other code."""
    if not code.startswith("c_"):
        return None
    try:
        return UUID(hex=code[2:])
    except ValueError:
        return None


class Linking(HasDoor):
    """Linking a chat by code."""

    def __init__(self, door: Door, gate: Gate) -> None:
        super().__init__(door)
        self._gate = gate
        self._scenes = Scenes(door)

    @by_remedy
    async def start(self, update: Update, visit: Visit) -> None:
        """/start CODE links; /start alone says what can be asked, or what is still to be set up."""
        assert update.effective_chat is not None
        chat_id = update.effective_chat.id
        code = "".join(visit.args or [])
        if not code:
            await self._help(visit)
            return
        if (party := linked_party(code)) is not None and visit.visitor is not None:
            await answer(self.door, visit.guest, [await self._scenes.party(visit.guest, party)])
            return
        if self._gate.wrong_codes.left(chat_id) <= 0:
            await self._say(update, visit, strangers.too_many_codes)
            return
        linked = await self._redeem(code, chat_id)
        if linked is None:
            self._gate.wrong_codes.use(chat_id)
            log.info("link.wrong_code")
            await self._say(update, visit, strangers.wrong_code)
            return
        await self._welcome(update, visit, chat_id, linked)

    async def _redeem(self, code: str, chat_id: int) -> Actor | None:
        business = await business_of_code(self.door.engine, code_hash(code))
        if business is None:
            return None
        try:
            linked: Actor = await self.door.execute(LinkChat(code, chat_id), system(business, "chat"))
        except Rejected:  # used up or too old: a stranger isn't told which
            return None
        return linked

    async def _welcome(self, update: Update, visit: Visit, chat_id: int, linked: Actor) -> None:
        await self.door.execute(ChooseBusiness(chat_id), linked)
        visitor = await visitor_of(self.door, chat_id)
        assert visitor is not None
        self._gate.let_in(update, visitor, visit.bot)
        to = visitor.audience(self.door.clock())
        await answer(self.door, visitor, [welcome_card(linked.name, visitor.member.business_name, to)])
        setup = await still_to_set_up(self.door, visitor)
        if setup is not None:
            await answer(self.door, visitor, [setup[1]])
        if setup is None or setup[0].knows_money:
            await queue_digest(self.door, visitor.member, self.door.clock(), several=bool(visitor.others))

    async def _help(self, visit: Visit) -> None:
        """Say what can be asked; to an owner who is still setting up, what is missing."""
        setup = await still_to_set_up(self.door, visit.guest)
        helping = help_card(visit.guest.audience(self.door.clock()))
        missing = setup is not None and not setup[0].knows_money
        await answer(self.door, visit.guest, [setup[1] if setup is not None and missing else helping])

    async def _say(self, update: Update, visit: Visit, line: Callable[[str], Html]) -> None:
        visitor: Visitor | None = visit.visitor
        if visitor is not None:
            await answer(self.door, visitor, [Card(line(visitor.actor.language))])
            return
        assert update.effective_chat is not None
        await self._gate.lines.say(visit.bot, update.effective_chat.id, line(language_of(update)))
