"""The first minutes of a firm in the chat: what is set up, what is still missing, a sheet to fill in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from bot.cards.card import Action, Card
from bot.cards.first_run import enough_card, sample_sheet_card, setup_card
from bot.handlers.area import Area, Command, Tap
from bot.handlers.reply import Reply
from bot.visit import Visitor
from connectors.spreadsheet.template import template_workbook
from ledger.commands.first_run import DismissSetup
from ledger.dispatch import Door
from ledger.domain.roles import Permission
from ledger.queries.first_run import Setup
from ledger.views.first_run import SetupView


class FirstRun(Area):
    """What an owner sets up."""

    commands = (Command("setup", {"do": "first_run"}),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "first_run": self._first_run,
            "setup_enough": self._enough,
            "sample_sheet": self._sample_sheet,
        }

    async def _first_run(self, visitor: Visitor, _: Action) -> Reply:
        view: SetupView = await self.door.query(Setup(visitor.chat_id), visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(cards=(setup_card(view, visitor.member.business_name, to),))

    async def _enough(self, visitor: Visitor, _: Action) -> Reply:
        await self.door.execute(DismissSetup(visitor.chat_id), visitor.actor)
        return Reply(edit=enough_card(visitor.audience(self.door.clock())))

    async def _sample_sheet(self, visitor: Visitor, _: Action) -> Reply:
        to = visitor.audience(self.door.clock())
        workbook = await asyncio.to_thread(template_workbook, now=self.door.clock())
        return Reply(cards=(sample_sheet_card(workbook, to),))


async def still_to_set_up(door: Door, visitor: Visitor) -> tuple[SetupView, Card] | None:
    """Return what is set up, with its card, while an owner wants to be told what isn't; None for everybody else."""
    if not visitor.actor.may(Permission.ADMINISTER):
        return None
    view: SetupView = await door.query(Setup(visitor.chat_id), visitor.actor)
    if view.dismissed or view.left == 0:
        return None
    to = visitor.audience(door.clock())
    return view, setup_card(view, visitor.member.business_name, to)
