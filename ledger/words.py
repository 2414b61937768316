"""Words that the ledger composes for people, in their language: plain text, no markup."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from babel.dates import format_date

from kit.catalogues import Catalogue

CATALOGUE = Catalogue(Path(__file__).parent / "locale")
Value = Callable[[str, str | None], str | None]
"""Gives the words of a place by its name and its shape (`{name|shape}`); None or nothing: there is none."""
_PLACE = re.compile(r"\{([a-z_.]+)(?:\|([a-z]+))?\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


def say(language: str, text: str, /, **values: object) -> str:
    """Translate `text` and put in `values`."""
    return CATALOGUE.text(language, text).format(**values)


def say_count(language: str, one: str, many: str, n: int, /, **values: object) -> str:
    """Translate the form of `one` and `many` that `n` asks for; `{n}` is the count."""
    return CATALOGUE.counted(language, one, many, n).format(n=n, **values)


def marked(language: str, text: str) -> str:
    """Translate a text that stands in a table, marked there with `N_`; what is nobody's text stays as it is."""
    return CATALOGUE.text(language, text) if text else text


def filled(template: str, value: Value) -> str:
    """Fill a template: `[…]` falls away when a place in it is empty, and so does all of it when one outside is."""
    parts = _OPTIONAL.split(template)  # outside, inside, outside, …
    outside = [_put(part, value) for part in parts[::2]]
    if any(part is None for part in outside):
        return ""
    parts[::2] = [part or "" for part in outside]
    parts[1::2] = [_put(part, value) or "" for part in parts[1::2]]
    return "".join(parts)


def _put(part: str, value: Value) -> str | None:
    empty = False

    def place(found: re.Match[str]) -> str:
        nonlocal empty
        words = value(found[1], found[2])
        empty = empty or not words
        return words or ""

    text = _PLACE.sub(place, part)
    return None if empty else text


def on_day(language: str, day: date, pattern: str) -> str:
    """Write a day by a pattern of CLDR: `18 Nov` and 18 नव॰ by `d MMM`."""
    return format_date(day, pattern, locale=CATALOGUE.spoken(language))
