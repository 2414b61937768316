"""Members who leave, and what changes about those who stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

END_TOLD_BEFORE = timedelta(days=7)
"""How long before a membership ends by itself the owners are told."""


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


@dataclass(frozen=True, slots=True)
class LimitMembership:
    """Let a membership end by itself after its last day (owner only); `until` None: it has no end. Result: MemberView.

    From then on nothing opens for him: chat, tokens, pages. The owners are told a week before.
    """

    member_id: UUID
    until: date | None


@dataclass(frozen=True, slots=True)
class EndMemberships:
    """Let those go whose last day is over (system only). Result: how many."""


@dataclass(frozen=True, slots=True)
class NoteEndTold:
    """Note that the owners were told of an end that is near (system only)."""

    member_id: UUID
