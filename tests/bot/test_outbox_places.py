"""Messages that take the place of earlier ones, and files: what a crash or a refusal in between leaves of them."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ledger.commands import QueueMessage
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.bot.bot_api import BotApi, refusal
from tests.bot.conftest import RAMESH, Join
from tests.bot.test_outbox import _killed_in_mid_sending, _rows, _sending

FILE = {"filename": "ledger.pdf", "content": b64encode(b"%PDF-1.4").decode(), "kind": "document"}


async def _queue(door: Door, actor: Actor, text: str, **more: Any) -> UUID:
    card = {"text": text, "buttons": [], **more.pop("card", {})}
    kind = more.pop("kind", "answer")
    made: UUID = await door.execute(QueueMessage(RAMESH, actor.member_id, kind, card, **more), actor)
    return made


async def test_a_later_message_takes_the_place_of_an_earlier_one(door: Door, api: BotApi, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    async with _sending(door, api):
        first = await _queue(door, ramesh, "reading your file…")
        await _queue(door, ramesh, "read: 40 lines", edit_of=first)
        await api.until(lambda: api.texts(RAMESH) == ["read: 40 lines"])
    assert len(api.edits) == 1


async def test_what_was_to_take_the_place_of_a_message_that_failed_is_one_of_its_own(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)

    async def refuses(form: dict[str, Any]) -> Response | None:
        return refusal(400, "Bad Request: something odd") if form["text"].startswith("reading") else None

    api.fault = refuses
    async with _sending(door, api):
        first = await _queue(door, ramesh, "reading your file…")
        await _queue(door, ramesh, "read: 40 lines", edit_of=first)
        await api.until(lambda: api.texts(RAMESH) == ["read: 40 lines"])
    assert api.edits == []


async def test_a_place_whose_sender_was_killed_is_taken_once_it_is_there_again(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    first = await _queue(door, ramesh, "reading your file…")
    await _killed_in_mid_sending(door, api)
    await _queue(door, ramesh, "read: 40 lines", edit_of=first)
    async with _sending(door, api):
        await api.until(lambda: api.edits)
    assert api.texts(RAMESH) == ["reading your file…", "read: 40 lines"], (
        "the repeat was edited, not the lost one"
    )


async def test_an_alert_that_may_have_arrived_leaves_what_follows_a_message_of_its_own(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    first = await _queue(door, ramesh, "money came", kind="alert")
    await _killed_in_mid_sending(door, api)
    await _queue(door, ramesh, "it is from Sharma", kind="alert", edit_of=first)
    async with _sending(door, api):
        await api.until(lambda: "it is from Sharma" in api.texts(RAMESH))
    assert api.edits == []
    assert [status for _, status, _ in await _rows(door, ramesh)] == ["failed", "sent"]


async def test_a_file_whose_sender_was_killed_comes_again_with_all_its_bytes(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    await _queue(door, ramesh, "Here is the ledger.", card={"attachment": FILE})
    arrived = asyncio.Event()

    async def hang(form: dict[str, Any]) -> Response | None:
        arrived.set()
        await asyncio.sleep(30)
        return None

    api.file_fault = hang
    async with _sending(door, api) as sender:
        await asyncio.wait_for(arrived.wait(), 8)
        for task in sender._chats.values():
            task.cancel()
    api.file_fault = None
    assert (await _rows(door, ramesh))[0][1] == "sending"
    async with _sending(door, api):
        await api.until(lambda: api.documents)
    (sent,) = api.documents
    assert sent["content"] == b"%PDF-1.4"
    assert sent["caption"].startswith("↻ Again")


async def test_words_in_place_and_a_file_below_them(door: Door, api: BotApi, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    async with _sending(door, api):
        await _queue(door, ramesh, "Sharma Traders")
        await api.until(lambda: api.said)
        place = api.said[0]["message_id"]
        await _queue(
            door, ramesh, "The ledger of Sharma Traders", edit_message=place, card={"attachment": FILE}
        )
        await api.until(lambda: api.documents)
    assert api.texts(RAMESH) == ["The ledger of Sharma Traders", ""]
    assert "caption" not in api.documents[0]
