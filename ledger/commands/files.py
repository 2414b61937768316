"""Files that members send to their chat, from the first byte to the summary of what they explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.commands import QueueMessage


@dataclass(frozen=True, slots=True)
class TakeFile:
    """Note that a file came; `file_id` is the channel's name of it, `message` the outbox row that shows how far it is.

    Result: its id.
    """

    chat_id: int
    file_id: str
    filename: str
    message: UUID | None = None


@dataclass(frozen=True, slots=True)
class NoteFileSent:
    """Note that somebody sends a file to be read as one of a source, before it is; `sha256` of its bytes."""

    source: str
    sha256: str
    size: int
    via: str


@dataclass(frozen=True, slots=True)
class MoveFile:
    """Say how far a file is (system only), and queue what its sender is told of it, in one transaction.

    `status`: reading (with `digest`: it is in the log, what it explains is being worked out), derived, told, refused.
    Result: whether it moved; a file that is told or refused already stays, and nothing is queued.
    """

    id: UUID
    status: str
    source: str | None = None
    digest: bytes | None = None
    counts: Mapping[str, Any] = field(default_factory=dict)
    message: QueueMessage | None = None


@dataclass(frozen=True, slots=True)
class ResumeFiles:
    """Take over files whose reading was cut off (system only). Result: tuple[OpenFile, ...], each taken by one caller."""
