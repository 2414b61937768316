"""Tally's XML port: one request at a time, long patience, pauses; what goes wrong is told by its remedy."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from connectors.tally.markup import plain, read_records
from connectors.tally.requests import CONTENT_TYPE, encoded
from kit.errors import Rejected, Retryable

_OPEN = "Open the company in TallyPrime and leave it open."
_LARGEST = 64 * 1024 * 1024


@dataclass(slots=True)
class Port:
    """Asks Tally; `pause` is what it gets to itself between two requests, in seconds."""

    url: str
    pause: float = 0.5
    patience: float = 300.0
    sleep: Callable[[float], None] = time.sleep
    largest: int = _LARGEST
    _client: httpx.Client = field(init=False)
    _asked: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        # No proxy of the office stands between two programs of one PC.
        self._client = httpx.Client(trust_env=False, timeout=httpx.Timeout(self.patience, connect=10.0))

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def ask(self, request: str) -> bytes:
        """Return the answer to a request, one that holds a collection.

        Retryable: `tally.closed`, `tally.hung_up`, `tally.nothing` (try later), `tally.slow`, `tally.too_much` (ask
        for less).
        """
        if self._asked and self.pause:
            self.sleep(self.pause)
        self._asked = True
        body = self._call(request)
        _check(body)
        return body

    def _call(self, request: str) -> bytes:
        try:
            with self._client.stream(
                "POST", self.url, content=encoded(request), headers={"content-type": CONTENT_TYPE}
            ) as answer:
                if answer.status_code != 200:
                    raise Retryable(
                        "tally.answer",
                        f"What listens at {self.url} answered {answer.status_code}.",
                        remedy=_OPEN,
                    )
                chunks: list[bytes] = []
                size = 0
                for chunk in answer.iter_bytes():
                    size += len(chunk)
                    if size > self.largest:
                        raise Retryable("tally.too_much", "Tally's answer is larger than it should be.")
                    chunks.append(chunk)
                return b"".join(chunks)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            raise Retryable(
                "tally.slow",
                f"Tally took longer than {self.patience:.0f} seconds to answer.",
                remedy="It is busy: another report, a backup, or a message on its screen that waits for an answer.",
            ) from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise Retryable(
                "tally.closed",
                f"Nothing listens at {self.url}.",
                remedy="Start TallyPrime; F1 → Settings → Connectivity: client/server Both, port 9000.",
            ) from None
        except httpx.TransportError as error:
            raise Retryable(
                "tally.hung_up", f"Tally broke off its answer ({type(error).__name__}).", remedy=_OPEN
            ) from None


def _check(body: bytes) -> None:
    """Refuse what is no answer: nothing at all (a closed company), a refusal, another program's page."""
    # An answer that is empty and right still has its collection: looked for in both of Tally's encodings.
    head = body[:100_000]
    whole = any("<COLLECTION".encode(encoding) in head for encoding in ("ascii", "utf-16-le", "utf-16-be"))
    said = ""
    try:
        for node in read_records(body if not whole else b"<ENVELOPE/>"):
            if node.name in ("LINEERROR", "RESPONSE"):
                said = plain(node.text)
    except Rejected:
        raise Retryable(
            "tally.answer", "What answered there is not TallyPrime, or broke off.", remedy=_OPEN
        ) from None
    if not whole:
        raise Retryable(
            "tally.nothing",
            f"Tally refused: {said[:200]}." if said else "Tally answered with nothing: no company is open.",
            remedy=_OPEN,
        )
