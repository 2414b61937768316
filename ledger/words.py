"""Words that the ledger composes for people, in their language: plain text, no markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from babel.dates import format_date, get_day_names, get_month_names

from kit.catalogues import ENGLISH, Catalogue

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


@lru_cache(maxsize=8)
def _calendar(language: str) -> Mapping[str, str]:
    """Return the short names of days and months in English → in `language`."""
    found: dict[str, str] = {}
    for names in (get_day_names, get_month_names):
        english = names("abbreviated", "format", ENGLISH)
        theirs = names("abbreviated", "format", language)
        found |= {english[number]: theirs[number] for number in english}
    return found


def day_told(language: str, text: str) -> str:
    """Translate a day that was written in English: `Fri 20 Nov`."""
    return " ".join(_calendar(CATALOGUE.spoken(language)).get(word, word) for word in text.split(" "))


class Phrases:
    """Sentences kept in English that are translated where they are shown: by the templates that they were made from.

    What fits a template is taken apart, translated and put together; what fits none stays as it is. `again` are
    places that hold such a text again, `days` places that hold a day, `shapes` what else a place may hold.
    """

    def __init__(
        self,
        templates: Sequence[str],
        *,
        again: Collection[str] = (),
        days: Collection[str] = (),
        shapes: Mapping[str, str] | None = None,
        between: str = "; ",
    ) -> None:
        self.templates = tuple(templates)
        self._again, self._days, self._shapes = frozenset(again), frozenset(days), dict(shapes or {})
        self._between = between

    def told(self, language: str, text: str) -> str:
        """Return a text in `language`; several with `between` between them, one by one."""
        if language == ENGLISH or not text:
            return text
        if (found := marked(language, text)) != text:
            return found
        if self._between and self._between in text:
            return self._between.join(self.told(language, part) for part in text.split(self._between))
        for template, pattern in self._patterns:
            if match := pattern.fullmatch(text):
                values = {
                    name: self._value(language, name, value) for name, value in match.groupdict().items()
                }
                return marked(language, template).format(**values)
        return text

    def _value(self, language: str, name: str, value: str) -> str:
        if name in self._days:
            return day_told(language, value)
        return self.told(language, value) if name in self._again else value

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((template, self._pattern(template)) for template in self.templates if "{" in template)

    def _pattern(self, template: str) -> re.Pattern[str]:
        parts = re.split(r"\{(\w+)\}", template)
        return re.compile(
            "".join(
                f"(?P<{part}>{self._shapes.get(part, '.+')})" if place % 2 else re.escape(part)
                for place, part in enumerate(parts)
            )
        )
