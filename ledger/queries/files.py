"""What is asked about files sent to a chat."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OpenFiles:
    """Files that are in the log and whose sender isn't told yet what they explained (system only): tuple[OpenFile, ...]."""


@dataclass(frozen=True, slots=True)
class FileGave:
    """What a file of `source` with this `digest` explained and asked. Result: FileGaveView."""

    source: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class ChatFile:
    """One file by its id: OpenFile, whatever its status (system only)."""

    id: UUID
