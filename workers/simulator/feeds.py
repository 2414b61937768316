"""Sending over HTTP: messages are signed as their vendor signs, shuffled, a tenth of them sent twice."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import httpx

from kit.clock import Clock
from workers.simulator.messages import Message

CONCURRENCY = 16
_ATTEMPTS = 6
_AGAIN = 0.1
_FIRST_PAUSE = 0.25
_BUSY = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a source's webhooks go, and the secret that signs them."""

    key: str
    secret: str


@dataclass(slots=True)
class Sent:
    """What became of a round of messages: accepted, refused by status code, given up after retries."""

    accepted: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    given_up: int = 0


def shuffled(messages: Iterable[Message], seed: int) -> list[Message]:
    """Return the messages in an order of chance, one in ten a second time: the same order for the same seed."""
    rng = Random(f"{seed}:order")  # noqa: S311 - a model of chance, no secret
    order = list(messages)
    order += rng.sample(order, round(len(order) * _AGAIN))
    rng.shuffle(order)
    return order


def signed_headers(message: Message, secret: str, now: datetime) -> dict[str, str]:
    """Sign a message as its source does: Razorpay by hex HMAC of the body, others by Standard Webhooks at `now`."""
    headers = {"content-type": message.content_type}
    if message.source.startswith("payment:razorpay"):
        made = hmac.new(secret.encode(), message.body, hashlib.sha256).hexdigest()
        return headers | {"x-razorpay-signature": made, "x-razorpay-event-id": message.id}
    stamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message.id}.{stamp}.".encode() + message.body
    made = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return headers | {
        "webhook-id": message.id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{made}",
    }


async def send(
    client: httpx.AsyncClient,
    messages: Sequence[Message],
    addresses: Mapping[str, Address],
    *,
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
    concurrency: int = CONCURRENCY,
) -> Sent:
    """Send every message to its source's address, some at a time, with bounded retries; `progress` gets the count."""
    result, waiting = Sent(), iter(messages)

    async def lane() -> None:
        for message in waiting:
            await _deliver(client, message, addresses[message.source], clock, result)
            progress(result.accepted + result.given_up + sum(result.refused.values()))

    await asyncio.gather(*(lane() for _ in range(concurrency)))
    return result


async def _deliver(
    client: httpx.AsyncClient, message: Message, address: Address, clock: Clock, result: Sent
) -> None:
    for attempt in range(_ATTEMPTS):
        headers = signed_headers(message, address.secret, clock())
        try:
            answer = await client.post(f"/ingest/{address.key}", content=message.body, headers=headers)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.is_success:
            result.accepted += 1
            return
        if answer is not None and answer.status_code < 500 and answer.status_code not in _BUSY:
            result.refused[answer.status_code] = result.refused.get(answer.status_code, 0) + 1
            return
        if attempt < _ATTEMPTS - 1:
            await asyncio.sleep(_FIRST_PAUSE * 2**attempt)
    result.given_up += 1
