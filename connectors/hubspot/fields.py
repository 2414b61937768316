"""Values of HubSpot's properties, all of them text: money, days, moments, telephone numbers, lists of ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kit.clock import IST
from kit.errors import Rejected
from kit.money import minor_from_decimal

Record = Mapping[str, Any]

_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_TEXT = 2_000
_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MILLISECONDS = re.compile(r"\d{11,14}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,18}(\.\d{1,12})?(E[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"']+")


def text(properties: Record, name: str) -> str | None:
    """Return a property trimmed and cut to what we keep; None where it is empty, null or no text."""
    value = properties.get(name)
    if type(value) in (int, Decimal):
        value = str(value)
    if type(value) is not str:
        return None
    value = value.strip()
    return (value if len(value) <= _MAX_TEXT else value[: _MAX_TEXT - 1] + "…") or None


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
    return at if at.tzinfo is not None and _EARLIEST <= at < _LATEST else None


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


def phone(given: str | None) -> str | None:
    """Write +91 before an Indian mobile number that lacks it; leave others as they are."""
    if given is None:
        return None
    bare = re.sub(r"[\s()\-.]", "", given)
    digits = bare.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return given
    if len(digits) == 11 and digits[0] == "0" and digits[1] in "6789":
        digits = digits[1:]
    if len(digits) == 10 and digits[0] in "6789":
        return f"+91{digits}"
    return f"+{digits}" if bare != digits or (len(digits) == 12 and digits.startswith("91")) else given


def numbers(given: str | None) -> list[str]:
    """Return the document numbers of a text, parted by comma, semicolon, bar or line."""
    parts = (part.strip()[:60] for part in re.split(r"[,;|\n]", given or ""))
    return list(dict.fromkeys(part for part in parts if part))


def address(value: Any) -> str | None:
    """Return a link that can be opened."""
    return value if type(value) is str and _URL.fullmatch(value) else None


def as_object(value: Any) -> Record:
    """Return an object, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list, empty where something else stands."""
    return value if isinstance(value, list) else []


def filled(**fields: Any) -> dict[str, Any]:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def zone_of(settings: Record) -> ZoneInfo:
    """Return the business's timezone; Rejected if the settings name one that isn't there."""
    name = settings.get("timezone")
    if not name:
        return IST
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError):
        raise Rejected(
            "settings.timezone", f"{str(name)[:40]!r} is not a timezone.", remedy="Correct the settings."
        ) from None
