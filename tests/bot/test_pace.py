"""Telegram's limits: overall, per chat and per group, with answers before the mass, and pauses obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.pace import ALERT, ANSWER, DIGEST, Pace
from tests.bot.virtual_time import VirtualTime


async def _sent(time: VirtualTime, pace: Pace, turns: Iterable[tuple[int, int]]) -> list[tuple[float, int]]:
    """Ask for all turns at once; return the moment and chat of each, in the order in which they were given."""
    given: list[tuple[float, int]] = []

    async def one(chat: int, urgency: int) -> None:
        await pace.turn(chat, urgency)
        given.append((time.now, chat))

    tasks = [asyncio.create_task(one(chat, urgency)) for chat, urgency in turns]
    await time.until(lambda: all(task.done() for task in tasks))
    return given


def _most_within(moments: list[float], seconds: float) -> int:
    return max(sum(1 for other in moments if at <= other < at + seconds - 1e-9) for at in moments)


async def test_a_short_dialogue_goes_at_once_and_then_one_a_second() -> None:
    time = VirtualTime()
    pace = Pace(time, time.sleep)
    moments = []
    for _ in range(8):
        moments += [at for at, _ in await _sent(time, pace, [(1, ANSWER)])]
    assert moments == [0, 0, 0, 0, 0, 1, 2, 3]


async def test_no_second_has_more_than_thirty_whoever_is_written_to() -> None:
    time = VirtualTime()
    given = await _sent(time, Pace(time, time.sleep), [(chat, ANSWER) for chat in range(1, 201)])
    moments = [at for at, _ in given]
    assert _most_within(moments, 1.0) == 30
    assert moments[-1] < 7


async def test_an_answer_finds_room_amid_the_mornings_digests() -> None:
    time = VirtualTime()
    pace = Pace(time, time.sleep)
    mass = [asyncio.create_task(pace.turn(chat, DIGEST)) for chat in range(1, 301)]
    await time.until(lambda: time.now > 2)
    for chat in (501, 502, 503):
        asked = time.now
        assert (await _sent(time, pace, [(chat, ANSWER)]))[0][0] == asked
    await time.until(lambda: all(task.done() for task in mass))
    assert 11 <= time.now <= 13


async def test_what_is_urgent_goes_first_and_can_hurry_what_waits_before_it() -> None:
    time = VirtualTime()
    pace = Pace(time, time.sleep)
    for chat in range(1, 31):
        await pace.turn(chat, ANSWER)
    order: list[int] = []

    async def one(chat: int, urgency: int) -> None:
        await pace.turn(chat, urgency)
        order.append(chat)

    tasks = [
        asyncio.create_task(one(chat, urgency))
        for chat, urgency in ((101, DIGEST), (102, DIGEST), (103, ALERT), (104, ANSWER))
    ]
    await asyncio.sleep(0)
    pace.hurry(102, ANSWER)
    await time.until(lambda: all(task.done() for task in tasks))
    assert order == [104, 102, 103, 101]


async def test_a_group_gets_twenty_a_minute() -> None:
    time = VirtualTime()
    pace = Pace(time, time.sleep)
    moments = []
    for _ in range(50):
        moments += [at for at, _ in await _sent(time, pace, [(-5, ANSWER)])]
    assert _most_within(moments, 60.0) == 20


async def test_a_chat_told_to_wait_waits_and_two_of_them_mean_everybody() -> None:
    time = VirtualTime()
    pace = Pace(time, time.sleep)
    pace.hold(1, 7)
    given = await _sent(time, pace, [(1, ANSWER), (2, ANSWER)])
    assert given == [(0, 2), (7, 1)]
    pace.hold(1, 20)
    pace.hold(2, 30)
    assert await _sent(time, pace, [(3, ANSWER)]) == [(37, 3)]


async def test_what_others_sent_counts_and_a_turn_not_used_doesnt() -> None:
    time = VirtualTime()
    pace = Pace(time, time.sleep)
    for _ in range(30):
        pace.spent(9, ago=0.4)
    assert (await _sent(time, pace, [(1, ANSWER)]))[0][0] == 0.6
    chat_nine = (await _sent(time, pace, [(9, ANSWER)]))[0][0]
    assert chat_nine > 25, "its own allowance is used up for longer"
    time.now += 100
    for _ in range(100):
        await pace.turn(4, ANSWER)
        pace.unused(4)
    assert (await _sent(time, pace, [(4, ANSWER)]))[0][0] == time.now
