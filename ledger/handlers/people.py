"""Founding a business, adding its people, and giving them tokens."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kit.errors import NotFound, Rejected
from kit.ids import business_key, digest, new_secret, uuid7
from kit.money import currency_digits
from ledger import commands
from ledger.domain.roles import Permission, Role
from ledger.handlers.registry import Context, handles
from ledger.store import directory

LANGUAGES = ("en", "hi")
_MAX_NAME = 80
_MAX_TOKEN_DAYS = 3_650


@handles(commands.AddBusiness, permission=Permission.SYSTEM)
async def add_business(command: commands.AddBusiness, ctx: Context) -> UUID:
    """Found a business and list it, so that sweeps find it."""
    name = member_name(command.name)
    currency_digits(command.currency)
    try:
        ZoneInfo(command.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Rejected(
            "business.timezone",
            f"{command.timezone[:40]!r} is not a timezone.",
            remedy="Write one like Asia/Kolkata.",
        ) from None
    if command.business_id != ctx.actor.business_id:
        raise Rejected("business.foreign", "A business is founded by its own system actor.")
    made = await ctx.tx.run(
        """
        INSERT INTO businesses (business_id, name, timezone, currency, created_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        """,
        command.business_id,
        name,
        command.timezone,
        command.currency,
        ctx.now,
    )
    if not made:
        raise Rejected("business.exists", "There is such a business already.")
    await directory.put(
        ctx.tx, kind="business", key=str(command.business_id), business_id=command.business_id
    )
    ctx.audit("business.added", str(command.business_id), name=name, timezone=command.timezone)
    return command.business_id


@handles(commands.AddMember, permission=Permission.ADMINISTER)
async def add_member(command: commands.AddMember, ctx: Context) -> UUID:
    """Add a person with a role; a sales rep needs his CRM identity, else he would see nobody."""
    name, role = member_name(command.name), member_role(command.role)
    if command.language not in LANGUAGES:
        raise Rejected(
            "member.language",
            f"{command.language[:20]!r} is not a language that I speak.",
            remedy=f"Choose one of {', '.join(LANGUAGES)}.",
        )
    if command.digest_at is not None and command.digest_at.tzinfo is not None:
        raise Rejected("member.digest_at", "The digest's hour is local to the business.")
    member_id = uuid7()
    await ctx.tx.run(
        """
        INSERT INTO members (business_id, id, name, role, language, digest_at, crm_owner, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        ctx.actor.business_id,
        member_id,
        name,
        role,
        command.language,
        command.digest_at,
        command.crm_owner,
        ctx.now,
    )
    ctx.audit("member.added", f"member:{member_id}", role=role)
    return member_id


@handles(commands.CreateToken, permission=Permission.ADMINISTER)
async def create_token(command: commands.CreateToken, ctx: Context) -> str:
    """Make a bearer token that names its business; only its hash is kept."""
    if command.valid_days is not None and not 1 <= command.valid_days <= _MAX_TOKEN_DAYS:
        raise Rejected("token.validity", f"A token is valid for 1 to {_MAX_TOKEN_DAYS} days.")
    label = member_name(command.label)
    member = await ctx.tx.row(
        "SELECT id FROM members WHERE business_id = $1 AND id = $2 AND active",
        ctx.actor.business_id,
        command.member_id,
    )
    if member is None:
        raise NotFound("member.unknown", "There is no such member.")
    token, token_id = business_key(ctx.actor.business_id, new_secret()), uuid7()
    await ctx.tx.run(
        """
        INSERT INTO tokens (business_id, token_hash, id, member_id, label, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        ctx.actor.business_id,
        digest(token.encode()),
        token_id,
        command.member_id,
        label,
        ctx.now,
        ctx.now + timedelta(days=command.valid_days) if command.valid_days is not None else None,
    )
    ctx.audit("token.created", f"token:{token_id}", member=str(command.member_id), label=label)
    return token


def member_role(text: str) -> str:
    """Return a role that a person can have; Rejected for any other word."""
    roles = [role.value for role in Role if role is not Role.SYSTEM]
    if text not in roles:
        raise Rejected(
            "member.role", f"{text[:20]!r} is not a role.", remedy=f"Choose one of {', '.join(roles)}."
        )
    return text


def member_name(text: str) -> str:
    """Return a name fit to keep; Rejected if it is empty, too long or holds what can't be printed."""
    name = " ".join(text.split())
    if not name or len(name) > _MAX_NAME or not name.isprintable():
        raise Rejected("name.invalid", f"A name has 1 to {_MAX_NAME} printable characters.")
    return name
