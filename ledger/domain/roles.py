"""Who may do what, as data: the matrix that the door enforces for chat, GraphQL, command line and integrations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """A member's role in one business; `system` is a named actor of ours."""

    OWNER = "owner"
    FINANCE = "finance"
    SALES = "sales"
    VIEW = "view"
    SYSTEM = "system"


class Permission(StrEnum):
    """What a handler needs; every handler declares one."""

    SEE_RECEIVABLES = "see_receivables"
    SEE_PAYABLES = "see_payables"
    SEE_SOURCES = "see_sources"
    ANSWER = "answer"
    COMMENT = "comment"
    """Saying what one would answer: the accountant's word, which changes nothing by itself."""
    REPORT = "report"
    MAP = "map"
    REPLAY = "replay"
    WRITE_OFF = "write_off"
    ADMINISTER = "administer"
    EXPORT_AUDIT = "export_audit"
    SYSTEM = "system"
    LINK = "link"
    """Redeeming a one-time code: the code is the permission, nobody is a member yet."""


_ALL = frozenset(Permission) - {Permission.SYSTEM, Permission.LINK}
MATRIX: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: _ALL,
    Role.FINANCE: _ALL - {Permission.WRITE_OFF, Permission.ADMINISTER},
    Role.SALES: frozenset({Permission.SEE_RECEIVABLES, Permission.REPORT}),
    Role.VIEW: frozenset(
        {
            Permission.SEE_RECEIVABLES,
            Permission.SEE_PAYABLES,
            Permission.SEE_SOURCES,
            Permission.EXPORT_AUDIT,
            Permission.COMMENT,
        }
    ),
    Role.SYSTEM: frozenset(Permission),
}

GIVES_RIGHTS = frozenset(
    {
        "AddMember",
        "AddWebhook",
        "ChangeMember",
        "ChangeWebhook",
        "CreateLinkCode",
        "CreateToken",
        "LimitMembership",
        "RotateToken",
        "RotateWebhookSecret",
    }
)
"""Commands that give somebody rights, by name: none for a token that is limited to some, which could so get them all."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who speaks, in which business. `owner_key` scopes a sales rep to his own customers (his CRM identity).

    With a token he may be less than his role: `only` these permissions, `read_only`, as a sales rep where it is for one
    sales owner's customers. `until`: when his membership or his token ends.
    """

    business_id: UUID
    role: Role
    name: str
    member_id: UUID | None = None
    owner_key: str | None = None
    language: str = "en"
    only: frozenset[Permission] | None = None
    read_only: bool = False
    token_id: UUID | None = None
    until: datetime | None = None

    @property
    def label(self) -> str:
        """How the audit trail and operator events name him."""
        return f"member:{self.member_id}" if self.member_id else f"system:{self.name}"

    @property
    def sees_own_customers_only(self) -> bool:
        """True for a sales rep: rows are limited to parties whose sales owner he is."""
        return self.role is Role.SALES

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the matrix gives his role, as far as his token leaves it to him."""
        return MATRIX[self.role] if self.only is None else MATRIX[self.role] & self.only

    @property
    def scope_label(self) -> str:
        """Who he is and which rows are his: what was done for him once is told again only within them."""
        return f"{self.label} of {self.owner_key}" if self.sees_own_customers_only else self.label

    def may(self, permission: Permission) -> bool:
        """Return whether the matrix gives him `permission`, and his token leaves it to him."""
        return permission in MATRIX[self.role] and (self.only is None or permission in self.only)


def system(business_id: UUID, name: str) -> Actor:
    """Return a named system actor (drainer, scheduler, command line) for one business."""
    return Actor(business_id=business_id, role=Role.SYSTEM, name=name)
