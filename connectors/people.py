"""People and places of a party, as sources write them: what a contact is there for, by his designation, and addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.values import filled

_DUTIES = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("billing", r"\b(accounts?|accountant|accounting|billing|finance|payables?|cfo)\b"),
        ("purchase", r"\b(purchas\w*|procure\w*|buyer|sourcing|stores?)\b"),
        ("technical", r"\b(tech\w*|engineer\w*|maintenance|quality|plant|production|it)\b"),
        ("sales", r"\b(sales|marketing|business development)\b"),
        ("management", r"\b(owner|proprietor|partner|director|md|ceo|president|founder|chairman)\b"),
    )
)


def duty_of(*words: str | None) -> str:
    """Return what somebody is there for, by his designation or department: billing, technical …; other if none tells."""
    said = " ".join(word for word in words if word)
    return next((kind for kind, pattern in _DUTIES if pattern.search(said)), "other")


def address_of(kind: str, lines: tuple[str | None, ...], **parts: str | None) -> dict[str, Any] | None:
    """Return an address in our fields (city, state, pin, country); None where nothing but a country is said."""
    told = filled(lines=", ".join(line for line in lines if line), **parts)
    return {"kind": kind, **told} if told.keys() - {"country"} else None


def told(addresses: tuple[Mapping[str, Any] | None, ...]) -> list[Mapping[str, Any]]:
    """Return the addresses that say something; one that repeats another word by word is the same."""
    found: list[Mapping[str, Any]] = []
    for one in addresses:
        if one is not None and not any({**one, "kind": other["kind"]} == other for other in found):
            found.append(one)
    return found
