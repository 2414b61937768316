"""What becomes of a customer's cheques: given to the bank, came back, replaced by another."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from bot.cards.card import Action
from bot.cards.cheques import (
    all_cheques_card,
    came_back_card,
    cheque_card,
    cheques_card,
    deposited_card,
    returned_card,
)
from bot.handlers.area import Command, Tap, Typed
from bot.handlers.of_customer import OfCustomer, needs
from bot.handlers.reply import Reply
from bot.visit import Visitor
from bot.words import clean
from kit.errors import NotFound
from ledger.commands.workflow import DepositCheque, ReturnCheque
from ledger.domain.roles import Permission
from ledger.queries.workflow import ChequesInHand
from ledger.views.workflow import ChequeInHand, DecisionView

_LONGEST_REASON = 120


class Cheques(OfCustomer):
    """The scenes of cheques."""

    commands = (Command("cheques", {"do": "cheques"}, "Cheques in hand"),)
    decides = frozenset({"cheque_in", "cheque_returned", "cheque_words"})

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "cheques": self._cheques,
            "cheque": self._cheque,
            "cheque_in": self._deposit,
            "cheque_back": self._back,
            "cheque_returned": self._returned,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the reason on the bank's memo."""
        return {"cheque_words": self._reason_typed}

    async def _all(self, visitor: Visitor, action: Action) -> tuple[ChequeInHand, ...]:
        party = UUID(action["party"]) if action.get("party") else None
        found: tuple[ChequeInHand, ...] = await self.door.query(ChequesInHand(party), visitor.actor)
        return found

    async def _one(self, visitor: Visitor, action: Action) -> ChequeInHand:
        wanted = UUID(action["cheque"])
        for cheque in await self._all(visitor, action):
            if cheque.id == wanted:
                return cheque
        raise NotFound("cheque.not_found", "That cheque is in hand no more.")

    async def _cheques(self, visitor: Visitor, action: Action) -> Reply:
        """One customer's, or everybody's where none is named."""
        if not action.get("party"):
            return Reply(cards=(all_cheques_card(await self._all(visitor, action), self.to(visitor)),))
        brief = await self.brief(visitor, action)
        return Reply(edit=cheques_card(brief, await self._all(visitor, action), self.to(visitor)))

    @needs(Permission.ANSWER)
    async def _cheque(self, visitor: Visitor, action: Action) -> Reply:
        brief, one = await self.brief(visitor, action), await self._one(visitor, action)
        return Reply(edit=cheque_card(brief, one, self.to(visitor)))

    @needs(Permission.ANSWER)
    async def _deposit(self, visitor: Visitor, action: Action) -> Reply:
        to, one = self.to(visitor), await self._one(visitor, action)
        made: DecisionView = await self.say(visitor, DepositCheque(one.id, to.today))
        return Reply(edit=deposited_card(await self.brief(visitor, action), one.number, made.id, to))

    @needs(Permission.ANSWER)
    async def _back(self, visitor: Visitor, action: Action) -> Reply:
        brief, one = await self.brief(visitor, action), await self._one(visitor, action)
        expect = {"do": "cheque_words", "party": action["party"], "cheque": action["cheque"]}
        return Reply(edit=came_back_card(brief, one, self.to(visitor)), expect=expect)

    @needs(Permission.ANSWER)
    async def _returned(self, visitor: Visitor, action: Action) -> Reply:
        return await self._send_back(visitor, action, action["reason"], in_place=True)

    @needs(Permission.ANSWER)
    async def _reason_typed(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        reason = clean(text)[:_LONGEST_REASON].strip()
        if not reason:
            brief, one = await self.brief(visitor, action), await self._one(visitor, action)
            return Reply(cards=(came_back_card(brief, one, self.to(visitor)),), expect=action)
        return await self._send_back(visitor, action, reason, in_place=False)

    async def _send_back(self, visitor: Visitor, action: Action, reason: str, *, in_place: bool) -> Reply:
        to, one = self.to(visitor), await self._one(visitor, action)
        made: DecisionView = await self.say(visitor, ReturnCheque(one.id, to.today, reason))
        card = returned_card(await self.brief(visitor, action), one.number, reason, made.id, to)
        return Reply(edit=card) if in_place else Reply(cards=(card,))
