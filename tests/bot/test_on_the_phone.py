"""The real bot on the phone's own Bot API: what the owner types and presses in the page is answered in place."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from bot.application import build_application
from bot.phone import DEMO_TOKEN, Phone
from bot.service import serve
from ingest.door import Appender
from ingest.importing import Files
from ingest.sources import Sources
from kit.sealing import Seal, new_seal_key
from ledger.commands import CreateLinkCode
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.bot.phone_server import served
from tests.bot.test_taps import questions, two_questions  # noqa: F401  (a fixture)


class Owner:
    """The owner with the phone in his hand."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def says(self, text: str) -> None:
        """Type a message."""
        reply = await self._client.post("/phone/chat/messages?as=owner", data={"text": text})
        assert reply.status_code == 200, reply.text

    async def messages(self) -> list[dict[str, Any]]:
        """Read the chat."""
        reply = await self._client.get("/phone/chat/history?as=owner&before=999999")
        found: list[dict[str, Any]] = reply.json()["messages"]
        return found

    async def presses(self, label: str) -> None:
        """Press the latest button with this label."""
        for message in reversed(await self.messages()):
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            for row, buttons in enumerate(rows):
                for column, button in enumerate(buttons):
                    if button["text"] == label:
                        form = {
                            "message_id": str(message["message_id"]), "row": str(row), "column": str(column),
                            "data": button["callback_data"],
                        }  # fmt: skip
                        reply = await self._client.post("/phone/chat/presses?as=owner", data=form)
                        assert reply.status_code == 200, reply.text
                        return
        raise AssertionError(f"there is no button {label!r}")

    async def sees(self, holds: Callable[[list[str]], bool]) -> list[str]:
        """Wait until the texts in the chat are as expected."""
        deadline = time.monotonic() + 10
        while True:
            texts = [message.get("text", "") for message in await self.messages()]
            if holds(texts):
                return texts
            assert time.monotonic() < deadline, texts
            await asyncio.sleep(0.05)


@pytest.fixture
async def ramesh(door: Door, tmp_path: Path) -> AsyncIterator[Owner]:
    """The owner's phone, with the bot behind it."""
    seal = Seal(new_seal_key())
    files = Files(door, Sources(door.engine, seal=lambda: seal), Appender(door.engine), max_bytes=1_000_000)
    stop = asyncio.Event()
    with served(Phone(tmp_path)) as line:
        application = build_application(door, files, token=DEMO_TOKEN, api_base=f"{line.url}/phone/api")
        serving = asyncio.create_task(serve(application, door, stop))
        async with httpx.AsyncClient(base_url=line.url, headers={"origin": line.url}) as client:
            yield Owner(client)
        stop.set()
        await asyncio.wait_for(serving, 15)


@pytest.mark.usefixtures("two_questions")
async def test_link_digest_question_answer_and_undo_on_the_phone(
    ramesh: Owner, door: Door, owner: Actor, business: UUID
) -> None:
    assert owner.member_id is not None
    code = await door.execute(CreateLinkCode(owner.member_id), owner)
    await ramesh.says("hello?")
    await ramesh.sees(lambda texts: "I'm a munshi" in texts[-1])
    await ramesh.says(f"/start {code}")
    await ramesh.sees(lambda texts: "Ramesh ji · Fri 20 Nov" in texts[-1])
    await ramesh.presses("Answer 2")
    await ramesh.sees(lambda texts: texts[-1].startswith("1 of 2 · ₹"))
    await ramesh.presses("Our own transfer")
    texts = await ramesh.sees(lambda texts: texts[-1].startswith("2 of 2 · ₹"))
    assert texts[-2].startswith("✓ ₹")
    assert len(await questions(door, business)) == 1
    await ramesh.presses("Undo")
    await ramesh.sees(lambda texts: "Taken back" in texts[-2])
    assert len(await questions(door, business)) == 2
