"""Word to the api's processes that somebody's rights changed: what they remember of a business's tokens is void."""

from __future__ import annotations

from uuid import UUID

from kit.database import Tx

CHANNEL = "munshi_access"
"""NOTIFY channel, with the business's id: whoever keeps recognised tokens for a while forgets those of that business."""


async def forget_known(tx: Tx, business: UUID) -> None:
    """Tell every process, with the commit, to recognise the tokens of a business anew."""
    await tx.run("SELECT pg_notify($1, $2)", CHANNEL, str(business))
