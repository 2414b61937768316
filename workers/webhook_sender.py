"""Sending webhooks: an endpoint's turn is taken under a lease, its messages go out one after another, each is settled.

A message that was sent and not settled, because its sender died, is sent again under the same id.
"""

from __future__ import annotations

import time
from uuid import UUID, uuid4

import orjson
from prometheus_client import Counter, Histogram

from bot.switched_off import tell_of_switched_off
from kit.errors import MunshiError
from kit.logs import logger
from kit.outward import Answered, Outward, elapsed
from kit.standard_webhooks import sign
from ledger.commands.webhooks import ClaimWebhook, EndTurn, Message, SettleMessage, WebhookTurn
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.domain.webhooks import payload, test_payload

log = logger(__name__)
SENT = Counter(
    "munshi_webhook_messages_total",
    "Calls to outgoing webhooks, by event and what came of it",
    ["event", "outcome"],
)
TOOK = Histogram("munshi_webhook_seconds", "Time of a call to an outgoing webhook")
TURNS_AT_ONCE = 20
"""Turns of one endpoint in a visit; what is left is the next visit's, so that none keeps a worker for itself."""


class WebhookSender:
    """Sends what is due of one endpoint at a time."""

    def __init__(self, door: Door, outward: Outward, *, public_url: str) -> None:
        self._door = door
        self._outward = outward
        self._public_url = public_url.rstrip("/")

    async def send(self, business: UUID, webhook: UUID) -> int:
        """Send what is due of an endpoint, in order, until something fails; return how many messages were taken."""
        taken = 0
        clerk = system(business, "webhooks")
        for _ in range(TURNS_AT_ONCE):
            lease = uuid4()
            turn: WebhookTurn | None = await self._door.execute(ClaimWebhook(webhook, lease), clerk)
            if turn is None:
                break
            goes_on = True
            for message in turn.messages:
                settled = await self._send(business, webhook, lease, turn, message)
                taken += settled.error is None
                goes_on = await self._door.execute(settled, clerk)
                if not goes_on:
                    break
            if not goes_on:
                await tell_of_switched_off(self._door, business)
                break
            await self._door.execute(EndTurn(webhook, lease, turn.until), clerk)
        return taken

    async def _send(
        self, business: UUID, webhook: UUID, lease: UUID, turn: WebhookTurn, message: Message
    ) -> SettleMessage:
        now, began = self._door.clock(), time.monotonic()
        said = (
            payload(message.told, business=business, public_url=self._public_url)
            if message.told is not None
            else test_payload(business=business, at=now)
        )
        body = orjson.dumps(said)
        headers = {"content-type": "application/json", "user-agent": "Munshi-Webhooks/1"}
        headers |= sign(body, secret=turn.secrets[0], message_id=message.id, now=now)
        for former in turn.secrets[1:]:
            also = sign(body, secret=former, message_id=message.id, now=now)["webhook-signature"]
            headers["webhook-signature"] += f" {also}"
        error, answer = None, Answered(0)
        try:
            with TOOK.time():
                answer = await self._outward.post(turn.url, body, headers)
            error = None if 200 <= answer.status < 300 else f"webhook.status_{answer.status // 100}xx"
        except MunshiError as failed:
            error = failed.code
        SENT.labels(message.event, error or "taken").inc()
        if error is not None:
            log.info("webhook.not_taken", webhook=str(webhook), error=error, number=message.number)
        return SettleMessage(
            webhook,
            lease,
            message,
            took=elapsed(began),
            status=answer.status or None,
            error=error,
            after=answer.after if error is not None else None,
            gone=answer.status == 410,
        )
