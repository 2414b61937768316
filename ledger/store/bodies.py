"""Raw bodies at rest: each sealed with a key of its own that lies apart, so that a person can be erased from the log.

The row of a delivery never changes. Taking its key makes it unreadable, in every copy and backup that doesn't hold
the key; `erased_bodies` then has what is left of it. Its digest, over what came, stands.
"""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.database import Tx
from kit.errors import NotFound, SourceBroken

_NONCE = bytes(12)  # a key seals one body and nothing else
OPENED = """LEFT JOIN delivery_keys k
  ON k.business_id = d.business_id AND k.source = d.source AND k.digest = d.digest"""
"""Joins the key `k.key` of a delivery `d`; null where the body was erased."""
_BODY = f"""
SELECT d.body, k.key, e.remainder, e.erased_at IS NOT NULL AS erased FROM deliveries d {OPENED}
LEFT JOIN erased_bodies e ON e.business_id = d.business_id AND e.source = d.source AND e.digest = d.digest
WHERE d.business_id = $1 AND d.source = $2 AND d.digest = $3
"""


def seal_body(body: bytes, digest: bytes) -> tuple[bytes, bytes]:
    """Return a body as it is kept, bound to the digest of its delivery, and the key that opens it."""
    key = os.urandom(32)
    return AESGCM(key).encrypt(_NONCE, body, digest), key


def unseal_body(sealed: bytes, key: bytes, digest: bytes) -> bytes:
    """Return a body as it came; SourceBroken where key and body don't belong together."""
    try:
        return AESGCM(key).decrypt(_NONCE, sealed, digest)
    except InvalidTag:
        raise SourceBroken(
            "delivery.damaged",
            "A raw body can't be opened with its key.",
            remedy="Restore deliveries and delivery_keys from the same backup.",
        ) from None


async def open_body(tx: Tx, business: UUID, source: str, digest: bytes) -> bytes:
    """Return a raw body, or what is left of it where a person was erased from it; NotFound where there is nothing."""
    row = await tx.row(_BODY, business, source, digest)
    if row is None:
        raise NotFound("delivery.not_found", "There is no such delivery.")
    if row["key"] is not None:
        return unseal_body(bytes(row["body"]), bytes(row["key"]), bytes(digest))
    if row["remainder"] is None:
        raise NotFound("delivery.erased", "This body was erased with the person whom it spoke of.")
    return bytes(row["remainder"])
