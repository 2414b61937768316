"""Values of HubSpot's properties, all of them text: money, days, moments, telephone numbers, lists of ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors.values import EARLIEST, LATEST, trimmed
from kit.errors import Rejected
from kit.money import minor_from_decimal

Record = Mapping[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MILLISECONDS = re.compile(r"\d{11,14}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,18}(\.\d{1,12})?(E[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)


def text(properties: Record, name: str) -> str | None:
    """Return a property trimmed and cut to what we keep; None where it is empty, null or no text."""
    value = properties.get(name)
    if type(value) in (int, Decimal):
        value = str(value)
    return trimmed(value) if type(value) is str else None


def record_id(value: Any) -> str | None:
    """Return an id as text, whether HubSpot wrote it as text or as a number; None for anything else."""
    if type(value) is int and 0 <= value < 10**20:
        return str(value)
    return value if type(value) is str and _ID.fullmatch(value) else None


def ids(properties: Record, name: str) -> list[str]:
    """Return the ids of a property that holds several, parted by semicolons."""
    return [part.strip() for part in (text(properties, name) or "").split(";") if _ID.fullmatch(part.strip())]


def moment(value: Any) -> datetime | None:
    """Read ISO 8601 with its offset, or milliseconds as text or number; None for anything else."""
    try:
        if type(value) is int or (type(value) is str and _MILLISECONDS.fullmatch(value)):
            at = _EPOCH + timedelta(milliseconds=int(value))
        elif type(value) is str:
            at = datetime.fromisoformat(value)
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None and EARLIEST <= at < LATEST else None


def day(properties: Record, name: str, zone: ZoneInfo) -> str | None:
    """Return the day of a property: a date as it stands, midnight UTC as that date, a moment as its day in `zone`.

    HubSpot keeps dates as midnight UTC; to read those in India's time is no harm, west of Greenwich it would be.
    """
    value = text(properties, name)
    if value is None:
        return None
    if _DAY.fullmatch(value):
        return value
    at = moment(value)
    if at is None:
        return None
    at = at.astimezone(UTC)
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    return (at if midnight else at.astimezone(zone)).date().isoformat()


def minor(properties: Record, name: str, currency: str) -> int | None:
    """Return an amount in minor units, None where none is stated; Rejected where it can't be money of `currency`."""
    value = text(properties, name)
    if value is None:
        return None
    if not _AMOUNT.fullmatch(value):
        raise Rejected("money.not_a_number", f"{name}: {value[:40]!r} is not an amount.")
    try:
        return minor_from_decimal(Decimal(value), currency)
    except InvalidOperation:
        raise Rejected("money.out_of_range", f"{name}: {value[:40]!r} is out of all range.") from None


def flag(properties: Record, name: str) -> bool | None:
    """Read "true" or "false"; None for anything else."""
    return {"true": True, "false": False}.get((text(properties, name) or "").lower())
