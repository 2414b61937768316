"""Members of Zoho's records, read with the shapes that occur: ids as digits or numbers, rupees, " " for unset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kit.errors import Rejected
from kit.money import currency_digits, minor_from_decimal

Record = Mapping[str, Any]

_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_MAX_TEXT = 2_000
_LEAST, _MOST = Decimal("1e-12"), 10**18
_ID = re.compile(r"[0-9]{1,25}", re.ASCII)
_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", re.ASCII)
_LINK = re.compile(r"https?://[^\s<>\"']+")
_REFERENCE = re.compile(r"[A-Za-z0-9]{6,40}", re.ASCII)


def text(record: Record, name: str) -> str | None:
    """Return a member as trimmed text, cut to what we keep; None for "", " ", null and whatever is no text."""
    value = record.get(name)
    if type(value) is int:
        value = str(value)
    if type(value) is not str:
        return None
    value = value.strip()
    return (value if len(value) <= _MAX_TEXT else value[: _MAX_TEXT - 1] + "…") or None


def record_id(value: Any) -> str | None:
    """Return an id as digits, whether it came as text or as a number; None for anything else."""
    if type(value) is int and 0 <= value < 10**25:
        return str(value)
    return value if type(value) is str and _ID.fullmatch(value) else None


def moment(value: Any) -> datetime | None:
    """Read `2026-11-20T18:24:51+0530`, with or without the colon; None for anything else."""
    if type(value) is not str:
        return None
    try:
        at = datetime.strptime(value.strip(), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return at if _EARLIEST <= at < _LATEST else None


def number(record: Record, name: str) -> Decimal | None:
    """Return a number, None where it is unset; Rejected for what is no plain number."""
    value = record.get(name)
    if type(value) is int:
        value = str(value) if abs(value) < _MOST else "out of all range"
    elif isinstance(value, Decimal):
        value = format(value, "f") if not value or _LEAST <= abs(value) < _MOST else "out of all range"
    if value is None or (type(value) is str and not value.strip()):
        return None
    if type(value) is not str or not _AMOUNT.fullmatch(value.strip()):
        raise Rejected("schema.amount", f"{name}: {str(value)[:40]!r} is not an amount.")
    return Decimal(value.strip())


def minor(record: Record, name: str, currency: str) -> int | None:
    """Return an amount in minor units, None where it is unset; Rejected for half a paisa."""
    found = number(record, name)
    return None if found is None else minor_from_decimal(found, currency)


def needed_minor(record: Record, name: str, currency: str) -> int:
    """Return an amount in minor units; Rejected where it is unset."""
    found = minor(record, name, currency)
    if found is None:
        raise Rejected("schema.amount_missing", f"{name} is missing.")
    return found


def currency_of(record: Record, settings: Mapping[str, Any]) -> str:
    """Return the currency of a record; one that names none is in the organisation's own if its exchange rate is 1.

    The organisation's own is the setting `currency`, else INR. Rejected where nothing says which it is.
    """
    stated = text(record, "currency_code")
    if stated is None:
        own = number(record, "exchange_rate") == 1
        amount, in_own = number(record, "amount"), number(record, "bcy_amount")
        if not own and (amount is None or amount != in_own):
            raise Rejected("schema.currency_missing", "currency_code is missing.")
        stated = str(settings.get("currency") or "INR")
    currency_digits(stated)
    return stated


def references(written: str | None, *, apart_from: Iterable[str] = ()) -> list[str]:
    """Return the words of a reference that may be a bank's: six characters or more, four of them digits at least."""
    known = set(apart_from)
    if written is None or written in known:
        return []
    words = [word for word in _REFERENCE.findall(written) if sum(c.isdigit() for c in word) >= 4]
    return list(dict.fromkeys(word for word in words if word not in known))[:10]


def numbers(written: str | None) -> list[str]:
    """Return the document numbers of a text, parted by commas."""
    parts = (part.strip()[:100] for part in (written or "").split(","))
    return list(dict.fromkeys(part for part in parts if part))[:500]


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


def link(value: Any) -> str | None:
    """Return an address that can be opened."""
    return value if type(value) is str and len(value) <= _MAX_TEXT and _LINK.fullmatch(value) else None


def as_object(value: Any) -> Record:
    """Return an object, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Record]:
    """Return the objects of a list; none where something else stands."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def filled(**fields: Any) -> dict[str, Any]:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
