"""Tokens and memberships, as types."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from ledger.commands.tokens import MOST_TOKEN_DAYS, TOKEN_DAYS
from ledger.views import ChatMemberView
from ledger.views.tokens import TokenView


@strawberry.enum(description="Whether a token works.")
class TokenStatus(Enum):
    """A token's state."""

    LIVE = strawberry.enum_value("live", description="It works.")
    EXPIRED = strawberry.enum_value("expired", description="Its time is over.")
    REVOKED = strawberry.enum_value("revoked", description="It was revoked.")
    ENDED = strawberry.enum_value("ended", description="Its member left.")


@strawberry.type(description="A bearer token as it is listed; the token itself was shown once.")
class Token:
    """A token."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    member_id: strawberry.ID = strawberry.field(description="The member whose rights it carries.")
    member_name: str = strawberry.field(description="His name.")
    label: str = strawberry.field(description="What it is for.")
    hint: str = strawberry.field(description="Its last characters, to tell it from others.")
    status: TokenStatus = strawberry.field(description="Whether it works.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When it ends, unless it is revoked before.")
    last_used_at: datetime | None = strawberry.field(description="When it was used last, to the minute.")
    revoked_at: datetime | None = strawberry.field(description="When it was revoked.")
    read_only: bool = strawberry.field(description="It tells no command.")
    permissions: list[str] = strawberry.field(
        description="What it may today: what its member may, as far as it is left to it."
    )
    customers_of: str | None = strawberry.field(
        description="It sees only the customers of this sales owner, as the CRM names him."
    )


@strawberry.type(description="A business in which the asker is a member.")
class Membership:
    """A membership."""

    business_id: strawberry.ID = strawberry.field(description="The business.")
    business_name: str = strawberry.field(description="What it is called.")
    role: str = strawberry.field(description="owner, finance, sales or view: what he is there.")
    until: datetime | None = strawberry.field(description="When his membership ends; null: no end is set.")
    current: bool = strawberry.field(
        description="The business of this token; the others open with tokens of their own."
    )


@strawberry.input(description="A token to make. It never does more than its member may at that moment.")
class CreateTokenInput:
    """A token."""

    member_id: strawberry.ID = strawberry.field(description="The member whose rights it carries.")
    label: str = strawberry.field(description="What it is for, 1 to 80 characters.")
    valid_days: int = strawberry.field(
        default=TOKEN_DAYS, description=f"For how many days it is good, 1 to {MOST_TOKEN_DAYS}."
    )
    read_only: bool = strawberry.field(default=False, description="It may tell no command.")
    permissions: list[str] | None = strawberry.field(
        default=None, description="Only these permissions of its member, such as see_receivables; null: all."
    )
    customers_of: str | None = strawberry.field(
        default=None, description="It sees only this sales owner's customers, as a sales rep would."
    )


@strawberry.type(description="A new token.")
class NewTokenPayload:
    """The outcome."""

    token: Token = strawberry.field(description="The token as it is listed.")
    secret: str = strawberry.field(
        description="The token itself, for `Authorization: Bearer …`. It is shown here only."
    )


@strawberry.type(description="A token as it is now.")
class TokenPayload:
    """The outcome."""

    token: Token = strawberry.field(description="The token.")


def token(view: TokenView) -> Token:
    """Return a token as its type."""
    return Token(
        id=strawberry.ID(str(view.id)),
        member_id=strawberry.ID(str(view.member_id)),
        member_name=view.member_name,
        label=view.label,
        hint=view.hint,
        status=TokenStatus(view.status),
        created_at=view.created_at,
        expires_at=view.expires_at,
        last_used_at=view.last_used_at,
        revoked_at=view.revoked_at,
        read_only=view.read_only,
        permissions=list(view.permissions),
        customers_of=view.customers_of,
    )


def membership(view: ChatMemberView, *, current: bool) -> Membership:
    """Return a membership as its type."""
    return Membership(
        business_id=strawberry.ID(str(view.actor.business_id)),
        business_name=view.business_name,
        role=view.actor.role.value,
        until=view.actor.until,
        current=current,
    )
