"""Whose name a bank's narration may mean: names are cut at about 20 characters and lose their spaces.

A similar name says whose bills to look at; it is never enough by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
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
    """The customers' names, found by how they begin."""

    def __init__(self, parties: Iterable[Known]) -> None:
        self._by_head: dict[str, dict[Known, str]] = {}
        self._seen: dict[str, list[Known]] = {}
        for party in parties:
            squashed = squash(party.name)
            if len(squashed) >= _SHORTEST:
                self._by_head.setdefault(squashed[:_HEAD], {})[party] = squashed

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
        scored = []
        for head in heads:
            names = self._by_head.get(head, {})
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
        return [party for *_, party in scored[:3]]
