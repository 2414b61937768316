"""Members of Stripe's objects, read with the shapes that occur: null, an id or the object itself, an unset list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.values import MAX_WORDS, as_object, number_words, objects, text

Entity = Mapping[str, Any]

_OWN_ID = re.compile(r"(?:ch|py|pi|in|ii|cus|sub|re|pyr|po|dp|du|cn|cs|evt|txn|price|prod)_[A-Za-z0-9_]{6,}")
_INVOICE_NOTE = re.compile(
    r"(?:our[ _-]?)?(?:tax[ _-]?)?(?:invoices?|inv|bills?)(?:[ _-]?(?:no|nos|num|number|numbers|ref|reference))?\.?",
    re.IGNORECASE,
)


def id_at(entity: Entity, name: str) -> str | None:
    """Return the id of another object: it stands there as an id, or as the object itself."""
    value = entity.get(name)
    return text(value, "id") if isinstance(value, dict) else text(entity, name)


def listed(value: Any) -> list[Entity]:
    """Return the objects of a list, given as Stripe's list object or bare."""
    found = value.get("data") if isinstance(value, dict) else value
    return objects(found)


def whole(entity: Entity, name: str) -> int | None:
    """Return a whole number, None for anything else."""
    value = entity.get(name)
    return value if type(value) is int else None


def currency(entity: Entity) -> Any:
    """Return the currency as we write it: Stripe writes it small. Its minor units are ours, also of JPY and KWD."""
    value = entity.get("currency")
    return value.upper() if type(value) is str and value.isascii() else value


def noted_numbers(entity: Entity) -> list[str]:
    """Numbers under keys like invoice, invoice_number, bill no in `metadata`, several parted by commas."""
    found: list[str] = []
    for key, value in as_object(entity.get("metadata")).items():
        if _INVOICE_NOTE.fullmatch(key.strip()) and type(value) is str:
            found.extend(part.strip()[:60] for part in re.split(r"[,;|\n]", value) if part.strip())
    return [number for number in found if not _OWN_ID.fullmatch(number)]


def tokens(told: str | None) -> list[str]:
    """Words of a text that may be the number of a bill; never Stripe's own ids."""
    return number_words(told, own_id=_OWN_ID)[:MAX_WORDS]
