"""A tap in the chat: the real bot on a local Bot API and a real PostgreSQL, from the tap to the edited card.

Alone: `python -m workers.scratch --durable .venv/bin/python -m tests.bench.taps`.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from kit.database import transaction
from kit.ids import digest
from ledger.commands import AddBusiness, AddMember, CreateLinkCode, DrainBusiness, LinkChat
from ledger.dispatch import Door
from ledger.domain.events import Delivery, NewEvent
from ledger.domain.roles import system
from ledger.store.append import append
from tests.bench.programs import free_port, program
from tests.bench.report import Report, run_alone
from tests.bot.bot_api import TOKEN, BotApi, running_bot_api

CHATS, CUSTOMERS = 50, 12
ROUNDS, ALONE = 12, 60
EVERY = 2.5
"""Seconds between two taps of one of the many chats: together twenty a second, within Telegram's thirty."""


class TimedApi(BotApi):
    """A Bot API that knows when each card was edited."""

    def __init__(self) -> None:
        super().__init__()
        self.edited: dict[int, asyncio.Future[float]] = {}

    def _on_editMessageText(self, form: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        waiting = self.edited.pop(int(form["chat_id"]), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(time.perf_counter())
        return super()._on_editMessageText(form)

    async def turn_page(self, chat: int, number: int) -> float:
        """Tap the list's pager, forth and back in turns; return the milliseconds until the card arrives."""
        edited = self.edited[chat] = asyncio.get_running_loop().create_future()
        started = time.perf_counter()
        self.tap_label(chat, "‹ Back" if number % 2 else "More ›")
        arrived: float = await asyncio.wait_for(edited, 30)
        return (arrived - started) * 1_000


async def measure_taps(report: Report, door: Door) -> None:
    """One chat alone, fifty at their own pace, and fifty in the same instant."""
    for chat in range(1, CHATS + 1):
        await _firm(door, chat)
    port = free_port()
    async with running_bot_api(port, TimedApi()) as api:
        assert isinstance(api, TimedApi)
        async with program("bot", TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_API_BASE=api.base):
            await _opened(api)
            alone = await _alone(api)
            many = await _many(api)
            stampede = await _stampede(api)
    report.add("tap to edited card, one chat, median", statistics.median(alone), unit="ms", most=150)
    report.add("  p95", statistics.quantiles(alone, n=20)[-1], unit="ms")
    report.add(
        f"tap to edited card, {CHATS} chats, {CHATS / EVERY:.0f} taps a second, median",
        statistics.median(many),
        unit="ms",
        most=150,
    )
    report.add("  p95", statistics.quantiles(many, n=20)[-1], unit="ms")
    report.add(f"  {CHATS} taps in one instant, median", statistics.median(stampede), unit="ms")


async def _alone(api: TimedApi) -> list[float]:
    taken = []
    for number in range(ALONE):
        taken.append(await api.turn_page(1, number))
        await asyncio.sleep(1.1)  # Telegram lets a chat have one message a second
    return taken


async def _many(api: TimedApi) -> list[float]:
    chance = random.Random(1)

    async def one(chat: int) -> list[float]:
        await asyncio.sleep(chance.uniform(0, EVERY))
        taken = []
        for number in range(ROUNDS):
            began = time.perf_counter()
            taken.append(await api.turn_page(chat, number))
            await asyncio.sleep(max(0.0, EVERY - (time.perf_counter() - began)))
        return taken

    return [one for several in await asyncio.gather(*map(one, range(1, CHATS + 1))) for one in several]


async def _stampede(api: TimedApi) -> list[float]:
    await asyncio.sleep(EVERY)
    return list(await asyncio.gather(*(api.turn_page(chat, 0) for chat in range(1, CHATS + 1))))


async def _opened(api: TimedApi) -> None:
    """Let every chat ask who owes, and wait for all the lists."""
    for chat in range(1, CHATS + 1):
        api.types(chat, "/owes")
        await asyncio.sleep(0.05)
    await api.until(lambda: all(api.texts(chat) for chat in range(1, CHATS + 1)), seconds=60)
    await asyncio.sleep(EVERY)


async def _firm(door: Door, chat: int) -> None:
    """Found a firm with a dozen customers who owe, and link its owner's chat."""
    business = uuid4()
    clerk = system(business, "bench")
    await door.execute(AddBusiness(business, f"Firm {chat}"), clerk)
    member = await door.execute(AddMember("Ramesh", "owner"), clerk)
    await door.execute(LinkChat(await door.execute(CreateLinkCode(member), clerk), chat), clerk)
    async with transaction(door.engine, [business], role="munshi_ingest") as tx:
        await append(tx, [_bills(business)])
    while (await door.execute(DrainBusiness(), clerk)).more:
        pass


def _bills(business: UUID) -> Delivery:
    moment = datetime(2026, 10, 1, tzinfo=UTC)
    events = tuple(
        NewEvent(
            f"b{number}", "invoice.issued", "invoice", f"b{number}", moment, "instant",
            {
                "number": f"B{number:04d}", "amount": 118_000 + number, "base": 100_000, "currency": "INR",
                "party": {"id": f"c{number % CUSTOMERS}", "name": f"Customer {number % CUSTOMERS}"},
                "issued_on": "2026-10-01", "due_on": "2026-10-31",
            },
        )
        for number in range(2 * CUSTOMERS)
    )  # fmt: skip
    body = business.bytes
    return Delivery(business, "standard:books", "file", digest(body), body, datetime.now(UTC), events=events)


if __name__ == "__main__":
    run_alone(lambda report, engine: measure_taps(report, Door(engine)))
