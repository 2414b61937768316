"""Posting to Munshi: signed by Standard Webhooks, repeated by remedy, under the same id until it is accepted."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from kit import standard_webhooks
from kit.clock import Clock, system_clock
from kit.errors import Rejected, Retryable, SourceBroken

ATTEMPTS = 8
_LONGEST_WAIT = 300.0
_BUSY = (408, 423, 425, 429)
_COUNTS = ("accepted", "known", "rewritten", "quarantined")


class TooLarge(Rejected):
    """The body is more than Munshi takes at once: post it in halves."""


@dataclass(slots=True)
class Counts:
    """What Munshi made of what was posted."""

    accepted: int = 0
    known: int = 0
    rewritten: int = 0
    quarantined: int = 0

    def add(self, other: Counts) -> None:
        """Add up another."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Post:
    """Posts bodies to the address of one source."""

    address: str
    secret: str = field(repr=False)
    clock: Clock = system_clock
    sleep: Callable[[float], None] = time.sleep
    first_wait: float = 2.0
    _client: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._client = httpx.Client(timeout=httpx.Timeout(120.0, connect=20.0), follow_redirects=False)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def send(self, body: bytes, *, stream: str) -> Counts:
        """Post one body until it is accepted.

        TooLarge (halve it); Retryable after several tries; SourceBroken where the owner must do something.
        """
        wait, why = self.first_wait, ""
        for attempt in range(ATTEMPTS):
            try:
                answer = self._client.post(self.address, content=body, headers=self._headers(body, stream))
            except httpx.TransportError as error:
                # Its words may hold the address, which is a secret.
                why, told = f"it can't be reached ({type(error).__name__})", None
            else:
                if answer.is_success:
                    return _counts(answer)
                if answer.status_code < 500 and answer.status_code not in _BUSY:
                    raise self._refusal(answer)
                why, told = f"it answered {answer.status_code}", _retry_after(answer)
            if attempt < ATTEMPTS - 1:
                pause = wait * random.uniform(0.5, 1.5)  # noqa: S311  spreads retries, guards nothing
                self.sleep(min(max(pause, told or 0.0), _LONGEST_WAIT))
                wait = min(wait * 2, _LONGEST_WAIT)
        raise Retryable(
            "munshi.away",
            f"Munshi didn't take it: {why}.",
            remedy="Look at the internet connection; it is tried again.",
        )

    def _headers(self, body: bytes, stream: str) -> dict[str, str]:
        message_id = "tally_" + hashlib.sha256(f"{stream}\n".encode() + body).hexdigest()[:40]
        signed = standard_webhooks.sign(body, secret=self.secret, message_id=message_id, now=self.clock())
        return {**signed, "content-type": "text/xml; charset=utf-8", "x-tally-stream": stream}

    def _refusal(self, answer: httpx.Response) -> Rejected | SourceBroken:
        if answer.status_code == 413:
            return TooLarge("munshi.too_large", "Munshi doesn't take so much at once.")
        code = _code(answer)
        if code == "signature.stale":
            return SourceBroken(
                "munshi.clock",
                f"This PC's clock is wrong{_off(answer, self.clock())}, so Munshi doesn't believe its signature.",
                remedy="Windows: Settings → Time & language → Date & time → Sync now.",
            )
        if answer.status_code == 401:
            what = "secret" if code.startswith("signature.") else "address"
            return SourceBroken(
                "munshi.refused",
                f"Munshi doesn't know this {what} (any more).",
                remedy=f"Run `munshi tally-agent setup` with the {what} that `munshi source rotate books:tally` prints.",
            )
        return SourceBroken(
            "munshi.refused",
            f"What answers there takes nothing from us ({answer.status_code} {code}).".replace(" )", ")"),
            remedy="Run `munshi tally-agent setup` with the address that `munshi source add books:tally` printed.",
        )


def _counts(answer: httpx.Response) -> Counts:
    try:
        told = answer.json()
        return Counts(**{name: int(told.get(name, 0)) for name in _COUNTS})
    except (ValueError, TypeError, AttributeError):
        return Counts()


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["code"])[:60]
    except (ValueError, TypeError, KeyError):
        return ""


def _retry_after(answer: httpx.Response) -> float | None:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() and len(told) < 6 else None


def _off(answer: httpx.Response, now: datetime) -> str:
    try:
        minutes = round((now - parsedate_to_datetime(answer.headers["date"])).total_seconds() / 60)
    except (KeyError, ValueError, TypeError):
        return ""
    return f": {abs(minutes)} minutes {'ahead' if minutes > 0 else 'behind'}" if minutes else ""
