"""What may be asked about outgoing webhooks; each names the view that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Webhooks:
    """All endpoints, the oldest first, as tuple[WebhookView, ...]."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint, as WebhookView; NotFound if there is none."""

    webhook_id: UUID


@dataclass(frozen=True, slots=True)
class WebhookTries:
    """A page of the calls to an endpoint, newest first, as WebhookTryPage."""

    webhook_id: UUID
    first: int = 50
    after: str | None = None
    failed_only: bool = False


@dataclass(frozen=True, slots=True)
class SwitchedOffWebhooks:
    """Endpoints that were switched off because they failed, and since when, as tuple[SwitchedOff, ...]."""
