"""Commands about what chats send and get, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NoteUpdate:
    """A message or a tap was taken up and worked on: what is delivered again is skipped (system only)."""

    update_id: int


@dataclass(frozen=True, slots=True)
class NoteTap:
    """A button brought what it brings: taps that follow at once bring it no second time. `at`: seconds since 1970."""

    button_id: str
    at: float
