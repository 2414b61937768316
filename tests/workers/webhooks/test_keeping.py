"""Outgoing webhooks looked after: secrets, limits, other people, and what is left of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from kit.errors import Denied, NotFound, Rejected
from kit.standard_webhooks import verify
from ledger.commands.webhooks import (
    ChangeWebhook,
    RemoveWebhook,
    ReplayWebhook,
    RotateWebhookSecret,
    TestWebhook,
)
from ledger.domain.roles import Actor, Role
from ledger.queries.webhooks import Webhooks, WebhookTries
from ledger.store.webhook_calls import forget_old_tries
from tests.ledger.desk import Firm
from tests.workers.webhooks.receiving import Receiver, added, three_bills
from workers.webhook_sender import WebhookSender


async def test_a_secret_is_changed_without_a_gap(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    fresh = await firm.door.execute(RotateWebhookSecret(made.id, keep_hours=24), firm.owner)
    await three_bills(firm)
    await sender.send(firm.owner.business_id, made.id)
    call = receiver.calls[0]
    for secret in (made.secret, fresh):
        verify(call.headers, call.body, secrets=[secret], now=firm.clock.now)
    firm.clock.now += timedelta(hours=25)
    await firm.door.execute(TestWebhook(made.id), firm.owner)
    await sender.send(firm.owner.business_id, made.id)
    call = receiver.calls[-1]
    verify(call.headers, call.body, secrets=[fresh], now=firm.clock.now)
    with pytest.raises(Denied):
        verify(call.headers, call.body, secrets=[made.secret], now=firm.clock.now)
    stored = await firm.rows("SELECT secrets FROM webhooks WHERE business_id = $1")
    assert fresh.encode() not in bytes(stored[0]["secrets"])


async def test_another_firms_webhook_is_not_found_and_only_the_owner_may(
    firm: Firm, receiver: Receiver
) -> None:
    made = await added(firm, receiver)
    stranger = Actor(uuid4(), Role.OWNER, "Suresh", member_id=uuid4())
    for command in (ChangeWebhook(made.id, enabled=False), RotateWebhookSecret(made.id), RemoveWebhook(made.id),
                    TestWebhook(made.id), ReplayWebhook(made.id, after=0)):  # fmt: skip
        with pytest.raises(NotFound):
            await firm.door.execute(command, stranger)
        for role in (Role.FINANCE, Role.SALES, Role.VIEW):
            with pytest.raises(Denied):
                await firm.door.execute(command, Actor(firm.owner.business_id, role, "x", member_id=uuid4()))
    assert await firm.door.query(Webhooks(), stranger) == ()
    assert (await firm.door.query(WebhookTries(made.id), stranger)).rows == ()


async def test_what_is_removed_leaves_nothing(firm: Firm, receiver: Receiver, sender: WebhookSender) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    await sender.send(firm.owner.business_id, made.id)
    await firm.door.execute(TestWebhook(made.id), firm.owner)
    await firm.door.execute(RemoveWebhook(made.id), firm.owner)
    for table in ("webhooks", "webhook_wishes", "webhook_tries"):
        assert await firm.rows(f"SELECT 1 FROM {table} WHERE business_id = $1") == []
    assert await sender.send(firm.owner.business_id, made.id) == 0


async def test_old_tries_are_forgotten(firm: Firm, receiver: Receiver, sender: WebhookSender) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    await sender.send(firm.owner.business_id, made.id)
    assert await forget_old_tries(firm.engine, firm.clock.now) == 0
    assert await forget_old_tries(firm.engine, firm.clock.now + timedelta(days=31)) == 3


async def test_there_are_at_most_ten(firm: Firm, receiver: Receiver) -> None:
    for _ in range(10):
        await added(firm, receiver)
    with pytest.raises(Rejected) as refused:
        await added(firm, receiver)
    assert refused.value.code == "webhook.too_many"


@pytest.mark.parametrize("events", [("money.lost",), ("question.opened", "x")])
async def test_an_event_that_there_is_not_is_refused(firm: Firm, receiver: Receiver, events: Any) -> None:
    with pytest.raises(Rejected):
        await added(firm, receiver, *events)
