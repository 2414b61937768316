"""Alerts: looks every few seconds who has to be told something now, and queues one message for him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.cards.alerts import alerts_card
from bot.cards.audience import audience_of
from bot.rounds import go_round
from kit.errors import Stale
from ledger.commands.mornings import QueueAlerts
from ledger.dispatch import Door
from ledger.queries.mornings import NewAlerts
from ledger.store.hours import Due, whom_to_tell
from ledger.views.mornings import AlertsView

ALL_EVERY = timedelta(minutes=10)
"""How often all firms are looked at, and not only those of which something was heard of late."""


@dataclass(slots=True)
class Bell:
    """Rings once for each new thing; several may ring at once, the store tells who was first."""

    door: Door
    _all_at: datetime | None = None

    async def ring(self, now: datetime) -> int:
        """Queue what is to be told now; return how many messages."""
        everybody = self._all_at is None or now >= self._all_at
        if everybody:
            self._all_at = now + ALL_EVERY
        found = whom_to_tell(self.door.engine, now, all_of_them=everybody)
        return await go_round("alerts", found, partial(self._tell, now))

    async def _tell(self, now: datetime, due: Due) -> bool:
        actor = due.member.actor
        view: AlertsView = await self.door.query(NewAlerts(), actor)
        if not view.subjects:
            return False
        assert actor.member_id is not None
        assert due.member.chat_id is not None
        card = None
        if view.alerts:
            to = audience_of(due.member, now, several=due.several)
            card = {**alerts_card(view.alerts, to).stored(), "language": actor.language}
        try:
            told: bool = await self.door.execute(
                QueueAlerts(due.member.chat_id, actor.member_id, view.subjects, card), actor
            )
        except Stale:
            return False
        return told
