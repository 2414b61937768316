"""Files sent to a chat: how far they are, and what they gave; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file on its way. `left`: how many of the things that it tells of are still to be worked through, of `all`."""

    id: UUID
    chat_id: int
    member_id: UUID
    message: UUID | None
    file_id: str
    filename: str
    source: str | None
    digest: bytes | None
    status: str
    counts: Mapping[str, Any]
    taken_at: datetime
    left: int = 0
    all: int = 0


@dataclass(frozen=True, slots=True)
class FileGaveView:
    """What a file explained. Of its credits: `explained` (worth `explained_amount`), `asked` (an entry waits), `open`.

    `looking`: questions that are about to be asked. `questions`: all entries about its lines that wait for an answer.
    `bills` of `customers` are open, worth `to_collect`; `payables` of ours, worth `to_pay`.
    """

    currency: str
    credits: int = 0
    explained: int = 0
    explained_amount: int = 0
    asked: int = 0
    questions: int = 0
    looking: int = 0
    balance: int | None = None
    covered_until: date | None = None
    bills: int = 0
    customers: int = 0
    to_collect: int = 0
    payables: int = 0
    to_pay: int = 0

    @property
    def open(self) -> int:
        """Credits that nothing explains and about which nothing is asked."""
        return self.credits - self.explained - self.asked
