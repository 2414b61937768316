"""Whose name a bank's narration may mean: names are cut at about 20 characters and lose their spaces.

A similar name says whose bills to look at; it is never enough by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from rapidfuzz import fuzz

SIMILAR = 88
_SHORTEST = 5
_HEAD = 4
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
        self._by_head: dict[str, list[tuple[str, Known]]] = {}
        for party in parties:
            squashed = squash(party.name)
            if len(squashed) >= _SHORTEST:
                self._by_head.setdefault(squashed[:_HEAD], []).append((squashed, party))

    def similar(self, text: str, *, limit: int = 3) -> list[Known]:
        """Return the parties whose names `text` (a payer, or a narration) may mean, most similar first."""
        squashed = squash(text)
        heads = {squashed[:_HEAD], *(word[:_HEAD] for word in _WORDS.findall(text.upper()))}
        scored = []
        for head in heads:
            for name, party in self._by_head.get(head, ()):
                if (score := _similarity(name, squashed)) >= SIMILAR:
                    scored.append((-score, -len(name), str(party.anchor), party))
        scored.sort(key=lambda item: item[:3])
        return [party for *_, party in scored[:limit]]


def _similarity(name: str, text: str) -> float:
    """Score 0 to 100; a cut name counts as far as it goes, if that is far enough to mean something."""
    if len(text) < _SHORTEST:
        return 0.0
    if len(text) < len(name) and len(text) < 8 and not name.startswith(text):
        return 0.0
    return float(fuzz.partial_ratio(name, text))
