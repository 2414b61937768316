"""Words for people: translated, formatted, and escaped for Telegram HTML in one step, so that no text can inject."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from kit.catalogues import Catalogue
from kit.plain import clean, cut

__all__ = [
    "CATALOGUE",
    "Html",
    "clean",
    "cut",
    "html",
    "joined",
    "marked",
    "named",
    "say",
    "say_count",
    "spoken",
]
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
CATALOGUE = Catalogue(Path(__file__).parent / "locale")


class Html(str):
    """Text that is already escaped for Telegram."""

    __slots__ = ()


def html(text: object) -> Html:
    """Escape plain text (an Html passes unchanged): the three characters that Telegram's parser minds.

    What no text may hold (controls, lone surrogates, direction overrides) is dropped.
    """
    return text if isinstance(text, Html) else Html(escape(_UNFIT.sub("", str(text)), quote=False))


def joined(parts: list[Html], separator: str = "\n") -> Html:
    """Join escaped parts with a separator that we chose."""
    return Html(separator.join(parts))


def spoken(language: str) -> str:
    """Return `language` if there is a catalogue of it, else English: dates and words never mix two languages."""
    return CATALOGUE.spoken(language)


def say(language: str, text: str, values: dict[str, object]) -> Html:
    """Translate `text` and put in `values`, each escaped unless it is Html."""
    return _filled(CATALOGUE.text(language, text), values)


def say_count(language: str, one: str, many: str, count: int, values: dict[str, object]) -> Html:
    """Translate the form of `one` and `many` that `count` asks for; `{n}` is the count."""
    return _filled(CATALOGUE.counted(language, one, many, count), {"n": count, **values})


def marked(language: str, text: str) -> str:
    """Translate a text that stands in a table, marked there with `N_`: plain text, to be escaped where it is shown."""
    return CATALOGUE.text(language, text)


def named(language: str, context: str, name: str, values: dict[str, object]) -> Html | None:
    """Return the text that is kept for a name (of an error, say) in a context, filled; None where there is none."""
    text = CATALOGUE.named(language, context, name)
    return None if text is None else _filled(text, values)


def _filled(template: str, values: dict[str, object]) -> Html:
    return Html(template.format(**{name: html(value) for name, value in values.items()}))
