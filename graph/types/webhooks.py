"""Outgoing webhooks as types: an endpoint, how it fares, and every call to it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

import strawberry

from graph.ids import global_id
from graph.types.basics import After, Counted, First, Info, Node, PageInfo, page_info, plain, resolved
from ledger.queries.webhooks import WebhookTries
from ledger.views.webhooks import WebhookTryPage, WebhookTryView, WebhookView


@strawberry.enum(description="What outgoing webhooks can be told.")
class WebhookEvent(Enum):
    """Events."""

    QUESTION_OPENED = strawberry.enum_value("question.opened", description="A question waits for an answer.")
    QUESTION_ANSWERED = strawberry.enum_value(
        "question.answered", description="A person answered a question."
    )
    QUESTION_CLEARED = strawberry.enum_value(
        "question.cleared", description="Evidence came, and nobody has to answer any more."
    )
    INVOICE_STATUS_CHANGED = strawberry.enum_value(
        "invoice.status_changed", description="A bill to a customer has another status, or is new."
    )
    MONEY_RECEIVED = strawberry.enum_value(
        "money.received", description="Money has arrived, by whatever source."
    )


@strawberry.type(description="One call that we made to an endpoint; kept for thirty days.")
class WebhookTry:
    """A call."""

    message: str = strawberry.field(description="webhook-id: the same at every try of one message.")
    sequence: int | None = strawberry.field(description="The audit entry that was told; null: a test.")
    event: str = strawberry.field(description="The event, such as money.received or webhook.test.")
    because: str = strawberry.field(description="turn (in order), replay or test.")
    number: int = strawberry.field(description="Which try of the message, from 1.")
    at: datetime = strawberry.field(description="When it had ended.")
    took: int = strawberry.field(description="How long it took, in milliseconds.")
    status: int | None = strawberry.field(description="HTTP status of the answer; null: there was none.")
    error: str | None = strawberry.field(description="Code of what went wrong; null: it was taken.")


def webhook_try(view: WebhookTryView) -> WebhookTry:
    """Return a call as its type."""
    return WebhookTry(
        message=view.message,
        sequence=view.sequence,
        event=view.event,
        because=view.because,
        number=view.number,
        at=view.at,
        took=view.took,
        status=view.status,
        error=view.error,
    )


@strawberry.type(description="A call on a page.")
class WebhookTryEdge:
    """An edge."""

    cursor: str = strawberry.field(description="Pass it as `after` to go on behind this call.")
    node: WebhookTry = strawberry.field(description="The call.")


@strawberry.type(description="A page of calls, newest first.")
class WebhookTryConnection(Counted):
    """A connection."""

    edges: list[WebhookTryEdge] = strawberry.field(description="The calls with their cursors.")
    nodes: list[WebhookTry] = strawberry.field(description="The calls.")
    page_info: PageInfo = strawberry.field(description="Where the page ends.")


@strawberry.type(description="An address that is told what happens, in order, by Standard Webhooks.")
class Webhook(Node):
    """An endpoint."""

    key: strawberry.Private[UUID]
    label: str = strawberry.field(description="What it is called.")
    url: str = strawberry.field(description="Where to.")
    events: list[WebhookEvent] = strawberry.field(description="Of what it is told.")
    enabled: bool = strawberry.field(description="Whether it is told.")
    off_because: str | None = strawberry.field(
        description="Why it is switched off: owner, webhook.gone, or the code of the last failure."
    )
    position: int = strawberry.field(description="The audit sequence up to which it was told.")
    behind: int = strawberry.field(
        description="Audit entries that lie before it, whether they concern it or not; 0: it was told everything."
    )
    failures: int = strawberry.field(description="How often the message whose turn it is has failed.")
    failing_since: datetime | None = strawberry.field(description="Since when it fails; null: it doesn't.")
    next_at: datetime | None = strawberry.field(description="When it is tried again.")
    two_secrets_until: datetime | None = strawberry.field(
        description="Until when the former secret signs too."
    )
    created_at: datetime = strawberry.field(description="Since when it is told.")

    @resolved("The calls of the last thirty days, newest first.")
    async def tries(
        self,
        info: Info,
        first: First = 50,
        after: After = None,
        failed_only: Annotated[
            bool, strawberry.argument(description="Only those that were not taken.")
        ] = False,
    ) -> WebhookTryConnection:
        """Answer with a page of calls."""
        question = WebhookTries(self.key, first=first, after=plain(after), failed_only=failed_only)
        page: WebhookTryPage = await info.context.ask(question)
        nodes = [webhook_try(row) for row in page.rows]
        return WebhookTryConnection(
            question=question,
            edges=[WebhookTryEdge(cursor=c, node=n) for c, n in zip(page.cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=page_info(page),
        )


def webhook(view: WebhookView) -> Webhook:
    """Return an endpoint as its type."""
    return Webhook(
        id=global_id("Webhook", view.id),
        key=view.id,
        label=view.label,
        url=view.url,
        events=[WebhookEvent(one) for one in view.events],
        enabled=view.enabled,
        off_because=view.off_because,
        position=view.position,
        behind=view.behind,
        failures=view.failures,
        failing_since=view.failing_since,
        next_at=view.next_at,
        two_secrets_until=view.two_secrets_until,
        created_at=view.created_at,
    )
