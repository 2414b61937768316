"""Files sent to the chat are imported there and then, and their sender is told what they gave."""

from __future__ import annotations

from telegram import Document, Update

from bot.cards.plain import FileResult, cannot_read_card, imported_card
from bot.files import Files, Imported
from bot.handlers.failures import HasDoor, by_remedy
from bot.visit import Visit, answer
from bot.words import clean
from connectors.contract import Inbound
from kit.errors import Rejected
from ledger.dispatch import Door


class Documents(HasDoor):
    """What a member sends as a file."""

    def __init__(self, door: Door, files: Files) -> None:
        super().__init__(door)
        self._files = files

    @by_remedy
    async def document(self, update: Update, visit: Visit) -> None:
        """Fetch a file, import it, say what it gave."""
        assert update.message is not None
        document = update.message.document
        assert document is not None
        visitor = visit.guest
        name = clean(document.file_name or "file")[:120]
        body = await self._fetch(document)
        imported = await self._files.take(visitor.actor, Inbound(body=body, filename=name))
        to = visitor.audience(self.door.clock())
        await answer(self.door, visitor, [imported_card(_result(name, imported), to)])

    @by_remedy
    async def unreadable(self, _: Update, visit: Visit) -> None:
        """Photos, voice, stickers."""
        await answer(self.door, visit.guest, [cannot_read_card(visit.guest.audience(self.door.clock()))])

    async def _fetch(self, document: Document) -> bytes:
        if (document.file_size or 0) > self._files.max_bytes:
            raise Rejected(
                "file.too_large",
                f"That file is larger than {self._files.max_bytes // (1024 * 1024)} MB.",
                remedy="Please send a shorter period.",
            )
        file = await document.get_file()
        return bytes(await file.download_as_bytearray())


def _result(name: str, imported: Imported) -> FileResult:
    summary = imported.summary
    return FileResult(
        filename=name,
        source=imported.label,
        added=summary.added,
        known=summary.known,
        rewritten=summary.rewritten,
        unreadable_count=len(summary.unreadable),
        unreadable=tuple((part.where, part.reason) for part in summary.unreadable[:5]),
    )
