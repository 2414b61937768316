"""Photos, voice notes, videos, contacts and places that are sent to the chat: kept, then asked whose they are."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from telegram import Message, Update
from telegram.error import TelegramError

from bot.cards.card import Action, Card
from bot.cards.kept import not_fetched_card, too_large_card, whose_card
from bot.handlers.failures import HasDoor, by_remedy
from bot.handlers.kept import likely_owners
from bot.visit import Visit, Visitor, answer
from bot.words import clean
from kit.errors import Denied
from kit.logs import logger
from ledger.commands.attachments import KeepAttachment
from ledger.domain.roles import Permission
from ledger.handlers.attachments import MAX_BYTES

log = logger(__name__)
KEPT_DOCUMENTS = ("image/", "audio/", "video/")
"""Files whose kind says that they are no statement."""
_LONGEST_TEXT = 400


@dataclass(frozen=True, slots=True)
class Sent:
    """What a message brings: a file by the channel's name of it, or its bytes themselves."""

    media_type: str
    filename: str
    text: str
    file_id: str = ""
    size: int = 0
    body: bytes = b""


class Keeping(HasDoor):
    """What a member sends that isn't words and no statement."""

    @by_remedy
    async def message(self, update: Update, visit: Visit) -> None:
        """Keep what came, and ask to whom it belongs."""
        assert update.message is not None
        visitor = visit.guest
        if not visitor.actor.may(Permission.REPORT):
            raise Denied("attachment.denied", "Who only looks keeps nothing.")
        sent = what_was_sent(update.message)
        assert sent is not None, "the application leads only these messages here"
        await answer(self.door, visitor, [await self._kept(visitor, sent, update.message)])

    async def _kept(self, visitor: Visitor, sent: Sent, message: Message) -> Card:
        to = visitor.audience(self.door.clock())
        if sent.size > MAX_BYTES:
            return too_large_card(MAX_BYTES // (1024 * 1024), to)
        body = sent.body
        if sent.file_id:
            try:
                file = await message.get_bot().get_file(sent.file_id)
                if (file.file_size or 0) > MAX_BYTES:
                    return too_large_card(MAX_BYTES // (1024 * 1024), to)
                body = bytes(await file.download_as_bytearray())
            except TelegramError as fault:
                log.info("keeping.not_fetched", reason=type(fault).__name__)
                return not_fetched_card(to)
        kept = await self.door.execute(KeepAttachment(body, sent.media_type, sent.filename), visitor.actor)
        keep: Action = {"attachment": kept, "media_type": sent.media_type, "text": sent.text}
        return whose_card(sent.media_type, keep, await likely_owners(self.door, visitor, sent.text), to)


def what_was_sent(message: Message) -> Sent | None:
    """Read what a message brings; None if it brings nothing that is kept."""
    text = clean(message.caption or "")[:_LONGEST_TEXT]
    if message.photo:
        largest = message.photo[-1]
        return Sent("image/jpeg", "photo.jpg", text, largest.file_id, largest.file_size or 0)
    if message.voice:
        voice = message.voice
        return Sent(
            _media(voice.mime_type, "audio/ogg"), "voice.ogg", text, voice.file_id, voice.file_size or 0
        )
    if message.video_note:
        note = message.video_note
        return Sent("video/mp4", "video.mp4", text, note.file_id, note.file_size or 0)
    if message.contact:
        contact = message.contact
        name = clean(" ".join(filter(None, (contact.first_name, contact.last_name))))
        lines = ("BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", f"TEL:{contact.phone_number}", "END:VCARD", "")
        return Sent(
            "text/vcard", "contact.vcf", f"{name} {contact.phone_number}", body="\r\n".join(lines).encode()
        )
    if message.location:
        at = [message.location.longitude, message.location.latitude]
        body = orjson.dumps({"type": "Point", "coordinates": at})
        return Sent("application/geo+json", "place.geojson", f"{at[1]:.5f}, {at[0]:.5f}", body=body)
    for file, usual in (
        (message.audio, "audio/mpeg"),
        (message.video, "video/mp4"),
        (message.document, "image/jpeg"),
    ):
        if file is not None:
            name = clean(file.file_name or "")[:120] or usual.replace("/", ".")
            return Sent(_media(file.mime_type, usual), name, text, file.file_id, file.file_size or 0)
    return None


def _media(told: str | None, usual: str) -> str:
    """Return the media type as the channel tells it, without parameters."""
    return (told or usual).partition(";")[0].strip().lower() or usual
