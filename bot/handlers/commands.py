"""Commands and free text: each asks one scene."""

from __future__ import annotations

from telegram import Update

from bot.cards.lists import Turn
from bot.cards.plain import cannot_read_card, firms_card, help_card
from bot.cards.question import Place
from bot.handlers.failures import HasDoor, by_remedy
from bot.scenes import Scenes
from bot.visit import Visit, answer
from ledger.dispatch import Door

_MISSING = frozenset(["what is missing", "what's missing", "whats missing", "क्या कमी है", "kya kami hai"])
_TIE_OUT = frozenset(["tie-out", "tie out", "tieout"])


class Commands(HasDoor):
    """What a member types."""

    def __init__(self, door: Door) -> None:
        super().__init__(door)
        self.scenes = Scenes(door)

    @by_remedy
    async def digest(self, _: Update, visit: Visit) -> None:
        """/digest: today at a glance."""
        await answer(self.door, visit.guest, [await self.scenes.digest(visit.guest)])

    @by_remedy
    async def owes(self, _: Update, visit: Visit) -> None:
        """/owes: who owes the business."""
        await answer(self.door, visit.guest, [await self.scenes.who_owes(visit.guest, Turn())])

    @by_remedy
    async def owe(self, _: Update, visit: Visit) -> None:
        """/owe: what the business owes."""
        await answer(self.door, visit.guest, [await self.scenes.what_i_owe(visit.guest, Turn())])

    @by_remedy
    async def cash(self, _: Update, visit: Visit) -> None:
        """/cash: whether the money will be enough."""
        await answer(self.door, visit.guest, [await self.scenes.cash(visit.guest)])

    @by_remedy
    async def dues(self, _: Update, visit: Visit) -> None:
        """/dues: what falls due besides bills."""
        await answer(self.door, visit.guest, [await self.scenes.dues(visit.guest)])

    @by_remedy
    async def questions(self, _: Update, visit: Visit) -> None:
        """/questions: the entries that wait for an answer, one after the other."""
        await answer(self.door, visit.guest, [await self.scenes.next_question(visit.guest, Place())])

    @by_remedy
    async def sources(self, _: Update, visit: Visit) -> None:
        """/sources: where the news comes from."""
        await answer(self.door, visit.guest, [await self.scenes.sources(visit.guest)])

    @by_remedy
    async def tally(self, _: Update, visit: Visit) -> None:
        """/tally: whether the books say the same as we do."""
        await answer(self.door, visit.guest, [await self.scenes.tie_out(visit.guest)])

    @by_remedy
    async def fix(self, _: Update, visit: Visit) -> None:
        """/fix: what is missing about customers and vendors."""
        await answer(self.door, visit.guest, [await self.scenes.quality(visit.guest)])

    @by_remedy
    async def enter(self, _: Update, visit: Visit) -> None:
        """/enter: what the books lack."""
        await answer(self.door, visit.guest, [await self.scenes.to_enter(visit.guest)])

    @by_remedy
    async def tds(self, _: Update, visit: Visit) -> None:
        """/tds: TDS that isn't in Form 26AS yet."""
        await answer(self.door, visit.guest, [await self.scenes.tds(visit.guest)])

    @by_remedy
    async def find(self, _: Update, visit: Visit) -> None:
        """/find TEXT: a customer, a bill, an amount."""
        text = " ".join(visit.args or [])
        await answer(self.door, visit.guest, [await self.scenes.find(visit.guest, text)])

    @by_remedy
    async def text(self, update: Update, visit: Visit) -> None:
        """Whatever else is typed is looked for."""
        assert update.message is not None
        if (update.message.text or "").strip().casefold() in _TIE_OUT:
            await self.tally(update, visit)
            return
        if (update.message.text or "").strip(" ?!.").casefold() in _MISSING:
            await self.fix(update, visit)
            return
        found = await self.scenes.find(visit.guest, update.message.text or "")
        await answer(self.door, visit.guest, [found])

    @by_remedy
    async def help(self, _: Update, visit: Visit) -> None:
        """/help, and any command that we don't have."""
        await answer(self.door, visit.guest, [help_card(visit.guest.audience(self.door.clock()))])

    @by_remedy
    async def firm(self, _: Update, visit: Visit) -> None:
        """/firm: which business the chat speaks for, where it serves several."""
        visitor = visit.guest
        if not visitor.others:
            await self.help(_, visit)
            return
        firms = tuple(
            (str(member.actor.business_id), member.business_name)
            for member in (visitor.member, *visitor.others)
        )
        await answer(self.door, visitor, [firms_card(firms, visitor.audience(self.door.clock()))])

    @by_remedy
    async def unreadable(self, _: Update, visit: Visit) -> None:
        """Photos, voice, stickers."""
        await answer(self.door, visit.guest, [cannot_read_card(visit.guest.audience(self.door.clock()))])
