"""Telling outgoing webhooks in a worker: one turn sends whatever of an endpoint is due."""

from __future__ import annotations

from uuid import UUID

from kit.errors import SourceBroken
from kit.logs import logger
from kit.outward import Outward
from kit.settings import settings
from ledger.dispatch import Door
from workers.webhook_sender import WebhookSender

log = logger(__name__)
_telling: set[UUID] = set()
"""Endpoints that this process tells now: a second ring needn't start the same turn."""


async def tell(door: Door, business: UUID, webhook: UUID) -> int:
    """Send what is due of an endpoint; one whose secrets no key of ours opens is left, and named in the log."""
    if webhook in _telling:
        return 0
    _telling.add(webhook)
    outward = Outward(inside=settings().webhook_private_addresses)
    try:
        return await WebhookSender(door, outward, public_url=settings().public_url).send(business, webhook)
    except SourceBroken as broken:
        log.error("webhook.not_sent", webhook=str(webhook), code=broken.code, remedy=broken.remedy)
        return 0
    finally:
        _telling.discard(webhook)
        await outward.close()
