"""What a member sets for himself; nobody sets it for another."""

from __future__ import annotations

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from kit.errors import Denied, Rejected
from ledger.commands.settings import (
    SetDigestHour,
    SetEveningHour,
    SetPicture,
    SetQuietHours,
    SwitchAlert,
)
from ledger.domain.alerts import offered, wanted
from ledger.domain.roles import Permission
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.mornings import MySettings
from ledger.views.mornings import SettingsView

PICTURES = ("off", "light", "dark")
_MINE = """
SELECT digest_at, evening_at, picture, alerts, quiet_from, quiet_until, language FROM members
WHERE business_id = $1 AND id = $2
"""


@handles(MySettings, permission=Permission.SEE_RECEIVABLES)
async def my_settings(_: MySettings, ctx: Context) -> SettingsView:
    """Answer with what the asking member has set."""
    return await _mine(ctx)


async def _mine(ctx: Context) -> SettingsView:
    row = await ctx.tx.row(_MINE, ctx.actor.business_id, ctx.actor.member_id)
    if row is None:
        raise Denied("settings.nobody", "Only a member has settings.")
    on = wanted(ctx.actor.role, row["alerts"])
    return SettingsView(
        digest_at=row["digest_at"],
        evening_at=row["evening_at"],
        picture=row["picture"],
        alerts=tuple((kind, kind in on) for kind in offered(ctx.actor.role)),
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
        language=row["language"],
    )


@handles(SetDigestHour, permission=Permission.SEE_RECEIVABLES)
async def set_digest_hour(command: SetDigestHour, ctx: Context) -> SettingsView:
    """Set the hour of the digest; where it has passed today, the first one comes tomorrow."""
    return await _set_hour(ctx, "digest", command.at)


@handles(SetEveningHour, permission=Permission.SEE_RECEIVABLES)
async def set_evening_hour(command: SetEveningHour, ctx: Context) -> SettingsView:
    """Set the hour of the evening close; where it has passed today, the first one comes tomorrow."""
    return await _set_hour(ctx, "evening", command.at)


@handles(SetPicture, permission=Permission.SEE_RECEIVABLES)
async def set_picture(command: SetPicture, ctx: Context) -> SettingsView:
    """Choose the picture."""
    if command.theme not in PICTURES:
        raise Rejected("settings.picture", "A picture is off, light or dark.", remedy="Choose one of them.")
    return await _set(ctx, "picture", command.theme)


@handles(SwitchAlert, permission=Permission.SEE_RECEIVABLES)
async def switch_alert(command: SwitchAlert, ctx: Context) -> SettingsView:
    """Switch a kind of alert on or off."""
    if command.kind not in offered(ctx.actor.role) or command.to not in ("on", "off"):
        raise Rejected("settings.alert", "There is no such alert.", remedy="Choose one of the list.")
    await ctx.tx.run(
        "UPDATE members SET alerts = alerts || $3::jsonb WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        ctx.actor.member_id,
        orjson.dumps({command.kind: command.to == "on"}).decode(),
    )
    _audit(ctx, f"alert.{command.kind}", command.to)
    return await _mine(ctx)


@handles(SetQuietHours, permission=Permission.SEE_RECEIVABLES)
async def set_quiet_hours(command: SetQuietHours, ctx: Context) -> SettingsView:
    """Set from when to when alerts are kept."""
    await _set(ctx, "quiet_from", _local(command.start))
    return await _set(ctx, "quiet_until", _local(command.until))


def _local(at: time | None) -> time | None:
    if at is not None and at.tzinfo is not None:
        raise Rejected("settings.hour", "An hour is local to the business.", given=at)
    return at.replace(second=0, microsecond=0) if at is not None else None


async def _set_hour(ctx: Context, which: str, at: time | None) -> SettingsView:
    firm = await business(ctx)
    hour = _local(at)
    passed = hour is not None and hour <= ctx.now.astimezone(ZoneInfo(firm.timezone)).time()
    await ctx.tx.run(
        f"""
        UPDATE members SET {which}_at = $3, {which}_sent_on = CASE WHEN $4 THEN $5::date ELSE {which}_sent_on END
        WHERE business_id = $1 AND id = $2
        """,
        firm.id,
        ctx.actor.member_id,
        hour,
        passed,
        firm.today,
    )
    _audit(ctx, f"{which}_at", None if hour is None else f"{hour:%H:%M}")
    return await _mine(ctx)


async def _set(ctx: Context, column: str, value: Any) -> SettingsView:
    await ctx.tx.run(
        f"UPDATE members SET {column} = $3 WHERE business_id = $1 AND id = $2",
        ctx.actor.business_id,
        ctx.actor.member_id,
        value,
    )
    _audit(ctx, column, None if value is None else str(value))
    return await _mine(ctx)


def _audit(ctx: Context, what: str, value: str | None) -> None:
    ctx.audit("settings.changed", f"member:{ctx.actor.member_id}", what=what, value=value)
