"""Whose name a bank's narration may mean: names are cut at about 20 characters and lose their spaces.

A similar name says whose bills to look at; it is never enough by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from rapidfuzz import fuzz, process

SIMILAR = 88
_SHORTEST = 5
_TELLING = 8
"""Characters from which a cut name tells something wherever it stands in the whole one."""
_HEAD = 4
_LOOKED_AT = 20
_LEGAL = re.compile(
    r"\b(M/?S|MESSRS|PVT|PRIVATE|LTD|LIMITED|LLP|CO|COMPANY|CORPORATION|INC|THE|AND)\b\.?", re.IGNORECASE
)
_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_WORDS = re.compile(r"[A-Z]{4,}")
_EVERYBODYS = 50
"""A word with which so many names could be found tells nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """A party as it is looked up: `id` of its row, `anchor` that decisions cite."""

    id: UUID
    anchor: UUID
    name: str


def squash(name: str) -> str:
    """Return a name in capitals without blanks, punctuation and words of legal form."""
    return _NOT_ALNUM.sub("", _LEGAL.sub(" ", name).upper())


class Names:
    """The customers' names, found by how they begin, or by a later word that few have."""

    def __init__(self, parties: Iterable[Known]) -> None:
        self._by_head: dict[str, dict[Known, str]] = {}
        self._by_word: dict[str, dict[Known, str]] = {}
        self._seen: dict[str, list[Known]] = {}
        for party in parties:
            squashed, later = _look(party.name)
            if len(squashed) >= _SHORTEST:
                self._by_head.setdefault(squashed[:_HEAD], {})[party] = squashed
                for head in later:
                    self._by_word.setdefault(head, {})[party] = squashed

    def similar(self, text: str) -> list[Known]:
        """Return at most three parties whose names `text` (a payer, or a narration) may mean, most similar first."""
        found = self._seen.get(text)
        if found is None:
            found = self._seen[text] = self._similar(text)
        return found

    def _similar(self, text: str) -> list[Known]:
        squashed = squash(text)
        if len(squashed) < _SHORTEST:
            return []
        heads = {squashed[:_HEAD], *(word[:_HEAD] for word in _WORDS.findall(text.upper()))}
        scored: list[tuple[float, int, str, Known]] = []
        later = [
            self._by_word[head] for head in heads if len(self._by_word.get(head, ())) in range(1, _EVERYBODYS)
        ]
        for names in [*(self._by_head.get(head, {}) for head in heads), *later]:
            for name, score, party in process.extract(
                squashed,
                names,
                scorer=fuzz.partial_ratio,
                processor=None,
                score_cutoff=SIMILAR,
                limit=_LOOKED_AT,
            ):
                if len(squashed) >= min(len(name), _TELLING) or name.startswith(squashed):
                    scored.append((-score, -len(name), str(party.anchor), party))
        scored.sort(key=lambda item: item[:3])
        return list(dict.fromkeys(party for *_, party in scored))[:3]


@lru_cache(maxsize=100_000)
def _look(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a name squashed, and how its later words begin; the same names are looked at again and again."""
    words = _WORDS.findall(_LEGAL.sub(" ", name.upper()))[1:]
    return squash(name), tuple(dict.fromkeys(word[:_HEAD] for word in words))
