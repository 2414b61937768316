"""Commands about what chats send and get, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoteUpdate:
    """A message or a tap of a member was worked on: what is delivered again is skipped (system only).

    Result: the language that is spoken with him now.
    """

    update_id: int
    member_id: UUID


@dataclass(frozen=True, slots=True)
class NoteMenu:
    """The chat's menu of commands is in this language now (system only)."""

    chat_id: int
    language: str


@dataclass(frozen=True, slots=True)
class NoteTap:
    """A button brought what it brings: taps that follow at once bring it no second time. `at`: seconds since 1970."""

    button_id: str
    at: float


@dataclass(frozen=True, slots=True)
class ClaimMessage:
    """Take a chat's oldest queued message, if it is due, for sending (system only). Result: OutboxMessage or None."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message to be sent now; `card` has text, buttons with their data, and `again` where it may be a repeat."""

    id: UUID
    chat_id: int
    member_id: UUID | None
    kind: str
    card: dict[str, Any]
    edit_message: int | None
    attempts: int


@dataclass(frozen=True, slots=True)
class SettleMessage:
    """Say what became of a message that was being sent (system only): `sent`, `failed`, or `queued` once more.

    Result: whether more is queued for its chat. `again` marks a repeat of what may have arrived already.
    """

    outbox_id: UUID
    status: str
    message_id: int | None = None
    error: str | None = None
    due_at: datetime | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class RecoverMessages:
    """After a crash: queue half-sent answers once more, marked `again`; give half-sent digests and alerts up
    (system only). Result: number of messages queued once more."""


@dataclass(frozen=True, slots=True)
class NoteBlockedChat:
    """A chat refuses our messages: its member counts as unreachable and what waits for it is given up (system only)."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class NoteChatBack:
    """A chat that had refused our messages writes again: its member is reachable (system only)."""

    chat_id: int
    member_id: UUID
