"""Catalogues: what a package says in other languages, read from gettext files once per process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ENGLISH = "en"
"""The language of the msgids: it has no catalogue."""
Key = tuple[str | None, str]
"""What a translation is found by: its context, and the English text (of a plural, the form for one)."""


@dataclass(frozen=True)
class Catalogue:
    """The translations in `folder`: `<folder>/<language>/*.po`, all files of a language together."""

    folder: Path
    _read: dict[str, NullTranslations] = field(default_factory=dict)

    @cached_property
    def languages(self) -> frozenset[str]:
        """Return the languages that can be spoken, English among them."""
        return frozenset({ENGLISH, *(path.parent.name for path in self.folder.glob("*/*.po"))})

    def spoken(self, language: str) -> str:
        """Return `language` if there is a catalogue of it, else English: words and dates never mix two."""
        return language if language in self.languages else ENGLISH

    def text(self, language: str, text: str) -> str:
        """Translate `text`; what has no translation stays English."""
        return self._of(language).gettext(text)

    def named(self, language: str, context: str, name: str) -> str | None:
        """Return the text that a catalogue has for `name` in `context`, None where it has none."""
        found = self._of(language).pgettext(context, name)
        return None if found == name else found

    def counted(self, language: str, one: str, many: str, count: int) -> str:
        """Translate the form of `one` and `many` that `count` asks for."""
        return self._of(language).ngettext(one, many, count)

    def messages(self, language: str) -> Iterator[tuple[Path, Message]]:
        """Go through all translations of a language with the file of each."""
        for path in sorted((self.folder / language).glob("*.po")):
            yield from ((path, message) for message in _read_file(path, language) if message.id)

    def _of(self, language: str) -> NullTranslations:
        found = self._read.get(language)
        if found is None:
            found = self._read[language] = self._load(self.spoken(language))
        return found

    def _load(self, language: str) -> NullTranslations:
        paths = sorted((self.folder / language).glob("*.po"))
        if not paths:
            return NullTranslations()
        files = [_read_file(path, language) for path in paths]
        merged = Catalog(locale=language)
        merged.mime_headers = files[0].mime_headers
        for file in files:
            for message in file:
                if message.id:
                    merged[message.id] = message
        compiled = BytesIO()
        write_mo(compiled, merged)
        compiled.seek(0)
        return GNUTranslations(compiled)


def _read_file(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, charset="utf-8", abort_invalid=True)


def key_of(message: Message) -> Key:
    """Return what a message of a catalogue is found by."""
    text = message.id if isinstance(message.id, str) else message.id[0]
    return message.context, str(text)


def N_(text: str) -> str:  # noqa: N802  gettext's own name for it
    """Mark a text that stands in a table, so that it is found for translation; it is translated where it is shown."""
    return text
