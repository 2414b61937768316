"""Files sent to the chat: said to be read at once, read beside the chat, told of when they are worked through."""

from __future__ import annotations

from telegram import Update

from bot.cards.files import refused_card
from bot.cards.plain import cannot_read_card
from bot.handlers.failures import HasDoor, by_remedy
from bot.handlers.keeping import KEPT_DOCUMENTS, Keeping
from bot.imports import Imports
from bot.visit import Visit, answer
from bot.words import clean
from kit.errors import Denied
from ledger.dispatch import Door
from ledger.domain.roles import Permission

_MAX_NAME = 120


class Documents(HasDoor):
    """What a member sends as a file."""

    def __init__(self, door: Door, imports: Imports, keeping: Keeping, *, max_bytes: int) -> None:
        super().__init__(door)
        self._imports, self._keeping, self._max_bytes = imports, keeping, max_bytes

    @by_remedy
    async def document(self, update: Update, visit: Visit) -> None:
        """Take a file; what it gave is told later. A picture or a recording sent as a file is kept as one."""
        assert update.message is not None
        document = update.message.document
        assert document is not None
        visitor = visit.guest
        if (document.mime_type or "").startswith(KEPT_DOCUMENTS):
            await self._keeping.message(update, visit)
            return
        if not visitor.actor.may(Permission.ANSWER):
            raise Denied("file.denied", "Files are sent by the owner or the accounts person.")
        name = clean(document.file_name or "")[:_MAX_NAME] or "file"
        if (document.file_size or 0) > self._max_bytes:
            to = visitor.audience(self.door.clock())
            await answer(self.door, visitor, [refused_card("file.too_large", name, to)])
            return
        await self._imports.take(visitor, document.file_id, name)

    @by_remedy
    async def unreadable(self, _: Update, visit: Visit) -> None:
        """Stickers, polls, and whatever else says nothing that we could keep."""
        await answer(self.door, visit.guest, [cannot_read_card(visit.guest.audience(self.door.clock()))])
