"""The doorbell: one ring per business and batch, none that waits or raises, none that is needed and missing."""

from __future__ import annotations

import asyncio
import time

import pytest
from dramatiq.brokers.redis import RedisBroker

from kit.errors import Rejected
from kit.ids import uuid7
from workers.broker import DRAIN_QUEUE, make_broker
from workers.doorbell import RINGS, Doorbell, answered, send_drain


def waiting(broker: RedisBroker) -> int:
    return broker.do_qsize(DRAIN_QUEUE)  # type: ignore[no-any-return]


@pytest.fixture
def broker(redis_url: str) -> RedisBroker:
    made = make_broker(redis_url)
    assert isinstance(made, RedisBroker)
    return made


async def test_a_batch_of_rings_for_one_business_is_one_message(broker: RedisBroker) -> None:
    bell, first, second = Doorbell(broker), uuid7(), uuid7()
    await asyncio.gather(*(bell.ring({first, second}) for _ in range(100)))
    await bell.close()
    assert waiting(broker) == 2


async def test_while_nobody_has_begun_to_look_another_ring_is_needless(broker: RedisBroker) -> None:
    business = uuid7()
    assert send_drain(broker, business)
    assert not send_drain(broker, business)
    answered(broker, business)
    assert send_drain(broker, business)
    assert waiting(broker) == 2


async def test_a_broker_that_is_away_costs_the_caller_nothing(tmp_path: object) -> None:
    bell = Doorbell(make_broker(f"unix://{tmp_path}/nobody.sock"))
    before = RINGS.labels("failed")._value.get()
    begun = time.monotonic()
    await bell.ring({uuid7()})
    assert time.monotonic() - begun < 0.05
    await bell.close()
    assert RINGS.labels("failed")._value.get() == before + 1


async def test_without_a_broker_nothing_is_rung() -> None:
    bell = Doorbell(None)
    await bell.ring({uuid7()})
    await bell.close()


def test_an_address_of_no_broker_is_refused_with_what_to_write() -> None:
    with pytest.raises(Rejected, match="redis://"):
        make_broker("http://127.0.0.1")
