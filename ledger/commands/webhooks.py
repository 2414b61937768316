"""What may be told about outgoing webhooks: by the owner, and by the program that sends them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.domain.told import Told


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """An endpoint just made; the secret is shown this once."""

    id: UUID
    secret: str


@dataclass(frozen=True, slots=True)
class AddWebhook:
    """Tell an address what happens from now on. Result: NewWebhook."""

    url: str
    label: str = ""
    events: tuple[str, ...] = ()
    """Which events; none named: all."""


@dataclass(frozen=True, slots=True)
class ChangeWebhook:
    """Change what is given. Switched on again, it goes on where it stood: nothing is left out. Result: None."""

    webhook_id: UUID
    url: str | None = None
    label: str | None = None
    events: tuple[str, ...] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True)
class RotateWebhookSecret:
    """Sign with a new secret, and with the former one as well for so many hours. Result: the new secret."""

    webhook_id: UUID
    keep_hours: int = 24


@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    """Forget an address. Result: None."""

    webhook_id: UUID


@dataclass(frozen=True, slots=True)
class TestWebhook:
    """Send a test event once, at once, whether the endpoint is switched on or not. Result: the message's id."""

    __test__ = False

    webhook_id: UUID


@dataclass(frozen=True, slots=True)
class ReplayWebhook:
    """Tell again: one message by its `sequence`, or in order all behind `after` or from the moment `since` on.

    Result: the sequence behind which it goes on, or that of the one message.
    """

    webhook_id: UUID
    sequence: int | None = None
    after: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message that is due: an entry of the trail, or a test (`told` None)."""

    id: str
    event: str
    because: str
    number: int
    told: Told | None = None
    wish: UUID | None = None


@dataclass(frozen=True, slots=True)
class WebhookTurn:
    """What an endpoint is to be sent now, wishes first, then what is next in order; `until`: how far that reaches."""

    url: str
    secrets: tuple[str, ...]
    messages: tuple[Message, ...]
    until: int
    failures: int


@dataclass(frozen=True, slots=True)
class ClaimWebhook:
    """Take an endpoint's turn under a lease of ours. Result: WebhookTurn | None (another sends, or nothing is due)."""

    webhook_id: UUID
    lease: UUID


@dataclass(frozen=True, slots=True)
class SettleMessage:
    """Note what came of a message. Result: bool, whether the turn goes on.

    `error` None: it was taken. `after` seconds: the endpoint asked for such a pause. `gone`: it wants no more.
    """

    webhook_id: UUID
    lease: UUID
    message: Message
    took: int
    status: int | None = None
    error: str | None = None
    after: float | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class EndTurn:
    """Give the lease back; `until`: all up to that sequence was looked at. Result: None."""

    webhook_id: UUID
    lease: UUID
    until: int | None = None
