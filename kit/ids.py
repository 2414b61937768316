"""Identifiers: time-ordered for what arrives, derived from content for what is computed, random for secrets."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from uuid import UUID

from asyncpg.pgproto import pgproto

NAMESPACE = UUID("6f0f3c1e-5a0b-5c57-9b9c-6d756e736869")
_NAMESPACE = NAMESPACE.bytes
_quick_uuid: Callable[[bytes], UUID] = pgproto.UUID  # equal to uuid.UUID, and much cheaper to make


def uuid7() -> UUID:
    """Return a UUIDv7 (RFC 9562): 48 bits of milliseconds, then random."""
    raw = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def uuid7s(count: int) -> list[UUID]:
    """Return `count` UUIDv7 of this millisecond, for rows by the thousand: chance is fetched once for all of them."""
    head, chance = (time.time_ns() // 1_000_000).to_bytes(6, "big"), bytearray(os.urandom(10 * count))
    for start in range(0, len(chance), 10):
        chance[start] = (chance[start] & 0x0F) | 0x70
        chance[start + 2] = (chance[start + 2] & 0x3F) | 0x80
    return [_quick_uuid(head + chance[start : start + 10]) for start in range(0, len(chance), 10)]


def derived(*parts: str) -> UUID:
    """Return the UUIDv5 of `parts`: the same parts give the same id on every machine and in every order of arrival."""
    raw = bytearray(hashlib.sha1(_NAMESPACE + "\x1f".join(parts).encode()).digest()[:16])  # noqa: S324
    raw[6] = (raw[6] & 0x0F) | 0x50
    raw[8] = (raw[8] & 0x3F) | 0x80
    return _quick_uuid(bytes(raw))


def digest(data: bytes) -> bytes:
    """Return the SHA-256 of `data` (32 bytes)."""
    return hashlib.sha256(data).digest()


def new_secret(size: int = 24) -> str:
    """Return a random URL-safe secret of `size` bytes."""
    return secrets.token_urlsafe(size)


def business_key(business: UUID, secret: str) -> str:
    """Compose `mun_<business>_<secret>`: a key that names its tenant, so that no look-up crosses tenants."""
    return f"mun_{business.hex}_{secret}"


def split_business_key(key: str) -> tuple[UUID, str] | None:
    """Split a key made by `business_key`; None if it isn't one."""
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != "mun" or len(parts[1]) != 32 or not parts[2]:
        return None
    try:
        return UUID(hex=parts[1]), parts[2]
    except ValueError:
        return None
