"""What a bearer token looks like: `munt_<business>_<32 random letters and digits><6 of a checksum>`.

Scanners for leaked secrets find it by `munt_[0-9a-f]{32}_[0-9A-Za-z]{38}`, and tell a true one from a lookalike by its
checksum: the CRC-32 of all that stands before it, in base 62 (0–9, A–Z, a–z), six digits. The business is no secret.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from uuid import UUID

from kit.ids import derived, digest

PATTERN = re.compile(r"munt_([0-9a-f]{32})_([0-9A-Za-z]{32})([0-9A-Za-z]{6})")
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LENGTH = 32
_SHOWN = 6


def new_token(business_id: UUID) -> str:
    """Return a new token of a business: 190 bits of chance."""
    body = f"munt_{business_id.hex}_" + "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return body + _checksum(body)


def business_of(token: str) -> UUID | None:
    """Return the business that a token names; None for what was never a token of ours, which nothing is asked about."""
    found = PATTERN.fullmatch(token)
    if found is None or _checksum(token[:-_SHOWN]) != found[3]:
        return None
    return UUID(hex=found[1])


def token_id(token: str) -> UUID:
    """Return the id under which a token is listed."""
    return derived("token", digest(token.encode()).hex())


def hint_of(token: str) -> str:
    """Return the last characters of a token (its checksum's), by which people tell it from others in a list."""
    return token[-_SHOWN:]


def _checksum(body: str) -> str:
    left, out = zlib.crc32(body.encode()), ""
    for _ in range(_SHOWN):
        left, digit = divmod(left, len(_LETTERS))
        out = _LETTERS[digit] + out
    return out
