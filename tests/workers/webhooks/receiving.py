"""Somebody's program that is told, and what a test asks about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from ledger.commands.webhooks import (
    AddWebhook,
    NewWebhook,
)
from ledger.domain.told import EVENTS
from ledger.queries.webhooks import Webhook, WebhookTries
from ledger.views.webhooks import WebhookTryPage, WebhookView
from tests.ledger.desk import Firm
from tests.vendors.serving import Faulty

PUBLIC = "https://munshi.example"


class Receiver(Faulty):
    """Somebody's program that we tell; it takes everything unless a test says otherwise."""

    url = ""

    def __init__(self) -> None:
        async def take(_: Any) -> Response:
            return Response(b"thanks", 200)

        super().__init__(Starlette(routes=[Route("/hook", take, methods=["POST"])]))

    @property
    def said(self) -> list[Any]:
        return [orjson.loads(call.body) for call in self.calls]

    @property
    def types(self) -> list[str]:
        return [one["type"] for one in self.said]


async def added(firm: Firm, receiver: Receiver, *events: str) -> NewWebhook:
    made: NewWebhook = await firm.door.execute(
        AddWebhook(receiver.url, "Books program", events or EVENTS), firm.owner
    )
    return made


async def seen(firm: Firm, webhook: UUID) -> WebhookView:
    view: WebhookView = await firm.door.query(Webhook(webhook), firm.owner)
    return view


async def tries(firm: Firm, webhook: UUID, **narrowed: Any) -> WebhookTryPage:
    page: WebhookTryPage = await firm.door.query(WebhookTries(webhook, **narrowed), firm.owner)
    return page


async def three_bills(firm: Firm) -> None:
    for number in ("INV-1", "INV-2", "INV-3"):
        await firm.bill(number, 5_684_000, 5_684_000)
        await firm.drain()
