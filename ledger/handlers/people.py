"""Founding a business and adding its people."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kit.clock import business_day
from kit.errors import Rejected
from kit.ids import uuid7
from kit.money import currency_digits
from ledger import commands
from ledger.domain.roles import Permission, Role
from ledger.handlers.registry import Context, handles
from ledger.store import directory

LANGUAGES = ("en", "hi")
_MAX_NAME = 80
_LONGEST = timedelta(days=5 * 366)
"""How far ahead a membership's end may be."""


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
    ends_at = await end_of(ctx, command.until, role) if command.until is not None else None
    member_id = uuid7()
    await ctx.tx.run(
        """
        INSERT INTO members (business_id, id, name, role, language, digest_at, crm_owner, created_at, ends_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        ctx.actor.business_id,
        member_id,
        name,
        role,
        command.language,
        command.digest_at,
        command.crm_owner,
        ctx.now,
        ends_at,
    )
    ends = {} if ends_at is None else {"ends_at": ends_at.isoformat()}
    ctx.audit("member.added", f"member:{member_id}", role=role, **ends)
    return member_id


async def end_of(ctx: Context, last_day: date, role: str) -> datetime:
    """Return the moment after somebody's last day in the business's calendar; Rejected for a day that can't be."""
    if role == Role.OWNER:
        raise Rejected(
            "member.owner_ends",
            "An owner's membership has no end.",
            remedy="Give another role first, or remove the owner on the day.",
            field="until",
        )
    zone = await ctx.tx.value("SELECT timezone FROM businesses WHERE business_id = $1", ctx.actor.business_id)
    today = business_day(ctx.now, zone)
    if not today <= last_day <= today + _LONGEST:
        raise Rejected(
            "member.until",
            f"A membership ends between today and {_LONGEST.days} days from now.",
            field="until",
            given=last_day.isoformat(),
        )
    return datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


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
