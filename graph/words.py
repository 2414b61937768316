"""Words of the pages that we serve, in the reader's language: plain text, escaped by the template."""

from __future__ import annotations

from pathlib import Path

from kit.catalogues import Catalogue

CATALOGUE = Catalogue(Path(__file__).parent / "locale")


def say(language: str, text: str, /, **values: object) -> str:
    """Translate `text` and put in `values`."""
    return CATALOGUE.text(language, text).format(**values)


def say_count(language: str, one: str, many: str, n: int, /, **values: object) -> str:
    """Translate the form of `one` and `many` that `n` asks for; `{n}` is the count."""
    return CATALOGUE.counted(language, one, many, n).format(n=n, **values)
