"""Commands about what chats send and get, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass
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
