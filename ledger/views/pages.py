"""Links to pages, and what a front page tells of one firm; amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.domain.roles import Actor
from ledger.views import BusinessView, SourceView
from ledger.views.tie_out import TieOutRow, TieOutTotal

AUDIT_PAGES: Mapping[str, str] = {"jsonl": "audit_jsonl", "xlsx": "audit_xlsx"}
"""What a link to a file of the audit trail leads to, by the file's form."""


@dataclass(frozen=True, slots=True)
class PageLinkView:
    """A link that leads to a page until `expires_at`; `opened` counts looks, `party_id` is whom it is about."""

    id: UUID
    page: str
    party_id: UUID | None
    party_name: str | None
    created_at: datetime
    expires_at: datetime
    opened_at: datetime | None
    opened: int


@dataclass(frozen=True, slots=True)
class PageLinkMade:
    """A new link; `key` is told here only."""

    id: UUID
    key: str
    page: str
    expires_at: datetime

    def file_url(self, public_url: str, form: str) -> str:
        """Return the address of a file of the trail, for a link to one."""
        return f"{public_url.rstrip('/')}/export/audit.{form}?key={self.key}"


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """Where a link leads: `actor` is its maker as he is now, `chat_id` whose further firms it shows."""

    id: UUID
    page: str
    actor: Actor
    party_id: UUID | None
    since: date | None
    until: date | None
    language: str
    chat_id: int | None
    expires_at: datetime
    timezone: str


@dataclass(frozen=True, slots=True)
class NewsOfKind:
    """What became known of one kind of thing: bill, money, credit_note, deduction, returned, payable, paid_out."""

    kind: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class WaitingQuestion:
    """A question that waits for an answer, in one line."""

    id: UUID
    title: str
    severity: str
    party_name: str | None
    amount: int | None
    currency: str | None
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class FirmAtAGlanceView:
    """One firm as an accountant wants it first.

    `since`: news is counted from there, None: nothing is called new. `waiting` are the most urgent questions of `open`,
    `oldest_at` the moment at which the oldest one came up. `books` empty: there is nothing to tie out with; `apart` are
    the parties that differ most. What the reader may not see is None (`sources`, `totals`) or empty.
    """

    firm: BusinessView
    since: datetime | None
    to_collect: int
    overdue: int
    news: tuple[NewsOfKind, ...]
    answered: int
    opened: int
    after_closing: int
    signed_until: date | None
    open: int
    blocking: int
    oldest_at: datetime | None
    waiting: tuple[WaitingQuestion, ...]
    books: tuple[str, ...]
    totals: tuple[TieOutTotal, ...] | None
    apart: tuple[TieOutRow, ...]
    sources: tuple[SourceView, ...] | None
