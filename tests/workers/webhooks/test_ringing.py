"""Who rings for webhooks: the scheduler through the broker, or the worker that polls."""

from __future__ import annotations

from typing import Any

import pytest
from dramatiq.brokers.redis import RedisBroker

from kit.settings import settings
from ledger.commands.webhooks import TestWebhook
from tests.ledger.desk import Firm
from tests.workers.webhooks.receiving import Receiver, added, three_bills
from workers import __main__ as worker
from workers import process
from workers.broker import TELL_QUEUE, make_broker
from workers.scheduler import Scheduler


async def test_the_scheduler_rings_for_what_moved_on_at_once_and_else_patiently(
    firm: Firm, receiver: Receiver, redis_url: str
) -> None:
    broker = make_broker(redis_url)
    assert isinstance(broker, RedisBroker)
    scheduler = Scheduler(firm.door, broker)
    made = await added(firm, receiver)
    await scheduler.tell(firm.clock.now)
    (first,) = broker.client.lrange(f"munshi:{TELL_QUEUE}", 0, -1)
    assert first
    await scheduler.tell(firm.clock.now)
    assert broker.client.llen(f"munshi:{TELL_QUEUE}") == 1
    await firm.rows("UPDATE webhooks SET position = position + 1 WHERE business_id = $1 RETURNING 1")
    await firm.door.execute(TestWebhook(made.id), firm.owner)
    await scheduler.tell(firm.clock.now)
    assert broker.client.llen(f"munshi:{TELL_QUEUE}") == 2


async def test_a_worker_that_polls_finds_it_by_itself(
    firm: Firm, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await added(firm, receiver)
    await three_bills(firm)

    def door() -> Any:
        return firm.door

    monkeypatch.setattr(process, "door", door)
    monkeypatch.setattr(process, "engine", lambda: firm.engine)
    monkeypatch.setattr(worker, "system_clock", firm.clock)
    assert settings().webhook_private_addresses
    await worker._tell_what_is_due()
    assert [one["data"]["number"] for one in receiver.said] == ["INV-1", "INV-2", "INV-3"]
