"""The table of phrases: read once from phrases.toml, and asked which intent a text's words have."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from bot.asking.spelling import Spelling, Word, plain

LANGUAGES = ("en", "hi")


@dataclass(frozen=True, slots=True)
class Part:
    """One place of a phrase: the heads of which one must be there (`optional`: may be there)."""

    heads: frozenset[str]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Parts in any order, then parts in the order given."""

    free: tuple[Part, ...]
    ordered: tuple[Part, ...]

    def may_be_in(self, heads: frozenset[str]) -> bool:
        """Return whether all that it needs is somewhere in a text with these heads."""
        return not any(
            part.heads.isdisjoint(heads) for part in (*self.free, *self.ordered) if not part.optional
        )

    def places(self, words: Sequence[Word]) -> frozenset[int] | None:
        """Return which words of a text it takes; None if a part isn't there."""
        taken: list[int] = []
        after = -1
        for part in self.ordered:
            place = _first(part, words, range(after + 1, len(words)), taken)
            if place is None and not part.optional:
                return None
            if place is not None:
                taken.append(place)
                after = place
        for part in self.free:
            place = _first(part, words, range(len(words) - 1, -1, -1), taken)
            if place is None and not part.optional:
                return None
            if place is not None:
                taken.append(place)
        return frozenset(taken)


@dataclass(frozen=True, slots=True)
class Intent:
    """What may be asked: the action, whether it needs a party, and what of the text belongs to it."""

    name: str
    do: str
    more: Mapping[str, Any]
    party: str
    takes: frozenset[str]
    needs: frozenset[str]
    phrases: tuple[Phrase, ...] = field(repr=False)


class Table:
    """All intents with the spelling and the fillers that belong to them."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.spelling = Spelling(raw["words"], raw["joins"])
        self._fillers = frozenset(plain(word) for word in raw["fillers"]["words"].split())
        self._own = frozenset(plain(head) for head in raw["words"])
        self.intents = tuple(_intent(row) for row in raw["intent"])

    def known(self, word: Word) -> bool:
        """Return whether a word is one of the table's own, rather than part of a name."""
        return bool(word.heads - {word.plain}) or word.plain in self._own

    def filler(self, word: Word) -> bool:
        """Return whether a word says nothing by itself."""
        return word.plain in self._fillers or not self._fillers.isdisjoint(word.heads - {word.plain})


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the shipped table."""
    return Table(tomllib.loads((resources.files("bot.asking") / "phrases.toml").read_text("utf-8")))


def _intent(row: Mapping[str, Any]) -> Intent:
    return Intent(
        name=row["name"],
        do=row["do"],
        more=row.get("with", {}),
        party=row.get("party", ""),
        takes=frozenset(row.get("takes", ())),
        needs=frozenset(row.get("needs", ())),
        phrases=tuple(_phrase(text) for language in LANGUAGES for text in row.get(language, ())),
    )


def _phrase(text: str) -> Phrase:
    free, _, ordered = text.partition(">")
    return Phrase(tuple(_part(word) for word in free.split()), tuple(_part(word) for word in ordered.split()))


def _part(text: str) -> Part:
    optional = text.startswith("(")
    return Part(frozenset(plain(word) for word in text.strip("()").split("|")), optional)


def _first(part: Part, words: Sequence[Word], places: range, taken: Sequence[int]) -> int | None:
    return next((at for at in places if at not in taken and not part.heads.isdisjoint(words[at].heads)), None)
