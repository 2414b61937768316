"""A morning's messages through the real sender, on a clock that passes only while it waits: how they are spread.

Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.sending`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from bot.outbox import Sender
from bot.pace import OVERALL, Pace
from kit.database import transaction
from kit.ids import uuid7
from ledger.commands import AddBusiness
from ledger.dispatch import Door
from ledger.domain.roles import system
from tests.bench.report import Report, run_alone
from tests.bot.virtual_time import VirtualTime

CHATS, FIRMS = int(os.environ.get("BENCH_CHATS", "10000")), 100
FOLLOWED = 500
"""Chats that get a second message behind their digest."""


class Recorder:
    """A client that notes to whom what was sent when, and keeps nobody waiting."""

    def __init__(self, clock: VirtualTime) -> None:
        self._clock = clock
        self.sent: list[tuple[float, int, str]] = []

    async def send_message(self, chat_id: int, text: str, **_: Any) -> Any:
        """Take a message."""
        self.sent.append((self._clock.now, chat_id, text))
        return SimpleNamespace(message_id=len(self.sent))


async def measure_sending(report: Report, door: Door) -> None:
    """Ten thousand digests queued at once, some with an answer behind them."""
    firms = [uuid4() for _ in range(FIRMS)]
    for number, firm in enumerate(firms):
        await door.execute(AddBusiness(firm, f"Firm {number}"), system(firm, "bench"))
        chats = list(range(number + 1, CHATS + 1, FIRMS))
        await _queue(door, firm, chats, "digest", "first")
        await _queue(door, firm, [chat for chat in chats if chat <= FOLLOWED], "digest", "second")
    clock = VirtualTime()
    client = Recorder(clock)
    sender = Sender(door, client, pace=Pace(clock, clock.sleep))  # type: ignore[arg-type]
    running = asyncio.create_task(sender.run())
    began = time.perf_counter()
    await clock.until(lambda: len(client.sent) == CHATS + FOLLOWED, busy=lambda: sender._busy, patience=900)
    took = time.perf_counter() - began
    await sender.stop()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    report.add(
        f"{CHATS + FOLLOWED:,} queued digests, most of them sent in any one second",
        _most_in_a_second([at for at, _, _ in client.sent]),
        most=OVERALL,
    )
    report.add("  chats whose messages came in another order", _out_of_order(client.sent), most=0)
    report.add("  until the last of them, by Telegram's limits", clock.now / 60, unit="min")
    report.add("  our own time for each (claim, send, settle)", took * 1_000 / len(client.sent), unit="ms")


def _most_in_a_second(moments: list[float]) -> int:
    most = first = 0
    for last, at in enumerate(moments):
        while moments[first] <= at - 1.0 + 1e-9:
            first += 1
        most = max(most, last - first + 1)
    return most


def _out_of_order(sent: list[tuple[float, int, str]]) -> int:
    texts = defaultdict(list)
    for _, chat, text in sent:
        texts[chat].append(text)
    return sum(said != ["first", "second"][: 2 if chat <= FOLLOWED else 1] for chat, said in texts.items())


async def _queue(door: Door, firm: UUID, chats: list[int], kind: str, text: str) -> None:
    async with transaction(door.engine, [firm]) as tx:
        await tx.run(
            """
            INSERT INTO outbox (business_id, id, channel, chat_id, kind, card, queued_at, due_at)
            SELECT $1, i, 'telegram', c, $4, jsonb_build_object('text', $5::text, 'buttons', '[]'::jsonb),
                   clock_timestamp(), $6
            FROM unnest($2::uuid[], $3::bigint[]) AS t(i, c)
            """,
            firm, [uuid7() for _ in chats], chats, kind, text, door.clock(),
        )  # fmt: skip


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_sending(report, Door(engine)), pool_size=8)
