"""Bills that a narration means by a short number: `bill no 0019` among the bills of one customer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_YEAR = re.compile(r"(?<!\d)(?:20)?\d\d\s*[-/]\s*\d\d(?!\d)")
_DIGITS = re.compile(r"(?<![0-9A-Z])([A-Z]{0,5})(\d{2,6})(?!\d)")
_NAMED = re.compile(
    r"(?:INV|INVOICE|BILL|BILLS|BL|NO|NOS|AGST|AGAINST|#)\W{0,3}(?:NO\W{0,3})?((?:\d{1,6}\W{1,3}){0,5}\d{1,6})(?!\d)"
)
_LONG = 3
"""So many digits mean a bill without the word."""


@lru_cache(maxsize=20_000)
def serial(number: str) -> int | None:
    """Return the running number within a bill's number, the year left out: `SE/25-26/0149` → 149."""
    groups: list[str] = re.findall(r"\d+", _YEAR.sub(" ", number))
    return int(groups[-1]) if groups else None


def short_numbers(texts: Iterable[str]) -> set[int]:
    """Return the numbers in what the bank wrote that may be the running numbers of bills."""
    found: set[int] = set()
    for text in texts:
        plain = _YEAR.sub(" ", text.upper())
        for several in _NAMED.findall(plain):
            found.update(int(digits) for digits in re.findall(r"\d+", several))
        found.update(int(digits) for _, digits in _DIGITS.findall(plain) if len(digits) >= _LONG)
    return found - {0}


def meant(texts: Iterable[str], numbers: Sequence[str | None]) -> list[int]:
    """Return the places of the bills among `numbers` whose running number stands in the texts."""
    said = short_numbers(texts)
    return (
        [place for place, number in enumerate(numbers) if number and serial(number) in said] if said else []
    )
