"""Photos, voice notes and the like: kept for ever with the customer to whom they belong, and seen again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bot.cards.audience import Audience
from bot.cards.kept import (
    ask_whose_card,
    kept_card,
    left_card,
    not_fetched_card,
    shown_card,
    too_large_card,
    whose_card,
)
from kit.database import transaction
from ledger.dispatch import Door
from ledger.domain.roles import Role
from ledger.views.attachments import AttachmentView
from tests.bot import sample_views as sample
from tests.bot.conftest import RAMESH, RAVI, Join, RunningBot
from tests.bot.golden_cards import Cards, check, golden, told
from tests.ledger.desk import BOOKS, Firm
from tests.ledger.raw import raw_bodies

_KEEP = {"attachment": "00" * 32, "media_type": "image/jpeg", "text": "cheque"}
_VIEW = AttachmentView(
    b"x", "image/jpeg", "photo.jpg", "cheque of Diwali", "Ramesh", datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
)
CARDS: Cards = {
    "kept_whose": lambda to: whose_card(
        "image/jpeg", _KEEP, (sample.brief(), sample.brief("Gupta Steel")), to
    ),
    "kept_whose_voice": lambda to: whose_card("audio/ogg", _KEEP, (sample.brief(),), to),
    "kept_whose_nobody": lambda to: whose_card("text/vcard", _KEEP, (), told(to, Role.SALES)),
    "kept_name": lambda to: ask_whose_card("video/mp4", to),
    "kept": lambda to: kept_card("image/jpeg", sample.brief(), "cheque", "00" * 32, to),
    "kept_nobody": lambda to: left_card(to),
    "kept_shown": lambda to: shown_card(_VIEW, sample.brief(), to),
    "kept_too_large": lambda to: too_large_card(8, to),
    "kept_not_fetched": lambda to: not_fetched_card(to),
}
JPEG = b"\xff\xd8\xff\xe0 a cheque"


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@pytest.fixture
async def customers(door: Door, engine: Any, clock: Any, owner: Any) -> Firm:
    """Sharma Traders, who is Ravi's customer, and Gupta Steel."""
    firm = Firm(door, engine, clock, owner)
    await firm.say(
        BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi", roles=["customer"]
    )
    await firm.bill("INV-102", 4_802_000, 4_000_000)
    await firm.bill("INV-7", 9_000_000, 8_000_000, party={"id": "C-2", "name": "Gupta Steel"})
    await firm.settle()
    return firm


async def _sees(bot: RunningBot, chat: int, words: str) -> None:
    await bot.api.until(lambda: any(words in text for text in bot.api.texts(chat)[-2:]))


async def _kept(bot: RunningBot, firm: Firm) -> list[bytes]:
    """Return the bodies that are kept of this firm's chats, the oldest first."""
    async with transaction(bot.door.engine, [firm.owner.business_id]) as tx:
        return await raw_bodies(tx, "d.via = 'chat'")


def _photo(size: int = 100) -> dict[str, Any]:
    one = {"file_id": "FILE", "file_unique_id": "u", "width": 90, "height": 90, "file_size": size}
    return {"photo": [one]}


async def test_a_photo_is_kept_with_the_customer_looked_at_last_and_seen_again(
    bot: RunningBot, join: Join, customers: Firm
) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.types(RAMESH, "sharma")
    await _sees(bot, RAMESH, "Sharma Traders")
    bot.api.sends(RAMESH, JPEG, caption="cheque <b>front</b>", **_photo())
    await _sees(bot, RAMESH, "Photo: to whom does it belong?")
    labels = [button["text"] for button in bot.api.buttons(bot.api.said[-1])]
    assert labels[0] == "Sharma Traders"
    bot.api.tap_label(RAMESH, "Sharma Traders")
    await _sees(bot, RAMESH, "✓ Photo kept with <b>Sharma Traders</b>")
    await customers.settle()
    bot.api.tap_label(RAMESH, "Full history")
    await _sees(bot, RAMESH, "Photo from Ramesh: cheque &lt;b&gt;front&lt;/b&gt;")
    bot.api.tap_label(RAMESH, "See: Fri 20 Nov")
    await _sees(bot, RAMESH, "Photo from Ramesh, today")
    assert await _kept(bot, customers) == [JPEG]


async def test_a_voice_note_goes_to_somebody_whose_name_is_typed(
    bot: RunningBot, join: Join, customers: Firm
) -> None:
    await join("Ravi", "sales", RAVI, crm_owner="ravi")
    voice = {
        "file_id": "FILE",
        "file_unique_id": "u",
        "duration": 3,
        "mime_type": "audio/ogg",
        "file_size": 9,
    }
    bot.api.sends(RAVI, b"OggS voice", voice=voice)
    await _sees(bot, RAVI, "Voice note: to whom does it belong?")
    bot.api.tap_label(RAVI, "Choose a customer")
    await _sees(bot, RAVI, "Please type part of the customer's name.")
    bot.api.types(RAVI, "sharma")
    await _sees(bot, RAVI, "✓ Voice note kept with <b>Sharma Traders</b>")
    assert await _kept(bot, customers) == [b"OggS voice"]


async def test_a_contact_and_a_place_are_kept_too(bot: RunningBot, join: Join, customers: Firm) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.sends(
        RAMESH, contact={"phone_number": "+919820012345", "first_name": "Sharma", "last_name": "Ji"}
    )
    await _sees(bot, RAMESH, "Contact: to whom does it belong?")
    bot.api.tap_label(RAMESH, "Of no customer")
    await _sees(bot, RAMESH, "I put it with nobody")
    bot.api.sends(RAMESH, location={"latitude": 19.076, "longitude": 72.8777})
    await _sees(bot, RAMESH, "Place: to whom does it belong?")
    contact, place = await _kept(bot, customers)
    assert b"+919820012345" in contact
    assert b"72.8777" in place


async def test_a_picture_sent_as_a_file_is_kept_and_said_to_be_no_statement(
    bot: RunningBot, join: Join, customers: Firm
) -> None:
    await join("Ramesh", "owner", RAMESH)
    file = {
        "file_id": "FILE",
        "file_unique_id": "u",
        "file_name": "stmt.jpg",
        "mime_type": "image/jpeg",
        "file_size": 9,
    }
    bot.api.sends(RAMESH, JPEG, document=file)
    await _sees(bot, RAMESH, "A bank statement I read only as a file from net banking")
    assert await _kept(bot, customers) == [JPEG]


async def test_who_only_looks_keeps_nothing(bot: RunningBot, join: Join, customers: Firm) -> None:
    await join("CA Mehta", "view", RAVI)
    bot.api.sends(RAVI, JPEG, **_photo())
    await bot.api.until(lambda: bot.api.texts(RAVI))
    assert "ask them" in bot.api.texts(RAVI)[-1]
    assert await _kept(bot, customers) == []


async def test_what_is_too_large_is_not_fetched(bot: RunningBot, join: Join, customers: Firm) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.sends(RAMESH, JPEG, **_photo(size=9 * 1024 * 1024))
    await _sees(bot, RAMESH, "too large to keep: at most 8 MB")
    assert await _kept(bot, customers) == []


async def test_what_cannot_be_fetched_is_asked_for_again(
    bot: RunningBot, join: Join, customers: Firm
) -> None:
    await join("Ramesh", "owner", RAMESH)
    bot.api.sends(RAMESH, **_photo())  # its file is gone
    await _sees(bot, RAMESH, "Please send it again")
    assert await _kept(bot, customers) == []


async def test_a_rep_does_not_see_what_is_kept_with_anothers_customer(
    bot: RunningBot, join: Join, customers: Firm
) -> None:
    from kit.errors import NotFound
    from ledger.commands.attachments import AttachToParty, KeepAttachment
    from ledger.queries.attachments import KeptAttachment

    ramesh = await join("Ramesh", "owner", RAMESH)
    ravi = await join("Ravi", "sales", RAVI, crm_owner="ravi")
    kept = await bot.door.execute(KeepAttachment(JPEG, "image/jpeg", "x.jpg"), ramesh)
    parties = {
        row["name"]: row["id"]
        for row in await customers.rows("SELECT id, name FROM parties WHERE business_id = $1")
    }
    gupta: UUID = parties["Gupta Steel"]
    await bot.door.execute(AttachToParty(gupta, kept, "x"), ramesh)
    assert (await bot.door.query(KeptAttachment(gupta, kept), ramesh)).body == JPEG
    for party in parties.values():
        with pytest.raises(NotFound):
            await bot.door.query(KeptAttachment(party, kept), ravi)
    with pytest.raises(NotFound):
        await bot.door.execute(AttachToParty(gupta, kept, "x"), ravi)
