"""Members of Stripe's objects, read with the shapes that occur: null, an id or the object itself, an unset list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Entity = Mapping[str, Any]

_EARLIEST, _LATEST = 631_152_000, 4_102_444_800  # 1990 and 2100, in unix seconds
_MAX_TEXT = 2_000
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.\-]{1,38}[A-Za-z0-9]")
_OWN_ID = re.compile(r"(?:ch|py|pi|in|ii|cus|sub|re|pyr|po|dp|du|cn|cs|evt|txn|price|prod)_[A-Za-z0-9_]{6,}")
_INVOICE_NOTE = re.compile(
    r"(?:our[ _-]?)?(?:tax[ _-]?)?(?:invoices?|inv|bills?)(?:[ _-]?(?:no|nos|num|number|numbers|ref|reference))?\.?",
    re.IGNORECASE,
)


def moment(value: Any) -> datetime | None:
    """Read unix seconds; None for null and whatever isn't a time."""
    if type(value) is not int or not _EARLIEST <= value < _LATEST:
        return None
    return datetime.fromtimestamp(value, UTC)


def day(value: Any, zone: ZoneInfo) -> str | None:
    """Write unix seconds as the calendar's day in `zone`."""
    at = moment(value)
    return at.astimezone(zone).date().isoformat() if at else None


def text(entity: Entity, name: str) -> str | None:
    """Return a text member, trimmed and cut to what we keep; None for null, "" and other types."""
    value = entity.get(name)
    if type(value) is not str or not value.strip():
        return None
    value = value.strip()
    return value if len(value) <= _MAX_TEXT else value[: _MAX_TEXT - 1] + "…"


def id_at(entity: Entity, name: str) -> str | None:
    """Return the id of another object: it stands there as an id, or as the object itself."""
    value = entity.get(name)
    return text(value, "id") if isinstance(value, dict) else text(entity, name)


def as_object(value: Any) -> Entity:
    """Return an object, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Entity]:
    """Return the objects of a list, given as Stripe's list object or bare."""
    found = value.get("data") if isinstance(value, dict) else value
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def whole(entity: Entity, name: str) -> int | None:
    """Return a whole number, None for anything else."""
    value = entity.get(name)
    return value if type(value) is int else None


def currency(entity: Entity) -> Any:
    """Return the currency as we write it: Stripe writes it small. Its minor units are ours, also of JPY and KWD."""
    value = entity.get("currency")
    return value.upper() if type(value) is str and value.isascii() else value


def address(given: str | None) -> str | None:
    """Return a link that can be opened."""
    return given if given and _ADDRESS.fullmatch(given) else None


def noted_numbers(entity: Entity) -> list[str]:
    """Numbers under keys like invoice, invoice_number, bill no in `metadata`, several parted by commas."""
    found: list[str] = []
    for key, value in as_object(entity.get("metadata")).items():
        if _INVOICE_NOTE.fullmatch(key.strip()) and type(value) is str:
            found.extend(part.strip()[:60] for part in re.split(r"[,;|\n]", value) if part.strip())
    return [number for number in found if not _OWN_ID.fullmatch(number)]


def number_words(told: str | None) -> list[str]:
    """Words with a digit in them that may be the number of a bill; never Stripe's own ids."""
    words = _WORD.findall(told or "")
    return [word for word in words if any(c.isdigit() for c in word) and not _OWN_ID.fullmatch(word)][:20]


def put(data: dict[str, Any], name: str, value: Any) -> None:
    """Set a field, unless there is nothing to say."""
    if value is not None and value != {}:
        data[name] = value


def filled(**fields: str | None) -> dict[str, str]:
    """Return the fields that hold something."""
    return {name: value for name, value in fields.items() if value}


def refer(references: dict[str, list[str]], name: str, values: Iterable[str | None]) -> None:
    """Set a list of references: each once, in the order given; none at all leaves the list out."""
    found = list(dict.fromkeys(value for value in values if value))
    if found:
        references[name] = found
