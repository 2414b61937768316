"""Outgoing webhooks as those who look after them see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.views import Page


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An endpoint and how it fares."""

    id: UUID
    label: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    off_because: str | None
    position: int
    """The audit sequence up to which it was told."""
    behind: int
    """How many entries of the trail lie before it, whatever of them concerns it."""
    failures: int
    failing_since: datetime | None
    next_at: datetime | None
    """When the failing message is tried again."""
    two_secrets_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookTryView:
    """One call that we made."""

    id: UUID
    message: str
    sequence: int | None
    event: str
    because: str
    number: int
    at: datetime
    took: int
    status: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTryPage(Page):
    """A page of calls."""

    rows: tuple[WebhookTryView, ...]


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """An endpoint that failed for too long."""

    id: UUID
    label: str
    url: str
    because: str
    failing_since: datetime
