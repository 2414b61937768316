"""Global ids: base64 of `Type:uuid`, opaque to clients, the same for ever."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

import strawberry

from kit.errors import Rejected

NODE_TYPES = (
    "Party",
    "Invoice",
    "Payable",
    "Conflict",
    "QuarantinedPart",
    "Member",
    "Receipt",
    "Payout",
    "Settlement",
    "BankLine",
    "Cheque",
    "CreditNote",
    "Event",
    "Webhook",
)


def global_id(kind: str, key: UUID) -> strawberry.ID:
    """Return the global id of a row."""
    return strawberry.ID(binascii.b2a_base64(f"{kind}:{key}".encode(), newline=False).decode())


def split_id(text: str) -> tuple[str, UUID]:
    """Return the type and the row that a global id names; Rejected if it is none of ours."""
    try:
        kind, _, key = base64.b64decode(text[:100], validate=True).decode("ascii").partition(":")
        if kind not in NODE_TYPES:
            raise ValueError
        return kind, UUID(key)
    except (ValueError, binascii.Error):
        raise Rejected(
            "id.invalid",
            f"{text[:60]!r} is not an id of ours.",
            remedy="Pass an id as the API gave it.",
            given=text,
        ) from None


def key_of(kind: str, text: str) -> UUID:
    """Return the row that a global id of this type names; Rejected for another type's."""
    found, key = split_id(text)
    if found != kind:
        raise Rejected("id.wrong_type", f"This is the id of a {found}, not of a {kind}.", given=text)
    return key
