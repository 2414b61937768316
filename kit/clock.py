"""The only place that asks what time it is; everything else takes time as an argument."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
IST = ZoneInfo("Asia/Kolkata")


def system_clock() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def business_day(moment: datetime, timezone: str) -> date:
    """Return the calendar day of `moment` in the timezone of the business."""
    return moment.astimezone(ZoneInfo(timezone)).date()
