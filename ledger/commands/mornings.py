"""Putting into the outbox what the munshi says by himself: once, and with what it settles (all system's)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class QueueOfTheDay:
    """Queue a member's digest (`which`: morning) or the close of his day (evening), once a day.

    `before` is a message of its own that goes first; `offered` are subjects that were offered with it, for ever.
    Result: whether it was queued: False if he had it.
    """

    which: str
    chat_id: int
    member_id: UUID
    day: date
    card: dict[str, Any]
    before: dict[str, Any] | None = None
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueAlerts:
    """Queue one message with all new alerts of a member, unless another process told him; card None: only note them.

    `subjects` are (subject, kind) of everything that was looked at. Result: whether a message was queued.
    """

    chat_id: int
    member_id: UUID
    subjects: tuple[tuple[str, str], ...]
    card: dict[str, Any] | None
