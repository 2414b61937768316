"""Raw bodies as they came, for tests that look at what was kept."""

from __future__ import annotations

from kit.database import Tx
from ledger.store.bodies import OPENED, unseal_body


async def raw_bodies(tx: Tx, where: str = "true") -> list[bytes]:
    """The bodies of the deliveries `d` that meet a condition, the oldest first."""
    rows = await tx.fetch(
        f"SELECT d.body, k.key, d.digest FROM deliveries d {OPENED} WHERE {where} ORDER BY d.received_at, d.digest"
    )
    return [unseal_body(row["body"], row["key"], row["digest"]) for row in rows]
