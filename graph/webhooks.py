"""Outgoing webhooks over GraphQL: for the owner, who adds, changes, tests, replays and removes them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from graph.ids import key_of
from graph.nodes import loads
from graph.types import webhooks as to
from graph.types.basics import Info, plain, resolved, told, word
from kit.errors import NotFound
from ledger.commands import webhooks as commands
from ledger.queries.webhooks import Webhook, Webhooks


@strawberry.input(description="An address to tell what happens from now on.")
class AddWebhookInput:
    """An endpoint."""

    url: str = strawberry.field(description="Where to: https://, reachable from the internet.")
    label: str | None = strawberry.field(default=None, description="What it is called; null: its host.")
    events: list[to.WebhookEvent] | None = strawberry.field(
        default=None, description="Of what; null: everything."
    )


@strawberry.input(description="What is to be changed of an endpoint.")
class ChangeWebhookInput:
    """A change."""

    webhook_id: strawberry.ID = strawberry.field(description="The endpoint.")
    url: str | None = strawberry.field(default=None, description="Where to.")
    label: str | None = strawberry.field(default=None, description="What it is called.")
    events: list[to.WebhookEvent] | None = strawberry.field(default=None, description="Of what.")
    enabled: bool | None = strawberry.field(
        default=None, description="Whether it is told. Switched on again, it goes on where it stood."
    )


@strawberry.input(description="A secret to be changed.")
class RotateWebhookSecretInput:
    """A change of the secret."""

    webhook_id: strawberry.ID = strawberry.field(description="The endpoint.")
    keep_hours: int = strawberry.field(
        default=24, description="How many hours the former secret signs too, 0 to 168."
    )


@strawberry.input(description="An endpoint.")
class WebhookInput:
    """An endpoint."""

    webhook_id: strawberry.ID = strawberry.field(description="The endpoint.")


@strawberry.input(description="What is to be told again: exactly one of sequence, after and since.")
class ReplayWebhookInput:
    """A replay."""

    webhook_id: strawberry.ID = strawberry.field(description="The endpoint.")
    sequence: int | None = strawberry.field(
        default=None,
        description="One message, by its audit entry; besides the order, which it doesn't change.",
    )
    after: int | None = strawberry.field(
        default=None,
        description="All behind this audit sequence, in order; a later one than it stands at skips.",
    )
    since: datetime | None = strawberry.field(
        default=None, description="All from this moment on, in order; needs an offset."
    )


@strawberry.type(description="A new endpoint with its secret.")
class AddWebhookPayload:
    """The outcome."""

    webhook: to.Webhook = strawberry.field(description="The endpoint.")
    secret: str = strawberry.field(description="whsec_…: what it verifies by. Shown this once.")


@strawberry.type(description="The endpoint as it is now.")
class WebhookPayload:
    """The outcome."""

    webhook: to.Webhook = strawberry.field(description="The endpoint.")


@strawberry.type(description="The new secret.")
class RotateWebhookSecretPayload:
    """The outcome."""

    webhook: to.Webhook = strawberry.field(description="The endpoint.")
    secret: str = strawberry.field(description="whsec_…: shown this once.")


@strawberry.type(description="A message on its way.")
class TestWebhookPayload:
    """The outcome."""

    __test__ = False

    webhook: to.Webhook = strawberry.field(description="The endpoint; its tries show what came of it.")
    message: str = strawberry.field(description="webhook-id of the test event.")


@strawberry.type(description="What is told again.")
class ReplayWebhookPayload:
    """The outcome."""

    webhook: to.Webhook = strawberry.field(description="The endpoint.")
    sequence: int = strawberry.field(
        description="The one message's audit sequence, or that behind which it goes on."
    )


@strawberry.type(description="What was removed.")
class RemoveWebhookPayload:
    """The outcome."""

    id: strawberry.ID = strawberry.field(description="The id that it had.")


@loads("Webhook")
async def _load(info: Info, key: UUID) -> to.Webhook | None:
    try:
        return to.webhook(await info.context.ask(Webhook(key)))
    except NotFound:
        return None


@strawberry.type(description="Questions on outgoing webhooks.")
class WebhookQueries:
    """Fields of the root of questions."""

    @resolved("Outgoing webhooks, the oldest first. For the owner.")
    async def webhooks(self, info: Info) -> list[to.Webhook]:
        """Answer with the endpoints."""
        return [to.webhook(one) for one in await info.context.ask(Webhooks())]


@strawberry.type(description="Commands on outgoing webhooks.")
class WebhookMutations:
    """Fields of the root of commands."""

    @told("Tell an address what happens, from now on. For the owner.")
    async def add_webhook(self, info: Info, input: AddWebhookInput) -> AddWebhookPayload:
        """Add it."""
        made: commands.NewWebhook = await info.context.execute(
            commands.AddWebhook(
                url=plain(input.url) or "",
                label=plain(input.label) or "",
                events=_words(input.events) or (),
            )
        )
        return AddWebhookPayload(webhook=await _now(info, made.id), secret=made.secret)

    @told("Change where an endpoint is, what it is told of, or whether it is told. For the owner.")
    async def change_webhook(self, info: Info, input: ChangeWebhookInput) -> WebhookPayload:
        """Change it."""
        key = key_of("Webhook", input.webhook_id)
        command = commands.ChangeWebhook(
            key,
            url=plain(input.url),
            label=plain(input.label),
            events=_words(input.events),
            enabled=input.enabled,
        )
        await info.context.execute(command)
        return WebhookPayload(webhook=await _now(info, key))

    @told("Sign with a new secret, and for a while with the former one too. For the owner.")
    async def rotate_webhook_secret(
        self, info: Info, input: RotateWebhookSecretInput
    ) -> RotateWebhookSecretPayload:
        """Change it."""
        key = key_of("Webhook", input.webhook_id)
        secret = await info.context.execute(commands.RotateWebhookSecret(key, keep_hours=input.keep_hours))
        return RotateWebhookSecretPayload(webhook=await _now(info, key), secret=secret)

    @told("Send a test event at once, once. For the owner.")
    async def test_webhook(self, info: Info, input: WebhookInput) -> TestWebhookPayload:
        """Send it."""
        key = key_of("Webhook", input.webhook_id)
        message = await info.context.execute(commands.TestWebhook(key))
        return TestWebhookPayload(webhook=await _now(info, key), message=message)

    @told("Tell again: one message, or all from a place or a moment on. For the owner.")
    async def replay_webhook(self, info: Info, input: ReplayWebhookInput) -> ReplayWebhookPayload:
        """Tell it again."""
        key = key_of("Webhook", input.webhook_id)
        command = commands.ReplayWebhook(key, sequence=input.sequence, after=input.after, since=input.since)
        place = await info.context.execute(command)
        return ReplayWebhookPayload(webhook=await _now(info, key), sequence=place)

    @told("Forget an endpoint with its secrets and its tries. For the owner.")
    async def remove_webhook(self, info: Info, input: WebhookInput) -> RemoveWebhookPayload:
        """Remove it."""
        await info.context.execute(commands.RemoveWebhook(key_of("Webhook", input.webhook_id)))
        return RemoveWebhookPayload(id=input.webhook_id)


async def _now(info: Info, key: UUID) -> to.Webhook:
    return to.webhook(await info.context.ask(Webhook(key)))


def _words(events: list[to.WebhookEvent] | None) -> tuple[str, ...] | None:
    return tuple(word(one) for one in events) if events is not None else None
