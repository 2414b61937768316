"""A sender of outgoing webhooks in a process of its own, for a test to kill: DATABASE_URL, business, webhook, moment."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from uuid import UUID

from kit.database import make_engine
from kit.outward import Outward
from ledger.dispatch import Door
from tests.workers.webhooks.receiving import PUBLIC
from workers.webhook_sender import WebhookSender


async def main(business: str, webhook: str, moment: str) -> None:
    """Send what is due."""
    now = datetime.fromisoformat(moment)
    engine, outward = make_engine(os.environ["DATABASE_URL"], pool_size=2), Outward(inside=True)
    sender = WebhookSender(Door(engine, clock=lambda: now), outward, public_url=PUBLIC)
    await sender.send(UUID(business), UUID(webhook))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
