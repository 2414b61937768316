"""Outgoing webhooks: in order, signed, tried again, switched off, told again; nothing lost and nothing private."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest

from kit.errors import NotFound, Rejected
from kit.standard_webhooks import verify
from ledger.commands.webhooks import (
    ChangeWebhook,
    ClaimWebhook,
    ReplayWebhook,
    TestWebhook,
)
from ledger.domain.roles import system
from ledger.domain.webhooks import PAUSES, node_id
from ledger.store.webhook_calls import webhooks_due
from tests.conftest import TestDatabase
from tests.ledger.desk import Firm
from tests.vendors.serving import Fault
from tests.workers.webhooks import killed_sender
from tests.workers.webhooks.receiving import PUBLIC, Receiver, added, seen, three_bills, tries
from workers.webhook_sender import WebhookSender


async def test_what_happens_is_told_in_order_signed_and_small(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await firm.bill("INV-102", 5_684_000, 5_684_000)
    await firm.say(
        "payment:razorpay", "payment.received", "payment", "pay_1", amount=5_684_000, currency="INR",
        party={"id": "C-1", "name": "Sharma Traders"}, paid_on="2026-11-18",
        references={"invoices": ["INV-102"], "utr": "HDFCN52026111800"},
    )  # fmt: skip
    await firm.settle()
    (due,) = await webhooks_due(firm.engine, firm.clock.now)
    assert (due.business_id, due.webhook_id) == (firm.owner.business_id, made.id)
    taken = await sender.send(firm.owner.business_id, made.id)
    assert taken == len(receiver.calls) > 0
    assert {"invoice.status_changed", "money.received"} <= set(receiver.types)
    places = [one["sequence"] for one in receiver.said]
    assert places == sorted(set(places))
    for call in receiver.calls:
        verify(call.headers, call.body, secrets=[made.secret], now=firm.clock.now)
        assert call.headers["content-type"] == "application/json"
        assert b"sharma" not in call.body.lower()
        assert len(call.body) < 1_000
    money = next(one for one in receiver.said if one["type"] == "money.received")
    (receipt,) = await firm.rows("SELECT id, party_id FROM receipts WHERE business_id = $1")
    assert money["version"] == 1
    assert money["business"] == str(firm.owner.business_id)
    assert money["data"]["id"] == node_id("receipt", receipt["id"])
    assert money["data"]["amount"] == 5_684_000
    assert money["data"]["url"] == f"{PUBLIC}/c/{receipt['party_id']}"
    assert len({call.headers["webhook-id"] for call in receiver.calls}) == len(receiver.calls)
    assert await webhooks_due(firm.engine, firm.clock.now) == []
    assert (await seen(firm, made.id)).behind == 0


async def test_the_published_verifier_accepts_what_we_send_and_no_change_of_it(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    from datetime import UTC, datetime

    from standardwebhooks import Webhook as Verifier
    from standardwebhooks import WebhookVerificationError

    firm.clock.now = datetime.now(UTC)  # the verifier has a clock of its own
    made = await added(firm, receiver)
    await firm.door.execute(TestWebhook(made.id), firm.owner)
    assert await sender.send(firm.owner.business_id, made.id) == 1
    (call,) = receiver.calls
    assert Verifier(made.secret).verify(call.body, dict(call.headers))["type"] == "webhook.test"
    with pytest.raises(WebhookVerificationError):
        Verifier(made.secret).verify(call.body + b" ", dict(call.headers))


async def test_an_endpoint_is_told_only_of_the_events_that_it_chose(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver, "money.received")
    await three_bills(firm)
    await firm.credit(5_684_000)
    await firm.settle()
    await sender.send(firm.owner.business_id, made.id)
    assert receiver.types == ["money.received"]
    assert (await seen(firm, made.id)).behind == 0


async def test_a_question_is_told_when_it_opens_and_when_it_is_answered(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    from ledger.commands import ResolveConflict

    made = await added(firm, receiver, "question.opened", "question.answered")
    await firm.credit(5_684_000)
    await firm.settle()
    question = await firm.only()
    await sender.send(firm.owner.business_id, made.id)
    (opened,) = receiver.said
    assert (opened["type"], opened["data"]["id"]) == ("question.opened", node_id("conflict", question.id))
    answer = next(one.id for one in question.answers if one.id not in ("ask", "later", "why"))
    await firm.door.execute(ResolveConflict(question.id, answer), firm.owner)
    await sender.send(firm.owner.business_id, made.id)
    assert receiver.types == ["question.opened", "question.answered"]
    assert receiver.said[1]["data"]["answer"] == answer


async def test_a_failing_message_holds_back_what_follows_and_is_tried_again_under_its_own_id(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    receiver.next(Fault(status=500), Fault(status=503, headers={"retry-after": "600"}))
    assert await sender.send(firm.owner.business_id, made.id) == 0
    assert len(receiver.calls) == 1
    view = await seen(firm, made.id)
    assert (view.failures, view.next_at) == (1, firm.clock.now + PAUSES[0])
    assert await webhooks_due(firm.engine, firm.clock.now) == []
    assert await sender.send(firm.owner.business_id, made.id) == 0
    assert len(receiver.calls) == 1, "it was told before its pause was over"
    firm.clock.now += PAUSES[0]
    await sender.send(firm.owner.business_id, made.id)
    assert (await seen(firm, made.id)).next_at == firm.clock.now + timedelta(seconds=600)
    firm.clock.now += timedelta(seconds=600)
    assert await sender.send(firm.owner.business_id, made.id) == 3
    assert len({call.headers["webhook-id"] for call in receiver.calls[:3]}) == 1
    assert [one["data"]["number"] for one in receiver.said] == ["INV-1", "INV-1", "INV-1", "INV-2", "INV-3"]
    listed = (await tries(firm, made.id)).rows
    assert [(one.number, one.status, one.error) for one in reversed(listed)] == [
        (1, 500, "webhook.status_5xx"), (2, 503, "webhook.status_5xx"), (3, 200, None), (1, 200, None), (1, 200, None),
    ]  # fmt: skip
    assert len((await tries(firm, made.id, failed_only=True)).rows) == 2


async def test_after_days_of_failing_it_is_switched_off_the_owner_is_told_once_and_nothing_is_lost(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    await firm.rows(
        "UPDATE members SET chat_id = 77 WHERE business_id = $1 AND id = $2 RETURNING 1", firm.owner.member_id
    )
    await firm.rows(
        "INSERT INTO directory (kind, key, business_id, ref) VALUES ('chat', 'chat:77', $1, $2) RETURNING 1",
        firm.owner.member_id,
    )
    made = await added(firm, receiver)
    await three_bills(firm)
    began = firm.clock.now
    receiver.next(*[Fault(status=500)] * (len(PAUSES) + 1))
    for pause in (*PAUSES, timedelta()):
        await sender.send(firm.owner.business_id, made.id)
        firm.clock.now += pause
    assert firm.clock.now - began > timedelta(days=3)
    view = await seen(firm, made.id)
    assert (view.enabled, view.off_because, len(receiver.calls)) == (
        False,
        "webhook.status_5xx",
        len(PAUSES) + 1,
    )
    assert await webhooks_due(firm.engine, firm.clock.now) == []
    told = await firm.rows("SELECT card FROM outbox WHERE business_id = $1")
    assert len(told) == 1
    assert "Books program" in told[0]["card"]["text"]
    off = await firm.rows(
        "SELECT entry FROM audit WHERE business_id = $1 AND action = 'webhook.switched_off'"
    )
    assert [row["entry"]["code"] for row in off] == ["webhook.status_5xx"]
    from bot.switched_off import tell_all_of_switched_off

    assert await tell_all_of_switched_off(firm.door, firm.clock.now) == 0, "he was told twice"
    await firm.door.execute(ChangeWebhook(made.id, enabled=True), firm.owner)
    assert await sender.send(firm.owner.business_id, made.id) == 3
    assert [one["data"]["number"] for one in receiver.said[-3:]] == ["INV-1", "INV-2", "INV-3"]


async def test_one_that_is_gone_is_switched_off_at_once(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    receiver.next(Fault(status=410))
    assert await sender.send(firm.owner.business_id, made.id) == 0
    view = await seen(firm, made.id)
    assert (view.enabled, view.off_because) == (False, "webhook.gone")


async def test_no_redirect_is_followed_and_a_trickling_answer_is_left(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    receiver.next(
        Fault(status=302, headers={"location": receiver.url}), Fault(status=200, body=b"x" * 1_000_000)
    )
    await sender.send(firm.owner.business_id, made.id)
    assert len(receiver.calls) == 1
    firm.clock.now += PAUSES[0]
    assert await sender.send(firm.owner.business_id, made.id) == 3
    (failed,) = (await tries(firm, made.id, failed_only=True)).rows
    assert (failed.status, failed.error) == (302, "webhook.status_3xx")


async def test_a_sender_that_died_before_settling_leaves_the_message_to_the_next_under_the_same_id(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    clerk = system(firm.owner.business_id, "webhooks")
    lost = await firm.door.execute(ClaimWebhook(made.id, uuid4()), clerk)
    assert [one.told.entry["number"] for one in lost.messages] == ["INV-1", "INV-2", "INV-3"]
    assert await sender.send(firm.owner.business_id, made.id) == 0, "two sent at once"
    firm.clock.now += timedelta(minutes=3)
    assert len(await webhooks_due(firm.engine, firm.clock.now)) == 1
    assert await sender.send(firm.owner.business_id, made.id) == 3
    assert [call.headers["webhook-id"] for call in receiver.calls] == [one.id for one in lost.messages]


async def test_a_killed_sender_loses_nothing_and_tells_again_only_what_it_was_telling(
    firm: Firm, receiver: Receiver, sender: WebhookSender, database: TestDatabase
) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    receiver.next(Fault(status=200), Fault(status=200, after_seconds=60))
    told = (str(firm.owner.business_id), str(made.id), firm.clock.now.isoformat())
    killed = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-m", killed_sender.__name__, *told],
        env={**os.environ, "DATABASE_URL": database.url},
    )
    try:
        async with asyncio.timeout(30):
            while len(receiver.calls) < 2:
                assert killed.poll() is None
                await asyncio.sleep(0.05)
    finally:
        killed.kill()
        killed.wait(10)
    assert await sender.send(firm.owner.business_id, made.id) == 0, "its turn isn't over yet"
    firm.clock.now += timedelta(minutes=3)
    assert await sender.send(firm.owner.business_id, made.id) == 2
    first, second, again, third = (call.headers["webhook-id"] for call in receiver.calls)
    assert again == second
    assert len({first, second, third}) == 3
    assert [one["data"]["number"] for one in receiver.said] == ["INV-1", "INV-2", "INV-2", "INV-3"]


async def test_two_senders_at_once_send_each_message_once(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await three_bills(firm)
    taken = await asyncio.gather(*(sender.send(firm.owner.business_id, made.id) for _ in range(4)))
    assert sum(taken) == 3
    assert len(receiver.calls) == 3


async def test_one_message_or_all_from_a_place_or_a_moment_can_be_told_again(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await firm.bill("INV-1", 5_684_000, 5_684_000)
    await firm.drain()
    firm.clock.now += timedelta(hours=1)
    since = firm.clock.now
    await firm.bill("INV-2", 5_684_000, 5_684_000)
    await firm.drain()
    await sender.send(firm.owner.business_id, made.id)
    first, second = receiver.said
    await firm.door.execute(ReplayWebhook(made.id, sequence=first["sequence"]), firm.owner)
    assert await sender.send(firm.owner.business_id, made.id) == 1
    assert receiver.calls[2].headers["webhook-id"] == receiver.calls[0].headers["webhook-id"]
    assert receiver.said[2] == first
    await firm.door.execute(ReplayWebhook(made.id, since=since), firm.owner)
    assert await sender.send(firm.owner.business_id, made.id) == 1
    assert receiver.said[3] == second
    await firm.door.execute(ReplayWebhook(made.id, after=0), firm.owner)
    assert await sender.send(firm.owner.business_id, made.id) == 2
    assert receiver.said[4:] == [first, second]
    with pytest.raises(NotFound):
        await firm.door.execute(ReplayWebhook(made.id, sequence=first["sequence"] + 10_000), firm.owner)
    with pytest.raises(Rejected):
        await firm.door.execute(ReplayWebhook(made.id, after=10_000_000), firm.owner)
    with pytest.raises(Rejected):
        await firm.door.execute(ReplayWebhook(made.id, after=1, sequence=1), firm.owner)


async def test_a_wish_is_tried_a_few_times_and_a_test_once_also_where_it_is_switched_off(
    firm: Firm, receiver: Receiver, sender: WebhookSender
) -> None:
    made = await added(firm, receiver)
    await firm.bill("INV-1", 5_684_000, 5_684_000)
    await firm.drain()
    await sender.send(firm.owner.business_id, made.id)
    await firm.door.execute(ChangeWebhook(made.id, enabled=False), firm.owner)
    await firm.door.execute(ReplayWebhook(made.id, sequence=receiver.said[0]["sequence"]), firm.owner)
    message = await firm.door.execute(TestWebhook(made.id), firm.owner)
    receiver.next(Fault(status=500), Fault(status=500))
    await sender.send(firm.owner.business_id, made.id)
    assert len(receiver.calls) == 3
    assert message in {call.headers["webhook-id"] for call in receiver.calls}
    assert await webhooks_due(firm.engine, firm.clock.now) == []
    firm.clock.now += PAUSES[0]
    assert len(await webhooks_due(firm.engine, firm.clock.now)) == 1
    assert await sender.send(firm.owner.business_id, made.id) == 1
    assert (await seen(firm, made.id)).off_because == "owner"
    assert {(one.because, one.number) for one in (await tries(firm, made.id)).rows} == {
        ("turn", 1), ("replay", 1), ("replay", 2), ("test", 1),
    }  # fmt: skip
