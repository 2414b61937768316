"""What is noted about the audit trail itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoteAuditVerified:
    """Keep a place up to which the chain was verified: the next verification begins there. Stale if it isn't so (any more)."""

    sequence: int
    head: str
    entries: int
    since: int


@dataclass(frozen=True, slots=True)
class HeadMessage:
    """The head of the day for one member's chat."""

    member_id: UUID
    chat_id: int
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TellAuditHead:
    """Queue the head of the day to the chats that keep it outside the database, each once a day, and note it as verified.

    `verified` None: the chain doesn't hold, and that is what the messages say. Result: how many were queued.
    """

    day: date
    verified: NoteAuditVerified | None
    messages: tuple[HeadMessage, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class NoteAuditExport:
    """Note that somebody takes a part of the trail away; `form`: jsonl or xlsx."""

    form: str
    since: date | None
    until: date | None
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class MakeAuditLink:
    """Make a link to an export, good for 1 to 60 minutes, and note who made it. Result: PageLinkMade.

    `form`: jsonl or xlsx. It is kept with the links to pages, is taken back as they are, and hands out nothing once its
    maker, or the token that made it, may no longer take an export. Rejected.
    """

    form: str
    since: date | None = None
    until: date | None = None
    valid_minutes: int = 15
