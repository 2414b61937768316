"""Members of Zoho's records, read with the shapes that occur: ids as digits or numbers, rupees, " " for unset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.values import EARLIEST, LATEST, MAX_TEXT, address, trimmed
from kit.errors import Rejected
from kit.money import currency_digits, minor_from_decimal

Record = Mapping[str, Any]

_LEAST, _MOST = Decimal("1e-12"), 10**18
_AMOUNT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?", re.ASCII)
_REFERENCE = re.compile(r"[A-Za-z0-9]{6,40}", re.ASCII)


def text(record: Record, name: str) -> str | None:
    """Return a member as trimmed text, cut to what we keep; None for "", " ", null and whatever is no text."""
    value = record.get(name)
    if type(value) is int:
        value = str(value)
    return trimmed(value) if type(value) is str else None


def moment(value: Any) -> datetime | None:
    """Read `2026-11-20T18:24:51+0530`, with or without the colon; None for anything else."""
    if type(value) is not str:
        return None
    try:
        at = datetime.strptime(value.strip(), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return at if EARLIEST <= at < LATEST else None


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


def link(value: Any) -> str | None:
    """Return an address that can be opened."""
    found = address(value)
    return found if found and len(found) <= MAX_TEXT else None
