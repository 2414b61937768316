"""The outbox keeps its word: order per chat, no digest twice, an answer never lost, Telegram's limits obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.responses import Response
from telegram import Bot

from bot.outbox import Sender, settlement
from bot.telegram import Outcome
from kit.database import transaction
from ledger.commands import QueueMessage
from ledger.commands.delivery import OutboxMessage
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.store.directory import members_of_chat
from tests.bot.bot_api import TOKEN, BotApi, refusal
from tests.bot.conftest import RAMESH, RAVI, Join
from tests.conftest import SettableClock


@asynccontextmanager
async def _sending(door: Door, api: BotApi) -> AsyncIterator[Sender]:
    async with Bot(TOKEN, base_url=f"{api.base}/bot") as client:
        sender = Sender(door, client)
        running = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            await sender.stop()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def _killed_in_mid_sending(door: Door, api: BotApi) -> None:
    """Run a sender whose call arrives at Telegram, and kill it before it can write that down."""
    arrived = asyncio.Event()

    async def hang(form: dict[str, Any]) -> Response | None:
        api.said.append({**form, "message_id": 900 + len(api.said)})
        arrived.set()
        await asyncio.sleep(30)
        return None

    api.fault = hang
    async with Bot(TOKEN, base_url=f"{api.base}/bot") as client:
        sender = Sender(door, client)
        running = asyncio.create_task(sender.run())
        await asyncio.wait_for(arrived.wait(), 8)
        victims = [running, *sender._chats.values()]
        for task in victims:
            task.cancel()
        await asyncio.gather(*victims, return_exceptions=True)
    api.fault = None


async def _queue(door: Door, actor: Actor, chat: int, text: str, *, kind: str = "answer", **more: Any) -> Any:
    card = {"text": text, "buttons": more.pop("buttons", [])}
    return await door.execute(QueueMessage(chat, actor.member_id, kind, card, **more), actor)


async def _rows(door: Door, actor: Actor) -> list[tuple[str, str, str | None]]:
    async with transaction(door.engine, [actor.business_id]) as tx:
        rows = await tx.fetch(
            "SELECT kind, status, error FROM outbox WHERE business_id = $1 ORDER BY queued_at",
            actor.business_id,
        )
    return [(row["kind"], row["status"], row["error"]) for row in rows]


async def test_messages_of_a_chat_go_out_in_the_order_in_which_they_were_queued(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh, ravi = await join("Ramesh", "owner", RAMESH), await join("Ravi", "finance", RAVI)
    async with _sending(door, api):
        for n in range(5):
            await _queue(door, ramesh, RAMESH, f"r{n}")
            await _queue(door, ravi, RAVI, f"v{n}")
        await api.until(lambda: len(api.said) == 10)
    assert api.texts(RAMESH) == [f"r{n}" for n in range(5)]
    assert api.texts(RAVI) == [f"v{n}" for n in range(5)]
    assert {status for _, status, _ in await _rows(door, ramesh)} == {"sent"}


async def test_an_answer_is_out_within_a_fifth_of_a_second(door: Door, api: BotApi, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "warm-up")
        await api.until(lambda: api.said)
        began = asyncio.get_running_loop().time()
        await _queue(door, ramesh, RAMESH, "quick")
        await api.until(lambda: len(api.said) == 2)
        assert asyncio.get_running_loop().time() - began < 0.2


@pytest.mark.parametrize("kind", ["digest", "alert"])
async def test_a_digest_or_alert_whose_sender_was_killed_is_not_sent_twice(
    door: Door, api: BotApi, join: Join, kind: str
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    await _queue(door, ramesh, RAMESH, "good morning", kind=kind)
    await _killed_in_mid_sending(door, api)
    assert await _rows(door, ramesh) == [(kind, "sending", None)]
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "after")
        await api.until(lambda: "after" in api.texts(RAMESH))
    assert api.texts(RAMESH) == ["good morning", "after"]
    kind_, status, error = (await _rows(door, ramesh))[0]
    assert (kind_, status) == (kind, "failed")
    assert error is not None
    assert "may have arrived" in error


async def test_an_answer_whose_sender_was_killed_comes_again_and_says_so(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    await _queue(door, ramesh, RAMESH, "you asked")
    await _queue(door, ramesh, RAMESH, "and this")
    await _killed_in_mid_sending(door, api)
    async with _sending(door, api):
        await api.until(lambda: len(api.said) == 3)
    first, again, last = api.texts(RAMESH)
    assert first == "you asked"
    assert again.startswith("↻ Again")
    assert again.endswith("you asked")
    assert last == "and this"


async def test_an_edit_whose_sender_was_killed_is_simply_repeated(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    await _queue(door, ramesh, RAMESH, "answered", edit_message=77)
    await _killed_in_mid_sending(door, api)
    async with _sending(door, api):
        await api.until(lambda: api.edits)
    assert api.edits[0]["text"] == "answered"


async def test_telegrams_pause_is_obeyed_and_nothing_overtakes(
    door: Door, api: BotApi, join: Join, clock: SettableClock
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    refused: list[str] = []

    async def too_many(form: dict[str, Any]) -> Response | None:
        if refused:
            return None
        refused.append(form["text"])
        return refusal(429, "Too Many Requests: retry after 1", retry_after=1)

    api.fault = too_many
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "first")
        await _queue(door, ramesh, RAMESH, "second")
        await api.until(lambda: refused)
        await asyncio.sleep(0.3)
        assert api.said == []
        clock.advance(seconds=1)
        await api.until(lambda: len(api.said) == 2)
    assert api.texts(RAMESH) == ["first", "second"]


async def test_a_chat_that_blocked_us_is_noted_and_left_in_peace_until_it_writes(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    calls: list[str] = []

    async def blocked(form: dict[str, Any]) -> Response | None:
        calls.append(form["text"])
        return refusal(403, "Forbidden: bot was blocked by the user")

    api.fault = blocked
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "one")
        await _queue(door, ramesh, RAMESH, "two")
        await api.until(lambda: calls)
        await asyncio.sleep(0.3)
    assert calls == ["one"]
    assert [status for _, status, _ in await _rows(door, ramesh)] == ["failed", "failed"]
    async with transaction(door.engine, [ramesh.business_id]) as tx:
        assert await tx.value("SELECT chat_id FROM members WHERE id = $1", ramesh.member_id) is None
        actions = [r["action"] for r in await tx.fetch("SELECT action FROM audit ORDER BY sequence")]
    assert "chat.unreachable" in actions
    assert await members_of_chat(door.engine, RAMESH)


async def test_an_unreachable_server_is_waited_for(door: Door, api: BotApi, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    async with Bot(TOKEN, base_url=f"{api.base}/bot") as client:
        base, sender = client._base_url, Sender(door, client)
        client._base_url = "http://127.0.0.1:9/bot" + TOKEN
        running = asyncio.create_task(sender.run())
        await _queue(door, ramesh, RAMESH, "patience", kind="digest")
        await asyncio.sleep(0.4)
        client._base_url = base
        assert await _rows(door, ramesh) == [("digest", "queued", "ConnectError")]
        clock = door.clock
        assert isinstance(clock, SettableClock)
        clock.advance(seconds=2)
        await api.until(lambda: api.texts(RAMESH) == ["patience"])
        await sender.stop()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_one_sender_at_a_time_and_the_next_takes_over(door: Door, api: BotApi, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "by the first")
        await api.until(lambda: len(api.said) == 1)
        async with _sending(door, api):
            await _queue(door, ramesh, RAMESH, "still the first")
            await api.until(lambda: len(api.said) == 2)
            await asyncio.sleep(0.1)
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "by the next")
        await api.until(lambda: len(api.said) == 3)
    assert len(api.texts(RAMESH)) == 3


async def test_a_key_that_was_queued_before_queues_nothing(door: Door, join: Join) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    made = await asyncio.gather(
        *(_queue(door, ramesh, RAMESH, "hello", kind="digest", once_key="digest:x") for _ in range(4))
    )
    assert sum(one is not None for one in made) == 1


async def test_a_lost_database_connection_is_made_again(
    door: Door, api: BotApi, join: Join, database: Any
) -> None:
    import asyncpg

    ramesh = await join("Ramesh", "owner", RAMESH)
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "before")
        await api.until(lambda: len(api.said) == 1)
        async with asyncio.timeout(8):
            while (await _rows(door, ramesh))[0][1] != "sent":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        admin = await asyncpg.connect(database.admin_url)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        await admin.close()
        for _ in range(20):
            with suppress(Exception):
                await _queue(door, ramesh, RAMESH, "after")
                break
            await asyncio.sleep(0.1)
        await api.until(lambda: len(api.said) == 2)
        assert [one["text"] for one in api.said] == ["before", "after"]


async def test_markup_that_telegram_refuses_goes_out_as_plain_text(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)

    async def picky(form: dict[str, Any]) -> Response | None:
        return refusal(400, "Bad Request: can't parse entities: x") if form.get("parse_mode") else None

    api.fault = picky
    async with _sending(door, api):
        await _queue(door, ramesh, RAMESH, "<b>A &amp; B</b>")
        await api.until(lambda: api.said)
    assert api.texts(RAMESH) == ["A & B"]


@pytest.mark.parametrize(
    ("kind", "outcome", "status"),
    [
        ("digest", "unknown", "failed"),
        ("alert", "unknown", "failed"),
        ("answer", "unknown", "queued"),
        ("digest", "later", "queued"),
        ("answer", "failed", "failed"),
        ("answer", "blocked", "failed"),
    ],
)
def test_what_is_written_down_after_a_call(
    kind: str, outcome: str, status: str, clock: SettableClock
) -> None:
    message = OutboxMessage(UUID(int=1), 1, None, kind, {}, None, 1)
    settled = settlement(message, Outcome(outcome, wait=timedelta(seconds=2)), now=clock())
    assert settled.status == status
    assert settled.again is (kind == "answer" and outcome == "unknown")
