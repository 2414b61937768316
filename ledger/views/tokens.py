"""Bearer tokens as they are listed: never the token itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token. `hint`: its last characters. `status`: live, expired, revoked, or ended with its member.

    `permissions`: what it may today, its member's role and its own limits together.
    """

    id: UUID
    member_id: UUID
    member_name: str
    label: str
    hint: str
    status: str
    created_at: datetime
    made_by: str | None
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    read_only: bool
    permissions: tuple[str, ...]
    customers_of: str | None
