"""Bearer tokens: making, replacing and revoking them, and telling whose one is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

TOKEN_DAYS = 90
"""How long a token is good for unless said otherwise."""
MOST_TOKEN_DAYS = 366
MOST_TOKENS = 50
"""Tokens of one business that work at once."""


@dataclass(frozen=True, slots=True)
class CreateToken:
    """Make a bearer token for GraphQL, bound to a member (owner only). Result: the token (shown once).

    It does no more than its member may at that moment, and less where it is made so: `read_only` tells no command;
    `permissions` are all that it has (None: the member's); `customers_of` makes it see only this sales owner's
    customers, as a sales rep would.
    """

    member_id: UUID
    label: str
    valid_days: int = TOKEN_DAYS
    read_only: bool = False
    permissions: tuple[str, ...] | None = None
    customers_of: str | None = None


@dataclass(frozen=True, slots=True)
class RotateToken:
    """Make a token in place of another, with the same rights and as long a life (owner only). Result: the new token.

    The old one works for so many hours more, so that nothing stands still while it is exchanged.
    """

    token_id: UUID
    keep_hours: int = 24


@dataclass(frozen=True, slots=True)
class RevokeToken:
    """Let a token work no longer, at once (owner only). Result: TokenView. The same twice changes nothing."""

    token_id: UUID


@dataclass(frozen=True, slots=True)
class RecogniseToken:
    """Tell whose a bearer token is (system only). Result: the member's Actor; Denied if unknown, expired or revoked."""

    token_hash: bytes
