"""Words as people type them, folded to one spelling: any case, Latin or Devanagari, nukta or not, Hinglish as it comes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.words import clean
from ledger.handlers.names import latin

LONGEST, MOST_WORDS = 300, 40
"""A question is shorter than this; what is longer is looked at so far."""
_WORD = re.compile(r"\d[\d,]*(?:\.\d+)?[^\s,;:!?()\[\]{}\"“”<>|।]*|[^\s,;:!?()\[\]{}\"“”<>|।]+")
_EDGE = ".'`’‘\"-–—_/\\*#=+…~^%$₹@&"
_NUKTA, _NASALS = "\u093c", re.compile("[\u0901\u0902]$")
_DEVANAGARI = re.compile("[\u0900-\u097f]")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("aa+", "a"), ("ee+|ii+", "i"), ("oo+|uu+", "u"), ("w", "v"), ("z", "j"), ("ph", "f"), ("q", "k"),
        ("(?<=[bdgjkt])h", ""), (r"(.)\1+", r"\1"), ("(?<=..)h$", ""),
    )
)  # fmt: skip
_SHORTEST_ROUGH = 3


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: as it was typed, in plain small letters, and all heads that it may stand for."""

    typed: str
    plain: str
    heads: frozenset[str]


class Spelling:
    """Which spellings stand for which head, and which two words are one."""

    def __init__(self, words: Mapping[str, str], joins: Mapping[str, str]) -> None:
        """`words`: the other spellings of each head, separated by spaces."""
        self._exact: dict[str, set[str]] = {}
        self._rough: dict[str, set[str]] = {}
        for head, spellings in words.items():
            for spelling in (head, *spellings.split()):
                self._exact.setdefault(plain(spelling), set()).add(head)
                self._rough.setdefault(rough(plain(spelling)), set()).add(head)
        self._joins: dict[tuple[str, ...], str] = {}
        for two, head in joins.items():
            self._joins[tuple(plain(word) for word in two.split())] = head
        self._longest_join = max((len(words) for words in self._joins), default=1)

    def read(self, text: str) -> tuple[Word, ...]:
        """Split a text into words, the first 40 of them; long ones are no names."""
        shown = unicodedata.normalize("NFKC", clean(text[: LONGEST * 4]))[:LONGEST]
        typed = [word for found in _WORD.findall(shown) if (word := found.strip(_EDGE))]
        return self._joined([(word, plain(word)) for word in typed[:MOST_WORDS]])

    def _joined(self, words: Sequence[tuple[str, str]]) -> tuple[Word, ...]:
        read: list[Word] = []
        place = 0
        while place < len(words):
            for length in range(self._longest_join, 1, -1):
                pair = words[place : place + length]
                head = self._joins.get(tuple(word for _, word in pair))
                if head is not None:
                    typed, spelt = " ".join(word for word, _ in pair), " ".join(word for _, word in pair)
                    read.append(Word(typed, spelt, frozenset({head})))
                    place += length
                    break
            else:
                word, spelt = words[place]
                read.append(Word(word, spelt, self._heads(spelt)))
                place += 1
        return tuple(read)

    def _heads(self, word: str) -> frozenset[str]:
        found = self._exact.get(word)
        if found is None and len(word) >= _SHORTEST_ROUGH:
            found = self._rough.get(rough(word))
        return frozenset({word, *(found or ())})


def plain(word: str) -> str:
    """Return a word in small letters, digits 0–9 whatever the script, without nukta and without a nasal at its end."""
    letters = unicodedata.normalize("NFD", word.casefold())
    kept = (
        str(unicodedata.digit(letter)) if unicodedata.category(letter) == "Nd" else letter
        for letter in letters
        if letter != _NUKTA and letter not in "'’‘\u200c\u200d"
    )
    return _NASALS.sub("", unicodedata.normalize("NFC", "".join(kept)).replace("\u0901", "\u0902"))


def rough(word: str) -> str:
    """Return how a word sounds, roughly: kithna, kitna; baakee, baki; बकाया, bakaya."""
    spelt = latin(word) if _DEVANAGARI.search(word) else word
    for pattern, sound in _SOUNDS:
        spelt = pattern.sub(sound, spelt)
    return spelt
