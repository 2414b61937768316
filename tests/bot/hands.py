"""Members at their phones, without a network between: what they type and tap goes through the desk on real tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from bot.handlers.desk import Desk
from bot.visit import visitor_of
from ledger.commands.delivery import ClaimMessage, OutboxMessage, SettleMessage
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system


@dataclass(slots=True)
class Hand:
    """One member's chat: `shown` are the messages as they stand, the oldest first."""

    door: Door
    actor: Actor
    chat_id: int
    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    toast: str = ""

    async def says(self, text: str) -> str:
        """Type a line and return the newest message. The desk is made anew: nothing may live in it."""
        message = SimpleNamespace(text=text, message_id=1)
        update = SimpleNamespace(message=message, callback_query=None, update_id=0)
        desk, visit = Desk(self.door), await self._visit()
        await (desk.command if text.startswith("/") else desk.words)(update, visit)  # type: ignore[arg-type]
        await self.receives()
        return self.last

    async def taps(self, label: str) -> str:
        """Tap the newest button whose label begins so, and return the message that it stood on."""
        place, data = self.button(label)
        return await self.sends(place, data)

    async def sends(self, place: int, data: str) -> str:
        """Tap a button by its data, an old one too."""
        self.toast = ""
        query = SimpleNamespace(
            data=data, message=SimpleNamespace(message_id=place), answer=self._toasted, id="1"
        )
        update = SimpleNamespace(message=None, callback_query=query, update_id=0)
        await Desk(self.door).tap(update, await self._visit())  # type: ignore[arg-type]
        await self.receives()
        return str(self.shown[place]["text"])

    def button(self, label: str) -> tuple[int, str]:
        """Return the newest button whose label begins so: its message and its data."""
        for place in sorted(self.shown, reverse=True):
            for row in self.shown[place].get("buttons", []):
                for one in row:
                    if one["label"].startswith(label):
                        return place, one["data"]
        raise AssertionError(f"there is no button {label!r} in {self.labels}")

    @property
    def last(self) -> str:
        """The newest message."""
        return str(self.shown[max(self.shown)]["text"])

    @property
    def labels(self) -> list[str]:
        """The buttons of the newest message."""
        return [one["label"] for row in self.shown[max(self.shown)].get("buttons", []) for one in row]

    async def receives(self) -> None:
        """Let what is queued for this chat arrive."""
        clerk = system(self.actor.business_id, "outbox")
        while True:
            row: OutboxMessage | None = await self.door.execute(ClaimMessage(self.chat_id), clerk)
            if row is None:
                return
            place = row.edit_message or 100 + len(self.shown)
            self.shown[place] = dict(row.card)
            await self.door.execute(SettleMessage(row.id, "sent", message_id=place), clerk)

    async def _visit(self) -> Any:
        visitor = await visitor_of(self.door, self.chat_id)
        assert visitor is not None
        return SimpleNamespace(guest=visitor, visitor=visitor, args=None, bot=None)

    async def _toasted(self, text: str | None = None, **_: Any) -> bool:
        self.toast = text or ""
        return True
