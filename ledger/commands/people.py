"""Members who leave, and what changes about those who stay."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """Let a member go (owner only): his chat, codes and tokens stop working at once. Result: MemberView.

    Questions that were given to him are everybody's again. What he said and decided stays. The last owner stays.
    """

    member_id: UUID


@dataclass(frozen=True, slots=True)
class ChangeMember:
    """Change a member's name, role or CRM identity (owner only); None stays as it is, an empty `crm_owner` takes it away.

    Result: MemberView.
    """

    member_id: UUID
    name: str | None = None
    role: str | None = None
    crm_owner: str | None = None
