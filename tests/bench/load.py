"""A load generator that costs little: signed Razorpay webhooks, prepared beforehand, over kept-alive connections."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import orjson

CONNECTIONS = 64
PAYERS = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """How many requests were answered 2xx, in how many seconds, and how long each took (sorted, seconds)."""

    answered: int
    seconds: float
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.answered / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency in milliseconds that `share` of the requests stayed within."""
        return 1_000 * self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def webhooks(count: int, *, path: str, secret: str, first: int = 0, invoices: int = 0) -> list[bytes]:
    """Return `count` whole HTTP requests: captured payments, each with its own id, signature and event id.

    With `invoices` each names one of that many bills, whose customer pays; else they come from `PAYERS` customers.
    """
    requests = []
    for number in range(first, first + count):
        notes = {"invoice_number": f"B{number % invoices:07d}"} if invoices else []
        payer = f"{number % (invoices or PAYERS):05d}"
        payment = {
            "id": f"pay_{number:014d}", "entity": "payment", "amount": 118_000, "currency": "INR",
            "status": "captured", "order_id": None, "invoice_id": None, "international": False, "method": "upi",
            "amount_refunded": 0, "refund_status": None, "captured": True, "description": None, "card_id": None,
            "bank": None, "wallet": None, "vpa": f"{payer}@examplebank", "email": f"{payer}@example.com",
            "contact": f"+9190000{payer}", "notes": notes, "fee": 2_784, "tax": 424, "error_code": None,
            "error_description": None, "error_source": None, "error_step": None, "error_reason": None,
            "acquirer_data": {"rrn": f"{number:012d}"}, "created_at": 1_790_000_000 + number,
        }  # fmt: skip
        event = {
            "entity": "event", "account_id": "acc_00000000000001", "event": "payment.captured",
            "contains": ["payment"], "payload": {"payment": {"entity": payment}},
            "created_at": 1_790_000_001 + number,
        }  # fmt: skip
        body = orjson.dumps(event)
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"x-razorpay-signature: {signature}\r\nx-razorpay-event-id: evt{number}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, requests: list[bytes], latencies: list[float], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._done = done
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(self._requests.pop())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        if not head.startswith(b"HTTP/1.1 2"):
            self._done.set_exception(RuntimeError(self._buffer[:300].decode("utf-8", "replace")))
            self._transport.close()
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed a connection"))


async def fire(requests: list[bytes], *, port: int, connections: int = CONNECTIONS) -> Measured:
    """Send every request once over `connections` loopback connections; any answer but 2xx is an error."""
    loop = asyncio.get_running_loop()
    latencies: list[float] = []
    waiting = []
    count = len(requests)
    started = time.perf_counter()
    for _ in range(connections):
        done = loop.create_future()
        waiting.append(done)
        await loop.create_connection(partial(_Connection, requests, latencies, done), "127.0.0.1", port)
    await asyncio.gather(*waiting)
    seconds = time.perf_counter() - started
    if len(latencies) != count:
        raise RuntimeError(f"{len(latencies)} of {count} answered")
    return Measured(count, seconds, sorted(latencies))
