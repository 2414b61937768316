"""Taps and words about what the munshi says by himself: the evening, whom to remind, and each member's settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from bot.cards.card import Action, Card
from bot.cards.digest import remind_whom_card
from bot.cards.evening import evening_card
from bot.cards.settings import (
    digest_hours_card,
    evening_hours_card,
    quiet_hours_card,
    set_toast,
    settings_card,
)
from bot.clock_words import hours_in
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.reply import Reply
from bot.visit import Visitor
from kit.errors import Rejected
from ledger.commands.settings import (
    SetDigestHour,
    SetEveningHour,
    SetPicture,
    SetQuietHours,
    SwitchAlert,
)
from ledger.queries import Digest
from ledger.queries.mornings import Evening, MySettings
from ledger.views.mornings import SettingsView


class Settings(Area):
    """The close of the day on demand, and what a member sets for himself."""

    commands = (
        Command("evening", {"do": "evening"}, "How the day went"),
        Command("settings", {"do": "settings"}, "Hours, alerts, picture"),
    )

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        return {
            "evening": self._evening,
            "remind_whom": self._remind_whom,
            "settings": self._settings,
            "digest_hours": self._digest_hours,
            "evening_hours": self._evening_hours,
            "quiet_hours": self._quiet_hours,
            "set_digest": self._set_digest,
            "set_evening": self._set_evening,
            "set_quiet": self._set_quiet,
            "set_picture": self._set_picture,
            "set_alert": self._set_alert,
        }

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes an hour that was asked for."""
        return {
            "digest_hour": self._typed_digest,
            "evening_hour": self._typed_evening,
            "quiet_span": self._typed_quiet,
        }

    async def _evening(self, visitor: Visitor, _: Action) -> Reply:
        view = await self.door.query(Evening(), visitor.actor)
        return Reply(cards=(evening_card(view, visitor.audience(self.door.clock())),))

    async def _remind_whom(self, visitor: Visitor, _: Action) -> Reply:
        view = await self.door.query(Digest(), visitor.actor)
        return Reply(cards=(remind_whom_card(view, visitor.audience(self.door.clock())),))

    async def _settings(self, visitor: Visitor, action: Action) -> Reply:
        card = await self._shown(visitor)
        return Reply(edit=card) if action.get("inplace") else Reply(cards=(card,))

    async def _digest_hours(self, visitor: Visitor, _: Action) -> Reply:
        view, to = await self._mine(visitor), visitor.audience(self.door.clock())
        return Reply(edit=digest_hours_card(view, to), expect={"do": "digest_hour"})

    async def _evening_hours(self, visitor: Visitor, _: Action) -> Reply:
        view, to = await self._mine(visitor), visitor.audience(self.door.clock())
        return Reply(edit=evening_hours_card(view, to), expect={"do": "evening_hour"})

    async def _quiet_hours(self, visitor: Visitor, _: Action) -> Reply:
        view, to = await self._mine(visitor), visitor.audience(self.door.clock())
        return Reply(edit=quiet_hours_card(view, to), expect={"do": "quiet_span"})

    async def _set_digest(self, visitor: Visitor, action: Action) -> Reply:
        return await self._set(visitor, SetDigestHour(_hour(action.get("at"))))

    async def _set_evening(self, visitor: Visitor, action: Action) -> Reply:
        command = SetEveningHour(_hour(action.get("at")))
        if action.get("apart"):  # it was offered with the digest, which stays where it is
            return await self._said(visitor, command)
        return await self._set(visitor, command)

    async def _set_quiet(self, visitor: Visitor, action: Action) -> Reply:
        start, until = _hour(action["from"]), _hour(action["until"])
        assert start is not None
        assert until is not None
        return await self._set(visitor, SetQuietHours(start, until))

    async def _set_picture(self, visitor: Visitor, action: Action) -> Reply:
        return await self._set(visitor, SetPicture(action["theme"]))

    async def _set_alert(self, visitor: Visitor, action: Action) -> Reply:
        return await self._set(visitor, SwitchAlert(action["kind"], action["to"]))

    async def _typed_digest(self, visitor: Visitor, _: Action, text: str) -> Reply | None:
        hours = hours_in(text)
        return await self._said(visitor, SetDigestHour(hours[0])) if hours and len(hours) == 1 else None

    async def _typed_evening(self, visitor: Visitor, _: Action, text: str) -> Reply | None:
        hours = hours_in(text, afternoon=True)
        return await self._said(visitor, SetEveningHour(hours[0])) if hours and len(hours) == 1 else None

    async def _typed_quiet(self, visitor: Visitor, _: Action, text: str) -> Reply | None:
        hours = hours_in(text)
        return await self._said(visitor, SetQuietHours(*hours)) if hours and len(hours) == 2 else None

    async def _set(self, visitor: Visitor, command: Any) -> Reply:
        view: SettingsView = await self.door.execute(command, visitor.actor)
        to = visitor.audience(self.door.clock())
        return Reply(edit=settings_card(view, to), toast=set_toast(to))

    async def _said(self, visitor: Visitor, command: Any) -> Reply:
        view: SettingsView = await self.door.execute(command, visitor.actor)
        return Reply(cards=(settings_card(view, visitor.audience(self.door.clock())),))

    async def _mine(self, visitor: Visitor) -> SettingsView:
        view: SettingsView = await self.door.query(MySettings(), visitor.actor)
        return view

    async def _shown(self, visitor: Visitor) -> Card:
        return settings_card(await self._mine(visitor), visitor.audience(self.door.clock()))


def _hour(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text) if text is not None else None
    except ValueError:
        raise Rejected("settings.hour", "That is no hour of the day.", remedy="Choose one.") from None
