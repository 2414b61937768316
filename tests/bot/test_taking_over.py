"""Senders one after the other: limits and pauses outlive the one that kept them, and a mass is spread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from telegram import Bot

from bot.direct import DirectLines
from bot.outbox import Sender
from bot.pace import Pace
from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import QueueMessage
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from tests.bot.bot_api import TOKEN, BotApi
from tests.bot.conftest import RAMESH, Join
from tests.bot.virtual_time import VirtualTime
from tests.conftest import SettableClock

MASS = 400


class Recorder:
    """A client that notes when what is sent to whom, and keeps nobody waiting."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self.sent: list[tuple[float, int, str]] = []

    async def send_message(self, chat_id: int, text: str, **_: Any) -> Any:
        self.sent.append((self._time.now, chat_id, text))
        return SimpleNamespace(message_id=len(self.sent))

    def moments(self) -> list[float]:
        return [at for at, _, _ in self.sent]


@asynccontextmanager
async def _sending(door: Door, client: Any, time: VirtualTime) -> AsyncIterator[Sender]:
    sender = Sender(door, client, pace=Pace(time, time.sleep))
    running = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        await sender.stop()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def _rows(
    door: Door, business: UUID, chats: list[int], *, kind: str = "digest", status: str = "queued",
    sent_at: datetime | None = None, due_at: datetime | None = None, error: str | None = None,
) -> None:  # fmt: skip
    async with transaction(door.engine, [business]) as tx:
        await tx.run(
            """
            INSERT INTO outbox (business_id, id, channel, chat_id, kind, card, status, sent_at, due_at, error,
                                queued_at)
            SELECT $1, i, 'telegram', c, $4, $5::jsonb, $6, $7, $8, $9, clock_timestamp()
            FROM unnest($2::uuid[], $3::bigint[]) AS t(i, c)
            """,
            business, [uuid7() for _ in chats], chats, kind, '{"text": "good morning", "buttons": []}', status, sent_at,
            due_at or door.clock(), error,
        )  # fmt: skip


def _most_within_a_second(moments: list[float]) -> int:
    return max(sum(1 for other in moments if at <= other < at + 1 - 1e-9) for at in moments)


async def test_a_morning_of_digests_keeps_to_the_limit_and_to_each_chats_order(
    door: Door, business: UUID, owner: Actor
) -> None:
    time = VirtualTime()
    client = Recorder(time)
    await _rows(door, business, list(range(1, MASS + 1)))
    async with _sending(door, client, time) as sender:
        await time.until(lambda: time.now > 3, busy=lambda: sender._busy)
        card = {"text": "you asked", "buttons": []}
        await door.execute(QueueMessage(MASS, None, "answer", card), owner)
        await time.until(lambda: len(client.sent) > MASS, busy=lambda: sender._busy)
    assert _most_within_a_second(client.moments()) <= 30
    assert 10 <= time.now <= 20
    assert sorted({chat for _, chat, _ in client.sent}) == list(range(1, MASS + 1))
    last = [(at, text) for at, chat, text in client.sent if chat == MASS]
    assert [text for _, text in last] == ["good morning", "you asked"]
    assert last[1][0] < 6, "the answer, and what had to go before it, didn't wait for the mass"


async def test_while_a_mass_waits_nothing_of_it_counts_as_half_sent(door: Door, business: UUID) -> None:
    time = VirtualTime()
    client = Recorder(time)
    await _rows(door, business, list(range(1, MASS + 1)))
    async with _sending(door, client, time) as sender:
        await time.until(lambda: time.now > 2, busy=lambda: sender._busy)
    async with transaction(door.engine, [business]) as tx:
        found = {
            row["status"]: row["count"]
            for row in await tx.fetch("SELECT status, count(*) FROM outbox GROUP BY status")
        }
    assert set(found) == {"sent", "queued"}
    assert found["sent"] == len(client.sent)


async def test_a_sender_that_takes_over_counts_what_was_sent_in_the_last_minute(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    time = VirtualTime()
    client = Recorder(time)
    await _rows(door, business, list(range(1, 31)), status="sent", sent_at=clock.now)
    await _rows(door, business, [RAMESH] * 5, status="sent", sent_at=clock.now - timedelta(seconds=2))
    await _rows(door, business, [RAMESH, 77], kind="answer")
    async with _sending(door, client, time) as sender:
        await time.until(lambda: len(client.sent) == 2, busy=lambda: sender._busy)
    assert client.moments()[0] >= 1.0


async def test_a_pause_that_telegram_asked_for_outlives_the_sender(
    door: Door, business: UUID, clock: SettableClock
) -> None:
    time = VirtualTime()
    client = Recorder(time)
    until = clock.now + timedelta(seconds=12)
    await _rows(door, business, [1, 2], kind="answer", error="rate", due_at=until)
    await _rows(door, business, [3], kind="answer")
    async with _sending(door, client, time) as sender:
        await time.until(lambda: client.sent, busy=lambda: sender._busy)
    assert [(at, chat) for at, chat, _ in client.sent] == [(12.0, 3)], "two chats were told: all of them wait"


async def test_a_line_said_directly_counts_in_the_sender_of_any_process(
    door: Door, api: BotApi, join: Join
) -> None:
    ramesh = await join("Ramesh", "owner", RAMESH)
    time = VirtualTime()
    client = Recorder(time)
    async with Bot(TOKEN, base_url=f"{api.base}/bot") as bot, _sending(door, client, time) as sender:
        await door.execute(QueueMessage(1, None, "answer", {"text": "warm", "buttons": []}), ramesh)
        await time.until(lambda: client.sent, busy=lambda: sender._busy)
        lines = DirectLines(door)
        for _ in range(4):
            assert await lines.say(bot, RAMESH, "Who are you?")
        await api.until(lambda: len(api.texts(RAMESH)) == 4)
        await asyncio.sleep(0.1)
        for n in range(2):
            await door.execute(QueueMessage(RAMESH, None, "answer", {"text": f"{n}", "buttons": []}), ramesh)
        await time.until(lambda: len(client.sent) == 3, busy=lambda: sender._busy)
    assert client.moments() == [0.0, 0.0, 1.0], "four of the chat's burst of five were used by direct lines"


@pytest.mark.parametrize("many", [12])
async def test_direct_lines_are_few_a_second_and_a_crowd_is_left_unanswered(
    door: Door, api: BotApi, many: int
) -> None:
    async with Bot(TOKEN, base_url=f"{api.base}/bot") as bot:
        lines = DirectLines(door)
        began = asyncio.get_running_loop().time()
        said = await asyncio.gather(*(lines.say(bot, 100 + n, "Who are you?") for n in range(many * 2)))
        assert asyncio.get_running_loop().time() - began > 2
    assert many <= sum(said) < many * 2
